import { expect, test } from "vitest";
import { ME, Page, seat, somebody } from "./world";

test("the camera that was on in the pre-join page is switched on once the answer came", () => {
  const page = new Page();
  page.tell({ kind: "join", seat: { ...seat, headcount: null } });
  page.tell({ kind: "socket_opened" });
  page.welcome();
  expect(page.sent(page.tell({ kind: "offer_made", sdp: "o", restart: false }))).toEqual([{ kind: "offer", sdp: "o" }]);
  const effects = page.hear({ kind: "answer", re: page.lastId("offer"), sdp: "a" });
  expect(effects).toContainEqual({ do: "accept_answer", sdp: "a" });
  expect(page.sent(effects)).toContainEqual({ kind: "switch_source", source: "camera", state: "on" });
  expect(page.sent(effects)).not.toContainEqual({ kind: "switch_source", source: "microphone", state: "on" });
});

test("a short flicker of the line is left to heal by itself", () => {
  const page = Page.seated();
  expect(page.tell({ kind: "media_disconnected" })).toEqual([{ do: "start_timer", name: "media", ms: 2_000 }]);
  page.tell({ kind: "media_connected" });
  expect(page.inside.media).toEqual({ is: "connected" });
  expect(page.tell({ kind: "timer", name: "media" })).toEqual([]);
});

test("a flicker that stays gets new credentials, and a new connection when those do not help", () => {
  const page = Page.seated();
  page.tell({ kind: "media_disconnected" });
  expect(page.tell({ kind: "timer", name: "media" })).toContainEqual({ do: "restart_media" });
  expect(page.sent(page.tell({ kind: "offer_made", sdp: "r", restart: true }))).toEqual([
    { kind: "restart", sdp: "r" },
  ]);
  expect(page.tell({ kind: "timer", name: "media" })).toContainEqual({
    do: "build_media",
    limits: page.inside.limits,
    sites: 3,
  });
});

test("a failed connection restarts at once", () => {
  expect(Page.seated().tell({ kind: "media_failed" })).toContainEqual({ do: "restart_media" });
});

test("a changed network restarts before anything is lost", () => {
  expect(Page.seated().tell({ kind: "network_changed" })).toContainEqual({ do: "restart_media" });
});

test("what fails while the socket is down is restarted after the welcome", () => {
  const page = Page.seated();
  page.cut();
  page.tell({ kind: "media_failed" });
  expect(page.inside.media).toMatchObject({ is: "broken", restarting: false });
  expect(page.comeBack()).toContainEqual({ do: "restart_media" });
});

test("media that still flows is left alone when only the socket came back", () => {
  const page = Page.seated();
  page.cut();
  const effects = page.comeBack();
  expect(effects.some((effect) => effect.do === "restart_media" || effect.do === "build_media")).toBe(false);
});

test("a server that gave another seat gets a new offer", () => {
  const page = Page.seated();
  page.cut();
  page.tell({ kind: "timer", name: "retry" });
  page.tell({ kind: "socket_opened" });
  expect(page.welcome({ you: "another" })).toContainEqual({ do: "build_media", limits: page.inside.limits, sites: 3 });
});

test("a refused restart builds anew; an offer refused as out of turn asks for a fresh socket", () => {
  const page = Page.seated();
  page.tell({ kind: "media_failed" });
  page.tell({ kind: "offer_made", sdp: "r", restart: true });
  const effects = page.hear({ kind: "refused", re: page.lastId("restart"), code: "out_of_turn" });
  expect(effects).toContainEqual({ do: "build_media", limits: page.inside.limits, sites: 3 });
  page.tell({ kind: "offer_made", sdp: "o", restart: false });
  expect(page.hear({ kind: "refused", re: page.lastId("offer"), code: "out_of_turn" })).toContainEqual({
    do: "close_socket",
  });
});

test("a browser whose offer the server cannot take stays in the meeting and is told why", () => {
  const page = Page.seated();
  page.tell({ kind: "timer", name: "media" });
  page.tell({ kind: "media_failed" });
  page.tell({ kind: "offer_failed", restart: true });
  page.tell({ kind: "offer_made", sdp: "o", restart: false });
  page.hear({ kind: "refused", re: page.lastId("offer"), code: "offer_unsupported" });
  expect(page.inside.media).toEqual({ is: "refused", code: "offer_unsupported" });
});

test("muting takes effect here before the server has answered", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  page.acknowledgeAll();
  const effects = page.tell({ kind: "switch", source: "microphone", on: false });
  expect(effects).toContainEqual({ do: "set_source", source: "microphone", on: false });
  expect(page.inside.own.microphone.wanted).toBe(false);
});

test("muting works also while the line is down", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  page.acknowledgeAll();
  page.cut();
  expect(page.tell({ kind: "switch", source: "microphone", on: false })).toEqual([
    { do: "set_source", source: "microphone", on: false },
  ]);
  expect(page.tell({ kind: "switch", source: "microphone", on: true })).toEqual([]);
});

test("a microphone that the mode holds is closed again and the person is told", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  const effects = page.hear({ kind: "refused", re: page.lastId("switch_source"), code: "source_locked" });
  expect(page.inside.own.microphone).toEqual({ wanted: false, asking: null });
  expect(effects).toContainEqual({ do: "set_source", source: "microphone", on: false });
  expect(page.inside.note).toMatchObject({ kind: "refused", what: "switch_source", code: "source_locked" });
});

