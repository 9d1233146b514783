// What a press or a key does. One place, so that a button and its key can never differ.
import type { Room } from "../room";
import { floorState, microphoneState, firstToCall, speakerOnFloor } from "../select";

export function pressMicrophone({ session, inside }: Room): void {
  switch (microphoneState(inside)) {
    case "off":
      return session.switch("microphone", true);
    case "on":
    case "live":
      return session.switch("microphone", false);
    case "locked":
      // Answered with a note that says what to wait for.
      return session.switch("microphone", true);
    case "absent":
      return;
  }
}

export function pressCamera({ session, inside }: Room): void {
  session.switch("camera", !inside.own.camera.wanted);
}

export function pressScreen({ session, inside }: Room): void {
  session.switch("screen", !inside.own.screen.wanted);
}

export function pressFloor({ session, inside }: Room): void {
  switch (floorState(inside).is) {
    case "idle":
      if (inside.may.includes("ask_to_speak")) session.intend({ kind: "ask_to_speak" });
      return;
    case "waiting":
      return session.intend({ kind: "withdraw_request" });
    case "holding":
      return session.intend({ kind: "finish_speaking" });
  }
}

export function callFirst({ session, inside }: Room): void {
  const first = firstToCall(inside.meeting);
  if (first !== undefined) session.intend({ kind: "give_floor", participant: first.who.id });
}

export function plusMinute({ session, inside }: Room): void {
  const holder = speakerOnFloor(inside.meeting);
  if (holder !== undefined) session.intend({ kind: "extend_floor", participant: holder.participant, seconds: 60 });
}

export function endTurn({ session, inside }: Room): void {
  const holder = speakerOnFloor(inside.meeting);
  if (holder !== undefined) session.intend({ kind: "withdraw_floor", participant: holder.participant });
}

export function pressRecording({ session, inside }: Room): void {
  const { kind } = inside.meeting.recording;
  session.intend({ kind: kind === "on" || kind === "starting" ? "stop_recording" : "start_recording" });
}
