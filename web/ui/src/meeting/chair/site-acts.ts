// What who runs the meeting may do with one site, as menu entries: only what the role allows and what makes sense now.
import type { ParticipantView } from "../../generated/wire";
import type { Dictionary } from "../../i18n/language.svelte";
import type { Room } from "../room";
import { holderOf } from "../select";
import type { MenuItem } from "../stage/menu";

export function siteActs(
  words: Dictionary["meeting"]["acts"],
  { inside, session }: Room,
  who: ParticipantView,
  remove: (who: ParticipantView) => void,
): MenuItem[] {
  const { may, meeting } = inside;
  const here = who.presence.kind === "here";
  const items: MenuItem[] = [];
  const add = (id: string, label: string, act: () => void, danger = false): void => {
    items.push({ id, label, act, danger });
  };
  if (may.includes("set_stage")) {
    const { stage } = meeting;
    const chosen = stage?.why === "chosen" && stage.participant === who.id;
    const put = (source: "camera" | "screen") => () =>
      session.intend({ kind: "set_stage", stage: { participant: who.id, source } });
    if (chosen) add("off", words.takeOffAir, () => session.intend({ kind: "set_stage", stage: null }));
    if (here && !(chosen && stage.source === "camera")) add("air", words.putOnAir, put("camera"));
    if (here && who.screen === "on" && !(chosen && stage.source === "screen")) {
      add("screen", words.putScreenOnAir, put("screen"));
    }
  }
  if (may.includes("give_floor") && who.role !== "technician") {
    if (holderOf(meeting, who.id) !== undefined) {
      add("end", words.withdrawFloor, () => session.intend({ kind: "withdraw_floor", participant: who.id }));
    } else if (here && who.role !== "chair") {
      add("call", words.giveFloor, () => session.intend({ kind: "give_floor", participant: who.id }));
    }
  }
  if (may.includes("mute") && here && who.id !== inside.you) {
    const mute = (source: "microphone" | "camera" | "screen") => () =>
      session.intend({ kind: "mute", participant: who.id, source });
    if (who.microphone === "on") add("mute", words.mute, mute("microphone"));
    if (who.camera === "on") add("camera", words.cameraOff, mute("camera"));
    if (who.screen === "on") add("share", words.screenOff, mute("screen"));
  }
  if (may.includes("remove") && who.id !== inside.you && who.role !== "chair" && who.presence.kind !== "gone") {
    if (who.presence.kind !== "expected") add("remove", words.remove, () => remove(who), true);
  }
  return items;
}
