import { expect, test } from "vitest";
import { allMet, rulesOf } from "./password-rules";

test("a password with all kinds of signs typed twice is accepted, letters of Vietnamese included", () => {
  expect(allMet(rulesOf("Cầu-2026đ", "Cầu-2026đ"))).toBe(true);
});

test("each missing kind is named", () => {
  expect(rulesOf("cầu2026", "x")).toEqual({ length: false, cases: false, digit: true, sign: false, repeated: false });
  expect(rulesOf("", "").repeated).toBe(false);
});
