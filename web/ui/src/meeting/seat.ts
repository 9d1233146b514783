// SHELL: the seat in this tab's storage, so that a reload comes back to it. Never in localStorage: another tab is another person's.
import type { Seat } from "./machine";

const key = (session: string): string => `nhipcau.seat.${session}`;

export function rememberSeat(seat: Seat): void {
  try {
    sessionStorage.setItem(key(seat.session), JSON.stringify(seat));
  } catch {
    // Storage switched off by policy: a reload then passes the pre-join page again.
  }
}

export function forgetSeat(session: string): void {
  try {
    sessionStorage.removeItem(key(session));
  } catch {
    // As above.
  }
}

export function rememberedSeat(session: string): Seat | null {
  try {
    const text = sessionStorage.getItem(key(session));
    return text === null ? null : asSeat(JSON.parse(text));
  } catch {
    return null;
  }
}

const removal = (session: string): string => `nhipcau.removed.${session}`;

/** Who was removed and loads the page again must not be led to believe that he may come in. */
export function rememberRemoval(session: string, reason: string | null): void {
  try {
    sessionStorage.setItem(removal(session), reason ?? "");
  } catch {
    // As above: he then hears it from the server.
  }
}

export function rememberedRemoval(session: string): { reason: string | null } | null {
  try {
    const reason = sessionStorage.getItem(removal(session));
    return reason === null ? null : { reason: reason === "" ? null : reason };
  } catch {
    return null;
  }
}

function asSeat(value: unknown): Seat | null {
  if (typeof value !== "object" || value === null) return null;
  const { session, token, resume, headcount, camera } = value as Record<string, unknown>;
  if (typeof session !== "string" || typeof token !== "string") return null;
  return {
    session,
    token,
    resume: typeof resume === "string" ? resume : null,
    headcount: typeof headcount === "number" ? headcount : null,
    camera: camera === true,
  };
}
