/** The tree of sites as the rows that can be seen now: what is unfolded, or what the search leaves. */
import type { TreeNode } from "../../api/model";
import { findWords } from "../../text/fold";

export interface TreeRow {
  node: TreeNode;
  level: number;
  expanded: boolean;
  /** The group above, for the ← key. */
  parentId: string | undefined;
}

export interface SeenTree {
  rows: TreeRow[];
  /** Names that the search found. */
  results: number;
}

/**
 * While searching, groups that hold a match unfold, a matching group shows all it holds, and groups without a match stay, folded,
 * only where something of theirs is chosen: nobody loses sight of what he ticked.
 */
export function seenTree(
  top: readonly TreeNode[],
  unfolded: ReadonlySet<string>,
  query: string,
  chosen: ReadonlySet<string>,
): SeenTree {
  const rows: TreeRow[] = [];
  const wanted = query.trim();
  let results = 0;

  function matches(node: TreeNode): boolean {
    return findWords(wanted, node.name) !== undefined;
  }
  function holdsMatch(node: TreeNode): boolean {
    return node.children.some((child) => matches(child) || holdsMatch(child));
  }
  function holdsChosen(node: TreeNode): boolean {
    return node.kind === "site" ? chosen.has(node.id) : node.children.some(holdsChosen);
  }
  function count(node: TreeNode): number {
    return (matches(node) ? 1 : 0) + node.children.reduce((sum, child) => sum + count(child), 0);
  }

  /** `whole`: a group above has matched, so everything below it shows. */
  function walk(node: TreeNode, level: number, parentId: string | undefined, whole: boolean): void {
    if (wanted === "") {
      const expanded = unfolded.has(node.id);
      rows.push({ node, level, expanded, parentId });
      if (expanded) for (const child of node.children) walk(child, level + 1, node.id, false);
      return;
    }
    const here = matches(node);
    const inside = holdsMatch(node);
    if (!here && !inside && !whole) {
      if (node.kind === "group" && holdsChosen(node)) rows.push({ node, level, expanded: false, parentId });
      return;
    }
    const expanded = node.kind === "group" && (inside || here || whole);
    rows.push({ node, level, expanded, parentId });
    if (expanded) for (const child of node.children) walk(child, level + 1, node.id, whole || here);
  }

  for (const node of top) {
    if (wanted !== "") results += count(node);
    walk(node, 0, undefined, false);
  }
  return { rows, results };
}

/** What a key does to the row under the focus. */
export type TreeKey =
  { act: "focus"; id: string } | { act: "unfold" | "fold"; id: string } | { act: "tick"; id: string } | undefined;

export function treeKey(rows: readonly TreeRow[], focused: string, key: string): TreeKey {
  const at = rows.findIndex((row) => row.node.id === focused);
  const row = rows[at];
  if (!row) return undefined;
  const to = (index: number): TreeKey => {
    const target = rows[Math.max(0, Math.min(rows.length - 1, index))];
    return target && target !== row ? { act: "focus", id: target.node.id } : undefined;
  };
  switch (key) {
    case "ArrowDown":
      return to(at + 1);
    case "ArrowUp":
      return to(at - 1);
    case "Home":
      return to(0);
    case "End":
      return to(rows.length - 1);
    case "ArrowRight":
      if (row.node.kind !== "group") return undefined;
      return row.expanded ? to(at + 1) : { act: "unfold", id: row.node.id };
    case "ArrowLeft":
      if (row.node.kind === "group" && row.expanded) return { act: "fold", id: row.node.id };
      return row.parentId === undefined ? undefined : { act: "focus", id: row.parentId };
    case " ":
    case "Enter":
      return { act: "tick", id: row.node.id };
    default:
      return undefined;
  }
}
