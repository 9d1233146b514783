import { expect, test } from "vitest";
import type { SessionDetail } from "../../api/model";
import { resourceGroups } from "./resources";

const session = (id: string, invited: [group: string | undefined, site: string][]): SessionDetail => ({
  id,
  title: id,
  short_title: id,
  mode: "conference",
  starts_at: 0,
  ends_at: 1,
  opens_at: 0,
  state: "scheduled",
  chair_id: "",
  chair_name: "",
  secretary_id: "",
  secretary_name: "",
  central_site_id: "",
  sites: invited.length,
  recordings: 0,
  recording_planned: false,
  agenda: [],
  may: [],
  invited: invited.map(([group, name]) => ({
    site: { id: name, code: name, name, short_name: name, unit_id: "u", seats: 1, central: false },
    invitation: { state: "issued" },
    ...(group === undefined ? {} : { group }),
  })),
});

test("neighbouring rows of one meeting are one block, a site between that is free parts them", () => {
  const groups = resourceGroups([
    session("big", [
      ["Cụm Hạ Long", "Tuần Châu"],
      ["Cụm Hạ Long", "Hà Tu"],
      ["Cụm Hạ Long", "Hồng Gai"],
      ["Cụm Hạ Long", "Cao Xanh"],
    ]),
    session("small", [["Cụm Hạ Long", "Hồng Gai"]]),
  ]);
  expect(groups).toHaveLength(1);
  expect(groups[0]?.blocks.map((one) => [one.session.id, one.row, one.rows])).toEqual([
    ["big", 0, 4],
    ["small", 2, 1],
  ]);
  const parted = resourceGroups([
    session("all", [
      ["A", "1"],
      ["A", "2"],
      ["A", "3"],
    ]),
    session("ends", [
      ["A", "1"],
      ["A", "3"],
    ]),
  ]);
  expect(parted[0]?.blocks.map((one) => [one.session.id, one.row, one.rows])).toEqual([
    ["all", 0, 3],
    ["ends", 0, 1],
    ["ends", 2, 1],
  ]);
});

test("sites without a group stand together", () => {
  expect(resourceGroups([session("a", [[undefined, "Trung tâm"]])])[0]?.name).toBe("");
  expect(resourceGroups([])).toEqual([]);
});
