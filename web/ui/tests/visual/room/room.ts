/** A stand-in for the bridge's live meeting: welcomes the page, answers its requests, and fills its slots with drawn rooms. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page, WebSocketRoute } from "playwright-core";
import { PROTOCOL_VERSION } from "../../../src/generated/wire";
import type {
  Action,
  ClientEnvelope,
  ClientMessage,
  LineView,
  MeetingView,
  ParticipantView,
  RefusalCode,
  Role,
  ServerMessage,
  SlotView,
  SourceName,
} from "../../../src/generated/wire";
import { NOW } from "../meetings";
import { mayOf } from "./people";

export interface RoomFixture {
  role: Role;
  you: string;
  participants: ParticipantView[];
  meeting?: Partial<MeetingView>;
  /** Said once everything is settled. */
  news?: ServerMessage[];
  lines?: LineView[];
  refuse?: RefusalCode;
  seatKeptSeconds?: number;
  /** The drawn pictures' width: small on a wall of many. */
  drawn?: number;
  /** Whose pictures this viewer's line is too weak for. */
  heldBack?: (participant: string, source: SourceName) => boolean;
  /** How many slots get a picture: each is really encoded, and a wall of them would take the machine. */
  filled?: number;
}

export const AGENDA = [
  ["Khai mạc, điểm danh", 10],
  ["Báo cáo tổng kết công tác năm 2026", 25],
  ["Thảo luận phương án sơ tán dân vùng ven biển, đảo", 20],
  ["Nguồn lực “bốn tại chỗ” và kinh phí năm 2027", 15],
  ["Biểu quyết danh mục công trình cấp bách", 10],
  ["Kết luận", 10],
] as const;

/** The meeting at 08:47 of its own morning, told in the fixtures' time. */
export function meeting(participants: ParticipantView[], changes: Partial<MeetingView> = {}): MeetingView {
  return {
    session: "00000000-0000-4000-8000-0000000000aa",
    title: "Hội nghị tổng kết công tác phòng, chống thiên tai năm 2026",
    short_title: "Phòng, chống thiên tai",
    starts_at: NOW - 2_832_000,
    ends_at: NOW + 2_568_000,
    now: NOW,
    phase: { kind: "in_session", since: NOW - 2_800_000 },
    mode: "conference",
    agenda: {
      items: AGENDA.map(([title, minutes]) => ({ title, minutes, presenter: null })),
      current: 2,
      current_since: NOW - 760_000,
      spent_seconds: [680, 1445, 0, 0, 0, 0],
    },
    participants,
    floor: { holders: [], queue: [] },
    stage: null,
    speaker: null,
    recording: { kind: "on", since: NOW - 2_772_000 },
    ...changes,
  };
}

export class Room {
  #page: Page;
  #fixture: RoomFixture;
  #socket: WebSocketRoute | undefined;
  #mids: string[] = [];
  /** Whom the page asked for, most wanted first. */
  pinned: string[] = [];
  /** Everything the page asked, for tests that read it. */
  asked: ClientMessage[] = [];
  dead = false;
  #stop: () => void = () => undefined;

  constructor(page: Page, fixture: RoomFixture) {
    this.#page = page;
    this.#fixture = fixture;
  }

  async open(): Promise<void> {
    await this.#page.addInitScript(await readFile(join(import.meta.dirname, "scenes.js"), "utf8"));
    await this.#page.routeWebSocket(/\/ws$/, (socket) => {
      if (this.dead) {
        void socket.close({ code: 1001 });
        return;
      }
      this.#socket = socket;
      // As the bridge does every two seconds; a page that hears nothing for six takes the line for lost.
      let nonce = 0;
      const pulse = setInterval(() => this.say({ kind: "ping", nonce: (nonce += 1) }), 2_000);
      this.#stop = () => clearInterval(pulse);
      socket.onClose(this.#stop);
      this.#page.on("close", this.#stop);
      socket.onMessage((text) => void this.#hear(JSON.parse(String(text)) as ClientEnvelope));
    });
  }

