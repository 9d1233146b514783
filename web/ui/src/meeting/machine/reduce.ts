// The meeting page's one reducer: (state, event, moment) -> [state, effects]. It reads no clock, throws no dice, touches no browser.
import type { RefusalCode, ServerMessage, SourceName } from "../../generated/wire";
import * as link from "./link";
import * as media from "./media";
import { fromView, take } from "./news";
import { answered, ask, keepCamera, note, setWanted, switchSource } from "./request";
import type { Effect, Event, Inside, Joining, Moment, Seat, State, Step, TimerName } from "./state";
import { SILENCE_MS } from "./state";

export function reduce(state: State, event: Event, moment: Moment): Step {
  switch (state.at) {
    case "outside":
    case "over":
      return event.kind === "join" ? join(event.seat) : [state, []];
    case "joining":
    case "inside":
      return keepCamera(state, linked(state, event, moment));
    default:
      return state satisfies never;
  }
}

function join(seat: Seat): Step {
  const [next, effects] = link.open(link.startSeat(seat));
  return [next, [{ do: "remember_seat", seat }, ...effects]];
}

function linked(state: Joining | Inside, event: Event, moment: Moment): Step {
  switch (event.kind) {
    case "socket_opened":
      return state.link.is === "opening" ? link.greet(state) : [state, []];
    case "socket_lost":
      return socketLost(state, moment);
    case "heard":
      return heard(state, event.message, moment);
    case "timer":
      return timer(state, event.name, moment);
    case "went_online":
    case "retry_now":
      return state.link.is === "waiting" || state.link.is === "offline"
        ? link.open(state)
        : restartIfInside(state, event.kind, moment);
    case "network_changed":
      return restartIfInside(state, event.kind, moment);
    case "went_offline":
      // The silence timer finds out whether it is true; a browser may say so while the socket still works.
      return [state, []];
    case "leave":
      return leave(state);
    case "join":
      return [state, []];
    default:
      return state.at === "inside" ? inside(state, event, moment) : [state, []];
  }
}

type InsideEvent = Exclude<
  Event,
  {
    kind:
      | "socket_opened"
      | "socket_lost"
      | "heard"
      | "timer"
      | "went_online"
      | "retry_now"
      | "network_changed"
      | "went_offline"
      | "leave"
      | "join";
  }
>;

function inside(state: Inside, event: InsideEvent, moment: Moment): Step {
  switch (event.kind) {
    case "offer_made":
      return media.offerMade(state, event.sdp, event.restart);
    case "offer_failed":
      return media.offerFailed(state, event.restart);
    case "media_connected":
      return lineBack(media.connected(state), moment);
    case "media_disconnected":
      return media.disconnected(state, moment);
    case "media_failed":
      return media.failed(state, moment);
    case "intend":
      return ask(state, event.intent);
    case "switch":
      return event.on && isLocked(state, event.source)
        ? note(state, { kind: "refused", what: "switch_source", code: "source_locked" })
        : switchSource(state, event.source, event.on);
    case "source_ended":
      return state.own[event.source].wanted ? switchSource(state, event.source, false) : [state, []];
    case "view_changed":
      return tellView({ ...state, view: event.view });
    case "speak_now":
      return openMicrophone(state);
    case "speak_later":
      return speakLater(state);
    case "dismiss_note":
      return [{ ...state, note: null }, [{ do: "stop_timer", name: "note" }]];
    default:
      return event satisfies never;
  }
}

function lineBack([state, effects]: [Inside, Effect[]], moment: Moment): Step {
  const [next, more] = link.hurry(state, moment);
  return [next, [...effects, ...more]];
}

function socketLost(state: Joining | Inside, moment: Moment): Step {
  // A socket that we closed ourselves reports its end when we are already waiting.
  if (state.link.is === "waiting" || state.link.is === "offline") return [state, []];
  return link.lost(state, moment, "lost", null);
}

function heard(state: Joining | Inside, message: ServerMessage, moment: Moment): Step {
  if (state.link.is !== "greeting" && state.link.is !== "open") return [state, []];
  if (message.kind === "bye") return link.bye(state, message.why, message.retry_after_ms, message.reason, moment);
  const [next, effects] = heardAlive(state, message, moment);
  const watching = next.at === "inside" && next.link.is === "open";
  return [next, watching ? [{ do: "start_timer", name: "silence", ms: SILENCE_MS }, ...effects] : effects];
}