test("an old answer does not undo a newer press", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  const first = page.lastId("switch_source");
  page.tell({ kind: "switch", source: "microphone", on: false });
  page.hear({ kind: "refused", re: first, code: "source_locked" });
  page.hear({ kind: "done", re: page.lastId("switch_source") });
  expect(page.inside.own.microphone).toEqual({ wanted: false, asking: null });
});

test("the server's word on our sources stands, except while our question is on its way", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  page.hearMe("microphone", "off");
  expect(page.inside.own.microphone.wanted).toBe(true);
  page.acknowledgeAll();
  expect(page.hearMe("microphone", "off")).toContainEqual({ do: "set_source", source: "microphone", on: false });
  expect(page.inside.own.microphone.wanted).toBe(false);
});

test("a screen that the person stopped sharing from the browser's own bar is switched off at the server", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "screen", on: true });
  page.acknowledgeAll();
  expect(page.sent(page.tell({ kind: "source_ended", source: "screen" }))).toEqual([
    { kind: "switch_source", source: "screen", state: "off" },
  ]);
});

test("the view is told when it changed, and again after a new connection", () => {
  const page = Page.seated();
  const view = { pinned: [ME], slots: [{ mid: "6", height: 612 }] };
  expect(page.sent(page.tell({ kind: "view_changed", view }))).toEqual([{ kind: "set_view", ...view }]);
  expect(page.tell({ kind: "view_changed", view: { ...view } })).toEqual([]);
  page.cut();
  expect(page.sent(page.comeBack())).toContainEqual({ kind: "set_view", ...view });
});

test("the chair's mute closes the microphone at once and says who did it", () => {
  const page = Page.seated();
  page.tell({ kind: "switch", source: "microphone", on: true });
  page.acknowledgeAll();
  const effects = page.hear({ kind: "notice", notice: { kind: "muted", by: "chair", source: "microphone" } });
  expect(effects).toContainEqual({ do: "set_source", source: "microphone", on: false });
  expect(page.inside.note).toMatchObject({ kind: "muted", by: "chair" });
});

test("a participant that was not known comes last, a known one keeps its place", () => {
  const page = Page.seated();
  page.hear({ kind: "participants", participants: [somebody("Vân Đồn")] });
  page.hear({ kind: "participants", participants: [somebody("chair", { line: "weak" })] });
  expect(page.inside.meeting.order).toEqual(["chair", "me", "Cô Tô", "Vân Đồn"]);
  expect(page.inside.meeting.participants["chair"]?.line).toBe("weak");
});

test("a locked microphone is not opened here even for a moment, and the person is told what to wait for", () => {
  const page = Page.seated();
  page.hearMe("microphone", "locked");
  const effects = page.tell({ kind: "switch", source: "microphone", on: true });
  expect(effects.some((effect) => effect.do === "set_source" || effect.do === "send")).toBe(false);
  expect(page.inside.note).toMatchObject({ kind: "refused", code: "source_locked" });
});

test("a server that dropped the media while we were away gets a new offer", () => {
  const page = Page.seated();
  page.cut();
  page.tell({ kind: "timer", name: "retry" });
  page.tell({ kind: "socket_opened" });
  expect(page.welcome({ media_kept: false })).toContainEqual({
    do: "build_media",
    limits: page.inside.limits,
    sites: 3,
  });
});

test("the camera chosen before joining outlives the news that comes before the answer", () => {
  const page = new Page();
  page.tell({ kind: "join", seat });
  page.tell({ kind: "socket_opened" });
  page.welcome();
  page.tell({ kind: "offer_made", sdp: "o", restart: false });
  page.hearMe("camera", "off");
  const effects = page.hear({ kind: "answer", re: page.lastId("offer"), sdp: "a" });
  expect(page.sent(effects)).toContainEqual({ kind: "switch_source", source: "camera", state: "on" });
});

test("layers nobody is shown are switched off without a word to negotiate", () => {
  const page = Page.seated();
  const layers = [{ source: "camera" as const, rids: ["q"] }];
  const effects = page.hear({ kind: "layers", layers });
  expect(effects).toContainEqual({ do: "set_layers", layers });
  expect(page.sent(effects)).toEqual([]);
});

test("what was said of the last connection's layers does not hold for the new one", () => {
  const page = Page.seated();
  page.tell({ kind: "media_failed" });
  page.tell({ kind: "timer", name: "media" });
  expect(page.inside.media).toEqual({ is: "offering" });
  const effects = page.hear({ kind: "layers", layers: [{ source: "camera", rids: ["q"] }] });
  expect(effects.some((effect) => effect.do === "set_layers")).toBe(false);
});

test("it is said aloud when the line carries no picture any more, and when it does again", () => {
  const page = Page.seated();
  const slots = (paused: "line_too_weak" | "no_media" | null) =>
    page.hear({ kind: "slots", slots: [{ mid: "4", participant: "a", source: "camera", paused }] });
  const said = (on: boolean) => ({ do: "announce", urgent: false, what: { kind: "only_sound", on } });
  expect(slots(null)).toEqual(expect.not.arrayContaining([said(false)]));
  expect(slots("line_too_weak")).toContainEqual(said(true));
  expect(slots("line_too_weak")).not.toContainEqual(said(true));
  expect(slots(null)).toContainEqual(said(false));
  slots("line_too_weak");
  expect(slots("no_media")).not.toContainEqual(said(false));
});
