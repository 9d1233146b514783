import { expect, test } from "vitest";
import type { TreeNode } from "../../api/model";
import { seenTree, treeKey } from "./tree-rows";

const site = (name: string): TreeNode => ({ id: name, name, kind: "site", children: [] });
const group = (name: string, ...children: TreeNode[]): TreeNode => ({ id: name, name, kind: "group", children });
const top = [
  group(
    "Xã, phường",
    group("Cụm Hạ Long", site("Phường Hà Lầm"), site("Phường Hạ Long")),
    group("Cụm Đầm Hà", site("Xã Quảng Tân"), site("Xã Đầm Hà")),
  ),
  group("Sở, ban, ngành", site("Sở Tài chính")),
];
const names = (query: string, chosen: string[] = [], unfolded: string[] = []) =>
  seenTree(top, new Set(unfolded), query, new Set(chosen)).rows.map(
    (row) => `${"  ".repeat(row.level)}${row.node.name}`,
  );

test("without a search only what is unfolded shows", () => {
  expect(names("")).toEqual(["Xã, phường", "Sở, ban, ngành"]);
  expect(names("", [], ["Xã, phường"])).toEqual(["Xã, phường", "  Cụm Hạ Long", "  Cụm Đầm Hà", "Sở, ban, ngành"]);
});

test("a search unfolds what holds a match and counts the names it found", () => {
  expect(names("quang tan")).toEqual(["Xã, phường", "  Cụm Đầm Hà", "    Xã Quảng Tân"]);
  expect(seenTree(top, new Set(), "ha long", new Set()).results).toBe(2);
});

test("a group that matches shows all it holds", () => {
  const hubs = [group("Cụm Ba Chẽ", site("Xã Lương Minh"), site("Xã Kỳ Thượng"))];
  const rows = seenTree(hubs, new Set(), "ba che", new Set()).rows;
  expect(rows.map((row) => row.node.name)).toEqual(["Cụm Ba Chẽ", "Xã Lương Minh", "Xã Kỳ Thượng"]);
});

test("what is chosen stays in sight, folded, even when it does not match", () => {
  expect(names("ha long", ["Sở Tài chính", "Xã Quảng Tân"])).toEqual([
    "Xã, phường",
    "  Cụm Hạ Long",
    "    Phường Hà Lầm",
    "    Phường Hạ Long",
    "  Cụm Đầm Hà",
    "Sở, ban, ngành",
  ]);
});

test("the keys move, fold and tick", () => {
  const { rows } = seenTree(top, new Set(["Xã, phường"]), "", new Set());
  expect(treeKey(rows, "Xã, phường", "ArrowDown")).toEqual({ act: "focus", id: "Cụm Hạ Long" });
  expect(treeKey(rows, "Cụm Hạ Long", "ArrowRight")).toEqual({ act: "unfold", id: "Cụm Hạ Long" });
  expect(treeKey(rows, "Cụm Hạ Long", "ArrowLeft")).toEqual({ act: "focus", id: "Xã, phường" });
  expect(treeKey(rows, "Xã, phường", "ArrowLeft")).toEqual({ act: "fold", id: "Xã, phường" });
  expect(treeKey(rows, "Sở, ban, ngành", "ArrowDown")).toBeUndefined();
  expect(treeKey(rows, "Sở, ban, ngành", " ")).toEqual({ act: "tick", id: "Sở, ban, ngành" });
  expect(treeKey(rows, "Sở, ban, ngành", "x")).toBeUndefined();
});
