import { describe, expect, test } from "vitest";
import { PROTOCOL_VERSION } from "../../generated/wire";
import { backoff } from "./link";
import { SILENCE_MS } from "./state";
import { ME, Page, meetingOf, seat, somebody } from "./world";

const timers = (effects: ReturnType<Page["tell"]>, name: string): number[] =>
  effects.flatMap((effect) => (effect.do === "start_timer" && effect.name === name ? [effect.ms] : []));

describe("coming in", () => {
  test("a page greets with its token and its headcount as soon as the socket is open", () => {
    const page = new Page();
    expect(page.tell({ kind: "join", seat })).toContainEqual({ do: "open_socket" });
    expect(page.sent(page.tell({ kind: "socket_opened" }))).toEqual([
      { kind: "hello", version: PROTOCOL_VERSION, token: "t", headcount: 14 },
    ]);
  });

  test("a welcome gives the seat, keeps it for a reload and builds the media connection", () => {
    const page = new Page();
    page.tell({ kind: "join", seat });
    page.tell({ kind: "socket_opened" });
    const effects = page.welcome();
    expect(page.inside.you).toBe(ME);
    expect(page.inside.clock_offset).toBe(5_000);
    expect(effects).toContainEqual({ do: "remember_seat", seat: { ...seat, resume: "r1" } });
    expect(effects).toContainEqual({ do: "build_media", limits: { audio_slots: 3, video_slots_max: 25 }, sites: 3 });
  });

  test("everybody comes in muted, whatever the pre-join page showed", () => {
    const page = Page.seated(true);
    expect(page.inside.own.microphone.wanted).toBe(false);
    expect(page.inside.own.camera.wanted).toBe(true);
  });

  test("a full room is asked again, with jitter, for as long as the page is open", () => {
    const page = new Page();
    page.tell({ kind: "join", seat });
    page.tell({ kind: "socket_opened" });
    const effects = page.hear({ kind: "refused", re: 1, code: "session_full" });
    expect(page.state).toMatchObject({ at: "joining", link: { is: "waiting", why: "full", until: 16_000 } });
    expect(timers(effects, "retry")).toEqual([15_000]);
    expect(page.tell({ kind: "timer", name: "retry" })).toContainEqual({ do: "open_socket" });
  });

  test.each([
    ["token_invalid", { is: "refused", code: "token_invalid" }],
    ["token_expired", { is: "refused", code: "token_expired" }],
    ["session_unknown", { is: "refused", code: "session_unknown" }],
    ["version", { is: "refused", code: "version" }],
    ["session_ended", { is: "ended" }],
  ] as const)("a door that says %s ends the attempt and forgets the seat", (code, over) => {
    const page = new Page();
    page.tell({ kind: "join", seat });
    page.tell({ kind: "socket_opened" });
    const effects = page.hear({ kind: "refused", re: 1, code });
    expect(page.state).toMatchObject({ at: "over", over });
    expect(effects).toContainEqual({ do: "forget_seat", session: "demo" });
  });
});

describe("the heartbeat", () => {
  test("a ping is answered with its own number", () => {
    const page = Page.seated();
    expect(page.sent(page.hear({ kind: "ping", nonce: 41 }))).toEqual([{ kind: "pong", nonce: 41 }]);
  });

  test("every message gives the line another six seconds", () => {
    expect(timers(Page.seated().hear({ kind: "ping", nonce: 1 }), "silence")).toEqual([SILENCE_MS]);
  });

  test("silence closes the socket and tries again", () => {
    const page = Page.seated();
    const effects = page.tell({ kind: "timer", name: "silence" });
    expect(effects).toContainEqual({ do: "close_socket" });
    expect(page.inside.link).toMatchObject({ is: "waiting", attempt: 1 });
    expect(page.inside.lost_at).toBe(1_000);
  });

  test("a socket we closed ourselves does not count as a second loss", () => {
    const page = Page.seated();
    page.tell({ kind: "timer", name: "silence" });
    page.cut();
    expect(page.inside.link).toMatchObject({ is: "waiting", attempt: 1 });
  });
});

