import { expect, test } from "vitest";
import type { SessionState, SessionSummary } from "../../api/model";
import { overviewOf } from "./overview";

const NOW = Date.parse("2026-11-23T09:12:00+07:00");
const MONTH = Date.parse("2026-11-01T00:00:00+07:00");
const meeting = (id: string, day: string, state: SessionState): SessionSummary => ({
  id,
  title: id,
  short_title: id,
  mode: "conference",
  starts_at: Date.parse(`2026-${day}T08:00:00+07:00`),
  ends_at: Date.parse(`2026-${day}T10:00:00+07:00`),
  state,
  chair_id: "",
  chair_name: "",
  opens_at: 0,
  secretary_name: "",
  sites: 1,
  recordings: 0,
});

test("each meeting is counted where it belongs, and the soonest stands first", () => {
  const view = overviewOf(
    [
      meeting("far", "12-20", "scheduled"),
      meeting("tomorrow", "11-24", "scheduled"),
      meeting("runs", "11-23", "in_session"),
      meeting("held", "11-11", "ended"),
      meeting("older", "10-28", "ended"),
      meeting("off", "11-26", "cancelled"),
    ],
    NOW,
    MONTH,
  );
  const ids = (list: SessionSummary[]) => list.map((one) => one.id);
  expect(ids(view.running)).toEqual(["runs"]);
  expect(ids(view.next)).toEqual(["tomorrow", "far"]);
  expect(ids(view.held)).toEqual(["held"]);
  expect(ids(view.week)).toEqual(["tomorrow", "runs", "off"]);
});
