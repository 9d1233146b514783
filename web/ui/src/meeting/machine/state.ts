// What the meeting page knows (state), what can happen to it (events) and what it asks its shells to do (effects).
import type {
  Action,
  AgendaView,
  ByeReason,
  ClientEnvelope,
  ClientMessage,
  FloorView,
  LineView,
  MediaLimits,
  Mode,
  OnStage,
  ParticipantView,
  Phase,
  RecordingState,
  RefusalCode,
  Role,
  ServerMessage,
  SlotDrawn,
  SlotView,
  SourceLayers,
  SourceName,
} from "../../generated/wire";

/** Ping comes every 2 s; three missed in a row mean that the line is lost, which is also when the server says `away`. */
export const SILENCE_MS = 6_000;
/** TCP, TLS and the upgrade take four round trips, less than 3 s by satellite. A lost SYN is sent again ever more rarely: better begin anew. */
export const OPENING_MS = 5_000;
/** A greeting may wait behind a queue on a satellite line. */
export const GREETING_MS = 12_000;
/** The chair has called: the microphone opens by itself after this long. */
export const CALLED_MS = 3_000;
/** A short line of news stays this long unless the next one replaces it. */
export const NOTE_MS = 6_000;
/** Chromium says `disconnected` on one lost check; most of those heal by themselves within this time. */
export const FLICKER_MS = 2_000;
/** New ICE credentials either connect within this time or the connection is built anew. */
export const RESTART_MS = 8_000;
/** A new connection either connects within this time or is built anew. */
export const BUILD_MS = 15_000;

/** What the machine may not find out by itself, so that the same run always gives the same result. */
export interface Moment {
  /** Milliseconds of the page's own clock. */
  at: number;
  /** Uniform in [0, 1). */
  dice: number;
  /** Whether the browser believes that it has a network. */
  online: boolean;
}

/** What brings a page back into its seat. Kept for the tab's life, so that a reload comes back too. */
export interface Seat {
  session: string;
  token: string;
  resume: string | null;
  headcount: number | null;
  /** Whether the camera was on, for a page that is loaded again. */
  camera: boolean;
}

/** Why the page is waiting before it opens the socket again. */
export type WaitReason = "lost" | "server" | "full" | "not_open_yet";

export type Link =
  | { is: "opening"; attempt: number }
  | { is: "greeting"; attempt: number; re: number }
  | { is: "open" }
  | { is: "waiting"; attempt: number; until: number; why: WaitReason }
  /** The browser says that there is no network; it will say when there is. */
  | { is: "offline"; attempt: number };

export type Media =
  | { is: "none" }
  /** Our offer is being written, or its answer is awaited. */
  | { is: "offering" }
  | { is: "connecting" }
  | { is: "connected" }
  /** No pictures or sound are flowing; `restarting` once new credentials are on their way. */
  | { is: "broken"; since: number; restarting: boolean }
  | { is: "refused"; code: RefusalCode }
  /** This browser cannot make an offer at all. */
  | { is: "unable" };

/** One of our own sources: what the person wants, and whether the server has yet to answer. */
export interface Own {
  wanted: boolean;
  asking: number | null;
}

export type OwnSources = Record<SourceName, Own>;

/** The chair has called this participant; his microphone opens at `opens_at` of the page's clock. */
export interface Called {
  by: string;
  limit_seconds: number;
  opens_at: number;
}

export interface Meeting {
  title: string;
  short_title: string;
  starts_at: number;
  ends_at: number;
  phase: Phase;
  mode: Mode;
  agenda: AgendaView;
  /** In the server's order. */
  order: readonly string[];
  participants: Readonly<Record<string, ParticipantView>>;
  floor: FloorView;
  stage: OnStage | null;
  speaker: string | null;
  recording: RecordingState;
}

/** A line of news for this person alone. The number tells two equal notes apart. */
export type Note = { serial: number } & NoteKind;
export type NoteKind =
  | { kind: "refused"; what: ClientMessage["kind"]; code: RefusalCode }
  | { kind: "muted"; by: string; source: SourceName }
  | { kind: "floor_withdrawn"; by: string }
  | { kind: "back_in_seat" }
  | { kind: "mode"; mode: Mode }
  | { kind: "muted_all" };

