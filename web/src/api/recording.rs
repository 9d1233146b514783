//! The catalogue of recordings.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFileState {
    Recording,
    Ready,
    /// The file is missing, unreadable, or differs from its hash.
    Broken,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordingSummary {
    pub id: Uuid,
    pub session_id: String,
    pub title: String,
    pub started_at: i64,
    pub duration_ms: i64,
    pub size_bytes: i64,
    pub state: RecordingFileState,
    pub chair_name: String,
    pub speakers: Vec<SpeakerSpan>,
}

/// Who spoke when, in milliseconds from the start of the file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SpeakerSpan {
    pub name: String,
    pub from_ms: i64,
    pub to_ms: i64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecordingDetail {
    #[serde(flatten)]
    pub summary: RecordingSummary,
    pub agenda: Vec<AgendaPoint>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Where in the file an agenda item begins.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AgendaPoint {
    pub title: String,
    pub at_ms: i64,
}

#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecordingFilter {
    /// Words of the title or of a speaker's name; case and diacritics do not matter.
    pub q: Option<String>,
    pub from: Option<i64>,
    pub to: Option<i64>,
}