  say(message: ServerMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** The line breaks and stays broken. */
  async cut(): Promise<void> {
    this.dead = true;
    this.#stop();
    await this.#socket?.close({ code: 1001 });
  }

  async #hear({ id, request }: ClientEnvelope): Promise<void> {
    this.asked.push(request);
    switch (request.kind) {
      case "hello":
        return this.#welcome(id);
      case "offer":
        return this.#answer(id, request.sdp);
      case "set_view":
        this.say({ kind: "done", re: id });
        this.pinned = request.pinned;
        return this.#fill();
      case "switch_source": {
        this.say({ kind: "done", re: id });
        const me = this.#fixture.participants.find((one) => one.id === this.#fixture.you);
        if (me === undefined) return;
        me[request.source] = request.state;
        this.say({ kind: "participants", participants: [me] });
        return;
      }
      case "pong":
      case "leave":
        return;
      default:
        this.say({ kind: "done", re: id });
    }
  }

  #welcome(re: number): void {
    const { role, you, participants, refuse } = this.#fixture;
    if (refuse !== undefined) {
      this.say({ kind: "refused", re, code: refuse });
      return;
    }
    this.say({
      kind: "welcome",
      re,
      version: PROTOCOL_VERSION,
      you,
      role,
      may: [...mayOf[role]] as Action[],
      resume: "resume",
      seat_kept_seconds: this.#fixture.seatKeptSeconds ?? 300,
      media: { audio_slots: 3, video_slots_max: 49 },
      media_kept: false,
      meeting: meeting(participants, this.#fixture.meeting),
    });
    for (const news of this.#fixture.news ?? []) this.say(news);
    if (this.#fixture.lines) this.say({ kind: "lines", lines: this.#fixture.lines });
  }

  async #answer(re: number, offer: string): Promise<void> {
    const { sdp, mids } = await this.#page.evaluate(async (text) => {
      const { farEnd } = globalThis as unknown as {
        farEnd: { answer(offer: string): Promise<{ sdp: string; mids: string[] }> };
      };
      return farEnd.answer(text);
    }, offer);
    this.#mids = mids;
    this.say({ kind: "answer", re, sdp });
    await this.#fill();
  }

  /** As the engine does: the stage first, then what the page pinned, each once. */
  async #fill(): Promise<void> {
    const { participants, you, drawn = 640, filled = 9, heldBack = () => false } = this.#fixture;
    const stage = this.#fixture.meeting?.stage ?? null;
    const wanted = [
      ...(stage === null ? [] : [{ participant: stage.participant, source: stage.source }]),
      ...this.pinned.map((participant) => ({ participant, source: "camera" as const })),
    ];
    const seen = new Set<string>();
    const shown = wanted.filter(({ participant, source }) => {
      const one = participants.find((other) => other.id === participant);
      const key = `${participant} ${source}`;
      if (one === undefined || participant === you || seen.has(key)) return false;
      seen.add(key);
      return one.presence.kind === "here" && one[source] === "on";
    });
    shown.splice(filled);
    const slots: SlotView[] = this.#mids.map((mid, index) => {
      const { participant, source } = shown[index] ?? { participant: null, source: null };
      const weak = participant !== null && heldBack(participant, source);
      return { mid, participant, source, paused: weak ? "line_too_weak" : null };
    });
    await this.#page.evaluate(
      async ([all, size]) => {
        const { farEnd } = globalThis as unknown as {
          farEnd: { show(mid: string, name: string | null, source: string, size: number): Promise<void> };
        };
        for (const slot of all)
          await farEnd.show(slot.mid, slot.paused === null ? slot.participant : null, slot.source ?? "camera", size);
      },
      [slots, drawn] as const,
    );
    this.say({ kind: "slots", slots });
  }
}
