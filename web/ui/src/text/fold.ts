/** Search as people type it: case and diacritics do not matter, đ is d, words match from their start, in any order. */

/** `Đắk Lắk` as `dak lak`, one letter for one letter of the composed text, so that places can be mapped back. */
export function fold(text: string): string {
  return Array.from(text.normalize("NFC"), foldLetter).join("");
}

export interface Span {
  from: number;
  to: number;
}

/**
 * Where the words of the query stand in the text, for marking; undefined when one of them is missing.
 * An empty query matches everything and marks nothing.
 */
export function findWords(query: string, text: string): Span[] | undefined {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  const folded = fold(text);
  const spans: Span[] = [];
  for (const word of wanted) {
    const found = startsOfWords(folded).find((at) => folded.startsWith(word, at) && !covered(spans, at));
    if (found === undefined) return undefined;
    spans.push({ from: found, to: found + word.length });
  }
  return joined(spans, folded);
}

export interface Piece {
  text: string;
  marked: boolean;
}

/** The text cut at the marks. Indices are of the composed text, as in `findWords`. */
export function pieces(text: string, spans: readonly Span[]): Piece[] {
  const letters = Array.from(text.normalize("NFC"));
  const out: Piece[] = [];
  let at = 0;
  for (const span of spans) {
    if (span.from > at) out.push({ text: letters.slice(at, span.from).join(""), marked: false });
    out.push({ text: letters.slice(span.from, span.to).join(""), marked: true });
    at = span.to;
  }
  if (at < letters.length) out.push({ text: letters.slice(at).join(""), marked: false });
  return out;
}

function foldLetter(letter: string): string {
  const bare = letter.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  if (bare === "đ") return "d";
  // Keeping one letter for one letter matters more than folding the few that fold to two (ß).
  return Array.from(bare).length === 1 ? bare : letter;
}

function startsOfWords(folded: string): number[] {
  const starts: number[] = [];
  const letters = Array.from(folded);
  for (let at = 0; at < letters.length; at += 1) {
    const before = at === 0 ? " " : (letters[at - 1] ?? " ");
    if (!/[\p{L}\p{N}]/u.test(before) && /[\p{L}\p{N}]/u.test(letters[at] ?? "")) starts.push(at);
  }
  return starts;
}

function covered(spans: readonly Span[], at: number): boolean {
  return spans.some((span) => at >= span.from && at < span.to);
}

/** In order, with neighbours that only a space parts made one mark: "Hạ Long", not "Hạ" "Long". */
function joined(spans: Span[], folded: string): Span[] {
  const out: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.from - b.from)) {
    const last = out.at(-1);
    if (last && folded.slice(last.to, span.from).trim() === "") last.to = Math.max(last.to, span.to);
    else out.push({ ...span });
  }
  return out;
}
