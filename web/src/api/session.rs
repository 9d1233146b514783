//! Sessions: what the calendar shows, one in detail, and the way in.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::booking::AgendaItem;
use super::directory::Site;

/// Thảo luận, đào tạo, hội nghị truyền hình.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Discussion,
    Training,
    Conference,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    Scheduled,
    /// The doors are open, the chair has not begun.
    Open,
    InSession,
    Ended,
    Cancelled,
}

/// A role inside the meeting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeetingRole {
    Chair,
    Secretary,
    Delegate,
    Technician,
    Leader,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionSummary {
    #[schema(example = "demo")]
    pub id: String,
    pub title: String,
    pub short_title: String,
    pub mode: Mode,
    pub starts_at: i64,
    pub ends_at: i64,
    pub opens_at: i64,
    pub state: SessionState,
    pub chair_id: Uuid,
    pub chair_name: String,
    pub secretary_name: String,
    /// Invited sites.
    pub sites: u32,
    /// Participants in the meeting now; absent when it is not running.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub here: Option<u32>,
    pub recordings: u32,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionDetail {
    #[serde(flatten)]
    pub summary: SessionSummary,
    pub secretary_id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub technician_name: Option<String>,
    pub central_site_id: Uuid,
    pub recording_planned: bool,
    pub agenda: Vec<AgendaItem>,
    pub invited: Vec<InvitedSite>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// The reader's role in this meeting; absent when he is not invited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub my_role: Option<MeetingRole>,
    /// What the reader may do with it now.
    pub may: Vec<SessionAct>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionAct {
    Join,
    Cancel,
    Reschedule,
    End,
    EditAttendance,
    ReadAttendance,
    ReadRecordings,
    WatchSites,
    ReissueLinks,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedSite {
    pub site: Site,
    /// "Cụm Đầm Hà"
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub invitation: InvitationProgress,
    /// While the meeting runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence: Option<SitePresence>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SitePresence {
    Expected,
    Here,
    Away,
    Gone,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InvitationState {
    Issued,
    Opened,
    Joined,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationProgress {
    pub state: InvitationState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<i64>,
}

/// Filters of the session list. All are optional.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SessionFilter {
    /// Sessions that end after this.
    pub from: Option<i64>,
    /// Sessions that start before this.
    pub to: Option<i64>,
    #[param(inline)]
    pub state: Option<SessionState>,
    /// Words of the title; case and diacritics do not matter.
    pub q: Option<String>,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reschedule {
    pub starts_at: i64,
    pub ends_at: i64,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    pub reason: String,
}

/// What the page needs to say `hello` on the WebSocket.
#[derive(Serialize, ToSchema)]
pub struct Joining {
    pub token: String,
    pub session_id: String,
    /// As everybody will see it.
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub role: MeetingRole,
    pub title: String,
    pub starts_at: i64,
    pub ends_at: i64,
    pub opens_at: i64,
    pub state: SessionState,
}

/// What the holder of a link sees before he joins.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationView {
    pub session_id: String,
    pub title: String,
    pub short_title: String,
    pub starts_at: i64,
    pub ends_at: i64,
    pub opens_at: i64,
    pub state: SessionState,
    pub chair_name: String,
    /// "Ủy ban nhân dân phường Móng Cái 1"
    pub site_name: String,
    /// "Hội trường tầng 2"
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_detail: Option<String>,
    pub seats: u16,
    pub agenda: Vec<AgendaItem>,
}
