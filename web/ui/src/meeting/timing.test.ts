import { expect, test } from "vitest";
import { elapsed, floorTime, short } from "./timing";

test("passed time has two figures of minutes, left time only what it needs", () => {
  expect(elapsed(134_900)).toBe("02:14");
  expect(elapsed(3_849_000)).toBe("1:04:09");
  expect(short(52_000)).toBe("0:52");
  expect(short(-5)).toBe("0:00");
});

test("what has passed and what is left always add up to the limit", () => {
  for (const now of [0, 999, 1_000, 134_567, 299_999, 300_000, 312_345]) {
    const time = floorTime(0, 300, now);
    expect(time.spent_ms + time.left_ms).toBe(300_000);
  }
});

test("a turn goes from plenty over the last minute and the last seconds to over", () => {
  const stage = (second: number): string => floorTime(0, 300, second * 1000).stage;
  expect([0, 239, 240, 289, 290, 300, 301].map(stage)).toEqual([
    "plenty",
    "plenty",
    "last_minute",
    "last_minute",
    "last_seconds",
    "last_seconds",
    "over",
  ]);
});

test("a clock that runs a little ahead of the server's does not show negative time", () => {
  expect(floorTime(5_000, 300, 4_000).spent_ms).toBe(0);
});
