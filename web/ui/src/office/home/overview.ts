import type { SessionSummary } from "../../api/model";
import { DAY_MS, startOfWeek } from "../../i18n/zone";
import { isRunning } from "../sessions/state";

/** What the first page tells: what runs, what comes, what was held this month. */
export interface Overview {
  running: SessionSummary[];
  /** Not begun, soonest first. */
  next: SessionSummary[];
  held: SessionSummary[];
  week: SessionSummary[];
}

export function overviewOf(sessions: readonly SessionSummary[], now: number, monthStart: number): Overview {
  const weekStart = startOfWeek(now);
  const next = sessions
    .filter((one) => one.state === "scheduled" && one.ends_at > now)
    .toSorted((a, b) => a.starts_at - b.starts_at);
  return {
    running: sessions.filter(isRunning).toSorted((a, b) => a.starts_at - b.starts_at),
    next,
    held: sessions.filter((one) => one.state === "ended" && one.starts_at >= monthStart),
    week: sessions.filter((one) => one.starts_at >= weekStart && one.starts_at < weekStart + 7 * DAY_MS),
  };
}