describe("losing the line and coming back", () => {
  test("the wait grows with each attempt, is drawn over its whole length, and has a ceiling", () => {
    expect([1, 2, 3, 4].map((attempt) => backoff(attempt, 1))).toEqual([1_000, 2_000, 4_000, 5_000]);
    expect(backoff(3, 0)).toBe(0);
    expect(backoff(40, 1)).toBe(5_000);
  });

  test("attempts are counted until a welcome, then from the beginning", () => {
    const page = Page.seated();
    page.cut();
    page.tell({ kind: "timer", name: "retry" });
    page.cut();
    expect(page.inside.link).toMatchObject({ is: "waiting", attempt: 2 });
    page.comeBack();
    page.cut();
    expect(page.inside.link).toMatchObject({ is: "waiting", attempt: 1 });
  });

  test("the server's own time to come back is kept exactly", () => {
    const page = Page.seated();
    page.hear({ kind: "bye", why: "server_stopping", retry_after_ms: 3_210, reason: null });
    expect(page.inside.link).toMatchObject({ is: "waiting", why: "server", until: 4_210 });
  });

  test("the greeting after a loss asks for the same seat", () => {
    const page = Page.seated();
    page.cut();
    page.tell({ kind: "timer", name: "retry" });
    expect(page.sent(page.tell({ kind: "socket_opened" }))).toEqual([
      { kind: "hello", version: PROTOCOL_VERSION, token: "t", resume: "r1", headcount: 14 },
    ]);
  });

  test("offline waits for the network, yet knocks now and then in case the browser is wrong", () => {
    const page = Page.seated();
    page.online = false;
    expect(timers(page.cut(), "retry")).toEqual([15_000]);
    expect(page.inside.link).toEqual({ is: "offline", attempt: 1 });
    expect(page.tell({ kind: "went_online" })).toContainEqual({ do: "open_socket" });
  });

  test("the button only hurries the next attempt", () => {
    const page = Page.seated();
    page.cut();
    expect(page.tell({ kind: "retry_now" })).toContainEqual({ do: "open_socket" });
    expect(page.tell({ kind: "retry_now" })).toEqual([]);
  });

  test("media that flows again hurries the socket, whether it waits or sent its handshake into the void", () => {
    const waiting = Page.seated();
    waiting.dice = 0.9;
    for (let attempt = 0; attempt < 4; attempt += 1) {
      waiting.cut();
      waiting.tell({ kind: "timer", name: "retry" });
    }
    waiting.cut();
    expect(waiting.inside.link).toMatchObject({ is: "waiting", until: 5_500 });
    expect(timers(waiting.tell({ kind: "media_connected" }), "retry")).toEqual([900]);
    expect(waiting.inside.link).toMatchObject({ is: "waiting", until: 1_900 });

    const opening = Page.seated();
    opening.cut();
    opening.tell({ kind: "timer", name: "retry" });
    const effects = opening.tell({ kind: "media_connected" });
    expect(effects).toContainEqual({ do: "close_socket" });
    expect(timers(effects, "retry")).toEqual([500]);
    expect(opening.tell({ kind: "timer", name: "retry" })).toContainEqual({ do: "open_socket" });
  });

  test("media that flows again does not put off an attempt that is due sooner, nor overrule the server", () => {
    const soon = Page.seated();
    soon.dice = 0.1;
    soon.cut();
    soon.dice = 0.9;
    expect(timers(soon.tell({ kind: "media_connected" }), "retry")).toEqual([]);

    const told = Page.seated();
    told.hear({ kind: "bye", why: "server_stopping", retry_after_ms: 3_210, reason: null });
    expect(timers(told.tell({ kind: "media_connected" }), "retry")).toEqual([]);
    expect(told.inside.link).toMatchObject({ is: "waiting", until: 4_210 });
  });

  test("questions that were on their way are forgotten, not repeated", () => {
    const page = Page.seated();
    page.tell({ kind: "intend", intent: { kind: "ask_to_speak" } });
    page.cut();
    expect(page.inside.pending).toEqual({});
    expect(page.sent(page.comeBack())).not.toContainEqual({ kind: "ask_to_speak" });
  });

  test("nothing is asked while the line is down", () => {
    const page = Page.seated();
    page.cut();
    expect(page.tell({ kind: "intend", intent: { kind: "ask_to_speak" } })).toEqual([]);
  });

  test("who was away for long comes back muted, even if his seat still says on", () => {
    const page = Page.seated();
    page.tell({ kind: "switch", source: "microphone", on: true });
    page.acknowledgeAll();
    page.cut();
    page.now += 60_000;
    const effects = page.comeBack({ microphone: "on" });
    expect(page.inside.own.microphone.wanted).toBe(false);
    expect(effects).toContainEqual({ do: "set_source", source: "microphone", on: false });
    expect(page.sent(effects)).toContainEqual({ kind: "switch_source", source: "microphone", state: "off" });
  });

  test("a speaker whose socket broke for a moment goes on speaking", () => {
    const page = Page.seated();
    page.tell({ kind: "switch", source: "microphone", on: true });
    page.acknowledgeAll();
    page.cut();
    page.now += 800;
    const effects = page.comeBack({ microphone: "on", camera: "on" });
    expect(page.inside.own.microphone.wanted).toBe(true);
    expect(effects).not.toContainEqual({ do: "set_source", source: "microphone", on: false });
  });

  test("the camera that was on is switched on again", () => {
    const page = Page.seated();
    page.cut();
    expect(page.sent(page.comeBack({ camera: "off" }))).toContainEqual({
      kind: "switch_source",
      source: "camera",
      state: "on",
    });
  });

  test("loss is said aloud once, and so is the return", () => {
    const page = Page.seated();
    const urgent = page.cut().filter((effect) => effect.do === "announce");
    expect(urgent).toEqual([{ do: "announce", urgent: true, what: { kind: "connection_lost" } }]);
    page.tell({ kind: "timer", name: "retry" });
    expect(page.cut().some((effect) => effect.do === "announce")).toBe(false);
    expect(page.comeBack()).toContainEqual({ do: "announce", urgent: false, what: { kind: "connection_back" } });
    expect(page.inside.note?.kind).toBe("back_in_seat");
  });

  test("a reload switches off what the seat still says is on and this page does not send", () => {
    const page = new Page();
    page.tell({ kind: "join", seat: { ...seat, resume: "r1", camera: false } });
    page.tell({ kind: "socket_opened" });
    const asked = page.sent(page.welcome({}, { microphone: "on", camera: "on", screen: "on" }));
    expect(asked).toEqual(
      ["microphone", "camera", "screen"].map((source) => ({ kind: "switch_source", source, state: "off" })),
    );
  });

  test("a reload comes back with the kept seat", () => {
    const page = new Page();
    page.tell({ kind: "join", seat: { ...seat, resume: "r1" } });
    expect(page.sent(page.tell({ kind: "socket_opened" }))[0]).toMatchObject({ kind: "hello", resume: "r1" });
  });
});