export interface Inside {
  at: "inside";
  seat: Seat;
  link: Link;
  /** When the link was lost, by the page's clock; absent while it is open. */
  lost_at: number | null;
  you: string;
  role: Role;
  may: readonly Action[];
  seat_kept_seconds: number;
  /** The server's clock less the page's. */
  clock_offset: number;
  limits: MediaLimits;
  meeting: Meeting;
  own: OwnSources;
  called: Called | null;
  media: Media;
  slots: Readonly<Record<string, SlotView>>;
  lines: Readonly<Record<string, LineView>>;
  pending: Readonly<Record<number, ClientMessage>>;
  next_id: number;
  note: Note | null;
  notes_made: number;
  /** The last view the server was told, as text, so that it is told again only when it changed. */
  view_told: string | null;
  view: View;
}

export interface View {
  pinned: readonly string[];
  slots: readonly SlotDrawn[];
}

export interface Joining {
  at: "joining";
  seat: Seat;
  link: Link;
}

export type Over =
  | { is: "refused"; code: RefusalCode }
  | { is: "ended" }
  | { is: "removed"; reason: string | null }
  | { is: "replaced" }
  | { is: "left" }
  /** The server closed the door and said not to come back by oneself. */
  | { is: "closed"; why: ByeReason };

export interface Finished {
  at: "over";
  over: Over;
  session: string;
  /** What the page last knew, for the closing page; absent when it never got in. */
  meeting: Meeting | null;
}

export type State = { at: "outside" } | Joining | Inside | Finished;

export type TimerName = "retry" | "silence" | "called" | "note" | "media";

/** What a person asks for. Each becomes one request; nothing is changed before the server says so. */
export type Intent = Exclude<
  ClientMessage,
  | { kind: "hello" }
  | { kind: "pong" }
  | { kind: "offer" }
  | { kind: "restart" }
  | { kind: "switch_source" }
  | { kind: "set_view" }
  | { kind: "leave" }
>;

export type Event =
  | { kind: "join"; seat: Seat }
  | { kind: "socket_opened" }
  | { kind: "socket_lost" }
  | { kind: "heard"; message: ServerMessage }
  | { kind: "timer"; name: TimerName }
  | { kind: "went_online" }
  | { kind: "went_offline" }
  | { kind: "network_changed" }
  | { kind: "retry_now" }
  | { kind: "offer_made"; sdp: string; restart: boolean }
  | { kind: "offer_failed"; restart: boolean }
  | { kind: "media_connected" }
  | { kind: "media_disconnected" }
  | { kind: "media_failed" }
  | { kind: "intend"; intent: Intent }
  | { kind: "switch"; source: SourceName; on: boolean }
  /** The device or the shared window went away by itself. */
  | { kind: "source_ended"; source: SourceName }
  | { kind: "view_changed"; view: View }
  | { kind: "speak_now" }
  | { kind: "speak_later" }
  | { kind: "dismiss_note" }
  | { kind: "leave" };

/** News worth saying aloud to somebody who does not look. */
export type Announcement =
  | { kind: "floor_given"; name: string }
  | { kind: "my_place"; place: number }
  | { kind: "agenda"; title: string }
  | { kind: "called" }
  | { kind: "connection_lost" }
  | { kind: "connection_back" }
  /** The line carries no picture any more, or pictures again. */
  | { kind: "only_sound"; on: boolean }
  | { kind: "recording"; on: boolean };

export type Effect =
  | { do: "open_socket" }
  | { do: "close_socket" }
  | { do: "send"; envelope: ClientEnvelope }
  | { do: "start_timer"; name: TimerName; ms: number }
  | { do: "stop_timer"; name: TimerName }
  | { do: "remember_seat"; seat: Seat }
  | { do: "forget_seat"; session: string }
  | { do: "build_media"; limits: MediaLimits; sites: number }
  | { do: "restart_media" }
  | { do: "accept_answer"; sdp: string }
  | { do: "close_media" }
  /** Lets the source's track flow, or stops it. */
  | { do: "set_source"; source: SourceName; on: boolean }
  /** Which simulcast layers anybody is shown; the others are not sent. A source that is not named sends all. */
  | { do: "set_layers"; layers: readonly SourceLayers[] }
  | { do: "announce"; urgent: boolean; what: Announcement }
  | { do: "soft_tone" };

export type Step<S extends State = State> = [S, Effect[]];

export const outside: State = { at: "outside" };
