// What the stage shows of what the machine knows. Pure, and each answers one question of a view.
import type { FloorHolder, LineQuality, ParticipantView, QueueEntry, SlotView, SourceName } from "../generated/wire";
import type { Inside, Meeting } from "./machine";

/** A picture to draw, and why this one. */
export interface Shown {
  participant: string;
  source: SourceName;
  why: "chosen" | "screen" | "floor" | "pinned" | "voice" | "chair" | "present";
}

export function me(inside: Inside): ParticipantView | undefined {
  return inside.meeting.participants[inside.you];
}

export function participant(meeting: Meeting, id: string): ParticipantView | undefined {
  return meeting.participants[id];
}

export function inOrder(meeting: Meeting): ParticipantView[] {
  return meeting.order.flatMap((id) => meeting.participants[id] ?? []);
}

/** In the room or on the way back to it: has a place on the stage. */
export function isSeated(one: ParticipantView): boolean {
  return one.presence.kind === "here" || one.presence.kind === "away";
}

export function chairOf(meeting: Meeting): ParticipantView | undefined {
  return inOrder(meeting).find((one) => one.role === "chair");
}

/** 1 for the next to be called; 0 for who does not wait. */
export function placeOf(meeting: Meeting, id: string): number {
  return meeting.floor.queue.findIndex((entry) => entry.participant === id) + 1;
}

export function holderOf(meeting: Meeting, id: string): FloorHolder | undefined {
  return meeting.floor.holders.find((holder) => holder.participant === id);
}

/** Has the floor and cannot be heard. */
export function isSilent(holder: ParticipantView): boolean {
  return holder.microphone !== "on";
}

/** Who was given the floor last: the one whose time is shown. */
export function speakerOnFloor(meeting: Meeting): FloorHolder | undefined {
  return meeting.floor.holders.reduce<FloorHolder | undefined>(
    (latest, holder) => (latest === undefined || holder.since >= latest.since ? holder : latest),
    undefined,
  );
}

export interface Headcount {
  here: number;
  invited: number;
}

/**
 * Sites and guests are those that speak and vote. Who leads from a seat of his own, keeps the minutes or watches the lines sits beside
 * them and is not counted: the office counts sites, and both must name one number.
 */
export function headcount(meeting: Meeting): Headcount {
  const counted = inOrder(meeting).filter((one) => one.role === "delegate" || (one.role === "chair" && one.site));
  return { here: counted.filter((one) => one.presence.kind === "here").length, invited: counted.length };
}

/** What everybody's main picture shows: chair before viewer before voice. `null`: nobody is here. */
export function onAir(inside: Inside): Shown | null {
  const { meeting } = inside;
  if (meeting.stage !== null) {
    const { participant: id, source, why } = meeting.stage;
    return { participant: id, source, why };
  }
  const voice = meeting.speaker === null ? undefined : meeting.participants[meeting.speaker];
  if (voice !== undefined && isSeated(voice)) return { participant: voice.id, source: "camera", why: "voice" };
  const chair = chairOf(meeting);
  if (chair !== undefined && isSeated(chair)) return { participant: chair.id, source: "camera", why: "chair" };
  const [other] = inOrder(meeting).filter((one) => one.id !== inside.you && one.role !== "technician" && isSeated(one));
  return other === undefined ? null : { participant: other.id, source: "camera", why: "present" };
}

/**
 * The main picture of somebody who does not run the meeting. He may choose for himself unless the chair chose for all, and he does not
 * look at himself: while he speaks he sees the chair.
 */
export function mainPicture(inside: Inside, pinned: string | null, before: Shown | null): Shown | null {
  const { meeting, you } = inside;
  const air = onAir(inside);
  if (air !== null && air.why === "chosen" && air.participant !== you) return air;
  const pin = pinned === null ? undefined : meeting.participants[pinned];
  if (pin !== undefined && pin.id !== you && isSeated(pin)) {
    // Pins are cameras; the one screen that is shared stands on the stage for everybody.
    return { participant: pin.id, source: "camera", why: "pinned" };
  }
  if (air !== null && air.participant !== you) {
    // A voice that fell silent keeps the picture until the next one speaks; jumping back to the chair in every pause tires the eye.
    // Whoever was shown only because he was there gives way.
    const spoke = before?.why === "voice" || before?.why === "floor";
    const last = spoke ? meeting.participants[before.participant] : undefined;
    const pause =
      air.why === "chair" && meeting.stage === null && last !== undefined && last.id !== you && isSeated(last);
    return pause ? { participant: last.id, source: "camera", why: "voice" } : air;
  }
  const rest = [chairOf(meeting), ...inOrder(meeting)].find(
    (one) => one !== undefined && one.id !== you && one.role !== "technician" && isSeated(one),
  );
  return rest === undefined
    ? null
    : { participant: rest.id, source: "camera", why: rest.role === "chair" ? "chair" : "present" };
}

