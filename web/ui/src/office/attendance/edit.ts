import type { AttendanceEdit, AttendanceRow, AttendanceStatus } from "../../api/model";

/** A row while it is being changed; numbers as they are typed. */
export interface RowDraft {
  status: AttendanceStatus;
  confirmed: string;
  reason: string;
}

export function draftOf(row: AttendanceRow): RowDraft {
  return {
    status: row.status,
    confirmed: String(row.confirmed ?? row.declared ?? ""),
    reason: row.reason ?? "",
  };
}

/**
 * Another state chosen. Who was absent counted nobody, for a reason: neither belongs to a site that is there after all, so its
 * declared number comes back and the absence's reason goes, unless the person has written another.
 */
export function withStatus(row: AttendanceRow, draft: RowDraft, status: AttendanceStatus): RowDraft {
  if (row.status !== "absent" || status === draft.status) return { ...draft, status };
  const stored = draftOf(row);
  if (status === "absent") return { status, confirmed: stored.confirmed, reason: draft.reason || stored.reason };
  if (draft.status !== "absent") return { ...draft, status };
  return {
    status,
    confirmed: String(row.declared ?? ""),
    reason: draft.reason.trim() === stored.reason.trim() ? "" : draft.reason,
  };
}

/** The server's limit for one site. */
export const PEOPLE_MAX = 10_000;

export function confirmedOf(draft: RowDraft): number | undefined {
  const text = draft.confirmed.trim();
  if (!/^\d{1,5}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= PEOPLE_MAX ? value : undefined;
}

export type EditFault = "reason" | "confirmed";

export function faultOf(draft: RowDraft): EditFault | undefined {
  if (draft.status === "absent" && !draft.reason.trim()) return "reason";
  if (draft.confirmed.trim() !== "" && confirmedOf(draft) === undefined) return "confirmed";
  return undefined;
}

/** Only what differs from the row; undefined when nothing does. */
export function editOf(row: AttendanceRow, draft: RowDraft): AttendanceEdit | undefined {
  const edit: AttendanceEdit = {};
  const confirmed = draft.status === "absent" ? 0 : confirmedOf(draft);
  if (draft.status !== row.status) edit.status = draft.status;
  if (draft.reason.trim() !== (row.reason ?? "")) edit.reason = draft.reason.trim();
  if (confirmed !== undefined && confirmed !== row.confirmed) edit.confirmed = confirmed;
  return Object.keys(edit).length > 0 ? edit : undefined;
}
