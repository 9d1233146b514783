/** Presence against the meeting: what the bars of the attendance show, and what they add up to. */
import type { Attendance, AttendanceRow } from "../../api/model";
import { MINUTE_MS } from "../../i18n/zone";
import { block, type Axis, type Block } from "../../time/axis";

/** Who joins later than this after the opening is late. */
const LATE_MS = 10 * MINUTE_MS;

/** From the first arrival, or the opening, to the last departure, or the closing; a little air at both ends. */
export function axisOf(attendance: Attendance): Axis {
  const { session, rows } = attendance;
  const starts = rows.flatMap((row) => row.intervals.map((one) => one.from));
  const ends = rows.flatMap((row) => row.intervals.map((one) => one.to));
  const opened = attendance.opened_at ?? session.starts_at;
  const closed = attendance.closed_at ?? session.ends_at;
  // Somebody who tried his link an hour before would otherwise press the meeting itself into a corner.
  const earliest = opened - 30 * MINUTE_MS;
  const latest = closed + 30 * MINUTE_MS;
  const from = Math.max(Math.min(opened, ...starts), earliest);
  const to = Math.min(Math.max(closed, ...ends), latest);
  const air = Math.max(MINUTE_MS, (to - from) * 0.03);
  return { from: from - air, to: to + air };
}

/** Clock marks: every five minutes for a short meeting, every hour for a long day; never more than fit. */
export function markStep(axis: Axis, most = 7): number {
  const length = axis.to - axis.from;
  const steps = [5, 10, 15, 30, 60, 120, 240].map((minutes) => minutes * MINUTE_MS);
  return steps.find((step) => length / step <= Math.max(1, most)) ?? 480 * MINUTE_MS;
}

export interface Bars {
  here: Block[];
  /** Between a dropped line and the return. */
  lost: Block[];
}

export function barsOf(row: AttendanceRow, axis: Axis): Bars {
  const intervals = row.intervals.toSorted((a, b) => a.from - b.from);
  const bars: Bars = { here: [], lost: [] };
  intervals.forEach((one, index) => {
    const here = block(axis, one.from, one.to);
    if (here) bars.here.push(here);
    const next = intervals[index + 1];
    if (one.ended !== "lost" || !next) return;
    const gap = block(axis, one.to, next.from);
    if (gap) bars.lost.push(gap);
  });
  return bars;
}

export interface Losses {
  /** Drops after which the site came back, and how long it was away for them. */
  times: number;
  ms: number;
  /** When the line dropped for good. */
  gone: number | undefined;
}

/** How often the line dropped, and how long the site was away for it before it came back. */
export function lossesOf(row: AttendanceRow): Losses {
  const intervals = row.intervals.toSorted((a, b) => a.from - b.from);
  return intervals.reduce<Losses>(
    (sum, one, index) => {
      if (one.ended !== "lost") return sum;
      const next = intervals[index + 1];
      return next ? { ...sum, times: sum.times + 1, ms: sum.ms + next.from - one.to } : { ...sum, gone: one.to };
    },
    { times: 0, ms: 0, gone: undefined },
  );
}

/** How long after the opening the site first came; undefined when it was in time or never came. */
export function lateBy(row: AttendanceRow, openedAt: number | undefined): number | undefined {
  if (openedAt === undefined || row.intervals.length === 0) return undefined;
  const late = Math.min(...row.intervals.map((one) => one.from)) - openedAt;
  return late >= LATE_MS ? late : undefined;
}

/** A declared number that nobody has confirmed. An absence has no number to confirm, whatever was declared before. */
export function isUnconfirmed(row: AttendanceRow): boolean {
  return row.declared !== undefined && row.confirmed === undefined && row.status !== "absent";
}

/** Why there is nothing to confirm at one press: all of it is done, nobody declared a number, or what is left must be typed. */
export type Settled = "all" | "nothing_declared" | "rest_by_hand";

export function settledOf(rows: readonly AttendanceRow[]): Settled {
  if (rows.every((row) => row.declared === undefined)) return "nothing_declared";
  const open = rows.some((row) => row.confirmed === undefined && row.status !== "absent");
  return open ? "rest_by_hand" : "all";
}

export type Filter = "all" | "online" | "in_person" | "late" | "absent" | "not_called" | "unconfirmed";
export const FILTERS: readonly Filter[] = ["all", "online", "in_person", "late", "absent", "not_called", "unconfirmed"];

export function passes(row: AttendanceRow, filter: Filter, openedAt: number | undefined): boolean {
  switch (filter) {
    case "all":
      return true;
    case "late":
      return row.status === "online" && lateBy(row, openedAt) !== undefined;
    case "unconfirmed":
      return isUnconfirmed(row);
    case "online":
    case "in_person":
    case "absent":
    case "not_called":
      return row.status === filter;
  }
}

export type Sort = "site" | "status" | "declared" | "confirmed" | "spoken";

const STATUS_ORDER = ["absent", "not_called", "online", "in_person"];

/** Undefined: what needs a hand first (not called, absent without confirmation), then as the server lists them. */
export function sorted(rows: readonly AttendanceRow[], by: Sort | undefined, descending: boolean): AttendanceRow[] {
  if (by === undefined) {
    return rows.toSorted((a, b) => Number(needsHand(b)) - Number(needsHand(a)));
  }
  const factor = descending ? -1 : 1;
  return rows.toSorted((a, b) => factor * compare(a, b, by));
}

function needsHand(row: AttendanceRow): boolean {
  return row.status === "not_called" || isUnconfirmed(row);
}

function compare(a: AttendanceRow, b: AttendanceRow, by: Sort): number {
  switch (by) {
    case "site":
      return a.participant_name.localeCompare(b.participant_name, "vi");
    case "status":
      return STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status);
    case "declared":
      return (a.declared ?? -1) - (b.declared ?? -1);
    case "confirmed":
      return (a.confirmed ?? -1) - (b.confirmed ?? -1);
    case "spoken":
      return a.spoken_seconds - b.spoken_seconds;
  }
}
