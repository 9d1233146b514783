import { answer, bridge } from "./client";
import type * as m from "./model";

/** Every exchange with the REST interface, by what it does. */
const of = (id: string) => ({ params: { path: { id } } });
const ofPerson = (person: string) => ({ params: { path: { person } } });

export const system = () => answer(bridge.GET("/api/v1/system"));

export const signIn = (username: string, password: string) =>
  answer(bridge.POST("/api/v1/auth/sign-in", { body: { username, password } }));
export const signOut = () => answer(bridge.POST("/api/v1/auth/sign-out"));
export const me = () => answer(bridge.GET("/api/v1/auth/me"));
export const changePassword = (current: string, next: string) =>
  answer(bridge.POST("/api/v1/auth/password", { body: { current, new: next } }));

export const units = () => answer(bridge.GET("/api/v1/units"));
export const createUnit = (body: m.UnitInput) => answer(bridge.POST("/api/v1/units", { body }));
export const editUnit = (id: string, body: m.UnitInput) =>
  answer(bridge.PATCH("/api/v1/units/{id}", { ...of(id), body }));
export const hubs = () => answer(bridge.GET("/api/v1/hubs"));
export const sites = () => answer(bridge.GET("/api/v1/sites"));
export const createSite = (body: m.SiteInput) => answer(bridge.POST("/api/v1/sites", { body }));
export const editSite = (id: string, body: m.SiteInput) =>
  answer(bridge.PATCH("/api/v1/sites/{id}", { ...of(id), body }));
export const siteTree = () => answer(bridge.GET("/api/v1/site-tree"));
export const people = (role?: m.OfficeRole) =>
  answer(bridge.GET("/api/v1/people", { params: { query: role ? { role } : {} } }));
export const createPerson = (body: m.PersonInput) => answer(bridge.POST("/api/v1/people", { body }));
export const editPerson = (id: string, body: m.PersonInput) =>
  answer(bridge.PATCH("/api/v1/people/{id}", { ...of(id), body }));

export const accounts = () => answer(bridge.GET("/api/v1/accounts"));
export const createAccount = (body: m.NewAccount) => answer(bridge.POST("/api/v1/accounts", { body }));
export const resetAccount = (person: string) =>
  answer(bridge.POST("/api/v1/accounts/{person}/reset", ofPerson(person)));
export const editAccount = (person: string, body: m.AccountPatch) =>
  answer(bridge.PATCH("/api/v1/accounts/{person}", { ...ofPerson(person), body }));

/** `key` makes a repeated press one booking. */
export const book = (body: m.BookingRequest, key: string) =>
  answer(bridge.POST("/api/v1/bookings", { params: { header: { "Idempotency-Key": key } }, body }));
export const checkBooking = (body: m.BookingCheck, signal?: AbortSignal) =>
  answer(bridge.POST("/api/v1/bookings/check", { body, ...(signal ? { signal } : {}) }));
export const draft = () => answer(bridge.GET("/api/v1/bookings/draft"));
export const saveDraft = (body: unknown) => answer(bridge.PUT("/api/v1/bookings/draft", { body }));
export const discardDraft = () => answer(bridge.DELETE("/api/v1/bookings/draft"));

export interface SessionFilter {
  from?: number;
  to?: number;
  state?: m.SessionState;
  q?: string;
}
export const sessions = (query: SessionFilter = {}) => answer(bridge.GET("/api/v1/sessions", { params: { query } }));
export const session = (id: string) => answer(bridge.GET("/api/v1/sessions/{id}", of(id)));
export const reschedule = (id: string, body: m.TimeSpan) =>
  answer(bridge.PATCH("/api/v1/sessions/{id}", { ...of(id), body }));
export const cancelSession = (id: string, reason: string) =>
  answer(bridge.POST("/api/v1/sessions/{id}/cancel", { ...of(id), body: { reason } }));
export const endSession = (id: string) => answer(bridge.POST("/api/v1/sessions/{id}/end", of(id)));
export const reissueLinks = (id: string, siteIds?: string[]) =>
  answer(bridge.POST("/api/v1/sessions/{id}/invitations", { ...of(id), body: siteIds ? { site_ids: siteIds } : {} }));
export const joinSession = (id: string) => answer(bridge.POST("/api/v1/sessions/{id}/join", of(id)));
export const invitation = (secret: string) =>
  answer(bridge.GET("/api/v1/invitations/{secret}", { params: { path: { secret } } }));
export const joinByInvitation = (secret: string) =>
  answer(bridge.POST("/api/v1/invitations/{secret}/join", { params: { path: { secret } } }));

export const attendance = (id: string) => answer(bridge.GET("/api/v1/sessions/{id}/attendance", of(id)));
export const editAttendance = (id: string, row: string, body: m.AttendanceEdit) =>
  answer(bridge.PUT("/api/v1/sessions/{id}/attendance/{row}", { params: { path: { id, row } }, body }));
export const confirmDeclared = (id: string) =>
  answer(bridge.POST("/api/v1/sessions/{id}/attendance/confirm-declared", of(id)));

export interface RecordingFilter {
  q?: string;
  from?: number;
  to?: number;
}
export const recordings = (query: RecordingFilter = {}) =>
  answer(bridge.GET("/api/v1/recordings", { params: { query } }));
export const recording = (id: string) => answer(bridge.GET("/api/v1/recordings/{id}", of(id)));
