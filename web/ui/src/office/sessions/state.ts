import type { SessionState, SessionSummary } from "../../api/model";
import type { State } from "../../parts/glyph";

/** The shape and the colour of a meeting's state; the word is in the dictionary. */
export const STATE_GLYPH: Record<SessionState, State> = {
  scheduled: "unknown",
  open: "now",
  in_session: "now",
  ended: "good",
  cancelled: "failed",
};

export const STATE_TAG: Record<SessionState, string> = {
  scheduled: "",
  open: "tag-sea",
  in_session: "tag-sea",
  ended: "tag-leaf",
  cancelled: "tag-brick",
};

/** The doors are open, whether the chair has begun or not. */
export function isRunning(session: { state: SessionState }): boolean {
  return session.state === "open" || session.state === "in_session";
}

export type Tab = "upcoming" | "running" | "ended" | "cancelled";

export function tabOf(state: SessionState): Tab {
  switch (state) {
    case "scheduled":
      return "upcoming";
    case "open":
    case "in_session":
      return "running";
    case "ended":
      return "ended";
    case "cancelled":
      return "cancelled";
  }
}

/** What comes next stands first; what is over stands newest first. */
export function inOrder(sessions: readonly SessionSummary[], tab: Tab): SessionSummary[] {
  const forward = tab === "upcoming" || tab === "running";
  return sessions.toSorted((a, b) => (forward ? a.starts_at - b.starts_at : b.starts_at - a.starts_at));
}
