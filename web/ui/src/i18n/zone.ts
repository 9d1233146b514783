/** Viet Nam keeps one zone without summer time. Meetings are told in that time whatever the clock of the machine is set to. */
export const ZONE = "Asia/Ho_Chi_Minh";
const OFFSET_MS = 7 * 3_600_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A calendar day in the province, as `2026-11-24`. */
export type Day = string;

/** The day on which this moment falls. */
export function dayOf(at: number): Day {
  return new Date(at + OFFSET_MS).toISOString().slice(0, 10);
}

/** Midnight at the start of the day, in Unix milliseconds; undefined when the text is no day of the calendar. */
export function startOfDay(day: Day): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return undefined;
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(utc) || new Date(utc).toISOString().slice(0, 10) !== day) return undefined;
  return utc - OFFSET_MS;
}

/** Minutes since midnight in the province. */
export function minuteOfDay(at: number): number {
  return Math.floor((((at + OFFSET_MS) % DAY_MS) + DAY_MS) % DAY_MS) / MINUTE_MS;
}

/** Midnight of the Monday of this moment's week: the office's week starts on Monday. */
export function startOfWeek(at: number): number {
  const midnight = at - minuteOfDay(at) * MINUTE_MS;
  const weekday = (new Date(midnight + OFFSET_MS).getUTCDay() + 6) % 7;
  return midnight - weekday * DAY_MS;
}

/** Minutes since midnight from `8:05`, `8h05`, `8h`, `8` or `0805`; undefined when it is not a time of day. */
export function parseClock(text: string): number | undefined {
  const bare = text.trim();
  const found = /^(\d{1,2})(?:\s*[:hH.]\s*(\d{2})?)?$/.exec(bare) ?? /^(\d{1,2})(\d{2})$/.exec(bare);
  if (!found) return undefined;
  const [hour, minute] = [Number(found[1]), Number(found[2] ?? 0)];
  return hour < 24 && minute < 60 ? hour * 60 + minute : undefined;
}

/**
 * A day from `1/12/2026`, `01-12`, or the written `Thứ Ba 01/12/2026`. Without a year it is the next such day from `today` on.
 */
export function parseDay(text: string, today: Day): Day | undefined {
  const found = /(\d{1,2})\s*[/.-]\s*(\d{1,2})(?:\s*[/.-]\s*(\d{4}))?\s*$/.exec(text.trim());
  if (!found) return undefined;
  const two = (part: string | undefined) => (part ?? "").padStart(2, "0");
  const [day, month] = [two(found[1]), two(found[2])];
  const thisYear = Number(today.slice(0, 4));
  const year = found[3] ?? (`${thisYear}-${month}-${day}` < today ? String(thisYear + 1) : String(thisYear));
  const written = `${year}-${month}-${day}`;
  return startOfDay(written) === undefined ? undefined : written;
}

/** `485` as `08:05`. */
export function writeClock(minute: number): string {
  const whole = Math.round(minute);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