function heardAlive(state: Joining | Inside, message: Exclude<ServerMessage, { kind: "bye" }>, moment: Moment): Step {
  if (message.kind === "welcome") return welcome(state, message, moment);
  if (state.link.is === "greeting") {
    const mine = message.kind === "refused" && message.re === state.link.re;
    return mine ? link.refusedAtDoor(state, message.code, moment) : [state, []];
  }
  if (state.at !== "inside") return [state, []];
  switch (message.kind) {
    case "ping":
      // Nobody waits for the answer to a pong, so it is not remembered.
      return [
        { ...state, next_id: state.next_id + 1 },
        [{ do: "send", envelope: { id: state.next_id, request: { kind: "pong", nonce: message.nonce } } }],
      ];
    case "done":
      return done(state, message.re);
    case "refused":
      return refused(state, message.re, message.code, moment);
    case "answer":
      return answer(state, message.re, message.sdp);
    default:
      return take(state, message, moment);
  }
}

function welcome(state: Joining | Inside, message: Extract<ServerMessage, { kind: "welcome" }>, moment: Moment): Step {
  if (state.link.is !== "greeting") return [state, []];
  const seat: Seat = { ...state.seat, resume: message.resume };
  const back = state.at === "inside" && state.you === message.you;
  const base = state.at === "inside" ? state : freshInside(state);
  const next: Inside = {
    ...base,
    seat,
    link: { is: "open" },
    lost_at: null,
    you: message.you,
    role: message.role,
    may: message.may,
    seat_kept_seconds: message.seat_kept_seconds,
    clock_offset: message.meeting.now - moment.at,
    limits: message.media,
    meeting: fromView(message.meeting),
  };
  const [settled, sourceEffects] = settleSources(next, back, state.at === "inside" ? state.lost_at : null, moment);
  const [connecting, mediaEffects] = media.afterWelcome(settled, back && message.media_kept, moment);
  const effects: Effect[] = [
    { do: "remember_seat", seat },
    { do: "stop_timer", name: "retry" },
    ...sourceEffects,
    ...mediaEffects,
  ];
  if (state.at !== "inside") return [connecting, effects];
  const [told, viewEffects] = back ? tellView(connecting) : [connecting, []];
  const [noted, noteEffects] = note(told, { kind: "back_in_seat" });
  return [
    noted,
    [...effects, ...viewEffects, ...noteEffects, { do: "announce", urgent: false, what: { kind: "connection_back" } }],
  ];
}

function freshInside(state: Joining): Inside {
  return {
    at: "inside",
    seat: state.seat,
    link: state.link,
    lost_at: null,
    you: "",
    role: "delegate",
    may: [],
    seat_kept_seconds: 0,
    clock_offset: 0,
    limits: { audio_slots: 0, video_slots_max: 0 },
    meeting: {
      title: "",
      short_title: "",
      starts_at: 0,
      ends_at: 0,
      phase: { kind: "gathering" },
      mode: "conference",
      agenda: { items: [], current: null, current_since: null, spent_seconds: [] },
      order: [],
      participants: {},
      floor: { holders: [], queue: [] },
      stage: null,
      speaker: null,
      recording: { kind: "off" },
    },
    own: {
      microphone: { wanted: false, asking: null },
      camera: { wanted: state.seat.camera, asking: null },
      screen: { wanted: false, asking: null },
    },
    called: null,
    media: { is: "none" },
    slots: {},
    lines: {},
    pending: {},
    next_id: 2,
    note: null,
    notes_made: 0,
    view_told: null,
    view: { pinned: [], slots: [] },
  };
}

/**
 * "Micro tắt khi trở lại": who was away longer than the server's own patience comes back muted, even if his seat still says `on`;
 * who only lost the socket for a moment goes on speaking. The camera follows the person's own wish.
 */
function settleSources(state: Inside, back: boolean, lostAt: number | null, moment: Moment): [Inside, Effect[]] {
  const me = state.meeting.participants[state.you];
  const server = me?.microphone === "on";
  const brief = back && lostAt !== null && moment.at - lostAt < SILENCE_MS;
  const keep = brief && server && state.own.microphone.wanted;
  let next = setWanted(state, "microphone", keep, null);
  const effects: Effect[] = [{ do: "set_source", source: "microphone", on: keep }];
  const require = (source: SourceName, on: boolean): void => {
    const [asked, more] = switchSource(next, source, on);
    next = asked;
    effects.push(...more);
  };
  if (server && !keep) require("microphone", false);
  if (me === undefined) return [next, effects];
  if (!back) {
    // A page that was loaded again: its seat may still say `on` for what this page does not send (yet).
    for (const source of ["camera", "screen"] as const)
      if (me[source] === "on" && !next.own[source].wanted) require(source, false);
    return [next, effects];
  }
  if (me.camera !== "absent" && (me.camera === "on") !== next.own.camera.wanted)
    require("camera", next.own.camera.wanted);
  if (next.own.screen.wanted && me.screen !== "on") require("screen", true);
  return [next, effects];
}

