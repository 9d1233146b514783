import { describe, expect, test } from "vitest";
import { CHAIR, ME, meetingOf, Page, somebody } from "./machine/world";
import type { PauseReason, SlotView } from "../generated/wire";
import type { Inside } from "./machine";
import {
  agendaRows,
  expectedEnd,
  firstToCall,
  headcount,
  heldBack,
  mainPicture,
  matches,
  microphoneState,
  pictureHere,
  pictureOf,
  strip,
  unbroken,
} from "./select";
import { fromView } from "./machine/news";

const holder = (participant: string) => ({ participant, since: 0, limit_seconds: 300 });
const waiting = (participant: string) => ({ participant, asked_at: 0, note: null, agenda_item: null });
const away = { kind: "away", since: 0, until: 1 } as const;

/** The same room with one participant changed. */
function withOne(room: Inside, id: string, changes: Parameters<typeof somebody>[1]): Inside {
  const participants = { ...room.meeting.participants, [id]: somebody(id, changes) };
  return { ...room, meeting: { ...room.meeting, participants } };
}

function inside(changes: Partial<Inside["meeting"]> = {}, people = [CHAIR, ME, "a", "b", "c", "d"]): Inside {
  const base = Page.seated().inside;
  return { ...base, meeting: { ...fromView(meetingOf(...people.map((id) => somebody(id)))), ...changes } };
}

describe("the main picture", () => {
  test("is what the chair chose, before one's own pin and before the voice", () => {
    const room = inside({ stage: { participant: "a", source: "camera", why: "chosen" }, speaker: "b" });
    expect(mainPicture(room, "c", null)).toMatchObject({ participant: "a", why: "chosen" });
  });

  test("is one's own pin when the chair chose nothing", () => {
    expect(mainPicture(inside({ speaker: "b" }), "c", null)).toMatchObject({ participant: "c", why: "pinned" });
  });

  test("is the chair while oneself speaks or is on air", () => {
    const onStage = inside({ stage: { participant: ME, source: "camera", why: "chosen" } });
    expect(mainPicture(onStage, null, null)).toMatchObject({ participant: CHAIR });
    expect(mainPicture(inside({ speaker: ME }), null, null)).toMatchObject({ participant: CHAIR });
  });

  test("stays with the last voice through a pause", () => {
    const before = { participant: "b", source: "camera", why: "voice" } as const;
    expect(mainPicture(inside({ speaker: null }), null, before)).toMatchObject({ participant: "b", why: "voice" });
  });

  test("goes to the chair when he comes, from whoever was shown because nobody else was there", () => {
    const before = { participant: "b", source: "camera", why: "present" } as const;
    expect(mainPicture(inside({ speaker: null }), null, before)).toMatchObject({ participant: CHAIR, why: "chair" });
  });

  test("stays with a site whose line dropped until something else happens", () => {
    const room = withOne(inside({ stage: { participant: "a", source: "camera", why: "floor" } }), "a", {
      presence: away,
    });
    expect(mainPicture(room, null, null)).toMatchObject({ participant: "a" });
  });

  test("is nothing when nobody else is here", () => {
    expect(mainPicture(inside({}, [ME]), null, null)).toBeNull();
  });
});

describe("the strip", () => {
  test("has who speaks, who waits in order, and oneself", () => {
    const room = inside({ floor: { holders: [holder("c")], queue: [waiting("d"), waiting("a")] } });
    expect(strip(room, [], 4, CHAIR)).toEqual(["c", "d", "a", ME]);
  });

  test("shows oneself once, in the place of the queue", () => {
    const room = inside({ floor: { holders: [holder("c")], queue: [waiting(ME), waiting("a")] } });
    expect(strip(room, [], 4, CHAIR)).toEqual(["c", ME, "a", "b"]);
  });

  test("does not move because a line drops or a new site comes", () => {
    const room = inside();
    const before = strip(room, [], 4, CHAIR);
    expect(strip(withOne(room, "a", { presence: away }), before, 4, CHAIR)).toEqual(before);
  });

  test("fills only the place that became free", () => {
    const room = inside();
    const before = strip(room, [], 4, CHAIR);
    expect(before).toEqual(["a", "b", "c", ME]);
    const gone = withOne(room, "b", { presence: { kind: "gone", at: 0 } });
    expect(strip(gone, before, 4, CHAIR)).toEqual(["a", "d", "c", ME]);
  });

  test("repeats the main picture only when it holds the floor", () => {
    const room = inside({ floor: { holders: [holder("a")], queue: [] } });
    expect(strip(room, [], 4, "a")[0]).toBe("a");
    expect(strip(inside(), [], 6, "a")).not.toContain("a");
  });

  test("keeps oneself when there is room for one", () => {
    expect(strip(inside({ floor: { holders: [holder("a")], queue: [] } }), [], 1, CHAIR)).toEqual([ME]);
  });
});

