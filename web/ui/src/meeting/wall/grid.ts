// How a wall is cut into tiles. Pure: the same sites and the same screen always give the same places.
import type { ParticipantView } from "../../generated/wire";
import { byGroup, lineTrouble } from "../select";

export const GAP = 4;
/** Largest first; the height carries a picture and one line of name. */
const SIZES = [
  { width: 160, height: 88 },
  { width: 124, height: 68 },
  { width: 96, height: 52 },
  { width: 72, height: 40 },
] as const;

/** A few sites share the whole wall between them; wider than this a tile would compete with the monitor beside it. */
const WIDEST = 480;
/** Of a picture of 16 to 9, with a little cut off: heights are scarcer than widths. */
const SHAPE = 0.55;

export interface Fit {
  columns: number;
  height: number;
  /** At least this wide: under 96 a tile has no picture. */
  width: number;
  /** Healthy hubs show only their heads, because even the smallest tiles do not all fit. */
  folded: boolean;
}

/** The largest tile with which all cells fit without scrolling. */
export function fit(cells: number, width: number, height: number): Fit {
  const most = Math.floor((width + GAP) / (SIZES[0].width + GAP));
  for (let columns = Math.ceil((width + GAP) / (WIDEST + GAP)); columns < most; columns += 1) {
    const wide = (width + GAP) / columns - GAP;
    const high = Math.round(wide * SHAPE);
    if (Math.ceil(cells / columns) * (high + GAP) - GAP <= height)
      return { columns, height: high, width: Math.floor(wide), folded: false };
  }
  for (const size of SIZES) {
    const columns = Math.max(1, Math.floor((width + GAP) / (size.width + GAP)));
    const rows = Math.ceil(cells / columns);
    if (rows * (size.height + GAP) - GAP <= height)
      return { columns, height: size.height, width: size.width, folded: false };
  }
  const { width: least, height: low } = SIZES[SIZES.length - 1] ?? { width: 72, height: 40 };
  return { columns: Math.max(1, Math.floor((width + GAP) / (least + GAP))), height: low, width: least, folded: true };
}

export interface Hub {
  kind: "hub";
  name: string;
  here: number;
  total: number;
  weak: number;
}

export type Cell = Hub | { kind: "site"; who: ParticipantView };

/** With so few sites everybody knows who belongs to whom, and the room is better given to the pictures. */
export const HEADS_FROM = 20;

/** Hub heads are cells themselves, so that groups cost no empty rows. Sites keep their order whatever their state. */
export function cells(sites: readonly ParticipantView[], folded: boolean, headsFrom = HEADS_FROM): Cell[] {
  const groups = byGroup(sites);
  const named = groups.length > 1 || (groups[0]?.[0] ?? "") !== "";
  const heads = named && sites.length >= headsFrom;
  return groups.flatMap(([name, members]): Cell[] => {
    const hub: Hub = {
      kind: "hub",
      name,
      here: members.filter((one) => one.presence.kind === "here").length,
      total: members.length,
      weak: members.filter((one) => lineTrouble(one) === "weak").length,
    };
    const shown = folded && heads && hub.weak === 0 && hub.here === hub.total ? [] : members;
    return [...(heads ? [hub] : []), ...shown.map((who) => ({ kind: "site", who }) as const)];
  });
}

/** Where an arrow key leads among sites only; heads are passed over. */
export function step(all: readonly Cell[], from: number, columns: number, key: string): number {
  const isSite = (index: number): boolean => all[index]?.kind === "site";
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
  if (by === undefined) return from;
  let at = from + by;
  while (at >= 0 && at < all.length && !isSite(at)) at += Math.sign(by) * (Math.abs(by) === 1 ? 1 : columns);
  return at >= 0 && at < all.length ? at : from;
}
