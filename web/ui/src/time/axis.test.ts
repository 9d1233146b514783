import { expect, test } from "vitest";
import { block, rows, steps } from "./axis";

const axis = { from: 0, to: 100 };

test("a span is cut to what the axis shows", () => {
  expect(block(axis, 25, 50)).toEqual({ left: 0.25, width: 0.25 });
  expect(block(axis, -50, 50)).toEqual({ left: 0, width: 0.5 });
  expect(block(axis, 100, 130)).toBeUndefined();
  expect(block(axis, -30, 0)).toBeUndefined();
});

test("steps fall on whole multiples", () => {
  expect(steps({ from: 5, to: 31 }, 10)).toEqual([10, 20, 30]);
});

test("spans that only touch share a row, spans that overlap do not", () => {
  const spans = [
    { from: 0, to: 10 },
    { from: 10, to: 20 },
    { from: 5, to: 15 },
  ];
  expect(rows(spans, (span) => span)).toEqual([[spans[0], spans[1]], [spans[2]]]);
});
