/** Who sits in the room of the pictures: the province's fifty-four sites and its centre, or a wall of two hundred and thirty-one. */
import type { ParticipantView, Role } from "../../../src/generated/wire";
import { hubs, sites } from "../province";

export const ME = "site-me";
export const CENTRE = "site-centre";
export const SPEAKER = "site-co-to";

export function somebody(id: string, name: string, changes: Partial<ParticipantView> = {}): ParticipantView {
  return {
    id,
    name,
    short_name: name,
    detail: null,
    group: null,
    role: "delegate",
    site: true,
    presence: { kind: "here", since: 0 },
    microphone: "locked",
    camera: "on",
    screen: "off",
    line: "good",
    headcount: 11,
    spoken_seconds: 0,
    via: "browser",
    ...changes,
  };
}

export const centre = somebody(CENTRE, "Điểm cầu trung tâm", {
  short_name: "Trung tâm",
  role: "chair",
  group: "Tỉnh",
  detail: "Trần Quốc Nghĩa, Phó Chủ tịch UBND tỉnh",
  microphone: "off",
  headcount: 22,
});

const KNOWN: Record<string, Partial<ParticipantView> & { id: string }> = {
  "ĐK Cô Tô": {
    id: SPEAKER,
    detail: "Phạm Thị Hồng Nhung, Phó Chủ tịch UBND đặc khu",
    microphone: "on",
    headcount: 14,
  },
  "P Móng Cái 1": { id: "site-mong-cai", detail: "Vũ Đức Thịnh" },
  "X Vĩnh Thực": { id: "site-vinh-thuc", line: "weak", detail: "Hoàng Văn Lộc" },
  "X Kỳ Thượng": { id: "site-ky-thuong", detail: "Triệu Thị Mai", headcount: 14 },
  "ĐK Vân Đồn": { id: "site-van-don", detail: "Nguyễn Hữu Phước", spoken_seconds: 250 },
  "P Bãi Cháy": { id: "site-bai-chay", detail: "Đỗ Thanh Bình" },
  "X Quảng Đức": { id: "site-quang-duc", detail: "Chíu A Sềnh" },
  "X Cái Chiên": { id: "site-cai-chien", line: "weak" },
  "X Lục Hồn": { id: "site-luc-hon", camera: "absent" },
  "X Thống Nhất": { id: "site-thong-nhat", camera: "off" },
};

/** The province's sites by hub, a few of them with the troubles of a real morning. */
export function province(now: number): ParticipantView[] {
  const lost: Record<string, number> = { "X Điền Xá": 42, "P Hiệp Hòa": 75 };
  const groups = new Map(hubs.map((hub) => [hub.id, hub.name]));
  const communes = sites
    .filter((site) => site.hub_id && groups.has(site.hub_id))
    .map((site) => {
      const known = KNOWN[site.short_name];
      const gone = lost[site.short_name];
      return somebody(known?.id ?? site.id, site.name, {
        short_name: site.short_name,
        group: groups.get(site.hub_id ?? "") ?? null,
        ...(gone === undefined
          ? {}
          : { presence: { kind: "away", since: now - gone * 1000, until: now + 250_000 }, line: "lost" as const }),
        ...known,
      });
    });
  return [centre, ...communes];
}

/** Fifteen hubs and two hundred and thirty-one sites: the largest meeting the province holds. */
export function whole(now: number): ParticipantView[] {
  const names = ["Thanh Lân", "Đồng Tiến", "Hải Xuân", "Vạn Ninh", "Quảng Long", "Đường Hoa", "Minh Cầm", "Lương Mông"];
  const all: ParticipantView[] = [centre];
  for (let index = 1; index < 231; index += 1) {
    const hub = `Cụm ${["Đông Triều", "Uông Bí", "Quảng Yên", "Hạ Long", "Hoành Bồ", "Cẩm Phả", "Vân Đồn", "Tiên Yên", "Ba Chẽ", "Bình Liêu", "Đầm Hà", "Hải Hà", "Móng Cái", "Cô Tô", "Sở, ban, ngành"][Math.floor(index / 15.4)] ?? ""}`;
    const name = `${names[index % names.length] ?? ""} ${String(1 + Math.floor(index / names.length))}`;
    all.push(
      somebody(`w${String(index)}`, `Xã ${name}`, {
        short_name: name,
        group: hub,
        microphone: index === 120 ? "on" : "locked",
        line: index % 41 === 7 ? "weak" : "good",
        camera: index % 77 === 5 ? "absent" : "on",
        ...(index % 83 === 3 ? { presence: { kind: "away", since: now - index * 700, until: now + 250_000 } } : {}),
        ...(index % 97 === 11 ? { presence: { kind: "expected" }, camera: "absent", microphone: "absent" } : {}),
      }),
    );
  }
  return all;
}

export const LONG = "Ủy ban nhân dân phường Móng Cái 1 - Hội trường tầng 2";

export const mayOf: Record<Role, readonly string[]> = {
  chair: [
    "publish",
    "share_screen",
    "speak_freely",
    "give_floor",
    "mute",
    "set_stage",
    "set_mode",
    "set_agenda",
    "record",
    "start_session",
    "end_session",
    "remove",
    "declare_headcount",
  ],
  secretary: [
    "publish",
    "share_screen",
    "speak_freely",
    "give_floor",
    "mute",
    "set_stage",
    "set_mode",
    "set_agenda",
    "record",
    "start_session",
    "end_session",
    "remove",
    "declare_headcount",
  ],
  delegate: ["publish", "share_screen", "ask_to_speak", "declare_headcount"],
  technician: ["watch_lines", "mute", "set_stage"],
  leader: ["ask_to_speak", "publish"],
};
