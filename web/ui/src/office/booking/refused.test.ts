import { expect, test } from "vitest";
import type { FieldProblem } from "../../api/model";
import { emptyDraft, type Draft } from "./draft";
import { stillRefused } from "./refused";

const refused = (field: string): FieldProblem => ({ field, code: "unshowable" });
const sent: Draft = {
  ...emptyDraft(Date.parse("2026-11-27T15:00:00+07:00")),
  title: "Giao ban",
  agenda: [{ key: 0, title: "Khai mạc", minutes: 10, presenter: "" }],
};
const names = (fields: FieldProblem[], draft: Draft) => stillRefused(fields, sent, draft).map((one) => one.field);

test("a title refused is told once, not again for the short title made from it", () => {
  expect(names([refused("title"), refused("short_title")], sent)).toEqual(["title"]);
  expect(names([refused("short_title")], sent)).toEqual(["short_title"]);
});

test("a field is wrong until it is changed", () => {
  const fields = [refused("title"), refused("agenda[0].title"), refused("selection")];
  expect(names(fields, sent)).toEqual(["title", "agenda[0].title", "selection"]);
  const mended = { ...sent, title: "Giao ban tuần", agenda: sent.agenda.map((one) => ({ ...one, title: "Mở đầu" })) };
  expect(names(fields, mended)).toEqual(["selection"]);
});
