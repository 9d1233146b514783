import { expect, test } from "vitest";
import type { Attendance, AttendanceRow } from "../../api/model";
import { axisOf, barsOf, isUnconfirmed, lateBy, lossesOf, markStep, passes, settledOf, sorted } from "./timeline";

const at = (clock: string) => Date.parse(`2026-11-24T${clock}:00+07:00`);
const here = (from: string, to: string, ended: "left" | "lost" = "left") => ({
  from: at(from),
  to: at(to),
  ended,
  estimated: false,
});
const row = (name: string, more: Partial<AttendanceRow> = {}): AttendanceRow => ({
  id: name,
  participant_name: name,
  intervals: [here("07:50", "10:30")],
  status: "online",
  spoken_seconds: 0,
  ...more,
});
const meeting = (rows: AttendanceRow[]): Attendance => ({
  session: {
    id: "s",
    title: "",
    short_title: "",
    mode: "conference",
    starts_at: at("08:00"),
    ends_at: at("10:30"),
    opens_at: at("07:00"),
    state: "ended",
    chair_id: "",
    chair_name: "",
    secretary_name: "",
    sites: 1,
    recordings: 0,
  },
  opened_at: at("08:00"),
  closed_at: at("10:30"),
  agenda: [],
  quorum: { people_confirmed: 0, people_declared: 0, sites_invited: 1, sites_needed: 1, sites_present: 1 },
  rows,
});

test("the axis holds the whole meeting and the early arrivals, but not somebody's try an hour before", () => {
  const axis = axisOf(meeting([row("a"), row("b", { intervals: [here("06:30", "06:40")] })]));
  expect(axis.from).toBeLessThan(at("07:30"));
  expect(axis.from).toBeGreaterThan(at("07:00"));
  expect(axis.to).toBeGreaterThan(at("10:30"));
  expect(markStep(axis)).toBe(30 * 60_000);
});

test("a dropped line is a gap between two bars, a departure is not", () => {
  const axis = axisOf(meeting([row("a")]));
  const dropped = row("a", { intervals: [here("09:00", "10:00"), here("08:00", "08:40", "lost")] });
  expect(barsOf(dropped, axis).here).toHaveLength(2);
  expect(barsOf(dropped, axis).lost).toHaveLength(1);
  expect(lossesOf(dropped)).toEqual({ times: 1, ms: 20 * 60_000, gone: undefined });
  const left = row("a", { intervals: [here("08:00", "08:40"), here("09:00", "10:00")] });
  expect(barsOf(left, axis).lost).toHaveLength(0);
  expect(lossesOf(left)).toEqual({ times: 0, ms: 0, gone: undefined });
});

test("a line that dropped and never came back is told by its last moment, not as a length of nothing", () => {
  const gone = here("08:00", "08:40", "lost");
  expect(lossesOf(row("a", { intervals: [gone] }))).toEqual({ times: 0, ms: 0, gone: gone.to });
});

test("ten minutes after the opening is late; before it, or without an opening, nobody is", () => {
  expect(lateBy(row("a", { intervals: [here("08:22", "10:30")] }), at("08:00"))).toBe(22 * 60_000);
  expect(lateBy(row("a", { intervals: [here("08:09", "10:30")] }), at("08:00"))).toBeUndefined();
  expect(lateBy(row("a"), undefined)).toBeUndefined();
});

test("filters and order put what needs a hand first", () => {
  const rows = [row("a", { declared: 3, confirmed: 3 }), row("b", { declared: 4 }), row("c", { status: "not_called" })];
  expect(rows.map(isUnconfirmed)).toEqual([false, true, false]);
  expect(rows.filter((one) => passes(one, "unconfirmed", undefined)).map((one) => one.id)).toEqual(["b"]);
  expect(sorted(rows, undefined, false).map((one) => one.id)).toEqual(["b", "c", "a"]);
  expect(sorted(rows, "declared", true).map((one) => one.id)).toEqual(["b", "a", "c"]);
});

test("all is confirmed only when something was declared and no row is open; an absence leaves nothing open", () => {
  const done = row("a", { declared: 3, confirmed: 3 });
  const away = row("d", { declared: 5, status: "absent" });
  expect(isUnconfirmed(away)).toBe(false);
  expect(settledOf([done, away])).toBe("all");
  expect(settledOf([done, row("c")])).toBe("rest_by_hand");
  expect(settledOf([row("b", { confirmed: 2 }), row("c")])).toBe("nothing_declared");
  expect(settledOf([])).toBe("nothing_declared");
});
