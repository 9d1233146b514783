/** Where the words of a board's bars stand: inside the bar, beside it where nothing else is, never over another. */

/** A bar in pixels across and in rows down. */
export interface LabelledBar {
  text: string;
  left: number;
  right: number;
  row: number;
  rows: number;
  /** How many lines of text the bar is high enough for. */
  lines: number;
}

export interface Label {
  where: "inside" | "beside";
  /** As many as are drawn; none where not even one letter has room. The last may end in "…". */
  lines: string[];
}

export type Measure = (text: string) => number;

/** What the edges of a bar take from its text: padding, border and the gap to the next bar. */
export const INSET_PX = 16;
/** Between a bar and the words beside it, and between those words and whatever comes next. */
export const BESIDE_PX = 4;

/**
 * One label for each bar, in the same order. Whole words on as many lines as the bar holds come first; where they do not
 * fit, the free stretch to the right of the bar is used if it holds them; else the text is cut inside the bar, and the
 * whole title is left to the tooltip.
 */
export function labelsOf(bars: readonly LabelledBar[], boardWidth: number, measure: Measure): Label[] {
  return bars.map((bar): Label => {
    const room = bar.right - bar.left - INSET_PX;
    const inside = wrapped(bar.text, room, bar.lines, measure);
    if (inside) return { where: "inside", lines: inside };
    // Labels stand to the right of their own bar only, so two of them never meet in the stretch between two bars.
    const free = nextEdge(bar, bars, boardWidth) - bar.right - 2 * BESIDE_PX;
    const beside = wrapped(bar.text, free, bar.lines, measure);
    return beside
      ? { where: "beside", lines: beside }
      : { where: "inside", lines: cut(bar.text, room, bar.lines, measure) };
  });
}

/** The left edge of what comes next on any row the bar stands on; its own right edge where something overlaps it. */
function nextEdge(bar: LabelledBar, bars: readonly LabelledBar[], boardWidth: number): number {
  let edge = boardWidth;
  for (const other of bars) {
    const apart = other.row >= bar.row + bar.rows || bar.row >= other.row + other.rows;
    if (other === bar || apart || other.right <= bar.right) continue;
    edge = Math.min(edge, Math.max(bar.right, other.left));
  }
  return edge;
}

/** The text on at most `most` lines without a cut; undefined when it needs more room. */
function wrapped(text: string, room: number, most: number, measure: Measure): string[] | undefined {
  const lines: string[] = [];
  for (const word of wordsOf(text)) {
    const last = lines.at(-1);
    const longer = last === undefined ? word : `${last} ${word}`;
    if (last !== undefined && measure(longer) <= room) lines[lines.length - 1] = longer;
    else if (measure(word) <= room && lines.length < most) lines.push(word);
    else return undefined;
  }
  return lines;
}

/** As much of the text as the lines hold, ending in "…". Whole lines first, letters only on the last. */
function cut(text: string, room: number, most: number, measure: Measure): string[] {
  const words = wordsOf(text);
  for (let whole = words.length; whole >= 0; whole -= 1) {
    const head = whole === 0 ? [] : wrapped(words.slice(0, whole).join(" "), room, most, measure);
    if (!head) continue;
    const rest = words.slice(whole).join(" ");
    const last = head.at(-1);
    const fresh = head.length < most ? clipped(rest, room, measure) : undefined;
    if (fresh !== undefined) return [...head, fresh];
    if (last === undefined) return [];
    const grown = clipped(`${last} ${rest}`, room, measure);
    if (grown !== undefined) return [...head.slice(0, -1), grown];
  }
  return [];
}

function clipped(text: string, room: number, measure: Measure): string | undefined {
  const letters = Array.from(text.normalize("NFC"));
  for (let count = letters.length - 1; count > 0; count -= 1) {
    const short = `${letters.slice(0, count).join("").trimEnd()}…`;
    if (measure(short) <= room) return short;
  }
  return undefined;
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}
