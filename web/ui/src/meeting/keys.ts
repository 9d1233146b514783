// Keys of the room. `event.code` is read, not the character, so that Telex and VNI typing do not disturb them. Pure.

export type KeyAct =
  | "microphone"
  | "camera"
  | "escape"
  | "keys"
  | "help"
  | "ask"
  | "call_first"
  | "plus_minute"
  | "end_turn"
  | "sites"
  | "mute_all"
  | "search"
  | "inspector"
  | "next_attention";

export type Desk = "delegate" | "chair" | "wall";

export interface Press {
  code: string;
  key: string;
  ctrl: boolean;
  alt: boolean;
  meta: boolean;
  shift: boolean;
  repeat: boolean;
  /** Focus is in a field where text is typed. */
  typing: boolean;
  /** A dialog has the page to itself. */
  modal: boolean;
}

const EVERYWHERE: Readonly<Record<string, KeyAct>> = { KeyM: "microphone", KeyV: "camera", F1: "help" };
const DESKS: Readonly<Record<Desk, Readonly<Record<string, KeyAct>>>> = {
  delegate: { KeyG: "ask", KeyL: "sites" },
  chair: { KeyN: "call_first", KeyT: "plus_minute", KeyE: "end_turn", KeyL: "sites", KeyX: "mute_all" },
  wall: { Slash: "search", KeyI: "inspector", KeyF: "next_attention" },
};

/** What a key press means; `null`: nothing, the browser has it. */
export function keyAct(press: Press, desk: Desk, enabled: boolean): KeyAct | null {
  if (press.repeat || press.modal || press.ctrl || press.alt || press.meta) return null;
  // Escape, F1 and the list of keys also work for those who switched single keys off (WCAG 2.1.4 is about characters).
  if (press.code === "Escape") return "escape";
  if (press.code === "F1") return "help";
  if (press.typing) return null;
  if (press.key === "?") return "keys";
  if (!enabled || press.shift) return null;
  return DESKS[desk][press.code] ?? EVERYWHERE[press.code] ?? null;
}

export function pressOf(event: KeyboardEvent): Press {
  const target = event.target instanceof Element ? event.target : null;
  return {
    code: event.code,
    key: event.key,
    ctrl: event.ctrlKey,
    alt: event.altKey,
    meta: event.metaKey,
    shift: event.shiftKey,
    // An input method composing a letter reports keys that are not presses of ours.
    repeat: event.repeat || event.isComposing,
    typing: target?.closest("input:not([type=checkbox],[type=radio]), textarea, select, [contenteditable]") !== null,
    modal: target?.closest("dialog[open]") !== null,
  };
}
