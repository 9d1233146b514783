import type { TimeSpan } from "../../api/model";
import { MINUTE_MS, startOfDay, type Day } from "../../i18n/zone";

export type End = "from" | "to";

/** The three fields in which people say when: a day and two times of that day, in minutes since midnight. */
export interface AskedTime {
  day: Day;
  from: number;
  to: number;
  /** Fields that hold text which is no time of day; their number is still the last one that could be read. */
  unread?: End[];
}

const LAST_MINUTE = 24 * 60 - 1;
/** Where the two times before gave no length to keep. */
const USUAL_LENGTH = 60;

/**
 * One of the two times was written; `undefined` when it could not be read. A start moved past the end takes the end along, as
 * far as the day goes: the meeting is later, not of negative length.
 */
export function withClock(time: AskedTime, end: End, minute: number | undefined): AskedTime {
  const others = (time.unread ?? []).filter((one) => one !== end);
  const { day, from, to } = time;
  if (minute === undefined) return { day, from, to, unread: [...others, end] };
  const unread = others.length > 0 ? { unread: others } : {};
  if (end === "to") return { day, from, to: minute, ...unread };
  const length = to > from ? to - from : USUAL_LENGTH;
  return { day, from: minute, to: minute < to ? to : Math.min(minute + length, LAST_MINUTE), ...unread };
}

export function spanOf(time: AskedTime): TimeSpan | undefined {
  const midnight = startOfDay(time.day);
  if (midnight === undefined || time.unread?.length || time.to <= time.from) return undefined;
  return { starts_at: midnight + time.from * MINUTE_MS, ends_at: midnight + time.to * MINUTE_MS };
}

/** The word (in `blocked`) for what is wrong with the time. */
export function timeFault(time: AskedTime, now: number): "clock" | "time" | "past" | undefined {
  if (time.unread?.length) return "clock";
  const span = spanOf(time);
  if (!span) return "time";
  return span.starts_at < now ? "past" : undefined;
}
