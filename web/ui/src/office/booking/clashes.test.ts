import { expect, test } from "vitest";
import type { Clash } from "../../api/model";
import { byMeeting } from "./clashes";

const clash = (name: string, session: string, at = 0): Clash => ({
  what: "site",
  id: name,
  name,
  session_id: session,
  session_title: session && `Họp ${session}`,
  starts_at: at,
  ends_at: at + 60_000,
});

test("a meeting is named once, with everything of it that stands in the way", () => {
  const meetings = byMeeting([clash("Xã A", "1"), clash("Xã B", "2"), clash("Xã C", "1")]);
  expect(meetings.map(({ title, has }) => [title, has.map((one) => one.name)])).toEqual([
    ["Họp 1", ["Xã A", "Xã C"]],
    ["Họp 2", ["Xã B"]],
  ]);
});

test("meetings whose titles are hidden stay apart by their times", () => {
  expect(byMeeting([clash("Xã A", ""), clash("Xã B", "", 60_000), clash("Xã C", "")])).toHaveLength(2);
});
