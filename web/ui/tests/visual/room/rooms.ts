/** The moments of a meeting that the pictures show. */
import type { FloorView, LineView, OnStage, ParticipantView } from "../../../src/generated/wire";
import { NOW } from "../meetings";
import { CENTRE, centre, LONG, ME, province, somebody, SPEAKER, whole } from "./people";
import type { RoomFixture } from "./room";

const asked = (participant: string, seconds: number, note: string | null = null, item: number | null = 2) => ({
  participant,
  asked_at: NOW - seconds * 1000,
  note,
  agenda_item: item,
});
const turn = (participant: string, seconds: number) => ({
  participant,
  since: NOW - seconds * 1000,
  limit_seconds: 300,
});
const chosen = (participant: string): OnStage => ({ participant, source: "camera", why: "chosen" });

const QUEUE = [
  asked("site-mong-cai", 362, "Tàu thuyền neo đậu"),
  asked("site-vinh-thuc", 310, "Sơ tán thôn 2, thôn 3"),
  asked("site-ky-thuong", 226),
  asked("site-van-don", 200, "Đảo tuyến ngoài"),
  asked("site-bai-chay", 112, "Khách lưu trú"),
  asked("site-quang-duc", 90, null, 3),
];

/** The delegate of the pictures sits in Kỳ Thượng. */
const KY_THUONG = "site-ky-thuong";

function floor(holder: string, seconds: number, queue = QUEUE): FloorView {
  return { holders: [turn(holder, seconds)], queue };
}

export function delegate(): RoomFixture {
  const queue = QUEUE.slice(0, 3);
  return {
    role: "delegate",
    you: KY_THUONG,
    participants: province(NOW),
    meeting: { floor: floor(SPEAKER, 134, queue), stage: chosen(CENTRE), speaker: SPEAKER },
  };
}

/** The line carries the main picture alone, then no picture at all. */
export function weakLine(left: "main" | "sound"): RoomFixture {
  return { ...delegate(), heldBack: (who) => left === "sound" || who !== CENTRE };
}

export function holding(): RoomFixture {
  const people = province(NOW).map((one) => (one.id === KY_THUONG ? { ...one, microphone: "on" as const } : one));
  const queue = [asked("site-van-don", 120), asked("site-bai-chay", 80)];
  return {
    role: "delegate",
    you: KY_THUONG,
    participants: people,
    meeting: { floor: floor(KY_THUONG, 248, queue), stage: chosen(CENTRE), speaker: KY_THUONG },
  };
}

/** A small informal meeting: free microphones, no floor, no agenda, the longest name. */
export function longNames(): RoomFixture {
  const people: ParticipantView[] = [
    { ...centre, microphone: "on" },
    somebody("long", LONG, {
      short_name: "P Móng Cái 1",
      microphone: "off",
      detail: "Nguyễn Thị Hồng Phượng, Chủ tịch UBND",
    }),
    somebody(ME, "Ủy ban nhân dân xã Vĩnh Thực - Nhà văn hóa thôn 2", { short_name: "X Vĩnh Thực", microphone: "off" }),
    somebody("nn", "Sở Nông nghiệp và Môi trường", { short_name: "Sở NN và MT", camera: "off", microphone: "off" }),
    somebody("bx", "Bộ Chỉ huy Quân sự tỉnh", {
      short_name: "BCH Quân sự",
      presence: { kind: "expected" },
      camera: "absent",
    }),
  ];
  return {
    role: "delegate",
    you: ME,
    participants: people,
    meeting: {
      mode: "discussion",
      stage: chosen("long"),
      speaker: "long",
      agenda: { items: [], current: null, current_since: null, spent_seconds: [] },
      recording: { kind: "off" },
    },
  };
}

export function empty(role: "delegate" | "chair"): RoomFixture {
  const you = role === "chair" ? CENTRE : ME;
  return {
    role,
    you,
    participants: [
      role === "chair"
        ? { ...centre }
        : { ...centre, presence: { kind: "expected" }, camera: "absent", microphone: "absent" },
      ...(role === "delegate"
        ? [somebody(ME, "Xã Kỳ Thượng", { short_name: "X Kỳ Thượng", microphone: "off", camera: "off" })]
        : []),
    ],
    meeting: {
      phase: { kind: "gathering" },
      recording: { kind: "off" },
      agenda: { items: [], current: null, current_since: null, spent_seconds: [] },
    },
  };
}

export function chair(): RoomFixture {
  return {
    role: "chair",
    you: CENTRE,
    participants: province(NOW),
    meeting: {
      floor: floor(SPEAKER, 134),
      stage: { participant: SPEAKER, source: "camera", why: "floor" },
      speaker: SPEAKER,
    },
  };
}

export function chairSharing(): RoomFixture {
  const people = province(NOW).map((one) => (one.id === SPEAKER ? { ...one, screen: "on" as const } : one));
  return {
    role: "secretary",
    you: "secretary",
    participants: [
      ...people,
      somebody("secretary", "Trần Thu Hà", {
        short_name: "Trần Thu Hà",
        role: "secretary",
        site: false,
        headcount: null,
        microphone: "off",
      }),
    ],
    meeting: {
      floor: floor(SPEAKER, 312),
      stage: { participant: SPEAKER, source: "screen", why: "screen" },
      speaker: SPEAKER,
    },
  };
}

export function line(one: ParticipantView, index: number): LineView {
  const weak = one.line === "weak";
  const direction = (share: number) => ({
    bitrate_bps: Math.round((weak ? 420_000 : 1_400_000) * share) + index * 1_310,
    loss: weak ? 0.07 + (index % 6) / 100 : 0.002,
    jitter_ms: weak ? 38 : 4,
    width: weak ? 640 : 1280,
    height: weak ? 360 : 720,
    frames_per_s: weak ? 12 : 25,
  });
  return {
    participant: one.id,
    quality: one.line,
    rtt_ms: weak ? 410 : 18 + (index % 30),
    up: direction(1),
    down: direction(0.7),
    ...(weak ? { down_capacity_bps: 610_000 + index * 4_000 } : { down_capacity_bps: 6_200_000 }),
    last_seen: one.presence.kind === "away" ? one.presence.since : NOW - 400,
  };
}

export function wall(all: "province" | "whole"): RoomFixture {
  const people = all === "province" ? province(NOW) : whole(NOW);
  const speaker = all === "province" ? SPEAKER : "w120";
  const queue =
    all === "province" ? QUEUE : ["w40", "w61", "w200", "w5"].map((id, index) => asked(id, 400 - index * 60));
  return {
    role: "technician",
    you: "tech",
    participants: [
      ...people,
      somebody("tech", "Lê Quang Khải", {
        short_name: "Lê Quang Khải",
        role: "technician",
        site: false,
        camera: "absent",
        microphone: "absent",
        headcount: null,
      }),
    ],
    meeting: {
      floor: floor(speaker, 134, queue),
      stage: { participant: speaker, source: "camera", why: "floor" },
      speaker,
    },
    lines: people.filter((one) => one.presence.kind === "here").map(line),
    drawn: 192,
    filled: 16,
  };
}
