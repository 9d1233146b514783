import { expect, test } from "vitest";
import type { SessionDetail } from "../../api/model";
import { checkOfMove } from "./move";

const site = (id: string): SessionDetail["invited"][number] => ({
  site: { id, code: id, name: id, short_name: id, unit_id: "u", seats: 1, central: id === "hall" },
  invitation: { state: "issued" },
});
const session: SessionDetail = {
  id: "s",
  title: "Giao ban",
  short_title: "Giao ban",
  mode: "conference",
  starts_at: 0,
  ends_at: 1,
  opens_at: 0,
  state: "scheduled",
  chair_id: "chair",
  chair_name: "",
  secretary_id: "secretary",
  secretary_name: "",
  central_site_id: "hall",
  sites: 2,
  recordings: 0,
  recording_planned: false,
  agenda: [],
  may: [],
  invited: [site("hall"), site("commune")],
};

test("a meeting that moves asks for its own people and places, does not clash with itself, and names no site twice", () => {
  expect(checkOfMove(session, { starts_at: 5, ends_at: 6 })).toEqual({
    starts_at: 5,
    ends_at: 6,
    session_id: "s",
    chair_id: "chair",
    secretary_id: "secretary",
    central_site_id: "hall",
    selection: [{ kind: "site", site_id: "commune" }],
  });
});
