import { expect, test } from "vitest";
import type { Item } from "./lanes";
import { findInOutline } from "./outline";

const item = (number: number, title: string, speakers: string[] = []): Item => ({
  number,
  title,
  fromMs: number,
  toMs: number + 1,
  speakers: speakers.map((name) => ({ name, tone: 1, fromMs: number, spokenMs: 1 })),
});
const items = [item(1, "Khai mạc"), item(2, "Tình hình thiên tai", ["Đặc khu Cô Tô"])];
const names = [{ name: "Đặc khu Cô Tô" }, { name: "Phường Hạ Long" }];

test("an agenda item is found while the speakers are looked at, and the way to it is named", () => {
  const found = findInOutline("tinh hinh", items, names, "speakers");
  expect(found.counts).toEqual({ agenda: 1, speakers: 0 });
  expect(found.elsewhere).toBe("agenda");
});

test("a speaker is found on both tabs, so that nobody is sent away", () => {
  const found = findInOutline("co to", items, names, "speakers");
  expect(found.items.map((one) => one.number)).toEqual([2]);
  expect(found.names.map((one) => one.name)).toEqual(["Đặc khu Cô Tô"]);
  expect(found.elsewhere).toBeUndefined();
});

test("what is nowhere leads nowhere, and without a search everything is counted", () => {
  expect(findInOutline("khong co", items, names, "agenda").elsewhere).toBeUndefined();
  expect(findInOutline(" ", items, names, "agenda").counts).toEqual({ agenda: 2, speakers: 2 });
  expect(findInOutline("", [], names, "agenda").elsewhere).toBeUndefined();
});
