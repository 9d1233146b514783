import type { SessionSummary } from "../../api/model";
import { DAY_MS, HOUR_MS, minuteOfDay } from "../../i18n/zone";
import { rows, type Axis } from "../../time/axis";

export interface DayRow {
  /** Midnight of the day. */
  day: number;
  /** Meetings of the day, those at the same time on different lanes. */
  lanes: SessionSummary[][];
}

/** One row a day. A meeting over midnight stands on the day on which it starts. */
export function dayRows(sessions: readonly SessionSummary[], firstDay: number, days: number): DayRow[] {
  return Array.from({ length: days }, (_, index) => {
    const day = firstDay + index * DAY_MS;
    const mine = sessions.filter((one) => one.starts_at >= day && one.starts_at < day + DAY_MS);
    return { day, lanes: rows(mine, (one) => ({ from: one.starts_at, to: one.ends_at })) };
  });
}

/** Hours of the day to show: office hours, and as much more as the meetings need. Whole hours. */
export function hoursOf(sessions: readonly SessionSummary[], office: Axis = { from: 7, to: 18 }): Axis {
  let { from, to } = office;
  for (const one of sessions) {
    const starts = minuteOfDay(one.starts_at) / 60;
    const ends = starts + (one.ends_at - one.starts_at) / HOUR_MS;
    from = Math.min(from, Math.floor(starts));
    to = Math.max(to, Math.min(24, Math.ceil(ends)));
  }
  return { from, to };
}