/**
 * The small pictures: who speaks, who waits in order, then who is here; oneself always. Places are kept: nobody moves unless the floor,
 * the queue or a free place asks for it, and a dropped line leaves its tile where it is.
 */
export function strip(
  inside: Inside,
  before: readonly string[],
  count: number,
  main: string | null,
  self: "always" | "if_room" = "always",
): string[] {
  if (count <= 0) return [];
  const { meeting, you } = inside;
  const shows = (id: string): boolean => {
    const one = meeting.participants[id];
    return one !== undefined && isSeated(one) && one.role !== "technician";
  };
  const floor = [
    ...meeting.floor.holders.map((holder) => holder.participant),
    ...meeting.floor.queue.map((entry) => entry.participant),
  ];
  const first = unique(floor.filter(shows));
  const ownInFloor = first.indexOf(you);
  const kept = self === "always" && shows(you) && !(ownInFloor >= 0 && ownInFloor < count);
  const room = kept ? count - 1 : count;
  const chosen = first.filter((id) => id !== you || !kept).slice(0, room);
  const rest = meeting.order.filter((id) => shows(id) && !chosen.includes(id) && id !== you && id !== main);
  const stayed = before.filter((id) => rest.includes(id));
  const withCamera = rest.filter((id) => meeting.participants[id]?.camera === "on");
  const filled = unique([...chosen, ...stayed, ...withCamera, ...rest]).slice(0, room);
  const own = !filled.includes(you) && shows(you) && you !== main && filled.length < count;
  const all = own ? [...filled, you] : filled;
  return keepPlaces(before, all, first);
}

/** Tiles outside the floor keep the position they had, if it is still free. */
function keepPlaces(before: readonly string[], members: string[], floor: readonly string[]): string[] {
  const ordered = members.filter((id) => floor.includes(id));
  const others = members.filter((id) => !floor.includes(id));
  const places: (string | null)[] = members.map((_, index) => ordered[index] ?? null);
  const homeless = others.filter((id) => {
    const place = before.indexOf(id);
    if (place < 0 || place >= places.length || places[place] !== null) return true;
    places[place] = id;
    return false;
  });
  return places.map((id) => id ?? homeless.shift() ?? "").filter((id) => id !== "");
}

function unique(ids: readonly string[]): string[] {
  return [...new Set(ids)];
}

export function slotOf(
  slots: Readonly<Record<string, SlotView>>,
  id: string,
  source: SourceName,
): SlotView | undefined {
  return Object.values(slots).find((slot) => slot.participant === id && slot.source === source);
}

/** What is wrong with a site's line, if anything: a good line is not mentioned. */
export function lineTrouble(one: ParticipantView): Exclude<LineQuality, "good" | "unknown"> | null {
  if (one.presence.kind === "away") return "lost";
  if (one.presence.kind !== "here") return null;
  return one.line === "weak" || one.line === "lost" ? one.line : null;
}

/** How a site's picture is drawn. */
export type Picture = "video" | "held_back" | "camera_off" | "audio_only" | "lost" | "not_joined" | "left";

export function pictureOf(one: ParticipantView, source: SourceName): Picture {
  switch (one.presence.kind) {
    case "expected":
      return "not_joined";
    case "gone":
      return "left";
    case "away":
      return "lost";
    case "here":
      if (one[source] === "on") return "video";
      return one.camera === "absent" && one.microphone !== "absent" ? "audio_only" : "camera_off";
    default:
      return one.presence satisfies never;
  }
}

/** The same as this viewer gets it: his own line may be too weak for a picture that others see. */
export function pictureHere(inside: Inside, one: ParticipantView, source: SourceName): Picture {
  const picture = pictureOf(one, source);
  if (picture !== "video" || one.id === inside.you) return picture;
  return slotOf(inside.slots, one.id, source)?.paused === "line_too_weak" ? "held_back" : "video";
}

