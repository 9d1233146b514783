// A picture in words, for those who do not see it: "Xã Vĩnh Thực, chờ phát biểu thứ 2, đường truyền yếu, micro tắt".
import type { ParticipantView } from "../../generated/wire";
import type { Dictionary } from "../../i18n/language.svelte";
import type { Inside } from "../machine";
import { holderOf, lineTrouble, onAir, pictureHere, placeOf } from "../select";
import { short } from "../timing";

export function tileLabel(words: Dictionary["meeting"], inside: Inside, who: ParticipantView, now: number): string {
  const { meeting } = inside;
  const holder = holderOf(meeting, who.id);
  const place = placeOf(meeting, who.id);
  const trouble = lineTrouble(who);
  const picture = pictureHere(inside, who, "camera");
  return words.joinWords(
    ...[
      who.name,
      who.id === inside.you ? words.you : "",
      who.role === "chair" ? words.chair : "",
      holder === undefined ? "" : words.tile.speaking,
      place > 0 ? words.tile.waiting(place) : "",
      onAir(inside)?.participant === who.id ? words.tile.onAirLong : "",
      trouble === "weak" ? words.tile.weakLine : "",
      who.presence.kind === "away" ? words.tile.lostFor(short(now - who.presence.since)) : "",
      picture === "not_joined" ? words.tile.notJoined : "",
      picture === "left" ? words.tile.left : "",
      picture === "audio_only" ? words.tile.audioOnly : "",
      picture === "held_back" ? words.tile.heldBackLong : "",
      picture === "camera_off" ? words.tile.cameraOff : "",
      who.screen === "on" ? words.tile.sharingScreen : "",
      who.presence.kind === "here" ? microphone(words, who) : "",
    ].filter((word) => word !== ""),
  );
}

function microphone(words: Dictionary["meeting"], who: ParticipantView): string {
  switch (who.microphone) {
    case "on":
      return words.tile.microphoneOn;
    case "off":
    case "locked":
      return words.tile.microphoneOff;
    case "absent":
      return words.tile.noMicrophone;
    default:
      return who.microphone satisfies never;
  }
}
