// What every view inside the room reads. Handed down by context, so that views stay small and none of them knows the socket.
import { getContext, setContext } from "svelte";
import type { Inside } from "./machine";
import type { MeetingSession } from "./session.svelte";

export interface Room {
  readonly session: MeetingSession;
  /** The state inside; views exist only while there is one. */
  readonly inside: Inside;
  /** The server's clock. */
  readonly now: number;
}

const KEY = Symbol("room");

export function provideRoom(room: Room): void {
  setContext(KEY, room);
}

export function useRoom(): Room {
  return getContext<Room>(KEY);
}
