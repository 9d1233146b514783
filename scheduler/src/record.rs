//! The catalogue of recordings. The files themselves are written by the media plane and served by the web.

use serde::Serialize;

use crate::agenda::{self, AgendaItem};
use crate::id::{ParticipantId, RecordingId, SessionId};
use crate::mark::Mark;
use crate::role::words;
use crate::time::UtcTime;

words! {
    RecordingState {
        Recording = "recording",
        Ready = "ready",
        /// The file could not be made playable.
        Broken = "broken",
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Recording {
    pub id: RecordingId,
    pub session_id: SessionId,
    pub title: String,
    pub chair_name: String,
    /// Relative to the directory of recordings; never leaves the server.
    #[serde(skip)]
    pub file: String,
    pub started_at: UtcTime,
    pub duration_ms: u64,
    pub size_bytes: u64,
    pub sha256: Option<String>,
    pub state: RecordingState,
    pub speakers: Vec<SpeakerSpan>,
}

/// Somebody spoke, in milliseconds from the recording's beginning.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SpeakerSpan {
    #[serde(skip)]
    pub participant: Option<ParticipantId>,
    pub name: String,
    pub from_ms: u64,
    pub to_ms: u64,
}

/// How a recording ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecordingEnd {
    Ready { duration_ms: u64, size_bytes: u64, sha256: [u8; 32] },
    Broken { size_bytes: u64 },
}

/// An agenda item's place in the recording.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AgendaPosition {
    pub title: String,
    pub at_ms: u64,
}

/// Where each item begins in a recording. An item already running when the recording began is at its beginning.
pub fn agenda_positions(
    items: &[AgendaItem],
    marks: &[Mark],
    started_at: UtcTime,
    duration_ms: u64,
) -> Vec<AgendaPosition> {
    let end = started_at.plus(std::time::Duration::from_millis(duration_ms));
    agenda::spans(marks, end)
        .into_iter()
        .filter(|item| item.span.to() > started_at)
        .filter_map(|item| {
            let title = items.get(usize::from(item.index))?.title.clone();
            let at_ms = u64::try_from(item.span.from().since(started_at).as_millis()).unwrap_or(0);
            Some(AgendaPosition { title, at_ms })
        })
        .collect()
}
