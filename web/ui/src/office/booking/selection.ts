/**
 * Which sites are asked for, as the secretary ticks them. Ticking a group stores the *rule* ("all of the Hạ Long hub"), so that
 * a commune added to the hub tomorrow is invited too; unticking one site under a rule makes an exception of it.
 */
import type { SelectionRule, TreeNode } from "../../api/model";

export type Box = "none" | "some" | "all";

export interface NodeState {
  box: Box;
  chosen: number;
  total: number;
  /** Chosen through a rule on this group or one above it. */
  byRule: boolean;
}

type Subtree = Extract<SelectionRule, { kind: "subtree" }>;

/** Ids of all sites under a node, itself included when it is a site; each once, in the order of the tree. */
export function sitesUnder(node: TreeNode): string[] {
  if (node.kind === "site") return [node.id];
  return [...new Set(node.children.flatMap(sitesUnder))];
}

/** The chosen sites. Rules that name unknown groups or sites choose nothing. */
export function resolve(root: TreeNode, rules: readonly SelectionRule[]): Set<string> {
  const chosen = new Set<string>();
  const all = new Set(sitesUnder(root));
  for (const rule of rules) {
    if (rule.kind === "site") {
      if (all.has(rule.site_id)) chosen.add(rule.site_id);
      continue;
    }
    const group = findNode(root, rule.group_id);
    if (!group) continue;
    for (const site of sitesUnder(group)) if (!exceptionsOf(rule).includes(site)) chosen.add(site);
  }
  return chosen;
}

/** All that take part: the chosen sites, and the centre, which takes part by being the centre. */
export function invitedSites(root: TreeNode, rules: readonly SelectionRule[], centralId: string): Set<string> {
  const invited = resolve(root, rules);
  if (centralId) invited.add(centralId);
  return invited;
}

export function stateOf(
  root: TreeNode,
  rules: readonly SelectionRule[],
  chosen: ReadonlySet<string>,
  node: TreeNode,
): NodeState {
  const sites = sitesUnder(node);
  const here = sites.filter((site) => chosen.has(site)).length;
  const box: Box = here === 0 ? "none" : here === sites.length ? "all" : "some";
  const path = pathTo(root, node.id).map((step) => step.id);
  const byRule = here > 0 && rules.some((rule) => rule.kind === "subtree" && path.includes(rule.group_id));
  return { box, chosen: here, total: sites.length, byRule };
}

/** A press on a box: what is not wholly chosen becomes chosen, what is wholly chosen is dropped. */
export function toggle(root: TreeNode, rules: readonly SelectionRule[], node: TreeNode): SelectionRule[] {
  const chosen = resolve(root, rules);
  const wholly = sitesUnder(node).every((site) => chosen.has(site));
  return wholly ? drop(root, rules, node) : choose(root, rules, node);
}

export function choose(root: TreeNode, rules: readonly SelectionRule[], node: TreeNode): SelectionRule[] {
  const sites = new Set(sitesUnder(node));
  const groupsInside = groupIdsUnder(node);
  const above = rulesAbove(root, rules, node);
  // What the new rule says makes the rules inside it superfluous.
  const kept = rules
    .filter((rule) => (rule.kind === "site" ? !sites.has(rule.site_id) : !groupsInside.has(rule.group_id)))
    .map((rule) =>
      rule.kind === "subtree" && above.includes(rule)
        ? { ...rule, except: exceptionsOf(rule).filter((site) => !sites.has(site)) }
        : rule,
    );
  if (above.length > 0) return kept;
  return node.kind === "group"
    ? [...kept, { kind: "subtree", group_id: node.id, except: [] }]
    : [...kept, { kind: "site", site_id: node.id }];
}

