import type { TimeSpan } from "../../api/model";
import { MINUTE_MS, startOfDay, type Day } from "../../i18n/zone";

/** The three fields in which people say when: a day and two times of that day, in minutes since midnight. */
export interface AskedTime {
  day: Day;
  from: number;
  to: number;
}

export function spanOf(time: AskedTime): TimeSpan | undefined {
  const midnight = startOfDay(time.day);
  if (midnight === undefined || time.to <= time.from) return undefined;
  return { starts_at: midnight + time.from * MINUTE_MS, ends_at: midnight + time.to * MINUTE_MS };
}

/** The word (in `blocked`) for what is wrong with the time. */
export function timeFault(time: AskedTime, now: number): "time" | "past" | undefined {
  const span = spanOf(time);
  if (!span) return "time";
  return span.starts_at < now ? "past" : undefined;
}
