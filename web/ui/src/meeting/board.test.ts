import { expect, test } from "vitest";
import type { SlotView } from "../generated/wire";
import { viewOf } from "./board.svelte";

const slot = (mid: string, participant: string | null): SlotView => ({
  mid,
  participant,
  source: participant === null ? null : "camera",
  paused: null,
});
const drawn = (participant: string, weight: "main" | "tile", height: number) =>
  ({ participant, source: "camera", weight, height }) as const;

test("the main picture is asked for before the tiles, and nobody twice", () => {
  const view = viewOf(
    [drawn("a", "tile", 136), drawn("b", "tile", 136), drawn("a", "main", 612)],
    ["6", "7"],
    {},
    false,
  );
  expect(view.pinned).toEqual(["a", "b"]);
});

test("each slot is told the tallest picture drawn from it, and zero when it is not drawn", () => {
  const slots = { "6": slot("6", "a"), "7": slot("7", "z"), "8": slot("8", null) };
  const view = viewOf([drawn("a", "tile", 136), drawn("a", "main", 612)], ["6", "7", "8"], slots, false);
  expect(view.slots).toEqual([
    { mid: "6", height: 612 },
    { mid: "7", height: 0 },
    { mid: "8", height: 180 },
  ]);
});

test("a hidden tab draws nothing and still wants the same people", () => {
  const view = viewOf([drawn("a", "main", 612)], ["6"], { "6": slot("6", "a") }, true);
  expect(view).toEqual({ pinned: ["a"], slots: [{ mid: "6", height: 0 }] });
});
