import type { RecordingSummary } from "../../api/model";
import { DAY_MS, dayOf, startOfWeek } from "../../i18n/zone";
import { findWords } from "../../text/fold";

export type Period = "week" | "month" | "year";
export type Order = "newest" | "oldest" | "longest";

export interface LibraryFilter {
  q: string;
  period: Period | undefined;
  chair: string | undefined;
  sessionId: string | undefined;
}

export function inPeriod(recording: RecordingSummary, period: Period | undefined, now: number): boolean {
  switch (period) {
    case undefined:
      return true;
    case "week":
      return recording.started_at >= startOfWeek(now) && recording.started_at < startOfWeek(now) + 7 * DAY_MS;
    case "month":
      return dayOf(recording.started_at).slice(0, 7) === dayOf(now).slice(0, 7);
    case "year":
      return dayOf(recording.started_at).slice(0, 4) === dayOf(now).slice(0, 4);
  }
}

/** Title, chair and speakers are searched as one text: "co to lu" finds what Cô Tô said in a meeting about floods. */
export function matches(recording: RecordingSummary, q: string): boolean {
  const names = new Set(recording.speakers.map((span) => span.name));
  return findWords(q, [recording.title, recording.chair_name, ...names].join(" ")) !== undefined;
}

export function filtered(list: readonly RecordingSummary[], filter: LibraryFilter, now: number): RecordingSummary[] {
  return list.filter(
    (one) =>
      inPeriod(one, filter.period, now) &&
      (filter.chair === undefined || one.chair_name === filter.chair) &&
      (filter.sessionId === undefined || one.session_id === filter.sessionId) &&
      matches(one, filter.q),
  );
}

export function ordered(list: readonly RecordingSummary[], order: Order): RecordingSummary[] {
  switch (order) {
    case "newest":
      return list.toSorted((a, b) => b.started_at - a.started_at);
    case "oldest":
      return list.toSorted((a, b) => a.started_at - b.started_at);
    case "longest":
      return list.toSorted((a, b) => b.duration_ms - a.duration_ms);
  }
}

/** Spans whose speaker's name answers some word of the search: the places to click into. */
export function speechFound(recording: RecordingSummary, q: string): RecordingSummary["speakers"] {
  const words = q.trim().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  // Two words of a name ("cô tô") are worth more than one ("tô"): the best answers only.
  const scored = recording.speakers.map((span) => ({
    span,
    score: words.filter((word) => findWords(word, span.name) !== undefined).length,
  }));
  const best = Math.max(0, ...scored.map((one) => one.score));
  return best === 0 ? [] : scored.filter((one) => one.score === best).map((one) => one.span);
}
