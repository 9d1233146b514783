// The media connection as the machine sees it: offered once, restarted when the line changes, rebuilt when that does not help.
import type { RefusalCode } from "../../generated/wire";
import { ask, switchSource } from "./request";
import type { Moment, Effect, Inside } from "./state";
import { BUILD_MS, FLICKER_MS, RESTART_MS } from "./state";

export function build(state: Inside): [Inside, Effect[]] {
  return [
    { ...state, media: { is: "offering" }, slots: {}, view_told: null },
    [
      { do: "build_media", limits: state.limits, sites: state.meeting.order.length },
      { do: "start_timer", name: "media", ms: BUILD_MS },
    ],
  ];
}

/**
 * After a greeting: who has no connection, or whose connection the server has dropped, builds one; what is broken is restarted; what
 * flows is left alone.
 */
export function afterWelcome(state: Inside, kept: boolean, moment: Moment): [Inside, Effect[]] {
  if (state.media.is === "unable") return [state, []];
  if (!kept) return build(state);
  switch (state.media.is) {
    case "none":
    case "offering":
    case "refused":
      return build(state);
    case "connecting":
    case "broken":
      return restart(state, moment);
    case "connected":
      return [state, []];
    default:
      return state.media satisfies never;
  }
}

export function restart(state: Inside, moment: Moment): [Inside, Effect[]] {
  const since = state.media.is === "broken" ? state.media.since : moment.at;
  // Without a socket nothing can be negotiated; the next welcome sees `broken` and restarts.
  if (state.link.is !== "open") return [{ ...state, media: { is: "broken", since, restarting: false } }, []];
  return [
    { ...state, media: { is: "broken", since, restarting: true } },
    [{ do: "restart_media" }, { do: "start_timer", name: "media", ms: RESTART_MS }],
  ];
}

export function offerMade(state: Inside, sdp: string, isRestart: boolean): [Inside, Effect[]] {
  return ask(state, isRestart ? { kind: "restart", sdp } : { kind: "offer", sdp });
}

export function offerFailed(state: Inside, isRestart: boolean): [Inside, Effect[]] {
  if (isRestart) return build(state);
  return [{ ...state, media: { is: "unable" } }, [{ do: "stop_timer", name: "media" }]];
}

export function answerCame(state: Inside, sdp: string, isRestart: boolean): [Inside, Effect[]] {
  const accepted: Inside = isRestart ? state : { ...state, media: { is: "connecting" } };
  const effects: Effect[] = [{ do: "accept_answer", sdp }];
  if (isRestart) return [accepted, effects];
  // A new connection starts with every source off at the server: ask again for what the person had switched on.
  let next = accepted;
  for (const source of ["microphone", "camera"] as const) {
    if (!next.own[source].wanted) continue;
    const [asked, more] = switchSource(next, source, true);
    next = asked;
    effects.push(...more);
  }
  return [next, effects];
}

/** A refused restart means that the server no longer knows the connection; a refused offer, that it cannot use what we have. */
export function offerRefused(state: Inside, code: RefusalCode, isRestart: boolean): [Inside, Effect[]] {
  if (isRestart) return build(state);
  return [{ ...state, media: { is: "refused", code } }, [{ do: "stop_timer", name: "media" }, { do: "close_media" }]];
}

export function connected(state: Inside): [Inside, Effect[]] {
  return [{ ...state, media: { is: "connected" } }, [{ do: "stop_timer", name: "media" }]];
}

export function disconnected(state: Inside, moment: Moment): [Inside, Effect[]] {
  if (state.media.is !== "connected") return [state, []];
  return [
    { ...state, media: { is: "broken", since: moment.at, restarting: false } },
    [{ do: "start_timer", name: "media", ms: FLICKER_MS }],
  ];
}

export function failed(state: Inside, moment: Moment): [Inside, Effect[]] {
  switch (state.media.is) {
    case "connected":
      return restart(state, moment);
    case "connecting":
      return state.link.is === "open" ? build(state) : [state, []];
    case "broken":
      return state.media.restarting ? (state.link.is === "open" ? build(state) : [state, []]) : restart(state, moment);
    case "none":
    case "offering":
    case "refused":
    case "unable":
      return [state, []];
    default:
      return state.media satisfies never;
  }
}

/** The media timer: a flicker that did not heal, a restart or a build that did not connect. */
export function timeUp(state: Inside, moment: Moment): [Inside, Effect[]] {
  if (state.link.is !== "open") return [state, []];
  switch (state.media.is) {
    case "broken":
      return state.media.restarting ? build(state) : restart(state, moment);
    case "offering":
    case "connecting":
      return build(state);
    case "none":
    case "connected":
    case "refused":
    case "unable":
      return [state, []];
    default:
      return state.media satisfies never;
  }
}
