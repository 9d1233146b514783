import { expect, test } from "vitest";
import type { InvitedSite, SitePresence } from "../../api/model";
import { recipientsOf } from "./recipients";

function site(name: string, state: "issued" | "opened" | "joined", presence?: SitePresence): InvitedSite {
  const invited: InvitedSite = {
    site: { id: name, code: name, name, short_name: name, unit_id: "u", seats: 1, central: false },
    invitation: { state },
  };
  if (presence) invited.presence = presence;
  return invited;
}

test("before the meeting, letters that nobody opened stand first", () => {
  const found = recipientsOf([site("a", "opened"), site("b", "issued"), site("c", "joined")], false);
  expect(found.all.map((one) => one.invited.site.name)).toEqual(["b", "a", "c"]);
  expect(found.ready).toBe(2);
});

test("while it runs, sites whose line dropped stand first and a site without presence is expected", () => {
  const found = recipientsOf([site("a", "joined", "here"), site("b", "issued"), site("c", "joined", "away")], true);
  expect(found.all.map((one) => one.standing)).toEqual(["away", "expected", "here"]);
  expect(found.ready).toBe(1);
});
