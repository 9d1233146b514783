import type { InvitedSite } from "../../api/model";
import type { State } from "../../parts/glyph";

/** Where one invited site stands: before the meeting by its letter, while it runs by its presence. */
export type Standing = "issued" | "opened" | "joined" | "expected" | "here" | "away" | "gone";

/** What needs a hand comes first. */
const ORDER_BEFORE: readonly Standing[] = ["issued", "opened", "joined"];
const ORDER_RUNNING: readonly Standing[] = ["away", "gone", "expected", "here"];

export const STANDING_GLYPH: Record<Standing, State> = {
  issued: "unknown",
  opened: "good",
  joined: "good",
  expected: "unknown",
  here: "good",
  away: "failed",
  gone: "attention",
};

export function standingOf(invited: InvitedSite, running: boolean): Standing {
  return running ? (invited.presence ?? "expected") : invited.invitation.state;
}

export interface Recipients {
  order: readonly Standing[];
  /** Sorted: what needs a hand first, then as the server listed them. */
  all: { invited: InvitedSite; standing: Standing }[];
  counts: Record<Standing, number>;
  /** Of `all`, those for whom nothing needs doing. */
  ready: number;
}

export function recipientsOf(invited: readonly InvitedSite[], running: boolean): Recipients {
  const order = running ? ORDER_RUNNING : ORDER_BEFORE;
  const counts: Record<Standing, number> = { issued: 0, opened: 0, joined: 0, expected: 0, here: 0, away: 0, gone: 0 };
  const all = invited.map((one) => ({ invited: one, standing: standingOf(one, running) }));
  for (const one of all) counts[one.standing] += 1;
  all.sort((a, b) => order.indexOf(a.standing) - order.indexOf(b.standing));
  return { order, all, counts, ready: running ? counts.here : counts.opened + counts.joined };
}
