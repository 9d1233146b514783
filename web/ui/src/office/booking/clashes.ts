import type { Clash } from "../../api/model";

/** One meeting that stands in the way, and all that it has. */
export interface ClashingMeeting {
  key: string;
  sessionId: string;
  /** Empty where its title is not for this reader. */
  title: string;
  starts_at: number;
  ends_at: number;
  has: Clash[];
}

/** By meeting, in the order of the first clash of each. */
export function byMeeting(clashes: readonly Clash[]): ClashingMeeting[] {
  const meetings = new Map<string, ClashingMeeting>();
  for (const clash of clashes) {
    const { session_id: sessionId, session_title: title, starts_at, ends_at } = clash;
    // Meetings that are not named to this reader are told apart by their times.
    const key = `${sessionId} ${String(starts_at)} ${String(ends_at)}`;
    const meeting = meetings.get(key) ?? { key, sessionId, title, starts_at, ends_at, has: [] };
    meeting.has.push(clash);
    meetings.set(key, meeting);
  }
  return [...meetings.values()];
}