describe("the end", () => {
  test("leaving says so, closes everything and forgets the seat", () => {
    const page = Page.seated();
    const effects = page.tell({ kind: "leave" });
    expect(page.sent(effects)).toEqual([{ kind: "leave" }]);
    expect(effects).toContainEqual({ do: "close_media" });
    expect(effects).toContainEqual({ do: "forget_seat", session: "demo" });
    expect(page.state).toMatchObject({ at: "over", over: { is: "left" } });
  });

  test.each([
    ["session_ended", { is: "ended" }],
    ["replaced", { is: "replaced" }],
    ["left", { is: "left" }],
  ] as const)("bye because %s", (why, over) => {
    const page = Page.seated();
    page.hear({ kind: "bye", why, retry_after_ms: null, reason: null });
    expect(page.state).toMatchObject({ at: "over", over });
  });

  test("a removed site reads the reason", () => {
    const page = Page.seated();
    page.hear({ kind: "bye", why: "removed", retry_after_ms: null, reason: "Nhầm phòng họp" });
    expect(page.state).toMatchObject({ at: "over", over: { is: "removed", reason: "Nhầm phòng họp" } });
  });

  test("a door closed without a time to come back stays closed, but the seat can be asked for again", () => {
    const page = Page.seated();
    const effects = page.hear({ kind: "bye", why: "server_stopping", retry_after_ms: null, reason: null });
    expect(page.state).toMatchObject({ at: "over", over: { is: "closed", why: "server_stopping" } });
    expect(effects.some((effect) => effect.do === "forget_seat")).toBe(false);
  });

  test("what arrives after the end changes nothing", () => {
    const page = Page.seated();
    page.tell({ kind: "leave" });
    const { state } = page;
    page.cut();
    page.hear({ kind: "ping", nonce: 1 });
    page.tell({ kind: "timer", name: "retry" });
    expect(page.state).toBe(state);
  });
});

test("a welcome that nobody asked for is not believed", () => {
  const page = Page.seated();
  page.welcome({ you: "somebody else", meeting: meetingOf(somebody("x")) });
  expect(page.inside.you).toBe(ME);
});