test("the strip of who runs the meeting shows himself only when a place is left", () => {
  const queue = ["b", "c", "d"].map(waiting);
  const room = inside({ floor: { holders: [holder("a")], queue } });
  expect(strip(room, [], 4, "a", "if_room")).toEqual(["a", "b", "c", "d"]);
  expect(strip(room, [], 6, "a", "if_room")).toContain(ME);
});

test("who watches the lines is not counted among the sites", () => {
  const technician = withOne(inside(), "d", { role: "technician" });
  const room = withOne(technician, "c", { presence: { kind: "expected" } });
  expect(headcount(room.meeting)).toEqual({ here: 4, invited: 5 });
});

test("a chair who joins as a person is not one more site", () => {
  const room = withOne(inside(), ME, { role: "chair", site: false });
  expect(headcount(room.meeting).invited).toBe(headcount(inside().meeting).invited - 1);
});

test("the next to be called is the first who is in the room", () => {
  const room = withOne(inside({ floor: { holders: [], queue: ["a", "b"].map(waiting) } }), "a", { presence: away });
  expect(firstToCall(room.meeting)?.who.id).toBe("b");
});

test("a picture says why it is missing", () => {
  expect(pictureOf(somebody("a", { camera: "on" }), "camera")).toBe("video");
  expect(pictureOf(somebody("a", { camera: "off" }), "camera")).toBe("camera_off");
  expect(pictureOf(somebody("a", { camera: "absent" }), "camera")).toBe("audio_only");
  expect(pictureOf(somebody("a", { presence: away, camera: "on" }), "camera")).toBe("lost");
  expect(pictureOf(somebody("a", { presence: { kind: "expected" } }), "camera")).toBe("not_joined");
});

function slotsOf(...paused: (PauseReason | null)[]): Record<string, SlotView> {
  const slots = paused.map((why, at) => ({
    mid: String(at),
    participant: `p${String(at)}`,
    source: "camera" as const,
    paused: why,
  }));
  return Object.fromEntries(slots.map((slot) => [slot.mid, slot]));
}

test("a picture that one's own line cannot carry is held back for oneself alone", () => {
  const room = { ...inside(), slots: slotsOf("line_too_weak", null) };
  const here = (id: string, camera: "on" | "off") => pictureHere(room, somebody(id, { camera }), "camera");
  expect([here("p0", "on"), here("p1", "on"), here("p0", "off"), here("p7", "on")]).toEqual([
    "held_back",
    "video",
    "camera_off",
    "video",
  ]);
});

test("only sound is left when no drawn picture passes the line", () => {
  const sound = { mid: "a", participant: "x", source: "microphone", paused: null } as const;
  expect(heldBack({})).toBe("nothing");
  expect(heldBack({ a: sound })).toBe("nothing");
  expect(heldBack({ ...slotsOf("line_too_weak", "not_drawn", "no_media"), a: sound })).toBe("all");
  expect(heldBack(slotsOf("line_too_weak", null))).toBe("some");
  expect(heldBack(slotsOf("no_media", "not_drawn"))).toBe("nothing");
});

test("the microphone button is locked by the mode, live on the floor", () => {
  expect(microphoneState(withOne(inside(), ME, { microphone: "locked" }))).toBe("locked");
  const speaking = inside({ floor: { holders: [holder(ME)], queue: [] } });
  expect(microphoneState({ ...speaking, own: { ...speaking.own, microphone: { wanted: true, asking: null } } })).toBe(
    "live",
  );
});

test("the agenda counts the running item on and foresees the end", () => {
  const items = ["Khai mạc", "Báo cáo", "Kết luận"].map((title) => ({ title, minutes: 10, presenter: null }));
  const room = inside({ agenda: { items, current: 1, current_since: 600_000, spent_seconds: [700, 60, 0] } });
  const rows = agendaRows(room.meeting, 720_000);
  expect(rows.map((row) => [row.state, row.spent_ms / 1000])).toEqual([
    ["done", 700],
    ["now", 180],
    ["next", 0],
  ]);
  expect(expectedEnd(room.meeting, 720_000)).toBe(720_000 + 420_000 + 600_000);
});

test("a search finds names without their diacritics", () => {
  const site = somebody("x", { name: "Đặc khu Cô Tô", group: "Cụm Vân Đồn" });
  expect(matches(site, "dac khu co to")).toBe(true);
  expect(matches(site, "VAN DON")).toBe(true);
  expect(matches(site, "móng cái")).toBe(false);
});

test("a name breaks only between its kind and itself", () => {
  expect(unbroken("Phường Móng Cái 1")).toBe("Phường Móng\u00a0Cái\u00a01");
  expect(unbroken("Trần Quốc Nghĩa")).toBe("Trần Quốc Nghĩa");
});
