import { expect, test } from "vitest";
import { BESIDE_PX, INSET_PX, labelsOf, type Label, type LabelledBar } from "./labels";

/** Every letter is as wide as the next: what fits is then a matter of counting. */
const LETTER = 6;
const measure = (text: string) => Array.from(text).length * LETTER;
const HOUR = 60;

function bar(text: string, from: number, to: number, more: Partial<LabelledBar> = {}): LabelledBar {
  return { text, left: (from - 7) * HOUR, right: (to - 7) * HOUR, row: 0, rows: 1, lines: 2, ...more };
}
const board = 11 * HOUR;

test("a title with room in its bar stands inside, on two lines where one is too short", () => {
  expect(labelsOf([bar("Giao ban Văn phòng", 8, 10)], board, measure)).toEqual([
    { where: "inside", lines: ["Giao ban Văn", "phòng"] },
  ]);
});

test("three meetings of one day keep to their bars and to the free stretch behind the last", () => {
  const day = [
    bar("Phòng, chống thiên tai", 8, 10),
    bar("Thẩm định giá đất", 14, 15.5),
    bar("Kế hoạch đầu tư công", 16, 16.5),
  ];
  expect(labelsOf(day, board, measure)).toEqual([
    { where: "inside", lines: ["Phòng, chống", "thiên tai"] },
    { where: "inside", lines: ["Thẩm định", "giá đất"] },
    { where: "beside", lines: ["Kế hoạch đầu", "tư công"] },
  ]);
});

test("where the next bar leaves no room the text is cut inside, never printed over the neighbour", () => {
  const [first] = labelsOf([bar("Giao ban Thường trực", 8, 9), bar("Họp", 9, 11)], board, measure);
  expect(first).toEqual({ where: "inside", lines: ["Giao", "ban Th…"] });
});

test("a bar on another row is no obstacle, one that reaches over the row is", () => {
  const short = bar("Hội ý", 8, 8.5);
  const below = bar("Họp", 8.5, 11, { row: 1 });
  const over = bar("Họp", 8.5, 11, { row: 0, rows: 2 });
  expect(labelsOf([short, below], board, measure)[0]?.where).toBe("beside");
  expect(labelsOf([short, over], board, measure)[0]?.where).toBe("inside");
});

test("a bar without room for one letter stays empty and leaves its title to the tooltip", () => {
  const next = bar("Họp", 8.25, 11);
  expect(labelsOf([bar("Hội ý", 8, 8.25), next], board, measure)[0]).toEqual({ where: "inside", lines: [] });
});

interface Box {
  left: number;
  right: number;
  row: number;
  rows: number;
}

function boxOf(one: LabelledBar, label: Label): Box {
  const wide = Math.max(0, ...label.lines.map(measure));
  const left = label.where === "inside" ? one.left + INSET_PX / 2 : one.right + BESIDE_PX;
  return { left, right: left + wide, row: one.row, rows: one.rows };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.row < b.row + b.rows && b.row < a.row + a.rows;
}

/** Numbers that look random and are the same in every run (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomDay(seed: number): LabelledBar[] {
  const next = numbers(seed);
  const words = ["Giao", "ban", "phòng,", "chống", "thiên", "tai", "Thẩm", "định", "giá", "đất", "quý", "IV"];
  const bars: LabelledBar[] = [];
  for (let row = 0; row < 3; row += 1) {
    for (let at = 7 + next() * 2; at < 17; at += next() < 0.4 ? 0 : next() * 3) {
      const to = Math.min(18, at + 0.25 + next() * 2.5);
      const text = Array.from({ length: 1 + Math.floor(next() * 5) }, () => words[Math.floor(next() * 12)]).join(" ");
      bars.push(bar(text, at, to, { row, lines: 1 + Math.floor(next() * 3) }));
      at = to;
    }
  }
  return bars;
}

test("on a thousand made-up days no label leaves the board, its bar's lines, or touches another bar or label", () => {
  for (let seed = 1; seed <= 1_000; seed += 1) {
    const bars = randomDay(seed);
    const labels = labelsOf(bars, board, measure);
    const boxes = bars.map((one, index) => boxOf(one, labels[index] as Label));
    bars.forEach((one, index) => {
      const label = labels[index] as Label;
      const box = boxes[index] as Box;
      expect(label.lines.length, `seed ${String(seed)}`).toBeLessThanOrEqual(one.lines);
      expect(box.right, `seed ${String(seed)}: ${one.text}`).toBeLessThanOrEqual(
        label.where === "inside" ? one.right : board,
      );
      const met = bars.filter((other, at) => at !== index && (overlap(box, other) || overlap(box, boxes[at] as Box)));
      expect(met, `seed ${String(seed)}: ${one.text}`).toEqual([]);
    });
  }
});

test("only what does not fit is cut", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const bars = randomDay(seed);
    labelsOf(bars, board, measure).forEach((label, index) => {
      const text = bars[index]?.text ?? "";
      const written = label.lines.join(" ");
      if (written.endsWith("…")) expect(text.startsWith(written.slice(0, -1)), written).toBe(true);
      else if (label.lines.length > 0) expect(written).toBe(text);
    });
  }
});
