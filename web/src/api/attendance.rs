//! Who attended: proposed by the marks of the meeting, confirmed by the secretary.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::SessionSummary;

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Attendance {
    pub session: SessionSummary,
    /// When the chair began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<i64>,
    pub agenda: Vec<AgendaSpan>,
    pub quorum: QuorumFigures,
    pub rows: Vec<AttendanceRow>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgendaSpan {
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct QuorumFigures {
    pub sites_present: u32,
    pub sites_invited: u32,
    pub sites_needed: u32,
    pub people_declared: u32,
    pub people_confirmed: u32,
}

/// Có mặt trực tuyến, có mặt trực tiếp, vắng mặt, chưa điểm danh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttendanceStatus {
    Online,
    InPerson,
    Absent,
    NotCalled,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AttendanceRow {
    /// The participant's id.
    pub id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site_id: Option<Uuid>,
    pub participant_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub intervals: Vec<PresenceInterval>,
    pub status: AttendanceStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// People, as the site said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<u16>,
    /// People, as the secretary confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edited_at: Option<i64>,
    pub spoken_seconds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntervalEnd {
    Left,
    /// The line dropped.
    Lost,
    SessionEnd,
    StillHere,
}

/// Half-open: from the first moment here to the first moment not here.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct PresenceInterval {
    pub from: i64,
    pub to: i64,
    pub ended: IntervalEnd,
    /// An edge was not reported and has been inferred (the server stopped meanwhile).
    pub estimated: bool,
}

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AttendanceEdit {
    #[serde(default)]
    pub status: Option<AttendanceStatus>,
    /// Required when the status is `absent`.
    #[serde(default)]
    pub reason: Option<String>,
    #[serde(default)]
    pub confirmed: Option<u16>,
}
