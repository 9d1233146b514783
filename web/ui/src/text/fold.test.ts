import { expect, test } from "vitest";
import { findWords, fold, pieces } from "./fold";

test("case, diacritics and đ do not matter", () => {
  expect(fold("Đắk Lắk, ĐẶC KHU Cô Tô")).toBe("dak lak, dac khu co to");
  expect(fold("Đắk Lắk".normalize("NFD"))).toBe("dak lak");
});

test("words match from their start and neighbours share one mark", () => {
  expect(findWords("ha long", "Cụm Hạ Long")).toEqual([{ from: 4, to: 11 }]);
  expect(findWords("long ha", "Cụm Hạ Long")).toEqual([{ from: 4, to: 11 }]);
  expect(findWords("ha l", "Phường Hà Lầm")).toEqual([{ from: 7, to: 11 }]);
});

test("a missing word is no match, and the middle of a word is none either", () => {
  expect(findWords("ha long", "Phường Hà Lầm")).toBeUndefined();
  expect(findWords("ong", "Hạ Long")).toBeUndefined();
});

test("one word of the text answers one word of the query", () => {
  expect(findWords("ha ha", "Phường Hà Tu")).toBeUndefined();
  expect(findWords("ha ha", "Xã Hải Hà")).toHaveLength(2);
});

test("an empty query matches everything and marks nothing", () => {
  expect(findWords("  ", "Xã Quảng Tân")).toEqual([]);
});

test("a text is cut at its marks without losing a letter, composed or not", () => {
  const text = "Phường Hạ Long";
  const cut = pieces(text.normalize("NFD"), findWords("ha", text.normalize("NFD")) ?? []);
  expect(cut).toEqual([
    { text: "Phường ", marked: false },
    { text: "Hạ", marked: true },
    { text: " Long", marked: false },
  ]);
});
