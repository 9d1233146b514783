// The command bar's last button: what is needed seldom, and on narrow screens what does not fit.
import type { Mode } from "../../generated/wire";
import type { Dictionary } from "../../i18n/language.svelte";
import type { Room } from "../room";
import { pressRecording, pressScreen } from "../stage/acts";
import type { MenuItem } from "../stage/menu";

interface Layers {
  open: (what: "devices" | "help" | "agenda") => void;
  leave: () => void;
}

const MODES: readonly Mode[] = ["discussion", "training", "conference"];

export function moreActs(words: Dictionary["meeting"], room: Room, layers: Layers): MenuItem[] {
  const { inside, session } = room;
  const items: MenuItem[] = [];
  if (innerWidth < 1280) {
    if (inside.may.includes("share_screen")) {
      const label = inside.own.screen.wanted ? words.chairDesk.stopSharing : words.chairDesk.share;
      items.push({ id: "share", label, act: () => pressScreen(room) });
    }
    if (inside.may.includes("record")) {
      const label = inside.meeting.recording.kind === "on" ? words.chairDesk.stopRecording : words.chairDesk.record;
      items.push({ id: "record", label, act: () => pressRecording(room) });
    }
  }
  const choosesMode = inside.may.includes("set_mode");
  if (choosesMode) {
    for (const [index, mode] of MODES.entries()) {
      items.push({
        id: mode,
        label: words.modes[mode],
        ...(index === 0 && { heading: words.chairDesk.mode }),
        chosen: inside.meeting.mode === mode,
        act: () => session.intend({ kind: "set_mode", mode }),
      });
    }
  }
  items.push(
    { id: "agenda", label: words.chairDesk.agenda, apart: choosesMode, act: () => layers.open("agenda") },
    { id: "devices", label: words.devices.title, act: () => layers.open("devices") },
    { id: "help", label: words.help.title, act: () => layers.open("help") },
    { id: "leave", label: words.dialogs.leave.act, act: layers.leave },
  );
  return items;
}
