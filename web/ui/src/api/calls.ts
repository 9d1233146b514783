import { call } from "./client";
import type * as m from "./model";

/** Every exchange with the REST interface, by what it does. */
const v1 = "/api/v1";
const id = encodeURIComponent;

export const system = () => call<m.System>("GET", `${v1}/system`);

export const signIn = (username: string, password: string) =>
  call<m.Me>("POST", `${v1}/auth/sign-in`, { body: { username, password } });
export const signOut = () => call<undefined>("POST", `${v1}/auth/sign-out`);
export const me = () => call<m.Me>("GET", `${v1}/auth/me`);
export const changePassword = (current: string, next: string) =>
  call<undefined>("POST", `${v1}/auth/password`, { body: { current, new: next } });

export const units = (on?: string) => call<m.Unit[]>("GET", `${v1}/units`, { query: { on } });
export const createUnit = (unit: m.UnitInput) => call<m.Unit>("POST", `${v1}/units`, { body: unit });
export const editUnit = (unitId: string, unit: m.UnitInput) =>
  call<m.Unit>("PATCH", `${v1}/units/${id(unitId)}`, { body: unit });
export const sites = () => call<m.Site[]>("GET", `${v1}/sites`);
export const createSite = (site: m.SiteInput) => call<m.Site>("POST", `${v1}/sites`, { body: site });
export const editSite = (siteId: string, site: m.SiteInput) =>
  call<m.Site>("PATCH", `${v1}/sites/${id(siteId)}`, { body: site });
export const siteTree = () => call<m.TreeNode>("GET", `${v1}/site-tree`);
export const people = (role?: m.OfficeRole) => call<m.Person[]>("GET", `${v1}/people`, { query: { role } });
export const createPerson = (person: m.PersonInput) => call<m.Person>("POST", `${v1}/people`, { body: person });
export const editPerson = (personId: string, person: m.PersonInput) =>
  call<m.Person>("PATCH", `${v1}/people/${id(personId)}`, { body: person });

export const accounts = () => call<m.Account[]>("GET", `${v1}/accounts`);
export const createAccount = (account: { person_id: string; username: string; roles: m.OfficeRole[] }) =>
  call<m.OneTimePassword>("POST", `${v1}/accounts`, { body: account });
export const resetAccount = (accountId: string) =>
  call<m.OneTimePassword>("POST", `${v1}/accounts/${id(accountId)}/reset`);
export const editAccount = (accountId: string, change: { disabled?: boolean; roles?: m.OfficeRole[] }) =>
  call<m.Account>("PATCH", `${v1}/accounts/${id(accountId)}`, { body: change });

/** `key` makes a repeated press one booking. */
export const book = (booking: m.BookingRequest, key: string) =>
  call<m.Booked>("POST", `${v1}/bookings`, { body: booking, headers: { "Idempotency-Key": key } });
export const checkBooking = (check: m.BookingCheck, signal?: AbortSignal) =>
  call<m.BookingChecked>("POST", `${v1}/bookings/check`, { body: check, ...(signal ? { signal } : {}) });
export const draft = () => call<unknown>("GET", `${v1}/bookings/draft`);
export const saveDraft = (value: unknown) => call<undefined>("PUT", `${v1}/bookings/draft`, { body: value });
export const discardDraft = () => call<undefined>("DELETE", `${v1}/bookings/draft`);

export interface SessionFilter {
  from?: number;
  to?: number;
  state?: m.SessionState;
  q?: string;
}
export const sessions = (filter: SessionFilter = {}) =>
  call<m.SessionSummary[]>("GET", `${v1}/sessions`, { query: { ...filter } });
export const session = (sessionId: string) => call<m.SessionDetail>("GET", `${v1}/sessions/${id(sessionId)}`);
export const reschedule = (sessionId: string, time: m.TimeSpan) =>
  call<m.SessionDetail>("PATCH", `${v1}/sessions/${id(sessionId)}`, { body: time });
export const cancelSession = (sessionId: string, reason: string) =>
  call<undefined>("POST", `${v1}/sessions/${id(sessionId)}/cancel`, { body: { reason } });
export const reissueLinks = (sessionId: string, siteIds?: string[]) =>
  call<{ invitations: m.IssuedInvitation[] }>("POST", `${v1}/sessions/${id(sessionId)}/invitations`, {
    body: siteIds ? { site_ids: siteIds } : {},
  });
export const joinSession = (sessionId: string, headcount?: number) =>
  call<m.Joining>("POST", `${v1}/sessions/${id(sessionId)}/join`, {
    body: headcount === undefined ? {} : { headcount },
  });
export const invitation = (secret: string) => call<m.InvitationView>("GET", `${v1}/invitations/${id(secret)}`);
export const joinByInvitation = (secret: string, headcount?: number) =>
  call<m.Joining>("POST", `${v1}/invitations/${id(secret)}/join`, {
    body: headcount === undefined ? {} : { headcount },
  });

export const attendance = (sessionId: string) =>
  call<m.Attendance>("GET", `${v1}/sessions/${id(sessionId)}/attendance`);
export const editAttendance = (sessionId: string, rowId: string, edit: m.AttendanceEdit) =>
  call<m.AttendanceRow>("PUT", `${v1}/sessions/${id(sessionId)}/attendance/${id(rowId)}`, { body: edit });
export const confirmDeclared = (sessionId: string) =>
  call<m.Attendance>("POST", `${v1}/sessions/${id(sessionId)}/attendance/confirm-declared`);

export interface RecordingFilter {
  q?: string;
  from?: number;
  to?: number;
}
export const recordings = (filter: RecordingFilter = {}) =>
  call<m.RecordingSummary[]>("GET", `${v1}/recordings`, { query: { ...filter } });
export const recording = (recordingId: string) => call<m.RecordingDetail>("GET", `${v1}/recordings/${id(recordingId)}`);
