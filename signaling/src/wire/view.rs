//! The parts of a meeting as the page sees them. Times are Unix milliseconds of the server.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::{Mode, Role, SourceName};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// Doors are open, the chair has not begun.
    Gathering,
    InSession {
        since: i64,
    },
    Ended {
        at: i64,
    },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct MeetingView {
    pub session: Uuid,
    pub title: String,
    pub short_title: String,
    pub starts_at: i64,
    pub ends_at: i64,
    /// The server's clock when this was written, for the page's timers.
    pub now: i64,
    pub phase: Phase,
    pub mode: Mode,
    pub agenda: AgendaView,
    /// In the order of the invitation, then of arrival; those who were invited and have not come included.
    pub participants: Vec<ParticipantView>,
    pub floor: FloorView,
    pub stage: Option<OnStage>,
    pub speaker: Option<Uuid>,
    pub recording: RecordingState,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct AgendaView {
    pub items: Vec<AgendaItem>,
    pub current: Option<u16>,
    pub current_since: Option<i64>,
    /// Seconds spent on each item so far, the current one up to `current_since`.
    pub spent_seconds: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct AgendaItem {
    pub title: String,
    pub minutes: u16,
    pub presenter: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct ParticipantView {
    pub id: Uuid,
    /// "Phường Móng Cái 1", or a person's name.
    pub name: String,
    /// At most 14 characters, for small tiles: "P Móng Cái 1".
    pub short_name: String,
    /// Second line of the main picture: "Hội trường tầng 2", "Phó Chủ tịch UBND tỉnh".
    pub detail: Option<String>,
    /// Heading on the wall and in lists: "Cụm Đầm Hà".
    pub group: Option<String>,
    pub role: Role,
    /// A site with its headcount, or a single person.
    pub site: bool,
    pub presence: PresenceView,
    pub microphone: SourceState,
    pub camera: SourceState,
    pub screen: SourceState,
    pub line: LineQuality,
    pub headcount: Option<u16>,
    /// How long the site has held the floor in this session.
    pub spoken_seconds: u32,
    pub via: Via,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PresenceView {
    /// Invited, not here yet.
    Expected,
    Here {
        since: i64,
    },
    /// The line dropped; the seat is kept until then.
    Away {
        since: i64,
        until: i64,
    },
    Gone {
        at: i64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Not negotiated by this participant.
    Absent,
    Off,
    On,
    /// May not be switched on now: the mode or the chair holds it.
    Locked,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineQuality {
    Unknown,
    Good,
    Weak,
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Browser,
    Whip,
    Whep,
}

/// What stands on everybody's main picture, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct OnStage {
    pub participant: Uuid,
    pub source: SourceName,
    pub why: StageReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StageReason {
    /// By `set_stage`; it stands before everything else.
    Chosen,
    /// Somebody shows his screen.
    Screen,
    /// The last one called to speak.
    Floor,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct FloorView {
    pub holders: Vec<FloorHolder>,
    pub queue: Vec<QueueEntry>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct FloorHolder {
    pub participant: Uuid,
    pub since: i64,
    /// The time limit in seconds; running over is shown, never cut.
    pub limit_seconds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct QueueEntry {
    pub participant: Uuid,
    pub asked_at: i64,
    pub note: Option<String>,
    pub agenda_item: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordingState {
    Off,
    /// Asked for; the recorder is opening its file.
    Starting,
    On {
        since: i64,
    },
    /// It was asked for and cannot run (disk); the meeting goes on.
    Failed {
        at: i64,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct SlotView {
    pub mid: String,
    pub participant: Option<Uuid>,
    pub source: Option<SourceName>,
    pub paused: Option<PauseReason>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Its publisher has it switched off, or sends nothing.
    NoMedia,
    NotDrawn,
    /// The line to this page cannot carry it now. The sound goes on, and the picture comes back by itself.
    LineTooWeak,
    /// It is published in a codec that this page did not offer.
    CodecMissing,
}

/// The wanted layers of one source, by their rids in the page's own offer.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct SourceLayers {
    pub source: SourceName,
    pub rids: Vec<String>,
}

/// One site's line in the last second. Absent figures were not measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct LineView {
    pub participant: Uuid,
    pub quality: LineQuality,
    pub rtt_ms: Option<f32>,
    pub up: DirectionView,
    pub down: DirectionView,
    /// What the line down to the site can carry, as the bridge estimates it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub down_capacity_bps: Option<u32>,
    /// Server time of the last datagram or message from the site.
    pub last_seen: i64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct DirectionView {
    pub bitrate_bps: u32,
    /// 0 to 1, before repair.
    pub loss: f32,
    pub jitter_ms: f32,
    /// The largest picture in this direction.
    pub width: u16,
    pub height: u16,
    pub frames_per_s: u8,
}
