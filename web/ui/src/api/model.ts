/** The values of the REST interface, under the names the pages use. */
export type OfficeRole = "secretary" | "chair" | "delegate" | "technician" | "leader" | "admin";
export type Permission =
  | "book_sessions"
  | "read_attendance"
  | "edit_attendance"
  | "read_recordings"
  | "watch_sites"
  | "read_directory"
  | "manage_directory"
  | "manage_accounts"
  | "join_sessions";
export interface Me {
  person_id: string;
  username: string;
  name: string;
  title?: string;
  roles: OfficeRole[];
  site_id?: string;
  must_change_password: boolean;
  demo: boolean;
  may: Permission[];
}
export interface DemoAccount {
  username: string;
  password: string;
  name: string;
  role: OfficeRole;
}
export interface System {
  version: string;
  demo: boolean;
  accounts?: DemoAccount[];
  demo_session?: string;
}

export type UnitKind = "province" | "department" | "hub" | "ward" | "commune" | "special_zone";
export interface UnitInput {
  code: string;
  name: string;
  kind: UnitKind;
  parent_id?: string;
  valid_from: string;
  valid_to?: string;
}
export interface Unit extends UnitInput {
  id: string;
}
export interface SiteInput {
  code: string;
  name: string;
  short_name: string;
  room?: string;
  unit_id: string;
  hub_id?: string;
  seats: number;
  contact_name?: string;
  contact_phone?: string;
  central: boolean;
}
export interface Site extends SiteInput {
  id: string;
}
export interface TreeNode {
  id: string;
  name: string;
  kind: "group" | "site";
  children: TreeNode[];
  site?: Site;
}
export interface PersonInput {
  name: string;
  title?: string;
  unit_id?: string;
  site_id?: string;
  roles: OfficeRole[];
}
export interface Person extends PersonInput {
  id: string;
  unit_name?: string;
}
export interface Account {
  id: string;
  person_id: string;
  username: string;
  name: string;
  title?: string;
  roles: OfficeRole[];
  disabled: boolean;
  must_change_password: boolean;
  last_sign_in_at?: number;
}
export interface OneTimePassword {
  account_id: string;
  username: string;
  one_time_password: string;
}

export type Mode = "discussion" | "training" | "conference";
export type SelectionRule = { kind: "subtree"; group_id: string; except: string[] } | { kind: "site"; site_id: string };
export interface AgendaItem {
  title: string;
  minutes: number;
  presenter?: string;
}
export interface BookingRequest {
  title: string;
  short_title: string;
  mode: Mode;
  starts_at: number;
  ends_at: number;
  chair_id: string;
  secretary_id: string;
  technician_id?: string;
  central_site_id: string;
  selection: SelectionRule[];
  agenda: AgendaItem[];
  recording_planned: boolean;
}
export interface BookingCheck {
  starts_at: number;
  ends_at: number;
  selection: SelectionRule[];
  central_site_id?: string;
  chair_id?: string;
  secretary_id?: string;
  technician_id?: string;
  session_id?: string;
}
export type BusyKind = "site" | "chair" | "secretary" | "technician" | "capacity";
export interface Clash {
  what: BusyKind;
  id?: string;
  name: string;
  session_id?: string;
  session_title?: string;
  starts_at: number;
  ends_at: number;
}
export interface TimeSpan {
  starts_at: number;
  ends_at: number;
}
export interface BusySpan extends TimeSpan {
  session_title?: string;
}
export interface BusyRow {
  what: BusyKind;
  id?: string;
  name: string;
  spans: BusySpan[];
}
export interface BookingChecked {
  sites: number;
  people: number;
  clashes: Clash[];
  free_slot?: TimeSpan;
  busy: BusyRow[];
  capacity: { used: number; limit: number };
}
export interface IssuedInvitation {
  site_id?: string;
  person_id?: string;
  name: string;
  link: string;
}
export interface Booked {
  session: SessionSummary;
  invitations: IssuedInvitation[];
}

export type SessionState = "scheduled" | "open" | "in_session" | "ended" | "cancelled";
export type SessionAct =
  "join" | "cancel" | "reschedule" | "reissue_links" | "read_attendance" | "edit_attendance" | "watch_sites";
export type MeetingRole = "chair" | "secretary" | "delegate" | "technician" | "leader";
export interface SessionSummary {
  id: string;
  title: string;
  short_title: string;
  mode: Mode;
  starts_at: number;
  ends_at: number;
  state: SessionState;
  chair_name: string;
  secretary_name: string;
  sites: number;
  here?: number;
  recordings: number;
  may: SessionAct[];
}
export type SitePresence = "expected" | "here" | "away" | "gone";
export interface InvitedSite {
  site: Site;
  group?: string;
  invitation: { state: "issued" | "opened" | "joined"; opened_at?: number; joined_at?: number };
  presence?: SitePresence;
}
export interface SessionDetail extends SessionSummary {
  opens_at: number;
  chair_id: string;
  secretary_id: string;
  technician_name?: string;
  central_site_id?: string;
  recording_planned: boolean;
  agenda: AgendaItem[];
  invited: InvitedSite[];
  cancel_reason?: string;
  my_role?: MeetingRole;
}
export interface Joining {
  token: string;
  session_id: string;
  name: string;
  detail?: string;
  role: MeetingRole;
  title: string;
  starts_at: number;
  ends_at: number;
  opens_at: number;
  state: SessionState;
}
export interface InvitationView {
  session_id: string;
  title: string;
  short_title: string;
  starts_at: number;
  ends_at: number;
  opens_at: number;
  state: SessionState;
  chair_name: string;
  name: string;
  detail?: string;
  seats?: number;
  role: MeetingRole;
  agenda: AgendaItem[];
}

export type AttendanceStatus = "online" | "in_person" | "absent" | "not_called";
export interface PresenceInterval {
  from: number;
  to: number;
  ended: "left" | "lost" | "session_end" | "still_here";
  estimated: boolean;
}
export interface AttendanceRow {
  id: string;
  site_id?: string;
  participant_name: string;
  detail?: string;
  group?: string;
  intervals: PresenceInterval[];
  status: AttendanceStatus;
  reason?: string;
  declared?: number;
  confirmed?: number;
  edited_by?: string;
  edited_at?: number;
  spoken_seconds: number;
}
export interface AttendanceEdit {
  status?: AttendanceStatus;
  reason?: string;
  confirmed?: number;
}
export interface AgendaSpan {
  title: string;
  from?: number;
  to?: number;
}
export interface Attendance {
  session: SessionSummary;
  opened_at?: number;
  closed_at?: number;
  agenda: AgendaSpan[];
  quorum: { sites_present: number; sites_invited: number; people_confirmed: number };
  rows: AttendanceRow[];
}

export interface SpeakerSpan {
  name: string;
  from_ms: number;
  to_ms: number;
}
export interface RecordingSummary {
  id: string;
  session_id: string;
  title: string;
  started_at: number;
  duration_ms: number;
  size_bytes: number;
  state: "recording" | "ready" | "broken";
  chair_name: string;
  speakers: SpeakerSpan[];
}
export interface RecordingDetail extends RecordingSummary {
  agenda: { title: string; at_ms: number }[];
  sha256?: string;
}
