// A page under test: the reducer with a clock that the test turns, and everything it asked of its shells.
import { PROTOCOL_VERSION } from "../../generated/wire";
import type { ClientMessage, MeetingView, ParticipantView, ServerMessage, SourceState } from "../../generated/wire";
import { reduce } from "./reduce";
import type { Effect, Event, Inside, Seat, State } from "./state";
import { outside } from "./state";

export const ME = "me";
export const CHAIR = "chair";

export const seat: Seat = { session: "demo", token: "t", resume: null, headcount: 14, camera: true };

export function somebody(id: string, changes: Partial<ParticipantView> = {}): ParticipantView {
  return {
    id,
    name: `Xã ${id}`,
    short_name: `X ${id}`,
    detail: null,
    group: null,
    role: id === CHAIR ? "chair" : "delegate",
    site: true,
    presence: { kind: "here", since: 0 },
    microphone: "off",
    camera: "off",
    screen: "off",
    line: "good",
    headcount: null,
    spoken_seconds: 0,
    via: "browser",
    ...changes,
  };
}

export function meetingOf(...participants: ParticipantView[]): MeetingView {
  return {
    session: "demo",
    title: "Giao ban tuần",
    short_title: "Giao ban",
    starts_at: 0,
    ends_at: 3_600_000,
    now: 0,
    phase: { kind: "in_session", since: 0 },
    mode: "conference",
    agenda: { items: [], current: null, current_since: null, spent_seconds: [] },
    participants,
    floor: { holders: [], queue: [] },
    stage: null,
    speaker: null,
    recording: { kind: "off" },
  };
}

type Welcome = Extract<ServerMessage, { kind: "welcome" }>;

export class Page {
  state: State = outside;
  now = 1_000;
  dice = 0.5;
  online = true;
  done: Effect[] = [];

  /** What the page does about one event; also kept for `done`. */
  tell(event: Event): Effect[] {
    const [next, effects] = reduce(this.state, event, { at: this.now, dice: this.dice, online: this.online });
    this.state = next;
    this.done.push(...effects);
    return effects;
  }

  hear(message: ServerMessage): Effect[] {
    return this.tell({ kind: "heard", message });
  }

  welcome(changes: Partial<Welcome> = {}, me: Partial<ParticipantView> = {}): Effect[] {
    const re =
      this.state.at !== "outside" && this.state.at !== "over" && this.state.link.is === "greeting"
        ? this.state.link.re
        : 0;
    return this.hear({
      kind: "welcome",
      re,
      version: PROTOCOL_VERSION,
      you: ME,
      role: "delegate",
      may: ["publish", "ask_to_speak"],
      resume: "r1",
      media_kept: true,
      seat_kept_seconds: 300,
      media: { audio_slots: 3, video_slots_max: 25 },
      meeting: { ...meetingOf(somebody(CHAIR), somebody(ME, me), somebody("Cô Tô")), now: this.now + 5_000 },
      ...changes,
    });
  }

  /** From the pre-join page to a seat with pictures and sound flowing. */
  static seated(camera = true): Page {
    const page = new Page();
    page.tell({ kind: "join", seat: { ...seat, camera } });
    page.tell({ kind: "socket_opened" });
    page.welcome();
    page.tell({ kind: "offer_made", sdp: "offer", restart: false });
    page.hear({ kind: "answer", re: page.lastId("offer"), sdp: "answer" });
    page.tell({ kind: "media_connected" });
    page.acknowledgeAll();
    page.done = [];
    return page;
  }

  acknowledgeAll(): void {
    for (const re of Object.keys(this.inside.pending)) this.hear({ kind: "done", re: Number(re) });
  }

  get inside(): Inside {
    if (this.state.at !== "inside") throw new Error(`the page is ${this.state.at}`);
    return this.state;
  }

  sent(effects: Effect[] = this.done): ClientMessage[] {
    return effects.flatMap((effect) => (effect.do === "send" ? [effect.envelope.request] : []));
  }

  lastId(kind: ClientMessage["kind"]): number {
    for (const effect of this.done.toReversed()) {
      if (effect.do === "send" && effect.envelope.request.kind === kind) return effect.envelope.id;
    }
    throw new Error(`no ${kind} was sent`);
  }

  /** The line breaks, and the page notices. */
  cut(): Effect[] {
    return this.tell({ kind: "socket_lost" });
  }

  /** The line is there again. */
  comeBack(me: Partial<ParticipantView> = {}): Effect[] {
    this.tell({ kind: "timer", name: "retry" });
    this.tell({ kind: "socket_opened" });
    return this.welcome({ resume: "r2" }, me);
  }

  hearMe(source: "microphone" | "camera" | "screen", state: SourceState): Effect[] {
    return this.hear({ kind: "participants", participants: [somebody(ME, { [source]: state })] });
  }
}
