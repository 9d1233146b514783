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

/** Minutes since midnight from `8:05` or `08:05`; undefined when it is not a time of day. */
export function parseClock(text: string): number | undefined {
  const found = /^\s*([01]?\d|2[0-3])\s*[:hH.]\s*([0-5]\d)\s*$/.exec(text);
  if (!found) return undefined;
  return Number(found[1]) * 60 + Number(found[2]);
}

/** `485` as `08:05`. */
export function writeClock(minute: number): string {
  const whole = Math.round(minute);
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}
