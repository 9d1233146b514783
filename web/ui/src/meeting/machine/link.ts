// The socket: opening, greeting, losing it, coming back.
import { PROTOCOL_VERSION } from "../../generated/wire";
import type { ByeReason, RefusalCode } from "../../generated/wire";
import type { Moment, Effect, Finished, Inside, Joining, Link, Over, Seat, State, Step, WaitReason } from "./state";
import { GREETING_MS, OPENING_MS } from "./state";

/** Full jitter (AWS, "Exponential backoff and jitter"): a whole province that lost the same trunk does not come back in one instant. */
const BACKOFF_FIRST_MS = 500;
/** Two hundred sites knock forty times a second at a server that is down: nothing to it, and nobody waits long when it is up again. */
const BACKOFF_MOST_MS = 5_000;
/** When the line is known to be back, everybody behind the same trunk knows it in the same moment. */
const RETURN_MS = 1_000;
/** A full room, or one not open yet, is asked again at this pace, half of it jitter. */
const DOOR_MS = 20_000;
/** The browser's word that it is offline can be wrong (a virtual adapter): we knock anyway at this pace. */
const OFFLINE_MS = 15_000;

export function backoff(attempt: number, dice: number): number {
  return Math.round(dice * Math.min(BACKOFF_MOST_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10)));
}

type Linked = Joining | Inside;

function withLink<S extends Linked>(state: S, link: Link): S {
  return { ...state, link };
}

export function attemptOf(link: Link): number {
  return link.is === "open" ? 0 : link.attempt;
}

export function open<S extends Linked>(state: S): [S, Effect[]] {
  return [
    withLink(state, { is: "opening", attempt: attemptOf(state.link) }),
    [
      { do: "stop_timer", name: "retry" },
      { do: "open_socket" },
      { do: "start_timer", name: "silence", ms: OPENING_MS },
    ],
  ];
}

/** Media came through a line that was lost: what is left of the pause, or of a handshake that was sent into the void, need not be waited for. */
export function hurry<S extends Linked>(state: S, moment: Moment): [S, Effect[]] {
  const { link } = state;
  const ms = Math.round(moment.dice * RETURN_MS);
  switch (link.is) {
    case "open":
    case "greeting":
      return [state, []];
    case "waiting":
      // The server's own word on when to come back, and a door that is closed, are no question of the line.
      if (link.why !== "lost" || link.until <= moment.at + ms) return [state, []];
      break;
    case "opening":
    case "offline":
      break;
    default:
      return link satisfies never;
  }
  return [
    withLink(state, { is: "waiting", attempt: attemptOf(link), until: moment.at + ms, why: "lost" }),
    [{ do: "stop_timer", name: "silence" }, { do: "close_socket" }, { do: "start_timer", name: "retry", ms }],
  ];
}

export function greet<S extends Linked>(state: S): [S, Effect[]] {
  const { seat } = state;
  const re = state.at === "inside" ? state.next_id : 1;
  const greeting = withLink(state, { is: "greeting", attempt: attemptOf(state.link), re });
  const next = greeting.at === "inside" ? { ...greeting, next_id: re + 1 } : greeting;
  const hello = {
    kind: "hello" as const,
    version: PROTOCOL_VERSION,
    token: seat.token,
    ...(seat.resume === null ? {} : { resume: seat.resume }),
    ...(seat.headcount === null ? {} : { headcount: seat.headcount }),
  };
  return [
    next,
    [
      { do: "send", envelope: { id: re, request: hello } },
      { do: "start_timer", name: "silence", ms: GREETING_MS },
    ],
  ];
}

/** The socket is gone. Everything that was asked and not answered is forgotten: the next greeting brings the whole truth. */
export function lost<S extends Linked>(state: S, moment: Moment, why: WaitReason, given: number | null): [S, Effect[]] {
  const attempt = attemptOf(state.link) + 1;
  const stopped: Effect[] = [{ do: "stop_timer", name: "silence" }];
  const first = state.at === "inside" && state.link.is === "open";
  const told: Effect[] = first ? [{ do: "announce", urgent: true, what: { kind: "connection_lost" } }] : [];
  const kept = forgetAsked(state, moment, first);
  if (!moment.online) {
    const offline = withLink(kept, { is: "offline", attempt });
    return [offline, [...stopped, ...told, { do: "start_timer", name: "retry", ms: OFFLINE_MS }]];
  }
  const ms =
    given ??
    (why === "full" || why === "not_open_yet"
      ? Math.round(DOOR_MS * (0.5 + moment.dice / 2))
      : backoff(attempt, moment.dice));
  const waiting = withLink(kept, { is: "waiting", attempt, until: moment.at + ms, why });
  return [waiting, [...stopped, ...told, { do: "start_timer", name: "retry", ms }]];
}

function forgetAsked<S extends Linked>(state: S, moment: Moment, first: boolean): S {
  if (state.at !== "inside") return state;
  // Sound may still be flowing when only the socket broke, so a speaker is not cut off here: the next welcome decides.
  const own = {
    microphone: { ...state.own.microphone, asking: null },
    camera: { ...state.own.camera, asking: null },
    screen: { ...state.own.screen, asking: null },
  };
  return { ...state, pending: {}, own, called: null, view_told: null, lost_at: first ? moment.at : state.lost_at };
}

export function over(state: Linked, why: Over): Step<Finished> {
  const meeting = state.at === "inside" ? state.meeting : null;
  const comesBack = why.is === "closed";
  const effects: Effect[] = [
    { do: "stop_timer", name: "retry" },
    { do: "stop_timer", name: "silence" },
    { do: "stop_timer", name: "called" },
    { do: "stop_timer", name: "media" },
    { do: "close_media" },
    { do: "close_socket" },
  ];
  if (!comesBack) effects.push({ do: "forget_seat", session: state.seat.session });
  return [{ at: "over", over: why, session: state.seat.session, meeting }, effects];
}

export function refusedAtDoor(state: Linked, code: RefusalCode, moment: Moment): Step {
  switch (code) {
    case "session_full":
    case "session_not_open_yet": {
      const why = code === "session_full" ? "full" : "not_open_yet";
      const [next, effects] = lost(state, moment, why, null);
      return [next, [...effects, { do: "close_socket" }]];
    }
    case "session_ended":
      return over(state, { is: "ended" });
    default:
      return over(state, { is: "refused", code });
  }
}

export function bye(state: Linked, why: ByeReason, retry: number | null, reason: string | null, moment: Moment): Step {
  switch (why) {
    case "session_ended":
      return over(state, { is: "ended" });
    case "removed":
      return over(state, { is: "removed", reason });
    case "replaced":
      return over(state, { is: "replaced" });
    case "left":
      return over(state, { is: "left" });
    case "server_stopping":
    case "slow":
    case "refused": {
      if (retry === null) return over(state, { is: "closed", why });
      const [next, effects] = lost(state, moment, "server", retry);
      return [next, [...effects, { do: "close_socket" }]];
    }
    default:
      return why satisfies never;
  }
}

export function startSeat(seat: Seat): State & Joining {
  return { at: "joining", seat, link: { is: "opening", attempt: 0 } };
}