export function drop(root: TreeNode, rules: readonly SelectionRule[], node: TreeNode): SelectionRule[] {
  const sites = sitesUnder(node);
  const dropped = new Set(sites);
  const groupsInside = groupIdsUnder(node);
  return rules.flatMap((rule): SelectionRule[] => {
    if (rule.kind === "site") return dropped.has(rule.site_id) ? [] : [rule];
    if (groupsInside.has(rule.group_id)) return [];
    const group = findNode(root, rule.group_id);
    if (!group) return [rule];
    const covered = sitesUnder(group);
    const except = [...new Set([...exceptionsOf(rule), ...sites.filter((site) => covered.includes(site))])];
    // A rule with nothing left to choose would later surprise by inviting a new commune.
    return covered.every((site) => except.includes(site)) ? [] : [{ ...rule, except }];
  });
}

/** Drops one site wherever it comes from: the remedy of a clash. */
export function dropSite(root: TreeNode, rules: readonly SelectionRule[], siteId: string): SelectionRule[] {
  const node = findNode(root, siteId);
  return node ? drop(root, rules, node) : [...rules];
}

/** One card of the "chosen" column: a rule, or the single sites of one group. */
export interface ChosenCard {
  key: string;
  title: string;
  count: number;
  /** Names of the sites, for single sites only. */
  sites: string[];
  except: string[];
  byRule: boolean;
  /** What the card's cross drops. */
  nodes: TreeNode[];
}

export function chosenCards(root: TreeNode, rules: readonly SelectionRule[]): ChosenCard[] {
  const cards: ChosenCard[] = [];
  const singles = new Map<string, ChosenCard>();
  for (const rule of rules) {
    if (rule.kind === "subtree") {
      const group = findNode(root, rule.group_id);
      if (group) cards.push(cardOfRule(root, group, rule));
      continue;
    }
    const path = pathTo(root, rule.site_id);
    const site = path.at(-1);
    const group = path.at(-2);
    if (!site || !group) continue;
    const card = singles.get(group.id) ?? newCard(group);
    if (!singles.has(group.id)) {
      singles.set(group.id, card);
      cards.push(card);
    }
    card.sites.push(site.name);
    card.nodes.push(site);
    card.count += 1;
  }
  // As in the tree, whatever the order of ticking was.
  const order = inTreeOrder(root);
  const place = (card: ChosenCard) => order.indexOf(card.nodes[0]?.id ?? "");
  return cards.toSorted((a, b) => place(a) - place(b));
}

function inTreeOrder(node: TreeNode): string[] {
  return [node.id, ...node.children.flatMap(inTreeOrder)];
}

export function findNode(node: TreeNode, id: string): TreeNode | undefined {
  if (node.id === id) return node;
  for (const child of node.children) {
    const found = findNode(child, id);
    if (found) return found;
  }
  return undefined;
}

function exceptionsOf(rule: Subtree): string[] {
  return rule.except ?? [];
}

function cardOfRule(root: TreeNode, group: TreeNode, rule: Subtree): ChosenCard {
  const sites = sitesUnder(group);
  const except = exceptionsOf(rule).filter((site) => sites.includes(site));
  return {
    key: `rule:${group.id}`,
    title: group.name,
    count: sites.length - except.length,
    sites: [],
    except: except.map((site) => findNode(root, site)?.name ?? "").filter(Boolean),
    byRule: true,
    nodes: [group],
  };
}

function newCard(group: TreeNode): ChosenCard {
  return { key: `sites:${group.id}`, title: group.name, count: 0, sites: [], except: [], byRule: false, nodes: [] };
}

/** From the root down to the node, both included; empty when it is not there. */
function pathTo(node: TreeNode, id: string): TreeNode[] {
  if (node.id === id) return [node];
  for (const child of node.children) {
    const rest = pathTo(child, id);
    if (rest.length > 0) return [node, ...rest];
  }
  return [];
}

function groupIdsUnder(node: TreeNode): Set<string> {
  if (node.kind === "site") return new Set();
  return new Set([node.id, ...node.children.flatMap((child) => [...groupIdsUnder(child)])]);
}

/** Subtree rules on the groups above this node, its own group not included. */
function rulesAbove(root: TreeNode, rules: readonly SelectionRule[], node: TreeNode): SelectionRule[] {
  const above = pathTo(root, node.id).slice(0, -1);
  return rules.filter((rule) => rule.kind === "subtree" && above.some((group) => group.id === rule.group_id));
}
