/** Who spoke when, as lanes: colours by order of first speech, the chair always in the last colour, the rest share one lane. */
import type { SpeakerSpan } from "../../api/model";

/** `cat-1` … `cat-5` in order of first speech, `cat-6` for the chair, `others` from the sixth other speaker on. */
export type Tone = 1 | 2 | 3 | 4 | 5 | 6 | "others";

export interface Lane {
  tone: Tone;
  /** Undefined for the lane that several share. */
  name: string | undefined;
  chair: boolean;
  /** How many share it. */
  speakers: number;
  spans: SpeakerSpan[];
  spokenMs: number;
}

const OWN_LANES = 5;

export function lanesOf(speakers: readonly SpeakerSpan[], chairName: string): Lane[] {
  const byName = new Map<string, SpeakerSpan[]>();
  for (const span of speakers.toSorted((a, b) => a.from_ms - b.from_ms)) {
    const mine = byName.get(span.name);
    if (mine) mine.push(span);
    else byName.set(span.name, [span]);
  }
  const lanes: Lane[] = [];
  const chair = byName.get(chairName);
  if (chair) lanes.push(lane(6, chairName, true, 1, chair));
  const others = [...byName].filter(([name]) => name !== chairName);
  others.slice(0, OWN_LANES).forEach(([name, spans], index) => {
    lanes.push(lane((index + 1) as Tone, name, false, 1, spans));
  });
  const rest = others.slice(OWN_LANES);
  if (rest.length > 0) {
    lanes.push(
      lane(
        "others",
        undefined,
        false,
        rest.length,
        rest.flatMap(([, spans]) => spans),
      ),
    );
  }
  return lanes;
}

function lane(tone: Tone, name: string | undefined, chair: boolean, speakers: number, spans: SpeakerSpan[]): Lane {
  const spokenMs = spans.reduce((sum, span) => sum + Math.max(0, span.to_ms - span.from_ms), 0);
  return { tone, name, chair, speakers, spans, spokenMs };
}

export interface Item {
  number: number;
  title: string;
  fromMs: number;
  toMs: number;
  /** Who spoke during it, longest first. */
  speakers: { name: string; tone: Tone; fromMs: number; spokenMs: number }[];
}

/** The agenda as spans of the recording; each item lasts until the next begins. */
export function itemsOf(
  agenda: readonly { title: string; at_ms: number }[],
  durationMs: number,
  lanes: readonly Lane[],
): Item[] {
  const ordered = agenda.toSorted((a, b) => a.at_ms - b.at_ms);
  return ordered.map((point, index) => {
    const fromMs = point.at_ms;
    const toMs = ordered[index + 1]?.at_ms ?? durationMs;
    return { number: index + 1, title: point.title, fromMs, toMs, speakers: speakersWithin(lanes, fromMs, toMs) };
  });
}

function speakersWithin(lanes: readonly Lane[], fromMs: number, toMs: number): Item["speakers"] {
  const found = new Map<string, Item["speakers"][number]>();
  for (const one of lanes) {
    for (const span of one.spans) {
      const from = Math.max(span.from_ms, fromMs);
      const spoken = Math.min(span.to_ms, toMs) - from;
      if (spoken <= 0) continue;
      const known = found.get(span.name);
      if (known) known.spokenMs += spoken;
      else found.set(span.name, { name: span.name, tone: one.tone, fromMs: from, spokenMs: spoken });
    }
  }
  return [...found.values()].toSorted((a, b) => b.spokenMs - a.spokenMs);
}

export function itemAt(items: readonly Item[], atMs: number): Item | undefined {
  return items.findLast((item) => item.fromMs <= atMs);
}

export function speakerAt(lanes: readonly Lane[], atMs: number): { name: string; tone: Tone } | undefined {
  for (const one of lanes) {
    const span = one.spans.find((each) => each.from_ms <= atMs && atMs < each.to_ms);
    if (span) return { name: span.name, tone: one.tone };
  }
  return undefined;
}
