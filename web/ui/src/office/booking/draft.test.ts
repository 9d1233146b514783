import { expect, test } from "vitest";
import { emptyDraft, faultsOf, proposedShortTitle, readDraft, requestOf, type Draft } from "./draft";

/** Friday afternoon. */
const NOW = Date.parse("2026-11-27T15:00:00+07:00");
const whole = (): Draft => ({
  ...emptyDraft(NOW),
  title: "Diễn tập phòng, chống thiên tai cụm Hạ Long",
  chairId: "chair",
  secretaryId: "secretary",
  centralId: "central",
  selection: [{ kind: "subtree", group_id: "hub:1", except: [] }],
  agenda: [{ key: 0, title: "Khai mạc", minutes: 10, presenter: " " }],
});

test("an empty draft asks for the morning of the next working day", () => {
  expect(emptyDraft(NOW).time).toEqual({ day: "2026-11-30", from: 480, to: 600 });
  expect(emptyDraft(NOW, "2026-12-03").time.day).toBe("2026-12-03");
  expect(emptyDraft(NOW, "hôm nào đó").time.day).toBe("2026-11-30");
});

test("a short title is cut between words and never ends in a comma", () => {
  expect(proposedShortTitle("Giao ban tuần")).toBe("Giao ban tuần");
  expect(proposedShortTitle("Diễn tập phòng, chống thiên tai cụm Hạ Long")).toBe("Diễn tập phòng");
  expect(proposedShortTitle("Đạihộiđạibiểutoàntỉnhlầnthứmười")).toHaveLength(20);
});

test("a whole draft has no fault and becomes a request without empty fields", () => {
  expect(faultsOf(whole(), NOW)).toEqual([]);
  expect(requestOf(whole())).toEqual({
    title: "Diễn tập phòng, chống thiên tai cụm Hạ Long",
    short_title: "Diễn tập phòng",
    mode: "conference",
    starts_at: Date.parse("2026-11-30T08:00:00+07:00"),
    ends_at: Date.parse("2026-11-30T10:00:00+07:00"),
    chair_id: "chair",
    secretary_id: "secretary",
    central_site_id: "central",
    selection: [{ kind: "subtree", group_id: "hub:1", except: [] }],
    agenda: [{ title: "Khai mạc", minutes: 10 }],
    recording_planned: true,
  });
});

test("faults are named in the order of the form", () => {
  expect(faultsOf(emptyDraft(NOW), NOW)).toEqual(["title", "chair", "secretary", "central", "sites"]);
  expect(faultsOf({ ...whole(), time: { day: "2026-11-30", from: 600, to: 600 } }, NOW)).toEqual(["time"]);
  expect(faultsOf({ ...whole(), time: { day: "2026-11-27", from: 480, to: 600 } }, NOW)).toEqual(["past"]);
  expect(faultsOf({ ...whole(), shortTitle: "Một tên ngắn nhưng lại quá dài" }, NOW)).toEqual(["short_title"]);
  expect(faultsOf({ ...whole(), agenda: [{ key: 0, title: "", minutes: 5, presenter: "" }] }, NOW)).toEqual(["agenda"]);
});

test("a stored draft comes back as it was, and rubbish does not break the form", () => {
  expect(readDraft(JSON.parse(JSON.stringify(whole())), emptyDraft(NOW))).toEqual(whole());
  expect(readDraft(null, emptyDraft(NOW))).toBeUndefined();
  expect(
    readDraft({ title: 5, time: { day: 1 }, selection: [{ kind: "?" }, 7], agenda: "x" }, emptyDraft(NOW)),
  ).toEqual(emptyDraft(NOW));
});
