import { describe, expect, test } from "vitest";
import type { SelectionRule, TreeNode } from "../../api/model";
import { chosenCards, dropSite, findNode, resolve, stateOf, toggle } from "./selection";

const site = (id: string): TreeNode => ({ id, name: `Xã ${id}`, kind: "site", children: [] });
const group = (id: string, ...children: TreeNode[]): TreeNode => ({ id, name: `Cụm ${id}`, kind: "group", children });
const root = group(
  "root",
  group("communes", group("halong", site("h1"), site("h2"), site("h3")), group("damha", site("d1"), site("d2"))),
  group("departments", site("s1")),
);
const at = (id: string): TreeNode => {
  const node = findNode(root, id);
  if (!node) throw new Error(id);
  return node;
};
const press = (rules: SelectionRule[], ...ids: string[]): SelectionRule[] =>
  ids.reduce((now, id) => toggle(root, now, at(id)), rules);
const chosen = (rules: SelectionRule[]) => [...resolve(root, rules)].toSorted();
const box = (rules: SelectionRule[], id: string) => stateOf(root, rules, resolve(root, rules), at(id));

describe("ticking", () => {
  test("a group stores the rule, not the list", () => {
    const rules = press([], "halong");
    expect(rules).toEqual([{ kind: "subtree", group_id: "halong", except: [] }]);
    expect(chosen(rules)).toEqual(["h1", "h2", "h3"]);
    expect(box(rules, "halong")).toEqual({ box: "all", chosen: 3, total: 3, byRule: true });
    expect(box(rules, "communes")).toMatchObject({ box: "some", chosen: 3, total: 5, byRule: false });
  });

  test("one site under a rule makes an exception of it, and a second press takes it back", () => {
    const once = press([], "halong", "h2");
    expect(once).toEqual([{ kind: "subtree", group_id: "halong", except: ["h2"] }]);
    expect(box(once, "halong")).toMatchObject({ box: "some", chosen: 2 });
    expect(press(once, "h2")).toEqual([{ kind: "subtree", group_id: "halong", except: [] }]);
  });

  test("a half-chosen group becomes wholly chosen at the next press", () => {
    const rules = press([], "halong", "h2", "halong");
    expect(rules).toEqual([{ kind: "subtree", group_id: "halong", except: [] }]);
  });

  test("a wider rule swallows the rules and sites inside it", () => {
    expect(press([], "h1", "damha", "communes")).toEqual([{ kind: "subtree", group_id: "communes", except: [] }]);
  });

  test("a group under a wider rule is dropped as exceptions of that rule", () => {
    const rules = press([], "communes", "damha");
    expect(rules).toEqual([{ kind: "subtree", group_id: "communes", except: ["d1", "d2"] }]);
    expect(chosen(press(rules, "damha"))).toEqual(["d1", "d2", "h1", "h2", "h3"]);
  });

  test("a rule whose every site has been dropped goes, so that it cannot invite anybody later", () => {
    expect(press([], "damha", "d1", "d2")).toEqual([]);
  });

  test("any two presses on the same box leave the same sites chosen as before", () => {
    const starts = [[], press([], "halong"), press([], "communes", "d1"), press([], "s1", "h3")];
    for (const start of starts) {
      for (const id of ["h1", "d1", "s1"]) expect(chosen(press(start, id, id))).toEqual(chosen(start));
    }
  });
});

test("rules about groups that no longer exist choose nothing and do not fail", () => {
  expect(chosen([{ kind: "subtree", group_id: "gone", except: [] }])).toEqual([]);
  expect(chosen([{ kind: "site", site_id: "gone" }])).toEqual([]);
});

test("dropping a clashing site works whether it came by rule or alone", () => {
  expect(chosen(dropSite(root, press([], "halong"), "h2"))).toEqual(["h1", "h3"]);
  expect(chosen(dropSite(root, press([], "h2", "s1"), "h2"))).toEqual(["s1"]);
});

test("the chosen column has a card for each rule and one for the single sites of a group", () => {
  const cards = chosenCards(root, press([], "halong", "h2", "d1", "s1"));
  expect(cards.map((card) => [card.title, card.count, card.byRule])).toEqual([
    ["Cụm halong", 2, true],
    ["Cụm damha", 1, false],
    ["Cụm departments", 1, false],
  ]);
  expect(cards[0]?.except).toEqual(["Xã h2"]);
  expect(cards[1]?.sites).toEqual(["Xã d1"]);
});
