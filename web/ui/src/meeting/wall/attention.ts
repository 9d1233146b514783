// Which sites need somebody now, and since when. Pure; lost before weak, newest first.
import type { LineView, ParticipantView } from "../../generated/wire";
import { lineTrouble } from "../select";

export interface Attention {
  id: string;
  kind: "lost" | "weak";
  since: number;
}

/** When each site's trouble began: known for a lost line, seen by this page for a weak one. */
export function attention(sites: readonly ParticipantView[], before: readonly Attention[], now: number): Attention[] {
  return sites
    .flatMap((who): Attention[] => {
      const kind = lineTrouble(who);
      if (kind === null) return [];
      const known = before.find((one) => one.id === who.id && one.kind === kind);
      const since = who.presence.kind === "away" ? who.presence.since : (known?.since ?? now);
      return [{ id: who.id, kind, since }];
    })
    .sort((a, b) => Number(a.kind === "weak") - Number(b.kind === "weak") || b.since - a.since);
}

/** While somebody reads or reaches for the list, rows keep their places; new ones come below, ended ones stay until he leaves. */
export function held(shown: readonly Attention[], fresh: readonly Attention[]): Attention[] {
  const kept = shown.map((one) => fresh.find((other) => other.id === one.id) ?? one);
  return [...kept, ...fresh.filter((one) => !shown.some((other) => other.id === one.id))];
}

/** The figure that makes a line weak, in the words of the list. */
export type Worst = { is: "loss"; percent: number } | { is: "rtt"; ms: number } | null;

export function worst(line: LineView | undefined): Worst {
  if (line === undefined) return null;
  const loss = Math.max(line.up.loss, line.down.loss) * 100;
  if (loss >= 2) return { is: "loss", percent: loss };
  return line.rtt_ms !== null && line.rtt_ms >= 300 ? { is: "rtt", ms: line.rtt_ms } : null;
}
