// SHELL: how many people sat at this site last time; a site's number changes less than its memory of it.
const KEY = "nhipcau.headcount";
export const HEADCOUNT_MAX = 999;

/** A whole number of people, or nothing: what is meant by anything else only the typist knows. */
export function readHeadcount(text: string): number | null {
  const typed = text.trim();
  if (!/^\d{1,5}$/.test(typed)) return null;
  const count = Number(typed);
  return count >= 1 && count <= HEADCOUNT_MAX ? count : null;
}

export function recallHeadcount(site: string): number {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const value = typeof kept === "object" && kept !== null ? (kept as Record<string, unknown>)[site] : undefined;
    return typeof value === "number" && value >= 1 && value <= HEADCOUNT_MAX ? Math.round(value) : 1;
  } catch {
    // Storage switched off by policy, or not ours: one person is the least that can be true.
    return 1;
  }
}

export function keepHeadcount(site: string, count: number): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ [site]: count }));
  } catch {
    // As above.
  }
}