function done(state: Inside, re: number): Step {
  const [next, asked] = answered(state, re);
  if (asked?.kind === "mute_all") return note(next, { kind: "muted_all" });
  if (asked?.kind !== "switch_source" || next.own[asked.source].asking !== re) return [next, []];
  return [setWanted(next, asked.source, asked.state === "on", null), []];
}

function refused(state: Inside, re: number, code: RefusalCode, moment: Moment): Step {
  const [next, asked] = answered(state, re);
  if (asked === null) return [next, []];
  switch (asked.kind) {
    case "set_view":
      return [next, []];
    case "offer":
      return code === "out_of_turn" ? freshSocket(next, moment) : media.offerRefused(next, code, false);
    case "restart":
      return media.offerRefused(next, code, true);
    case "switch_source": {
      const off = next.own[asked.source].asking === re ? setWanted(next, asked.source, false, null) : next;
      const [noted, effects] = note(off, { kind: "refused", what: asked.kind, code });
      return [noted, [{ do: "set_source", source: asked.source, on: false }, ...effects]];
    }
    default:
      return note(next, { kind: "refused", what: asked.kind, code });
  }
}

/** The server takes one offer per socket: a second one needs a new greeting, which brings the same seat. */
function freshSocket(state: Inside, moment: Moment): Step {
  const [next, effects] = link.lost({ ...state, media: { is: "none" } }, moment, "lost", null);
  return [next, [{ do: "close_socket" }, ...effects]];
}

function answer(state: Inside, re: number, sdp: string): Step {
  const [next, asked] = answered(state, re);
  if (asked === null || (asked.kind !== "offer" && asked.kind !== "restart")) return [next, []];
  const [accepted, effects] = media.answerCame(next, sdp, asked.kind === "restart");
  const [told, viewEffects] = tellView(accepted);
  return [told, [...effects, ...viewEffects]];
}

function tellView(state: Inside): [Inside, Effect[]] {
  if (
    state.media.is === "none" ||
    state.media.is === "offering" ||
    state.media.is === "refused" ||
    state.media.is === "unable"
  )
    return [state, []];
  const text = JSON.stringify(state.view);
  if (text === state.view_told || state.link.is !== "open") return [state, []];
  const { pinned, slots } = state.view;
  return ask({ ...state, view_told: text }, { kind: "set_view", pinned: [...pinned], slots: [...slots] });
}

function timer(state: Joining | Inside, name: TimerName, moment: Moment): Step {
  switch (name) {
    case "retry":
      return state.link.is === "waiting" || state.link.is === "offline" ? link.open(state) : [state, []];
    case "silence": {
      if (state.link.is === "waiting" || state.link.is === "offline") return [state, []];
      const [next, effects] = link.lost(state, moment, "lost", null);
      return [next, [{ do: "close_socket" }, ...effects]];
    }
    case "called":
      return state.at === "inside" ? openMicrophone(state) : [state, []];
    case "note":
      return state.at === "inside" ? [{ ...state, note: null }, []] : [state, []];
    case "media":
      return state.at === "inside" ? media.timeUp(state, moment) : [state, []];
    default:
      return name satisfies never;
  }
}

/** What the mode holds is not opened even for the moment that the server's refusal would take. */
function isLocked(state: Inside, source: SourceName): boolean {
  return state.meeting.participants[state.you]?.[source] === "locked";
}

function openMicrophone(state: Inside): Step {
  if (state.called === null) return [state, []];
  const [next, effects] = switchSource({ ...state, called: null }, "microphone", true);
  return [next, [{ do: "stop_timer", name: "called" }, ...effects]];
}

/** Gives the floor back and goes to the end of the queue, in that order: the server refuses to queue who holds the floor. */
function speakLater(state: Inside): Step {
  if (state.called === null) return [state, []];
  const [finished, first] = ask({ ...state, called: null }, { kind: "finish_speaking" });
  const [queued, second] = ask(finished, { kind: "ask_to_speak" });
  return [queued, [{ do: "stop_timer", name: "called" }, ...first, ...second]];
}

function restartIfInside(
  state: Joining | Inside,
  why: "went_online" | "retry_now" | "network_changed",
  moment: Moment,
): Step {
  if (state.at !== "inside" || (why === "retry_now" && state.media.is === "connected")) return [state, []];
  return state.media.is === "connected" || state.media.is === "broken" ? media.restart(state, moment) : [state, []];
}

function leave(state: Joining | Inside): Step {
  const said: Effect[] =
    state.at === "inside" && state.link.is === "open"
      ? [{ do: "send", envelope: { id: state.next_id, request: { kind: "leave" } } }]
      : [];
  const [next, effects] = link.over(state, { is: "left" });
  return [next, [...said, ...effects]];
}
