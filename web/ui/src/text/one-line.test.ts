import { expect, test } from "vitest";
import { oneLine } from "./one-line";

test("characters that nobody sees are left out", () => {
  for (const unseen of ["\u200B", "\u200C", "\u200D", "\u2060", "\uFEFF", "\u202E", "\u0000", "\u007F"]) {
    expect(oneLine(`Giao${unseen} ban${unseen}`)).toBe("Giao ban");
  }
});

test("tabs and line ends become one blank", () => {
  expect(oneLine("Giao ban\ttuần\r\n 48")).toBe("Giao ban tuần 48");
  expect(oneLine("a \n\n b\u2028c")).toBe("a b c");
});

test("Vietnamese is kept letter for letter, in its composed form, with the blanks between words", () => {
  expect(oneLine("Đầm Hà – quý IV".normalize("NFD"))).toBe("Đầm Hà – quý IV");
  expect(oneLine("Phòng, chống ")).toBe("Phòng, chống ");
});