/** How much of what this page draws its own line is too weak for. When it is all of it, what is left of the meeting is its sound. */
export function heldBack(slots: Readonly<Record<string, SlotView>>): "nothing" | "some" | "all" {
  const drawn = Object.values(slots).filter(
    ({ source, paused }) =>
      source !== null && source !== "microphone" && paused !== "no_media" && paused !== "not_drawn",
  );
  const held = drawn.filter(({ paused }) => paused === "line_too_weak").length;
  if (held === 0) return "nothing";
  return held < drawn.length ? "some" : "all";
}

/** The state of the big microphone button. */
export type MicrophoneState = "off" | "on" | "live" | "locked" | "absent";

export function microphoneState(inside: Inside): MicrophoneState {
  const own = inside.own.microphone;
  const server = me(inside)?.microphone ?? "absent";
  if (own.wanted) return holderOf(inside.meeting, inside.you) === undefined ? "on" : "live";
  if (server === "locked") return "locked";
  return inside.media.is === "refused" || inside.media.is === "unable" ? "absent" : "off";
}

/** The state of the third big button. */
export type FloorState = { is: "idle" } | { is: "waiting"; place: number } | { is: "holding"; holder: FloorHolder };

export function floorState(inside: Inside): FloorState {
  const holder = holderOf(inside.meeting, inside.you);
  if (holder !== undefined) return { is: "holding", holder };
  const place = placeOf(inside.meeting, inside.you);
  return place > 0 ? { is: "waiting", place } : { is: "idle" };
}

export interface QueueRow {
  place: number;
  entry: QueueEntry;
  who: ParticipantView;
}

export function queueRows(meeting: Meeting): QueueRow[] {
  return meeting.floor.queue.flatMap((entry, index) => {
    const who = meeting.participants[entry.participant];
    return who === undefined ? [] : [{ place: index + 1, entry, who }];
  });
}

/** Whom "next" calls: the first who is in the room. Who lost the line keeps the place and is passed over meanwhile. */
export function firstToCall(meeting: Meeting): QueueRow | undefined {
  return queueRows(meeting).find((row) => row.who.presence.kind === "here");
}

export interface AgendaRow {
  number: number;
  title: string;
  state: "done" | "now" | "next";
  spent_ms: number;
  planned_ms: number;
}

export function agendaRows(meeting: Meeting, now: number): AgendaRow[] {
  const { items, current, current_since, spent_seconds } = meeting.agenda;
  return items.map((item, index) => {
    const running = index === current && current_since !== null ? Math.max(0, now - current_since) : 0;
    const spent = (spent_seconds[index] ?? 0) * 1000 + running;
    const passed = current !== null && index < current;
    const state = index === current ? "now" : passed ? "done" : "next";
    return { number: index + 1, title: item.title, state, spent_ms: spent, planned_ms: item.minutes * 60_000 };
  });
}

/** When the meeting will end if the present item and the coming ones take what was planned. */
export function expectedEnd(meeting: Meeting, now: number): number {
  const rows = agendaRows(meeting, now);
  if (!rows.some((row) => row.state === "now")) return meeting.ends_at;
  const left = rows.reduce(
    (sum, row) => sum + (row.state === "done" ? 0 : Math.max(0, row.planned_ms - row.spent_ms)),
    0,
  );
  return now + left;
}

/** Two words a search compares: without diacritics, without case, đ as d. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase();
}

export function matches(one: ParticipantView, query: string): boolean {
  const wanted = plain(query).trim();
  return (
    wanted === "" ||
    [one.name, one.short_name, one.detail ?? "", one.group ?? ""].some((text) => plain(text).includes(wanted))
  );
}

/** "Phường Móng Cái 1" breaks only between kind and name. */
const KINDS = /^(Ủy ban nhân dân (?:phường|xã|đặc khu|tỉnh)|Điểm cầu|Phường|Đặc khu|Xã|Sở|Ban|P|X|ĐK)\s+/u;

export function unbroken(name: string): string {
  const kind = KINDS.exec(name)?.[1];
  if (kind === undefined) return name;
  const rest = name.slice(kind.length).trim();
  // A long second part must be allowed to break, or it would not fit a tile at all.
  return rest.length <= 22 ? `${kind} ${rest.replace(/ /g, "\u00a0")}` : name;
}

/** Under each heading, in the order of first appearance; sites without one come under "". */
export function byGroup(participants: readonly ParticipantView[]): [string, ParticipantView[]][] {
  const groups = new Map<string, ParticipantView[]>();
  for (const one of participants) {
    const members = groups.get(one.group ?? "");
    if (members === undefined) groups.set(one.group ?? "", [one]);
    else members.push(one);
  }
  return [...groups];
}
