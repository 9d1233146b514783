import { expect, test } from "vitest";
import { somebody } from "../machine/world";
import { cells, fit, GAP, step } from "./grid";

test("two hundred and thirty-one sites of sixteen hubs fit a full-HD wall without scrolling", () => {
  const found = fit(247, 1496, 960);
  expect(found).toEqual({ columns: 15, height: 52, width: 96, folded: false });
  expect(Math.ceil(247 / found.columns) * (found.height + GAP)).toBeLessThanOrEqual(960 + GAP);
});

test("fifty-four sites get larger tiles on an office screen", () => {
  expect(fit(70, 1020, 648)).toMatchObject({ columns: 8, width: 124 });
});

test("a few sites share the whole wall, in the shape of a picture", () => {
  const few = fit(12, 1020, 640);
  expect(few).toEqual({ columns: 4, height: 139, width: 252, folded: false });
  expect(fit(1, 1020, 640)).toEqual({ columns: 3, height: 186, width: 337, folded: false });
  for (let sites = 1; sites < 400; sites += 1) {
    const { columns, height, width } = fit(sites, 1496, 960);
    expect(Math.ceil(sites / columns) * (height + GAP) - GAP).toBeLessThanOrEqual(960);
    expect(columns * (width + GAP) - GAP).toBeLessThanOrEqual(1496);
  }
});

test("what cannot fit folds the hubs in which all is well", () => {
  expect(fit(600, 1020, 640).folded).toBe(true);
  const sites = [
    somebody("a", { group: "Cụm Hạ Long" }),
    somebody("b", { group: "Cụm Móng Cái", line: "weak" }),
    somebody("c", { group: "Cụm Móng Cái" }),
  ];
  expect(cells(sites, true, 0).map((cell) => (cell.kind === "hub" ? cell.name : cell.who.id))).toEqual([
    "Cụm Hạ Long",
    "Cụm Móng Cái",
    "b",
    "c",
  ]);
});

test("a hub's head counts who is here and whose line is weak", () => {
  const sites = [
    somebody("a", { group: "Cụm Hạ Long", line: "weak" }),
    somebody("b", { group: "Cụm Hạ Long", presence: { kind: "away", since: 0, until: 1 } }),
  ];
  expect(cells(sites, false, 0)[0]).toEqual({ kind: "hub", name: "Cụm Hạ Long", here: 1, total: 2, weak: 1 });
});

test("sites without hubs stand without heads", () => {
  expect(cells([somebody("a"), somebody("b")], false).every((cell) => cell.kind === "site")).toBe(true);
});

test("a few sites of several hubs stand without heads, too", () => {
  const few = [somebody("a", { group: "1" }), somebody("b", { group: "2" })];
  expect(cells(few, false).every((cell) => cell.kind === "site")).toBe(true);
});

test("arrows pass over the heads and stay inside", () => {
  const all = cells([somebody("a", { group: "1" }), somebody("b", { group: "2" })], false, 0);
  expect(step(all, 1, 4, "ArrowRight")).toBe(3);
  expect(step(all, 3, 4, "ArrowRight")).toBe(3);
  expect(step(all, 3, 2, "ArrowUp")).toBe(1);
});
