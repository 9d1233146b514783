import { expect, test } from "vitest";
import { HEADCOUNT_MAX, readHeadcount } from "./headcount";

test("a headcount is taken as typed or not at all", () => {
  expect(["1", " 14 ", "250", String(HEADCOUNT_MAX)].map(readHeadcount)).toEqual([1, 14, 250, HEADCOUNT_MAX]);
  for (const text of ["", "0", "-1", "12,5", "abc", "1000", "100000"]) expect(readHeadcount(text)).toBeNull();
});
