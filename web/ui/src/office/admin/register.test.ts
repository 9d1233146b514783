import { expect, test } from "vitest";
import { found, optional, present } from "./register";

test("rows are found by all words of the search, without diacritics", () => {
  const rows = ["Xã Quảng Tân 06913", "Xã Quảng Hà 06922"];
  expect(found(rows, "quang 06922", (row) => row)).toEqual(["Xã Quảng Hà 06922"]);
  expect(found(rows, "", (row) => row)).toEqual(rows);
});

test("an empty field is absent from what is sent", () => {
  expect(present({ name: "a", room: optional("  "), seats: 0 })).toEqual({ name: "a", seats: 0 });
});
