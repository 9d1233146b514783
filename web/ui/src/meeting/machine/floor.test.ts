import { expect, test } from "vitest";
import { Page } from "./world";

const called = { kind: "notice", notice: { kind: "called_to_speak", by: "chair", limit_seconds: 300 } } as const;
const holder = (participant: string) => ({ participant, since: 0, limit_seconds: 300 });
const waiting = (participant: string) => ({ participant, asked_at: 0, note: null, agenda_item: null });

test("a called site hears one soft tone and its microphone opens three seconds later", () => {
  const page = Page.seated();
  const effects = page.hear(called);
  expect(effects).toContainEqual({ do: "soft_tone" });
  expect(effects).toContainEqual({ do: "start_timer", name: "called", ms: 3_000 });
  expect(effects).toContainEqual({ do: "announce", urgent: true, what: { kind: "called" } });
  expect(page.inside.called).toEqual({ by: "chair", limit_seconds: 300, opens_at: 4_000 });
  expect(page.inside.own.microphone.wanted).toBe(false);
  const opened = page.tell({ kind: "timer", name: "called" });
  expect(page.sent(opened)).toEqual([{ kind: "switch_source", source: "microphone", state: "on" }]);
  expect(page.inside.called).toBeNull();
});

test("OK opens the microphone at once, and the countdown does nothing more", () => {
  const page = Page.seated();
  page.hear(called);
  expect(page.sent(page.tell({ kind: "speak_now" }))).toHaveLength(1);
  expect(page.tell({ kind: "timer", name: "called" })).toEqual([]);
});

test("later gives the floor back and goes to the end of the queue", () => {
  const page = Page.seated();
  page.hear(called);
  expect(page.sent(page.tell({ kind: "speak_later" }))).toEqual([
    { kind: "finish_speaking" },
    { kind: "ask_to_speak" },
  ]);
  expect(page.tell({ kind: "timer", name: "called" })).toEqual([]);
});

test("a call that the chair takes back does not open the microphone", () => {
  const page = Page.seated();
  page.hear(called);
  page.hear({ kind: "notice", notice: { kind: "floor_withdrawn", by: "chair" } });
  expect(page.tell({ kind: "timer", name: "called" })).toEqual([]);
  expect(page.inside.own.microphone.wanted).toBe(false);
});

test("a call that was lost with the line does not open the microphone behind the person's back", () => {
  const page = Page.seated();
  page.hear(called);
  page.cut();
  expect(page.tell({ kind: "timer", name: "called" })).toEqual([]);
});

test("the new speaker and one's own place in the queue are said aloud, each once", () => {
  const page = Page.seated();
  const floor = { holders: [holder("Cô Tô")], queue: [waiting("chair"), waiting("me")] };
  expect(page.hear({ kind: "floor", floor }).filter((effect) => effect.do === "announce")).toEqual([
    { do: "announce", urgent: false, what: { kind: "floor_given", name: "Xã Cô Tô" } },
    { do: "announce", urgent: false, what: { kind: "my_place", place: 2 } },
  ]);
  expect(page.hear({ kind: "floor", floor }).filter((effect) => effect.do === "announce")).toEqual([]);
});

test("a new agenda item is said aloud, a correction of the time spent is not", () => {
  const page = Page.seated();
  const items = [{ title: "Khai mạc", minutes: 10, presenter: null }];
  const agenda = { items, current: 0, current_since: 0, spent_seconds: [0] };
  expect(page.hear({ kind: "agenda", agenda })).toContainEqual({
    do: "announce",
    urgent: false,
    what: { kind: "agenda", title: "Khai mạc" },
  });
  expect(
    page.hear({ kind: "agenda", agenda: { ...agenda, spent_seconds: [5] } }).some((e) => e.do === "announce"),
  ).toBe(false);
});

test("everybody is told when the recording begins", () => {
  const effects = Page.seated().hear({ kind: "recording", recording: { kind: "on", since: 5 } });
  expect(effects).toContainEqual({ do: "announce", urgent: false, what: { kind: "recording", on: true } });
});

test("a refused request leaves a note that goes away by itself", () => {
  const page = Page.seated();
  page.tell({ kind: "intend", intent: { kind: "ask_to_speak" } });
  page.hear({ kind: "refused", re: page.lastId("ask_to_speak"), code: "already_asked" });
  expect(page.inside.note).toMatchObject({ kind: "refused", what: "ask_to_speak", code: "already_asked" });
  page.tell({ kind: "timer", name: "note" });
  expect(page.inside.note).toBeNull();
});

test("a change of the mode is told to everybody, and muting all to who did it", () => {
  const page = Page.seated();
  page.hear({ kind: "mode", mode: "discussion" });
  expect(page.inside.note).toMatchObject({ kind: "mode", mode: "discussion" });
  page.tell({ kind: "intend", intent: { kind: "mute_all" } });
  expect(page.inside.note?.kind).toBe("mode");
  page.hear({ kind: "done", re: page.lastId("mute_all") });
  expect(page.inside.note?.kind).toBe("muted_all");
});
