import { expect, test } from "vitest";
import type { SessionSummary } from "../../api/model";
import { startOfDay } from "../../i18n/zone";
import { dayRows, hoursOf } from "./week";

const MONDAY = startOfDay("2026-11-23") ?? 0;
const meeting = (id: string, from: string, to: string): SessionSummary => ({
  id,
  title: id,
  short_title: id,
  mode: "conference",
  starts_at: Date.parse(`2026-11-${from}:00+07:00`),
  ends_at: Date.parse(`2026-11-${to}:00+07:00`),
  state: "scheduled",
  chair_id: "",
  chair_name: "",
  opens_at: 0,
  secretary_name: "",
  sites: 1,
  recordings: 0,
});

test("meetings stand on their day, those at the same time on different lanes", () => {
  const week = dayRows(
    [meeting("a", "23T08:00", "23T10:00"), meeting("b", "23T09:00", "23T11:00"), meeting("c", "29T23:30", "30T01:00")],
    MONDAY,
    7,
  );
  expect(week[0]?.lanes.map((lane) => lane.map((one) => one.id))).toEqual([["a"], ["b"]]);
  expect(week[1]?.lanes).toEqual([]);
  expect(week[6]?.lanes).toHaveLength(1);
});

test("the hours grow to hold early and late meetings, never past midnight", () => {
  expect(hoursOf([])).toEqual({ from: 7, to: 18 });
  expect(hoursOf([meeting("a", "23T05:30", "23T06:00"), meeting("b", "23T23:30", "24T01:00")])).toEqual({
    from: 5,
    to: 24,
  });
});
