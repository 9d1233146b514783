/** A booking while it is written: what the form holds, what is wrong with it, and what is sent. */
import type { BookingCheck, BookingRequest, Mode, SelectionRule } from "../../api/model";
import { DAY_MS, dayOf, startOfDay } from "../../i18n/zone";
import { oneLine } from "../../text/one-line";
import { spanOf, timeFault, type AskedTime } from "./time";

export interface DraftItem {
  /** Only for the list's identity while rows move. */
  key: number;
  title: string;
  minutes: number;
  presenter: string;
}

export interface Draft {
  title: string;
  /** Empty: proposed from the title. */
  shortTitle: string;
  mode: Mode;
  time: AskedTime;
  chairId: string;
  secretaryId: string;
  technicianId: string;
  centralId: string;
  selection: SelectionRule[];
  agenda: DraftItem[];
  recording: boolean;
}

/** The server's own limits: a longer title would be refused there. */
export const TITLE_MAX = 200;
export const SHORT_TITLE_MAX = 20;
export const MODES: readonly Mode[] = ["conference", "discussion", "training"];

/** The next working day in the morning: what most bookings ask for. */
export function emptyDraft(now: number, day?: string): Draft {
  return {
    title: "",
    shortTitle: "",
    mode: "conference",
    time: { day: day && startOfDay(day) !== undefined ? day : nextWorkingDay(now), from: 8 * 60, to: 10 * 60 },
    chairId: "",
    secretaryId: "",
    technicianId: "",
    centralId: "",
    selection: [],
    agenda: [],
    recording: true,
  };
}

export function nextWorkingDay(now: number): string {
  let at = now + DAY_MS;
  while ([0, 6].includes(new Date(`${dayOf(at)}T00:00:00Z`).getUTCDay())) at += DAY_MS;
  return dayOf(at);
}

/** At most twenty letters, cut between words: a name for calendar bars that somebody may improve. */
export function proposedShortTitle(title: string): string {
  const bare = oneLine(title).trim().replace(/\s+/g, " ");
  if (Array.from(bare).length <= SHORT_TITLE_MAX) return bare;
  let short = "";
  for (const word of bare.split(" ")) {
    const longer = short ? `${short} ${word}` : word;
    if (Array.from(longer).length > SHORT_TITLE_MAX) break;
    short = longer;
  }
  return (short || Array.from(bare).slice(0, SHORT_TITLE_MAX).join("")).replace(/[,;:·-]$/, "");
}

export function shortTitleOf(draft: Draft): string {
  return oneLine(draft.shortTitle).trim() || proposedShortTitle(draft.title);
}

export type Fault =
  | "title"
  | "title_long"
  | "short_title"
  | "clock"
  | "time"
  | "past"
  | "chair"
  | "secretary"
  | "central"
  | "sites"
  | "agenda";

/** What keeps the booking from being sent, in the order of the form. */
export function faultsOf(draft: Draft, now: number): Fault[] {
  const faults: Fault[] = [];
  if (!oneLine(draft.title).trim()) faults.push("title");
  else if (Array.from(oneLine(draft.title).trim()).length > TITLE_MAX) faults.push("title_long");
  else if (Array.from(shortTitleOf(draft)).length > SHORT_TITLE_MAX) faults.push("short_title");
  const time = timeFault(draft.time, now);
  if (time) faults.push(time);
  if (!draft.chairId) faults.push("chair");
  if (!draft.secretaryId) faults.push("secretary");
  if (!draft.centralId) faults.push("central");
  if (draft.agenda.some((item) => !oneLine(item.title).trim() || !(item.minutes > 0))) faults.push("agenda");
  if (draft.selection.length === 0) faults.push("sites");
  return faults;
}

/** Only for a draft without faults. */
export function requestOf(draft: Draft): BookingRequest | undefined {
  const span = spanOf(draft.time);
  if (!span) return undefined;
  return {
    title: oneLine(draft.title).trim(),
    short_title: shortTitleOf(draft),
    mode: draft.mode,
    ...span,
    chair_id: draft.chairId,
    secretary_id: draft.secretaryId,
    ...(draft.technicianId ? { technician_id: draft.technicianId } : {}),
    central_site_id: draft.centralId,
    selection: draft.selection,
    agenda: draft.agenda.map(({ title, minutes, presenter }) => ({
      title: oneLine(title).trim(),
      minutes,
      ...(presenter.trim() ? { presenter: oneLine(presenter).trim() } : {}),
    })),
    recording_planned: draft.recording,
  };
}

/** What can already be asked: who and what is free at that time. */
export function checkOf(draft: Draft): BookingCheck | undefined {
  const span = spanOf(draft.time);
  if (!span) return undefined;
  return {
    ...span,
    selection: draft.selection,
    ...(draft.centralId ? { central_site_id: draft.centralId } : {}),
    ...(draft.chairId ? { chair_id: draft.chairId } : {}),
    ...(draft.secretaryId ? { secretary_id: draft.secretaryId } : {}),
    ...(draft.technicianId ? { technician_id: draft.technicianId } : {}),
  };
}

/** A stored draft, read with distrust: it may come from an older version, or from a shared machine's storage. */
export function readDraft(stored: unknown, fallback: Draft): Draft | undefined {
  if (typeof stored !== "object" || stored === null) return undefined;
  const from = stored as Record<string, unknown>;
  const text = (name: string, otherwise: string) => (typeof from[name] === "string" ? from[name] : otherwise);
  const time = from["time"] as Partial<AskedTime> | undefined;
  const agenda = Array.isArray(from["agenda"]) ? (from["agenda"] as Partial<DraftItem>[]) : [];
  return {
    title: text("title", fallback.title),
    shortTitle: text("shortTitle", fallback.shortTitle),
    mode: MODES.find((mode) => mode === from["mode"]) ?? fallback.mode,
    time:
      typeof time?.day === "string" && typeof time.from === "number" && typeof time.to === "number"
        ? { day: time.day, from: time.from, to: time.to }
        : fallback.time,
    chairId: text("chairId", ""),
    secretaryId: text("secretaryId", fallback.secretaryId),
    technicianId: text("technicianId", ""),
    centralId: text("centralId", fallback.centralId),
    selection: Array.isArray(from["selection"]) ? from["selection"].filter(isRule) : [],
    agenda: agenda.map((item, key) => ({
      key,
      title: typeof item.title === "string" ? item.title : "",
      minutes: typeof item.minutes === "number" ? item.minutes : 0,
      presenter: typeof item.presenter === "string" ? item.presenter : "",
    })),
    recording: from["recording"] !== false,
  };
}

function isRule(value: unknown): value is SelectionRule {
  if (typeof value !== "object" || value === null) return false;
  const rule = value as Record<string, unknown>;
  if (rule["kind"] === "site") return typeof rule["site_id"] === "string";
  const except = rule["except"] ?? [];
  return (
    rule["kind"] === "subtree" &&
    typeof rule["group_id"] === "string" &&
    Array.isArray(except) &&
    except.every((site) => typeof site === "string")
  );
}
