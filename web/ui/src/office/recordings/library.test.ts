import { expect, test } from "vitest";
import type { RecordingSummary } from "../../api/model";
import { filtered, inPeriod, ordered, speechFound } from "./library";

const NOW = Date.parse("2026-11-23T09:12:00+07:00");
const recording = (id: string, day: string, title: string, names: string[] = []): RecordingSummary => ({
  id,
  session_id: id,
  title,
  started_at: Date.parse(`2026-${day}T08:00:00+07:00`),
  duration_ms: id.length * 1000,
  size_bytes: 1,
  state: "ready",
  chair_name: "Nguyễn Đức Anh",
  speakers: names.map((name, index) => ({ name, from_ms: index * 10, to_ms: index * 10 + 5 })),
});
const list = [
  recording("a", "11-11", "Rà soát hồ chứa trước mùa mưa lũ", ["Đặc khu Cô Tô", "Phường Hạ Long"]),
  recording("bb", "10-28", "Phương án khi xả lũ"),
  recording("ccc", "11-23", "Giao ban"),
];
const all = { q: "", period: undefined, chair: undefined, sessionId: undefined };

test("one search goes over title and speakers", () => {
  expect(filtered(list, { ...all, q: "co to lu" }, NOW).map((one) => one.id)).toEqual(["a"]);
  expect(filtered(list, { ...all, q: "lũ" }, NOW).map((one) => one.id)).toEqual(["a", "bb"]);
});

test("periods are the calendar's, in the province's time", () => {
  expect(list.map((one) => inPeriod(one, "week", NOW))).toEqual([false, false, true]);
  expect(list.map((one) => inPeriod(one, "month", NOW))).toEqual([true, false, true]);
  expect(list.every((one) => inPeriod(one, "year", NOW))).toBe(true);
});

test("the order is newest, oldest or longest first", () => {
  expect(ordered(list, "newest").map((one) => one.id)).toEqual(["ccc", "a", "bb"]);
  expect(ordered(list, "longest").map((one) => one.id)).toEqual(["ccc", "bb", "a"]);
});

test("the places to click into are those of the speaker who answers most words", () => {
  const found = list[0];
  expect(found && speechFound(found, "co to lu").map((span) => span.name)).toEqual(["Đặc khu Cô Tô"]);
  expect(found && speechFound(found, "")).toEqual([]);
});
