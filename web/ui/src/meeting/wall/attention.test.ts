import { expect, test } from "vitest";
import type { DirectionView, LineView } from "../../generated/wire";
import { somebody } from "../machine/world";
import { attention, held, worst } from "./attention";
import { KEPT, LineHistory } from "./history";

const direction = (loss: number): DirectionView => ({
  bitrate_bps: 1_400_000,
  loss,
  jitter_ms: 3,
  width: 1280,
  height: 720,
  frames_per_s: 25,
});
const line = (loss: number, rtt_ms: number | null): LineView => ({
  participant: "a",
  quality: "weak",
  rtt_ms,
  up: direction(loss),
  down: direction(0),
  last_seen: 0,
});

test("lost lines come before weak ones, and a weak line keeps the time it was first seen", () => {
  const sites = [
    somebody("a", { line: "weak" }),
    somebody("b", { presence: { kind: "away", since: 50, until: 100 } }),
    somebody("c"),
  ];
  const first = attention(sites, [], 40);
  expect(first).toEqual([
    { id: "b", kind: "lost", since: 50 },
    { id: "a", kind: "weak", since: 40 },
  ]);
  expect(attention(sites, first, 90).find((one) => one.id === "a")?.since).toBe(40);
});

test("the list holds still under the hand: nothing moves up, nothing vanishes", () => {
  const shown = [
    { id: "a", kind: "weak", since: 1 },
    { id: "b", kind: "lost", since: 0 },
  ] as const;
  const fresh = [
    { id: "z", kind: "lost", since: 9 },
    { id: "b", kind: "lost", since: 0 },
  ] as const;
  expect(held(shown, fresh).map((one) => one.id)).toEqual(["a", "b", "z"]);
});

test("a weak line is explained by its loss, or else by its delay", () => {
  expect(worst(line(0.12, 900))).toEqual({ is: "loss", percent: 12 });
  expect(worst(line(0.01, 410))).toEqual({ is: "rtt", ms: 410 });
  expect(worst(line(0, null))).toBeNull();
});

test("the history keeps five minutes and takes each figure once", () => {
  const history = new LineHistory();
  const same = { a: line(0, 20) };
  history.take(same, 0);
  history.take(same, 1_000);
  expect(history.of("a").at).toEqual([0]);
  for (let second = 1; second <= KEPT + 5; second += 1) history.take({ a: line(0, second) }, second * 1000);
  expect(history.of("a").at).toHaveLength(KEPT);
  expect(history.of("a").rtt_ms.at(-1)).toBe(KEPT + 5);
});
