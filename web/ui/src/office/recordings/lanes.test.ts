import { expect, test } from "vitest";
import { itemAt, itemsOf, lanesOf, speakerAt } from "./lanes";

const span = (name: string, from_ms: number, to_ms: number) => ({ name, from_ms, to_ms });
const speakers = [
  span("Cô Tô", 50, 80),
  span("Chủ tịch", 0, 40),
  span("Hạ Long", 80, 90),
  span("Cô Tô", 95, 100),
  ...["c", "d", "e", "f", "g"].map((name, index) => span(name, 100 + index * 10, 105 + index * 10)),
];

test("colours follow the order of first speech, the chair keeps the last one and stands first", () => {
  const lanes = lanesOf(speakers, "Chủ tịch");
  expect(lanes.map((lane) => [lane.tone, lane.name, lane.speakers])).toEqual([
    [6, "Chủ tịch", 1],
    [1, "Cô Tô", 1],
    [2, "Hạ Long", 1],
    [3, "c", 1],
    [4, "d", 1],
    [5, "e", 1],
    ["others", undefined, 2],
  ]);
  expect(lanes[1]?.spokenMs).toBe(35);
});

test("an agenda item lasts until the next, and knows who spoke in it, longest first", () => {
  const lanes = lanesOf(speakers, "Chủ tịch");
  const items = itemsOf(
    [
      { title: "Hai", at_ms: 60 },
      { title: "Một", at_ms: 0 },
    ],
    150,
    lanes,
  );
  expect(items.map((item) => [item.title, item.fromMs, item.toMs])).toEqual([
    ["Một", 0, 60],
    ["Hai", 60, 150],
  ]);
  expect(items[0]?.speakers.map((one) => [one.name, one.spokenMs])).toEqual([
    ["Chủ tịch", 40],
    ["Cô Tô", 10],
  ]);
  expect(itemAt(items, 59)?.number).toBe(1);
  expect(itemAt(items, 60)?.number).toBe(2);
  expect(itemAt([], 5)).toBeUndefined();
});

test("between two speeches nobody speaks", () => {
  const lanes = lanesOf(speakers, "Chủ tịch");
  expect(speakerAt(lanes, 45)).toBeUndefined();
  expect(speakerAt(lanes, 79)?.name).toBe("Cô Tô");
  expect(lanesOf([], "Chủ tịch")).toEqual([]);
});
