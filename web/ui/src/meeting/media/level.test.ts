import { expect, test } from "vitest";
import { judge, levelOf } from "./level";

test("the meter spans sixty decibels", () => {
  expect(levelOf(1)).toBe(1);
  expect(levelOf(0.001)).toBeCloseTo(0);
  expect(levelOf(0)).toBe(0);
  expect(levelOf(0.0316)).toBeCloseTo(0.5, 1);
});

test("speech at a table is clear, a far voice quiet, an unplugged cable silent", () => {
  expect(judge(levelOf(0.05))).toBe("clear");
  expect(judge(levelOf(0.006))).toBe("quiet");
  expect(judge(levelOf(0.001))).toBe("silent");
});
