import { expect, test } from "vitest";
import { judgeLine } from "./line";

test("one hiccup does not make a good line slow", () => {
  expect(judgeLine([22, 24, 23, 900, 25])).toEqual({ is: "good", ms: 24 });
});

test("a satellite line is slow, not bad", () => {
  expect(judgeLine([610, 600, 640, 605, 620])).toEqual({ is: "slow", ms: 610 });
});

test("lost questions make a line bad, however fast the others were", () => {
  expect(judgeLine([20, 21])).toMatchObject({ is: "bad" });
  expect(judgeLine([])).toEqual({ is: "none" });
});
