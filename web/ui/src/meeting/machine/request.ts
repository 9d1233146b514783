// Requests: numbering them, remembering what was asked until it is answered.
import type { ClientMessage, SourceName } from "../../generated/wire";
import type { Effect, Inside, NoteKind, State, Step } from "./state";
import { NOTE_MS } from "./state";

/** Asks the server. While the link is not open nothing is sent: the page shows that it is reconnecting and its controls are off. */
export function ask(state: Inside, request: ClientMessage): [Inside, Effect[]] {
  if (state.link.is !== "open") return [state, []];
  const id = state.next_id;
  const next: Inside = { ...state, next_id: id + 1, pending: { ...state.pending, [id]: request } };
  return [next, [{ do: "send", envelope: { id, request } }]];
}

/** Takes the question that `re` answers out of the waiting ones. */
export function answered(state: Inside, re: number): [Inside, ClientMessage | null] {
  const asked = state.pending[re];
  if (asked === undefined) return [state, null];
  const pending = Object.fromEntries(Object.entries(state.pending).filter(([id]) => Number(id) !== re));
  return [{ ...state, pending }, asked];
}

export function note(state: Inside, kind: NoteKind): [Inside, Effect[]] {
  const serial = state.notes_made + 1;
  return [
    { ...state, notes_made: serial, note: { serial, ...kind } },
    [{ do: "start_timer", name: "note", ms: NOTE_MS }],
  ];
}

export function isAsking(state: Inside, kind: ClientMessage["kind"]): boolean {
  return Object.values(state.pending).some((request) => request.kind === kind);
}

/** Asks for one of our own sources to be switched. Switching off takes effect here at once; nobody waits to be silent. */
export function switchSource(state: Inside, source: SourceName, on: boolean): [Inside, Effect[]] {
  const [asked, sent] = ask(state, { kind: "switch_source", source, state: on ? "on" : "off" });
  if (sent.length === 0)
    return on ? [state, []] : [setWanted(state, source, false, null), [{ do: "set_source", source, on: false }]];
  return [setWanted(asked, source, on, state.next_id), [...sent, { do: "set_source", source, on }]];
}

export function setWanted(state: Inside, source: SourceName, wanted: boolean, asking: number | null): Inside {
  return { ...state, own: { ...state.own, [source]: { wanted, asking } } };
}

/** A reload comes back with the camera as it was: the seat remembers it. */
export function keepCamera(before: State, [next, effects]: Step): Step {
  if (next.at !== "inside" || before.at !== "inside" || next.own.camera.wanted === next.seat.camera)
    return [next, effects];
  const seat = { ...next.seat, camera: next.own.camera.wanted };
  return [{ ...next, seat }, [...effects, { do: "remember_seat", seat }]];
}
