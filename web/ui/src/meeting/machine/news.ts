// News from the server: each piece replaces one part of the meeting.
import type {
  FloorView,
  MeetingView,
  Notice,
  ParticipantView,
  RecordingState,
  ServerMessage,
  SlotView,
  SourceName,
} from "../../generated/wire";
import { heldBack } from "../select";
import { note, setWanted } from "./request";
import type { Announcement, Effect, Inside, Meeting, Moment } from "./state";
import { CALLED_MS } from "./state";

/** The part of the server's messages that is news about the meeting. */
export type News = Extract<
  ServerMessage,
  {
    kind:
      | "phase"
      | "mode"
      | "agenda"
      | "participants"
      | "floor"
      | "stage"
      | "speaker"
      | "recording"
      | "slots"
      | "layers"
      | "notice"
      | "lines";
  }
>;

export function fromView(view: MeetingView): Meeting {
  return {
    title: view.title,
    short_title: view.short_title,
    starts_at: view.starts_at,
    ends_at: view.ends_at,
    phase: view.phase,
    mode: view.mode,
    agenda: view.agenda,
    order: view.participants.map((participant) => participant.id),
    participants: Object.fromEntries(view.participants.map((participant) => [participant.id, participant])),
    floor: view.floor,
    stage: view.stage,
    speaker: view.speaker,
    recording: view.recording,
  };
}

export function take(state: Inside, news: News, moment: Moment): [Inside, Effect[]] {
  switch (news.kind) {
    case "phase":
      return [withMeeting(state, { phase: news.phase }), []];
    case "mode":
      return note(withMeeting(state, { mode: news.mode }), { kind: "mode", mode: news.mode });
    case "agenda":
      return agenda(state, news);
    case "participants":
      return participants(state, news.participants);
    case "floor":
      return [withMeeting(state, { floor: news.floor }), floorSpoken(state, news.floor)];
    case "stage":
      return [withMeeting(state, { stage: news.stage }), []];
    case "speaker":
      return [withMeeting(state, { speaker: news.participant }), []];
    case "recording":
      return recording(state, news.recording);
    case "slots":
      return slots(state, news.slots);
    case "layers":
      // Said of the connection before, while the new one is being offered: that one begins with everything.
      return [state, state.media.is === "offering" ? [] : [{ do: "set_layers", layers: news.layers }]];
    case "notice":
      return notice(state, news.notice, moment);
    case "lines":
      return [
        {
          ...state,
          lines: { ...state.lines, ...Object.fromEntries(news.lines.map((line) => [line.participant, line])) },
        },
        [],
      ];
    default:
      return news satisfies never;
  }
}

function slots(state: Inside, told: readonly SlotView[]): [Inside, Effect[]] {
  const next = { ...state, slots: Object.fromEntries(told.map((slot) => [slot.mid, slot])) };
  const [was, is] = [heldBack(state.slots), heldBack(next.slots)];
  const flows = told.some(({ source, paused }) => source !== null && source !== "microphone" && paused === null);
  if (was !== "all" && is === "all") return [next, [announce({ kind: "only_sound", on: true })]];
  return [next, was === "all" && flows ? [announce({ kind: "only_sound", on: false })] : []];
}

function withMeeting(state: Inside, part: Partial<Meeting>): Inside {
  return { ...state, meeting: { ...state.meeting, ...part } };
}

function announce(what: Announcement, urgent = false): Effect {
  return { do: "announce", urgent, what };
}

function agenda(state: Inside, news: Extract<News, { kind: "agenda" }>): [Inside, Effect[]] {
  const moved = news.agenda.current !== state.meeting.agenda.current;
  const item = news.agenda.current === null ? undefined : news.agenda.items[news.agenda.current];
  return [
    withMeeting(state, { agenda: news.agenda }),
    moved && item !== undefined ? [announce({ kind: "agenda", title: item.title })] : [],
  ];
}

/** A known participant keeps his place; a new one comes last. */
function participants(state: Inside, changed: readonly ParticipantView[]): [Inside, Effect[]] {
  const { meeting } = state;
  const added = changed.flatMap(({ id }) => (meeting.participants[id] === undefined ? [id] : []));
  const next = withMeeting(state, {
    order: added.length === 0 ? meeting.order : [...meeting.order, ...added],
    participants: { ...meeting.participants, ...Object.fromEntries(changed.map((one) => [one.id, one])) },
  });
  const me = changed.find(({ id }) => id === state.you);
  return me === undefined ? [next, []] : followServer(next, me);
}

/** The server's word on our own sources stands, except where our last question is still on its way. */
export function followServer(state: Inside, me: ParticipantView): [Inside, Effect[]] {
  // Until there is a connection the server can only say `off`; what the person chose before joining waits for the answer.
  if (state.media.is === "none" || state.media.is === "offering") return [state, []];
  let next = state;
  const effects: Effect[] = [];
  for (const source of ["microphone", "camera", "screen"] as const satisfies readonly SourceName[]) {
    const on = me[source] === "on";
    const own = next.own[source];
    if (own.asking !== null || own.wanted === on || me[source] === "absent") continue;
    next = setWanted(next, source, on, null);
    effects.push({ do: "set_source", source, on });
  }
  return [next, effects];
}

function floorSpoken(state: Inside, floor: FloorView): Effect[] {
  const before = state.meeting.floor;
  const effects: Effect[] = [];
  for (const holder of floor.holders) {
    if (holder.participant === state.you || before.holders.some((old) => old.participant === holder.participant))
      continue;
    const name = state.meeting.participants[holder.participant]?.name;
    if (name !== undefined) effects.push(announce({ kind: "floor_given", name }));
  }
  const place = floor.queue.findIndex((entry) => entry.participant === state.you);
  const placeBefore = before.queue.findIndex((entry) => entry.participant === state.you);
  if (place >= 0 && place !== placeBefore) effects.push(announce({ kind: "my_place", place: place + 1 }));
  return effects;
}

function recording(state: Inside, value: RecordingState): [Inside, Effect[]] {
  const was = state.meeting.recording.kind === "on";
  const is = value.kind === "on";
  return [withMeeting(state, { recording: value }), was === is ? [] : [announce({ kind: "recording", on: is })]];
}

function notice(state: Inside, what: Notice, moment: Moment): [Inside, Effect[]] {
  switch (what.kind) {
    case "muted": {
      const off = setWanted(state, what.source, false, null);
      const [noted, effects] = note(off, { kind: "muted", by: what.by, source: what.source });
      return [noted, [{ do: "set_source", source: what.source, on: false }, ...effects]];
    }
    case "called_to_speak":
      return [
        { ...state, called: { by: what.by, limit_seconds: what.limit_seconds, opens_at: moment.at + CALLED_MS } },
        [{ do: "start_timer", name: "called", ms: CALLED_MS }, { do: "soft_tone" }, announce({ kind: "called" }, true)],
      ];
    case "floor_withdrawn": {
      const [noted, effects] = note({ ...state, called: null }, { kind: "floor_withdrawn", by: what.by });
      return [noted, [{ do: "stop_timer", name: "called" }, ...effects]];
    }
    default:
      return what satisfies never;
  }
}
