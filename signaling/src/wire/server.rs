//! What the server says.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::{
    Action, AgendaView, ByeReason, FloorView, LineView, MeetingView, Mode, OnStage, ParticipantView, Phase,
    RecordingState, RefusalCode, Role, SlotView, SourceLayers, SourceName,
};

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerMessage {
    /// Answers `hello`.
    Welcome {
        re: u32,
        version: u32,
        you: Uuid,
        role: Role,
        /// Actions the role allows, so that the page shows no control that would be refused.
        may: Vec<Action>,
        /// Present it in the next `hello` to come back into this seat.
        resume: String,
        /// How long the seat waits for a lost connection, for the page's countdown while it cannot ask.
        seat_kept_seconds: u32,
        media: MediaLimits,
        /// The media negotiated before the connection was lost still runs: no new `offer` is needed, at most a `restart`.
        media_kept: bool,
        meeting: Box<MeetingView>,
    },
    Done {
        re: u32,
    },
    Refused {
        re: u32,
        code: RefusalCode,
    },
    /// Answers `offer` and `restart`.
    Answer {
        re: u32,
        sdp: String,
    },
    Ping {
        nonce: u32,
    },
    Phase {
        phase: Phase,
    },
    Mode {
        mode: Mode,
    },
    Agenda {
        agenda: AgendaView,
    },
    /// New or changed; each replaces what was known under the same id. Nobody is ever taken off the list.
    Participants {
        participants: Vec<ParticipantView>,
    },
    Floor {
        floor: FloorView,
    },
    /// What stands on everybody's main picture; `null`: whoever speaks.
    Stage {
        stage: Option<OnStage>,
    },
    /// The loudest speaker, for a mark on his picture.
    Speaker {
        participant: Option<Uuid>,
    },
    Recording {
        recording: RecordingState,
    },
    /// What this client's own slots carry, all of them.
    Slots {
        slots: Vec<SlotView>,
    },
    /// Which simulcast layers of this page's own sources somebody is shown or would be. The page switches the others off
    /// (`RTCRtpEncodingParameters.active`) and spares its line; nothing is negotiated. A source that is not named sends all.
    Layers {
        layers: Vec<SourceLayers>,
    },
    /// What was done to this participant by somebody else.
    Notice {
        notice: Notice,
    },
    /// For those who watch the lines (`Action::WatchLines`): the sites whose figures changed, at most once a second.
    Lines {
        lines: Vec<LineView>,
    },
    /// The last message; the connection closes after it.
    Bye {
        why: ByeReason,
        /// Come back after this long (already jittered by the server); absent: do not come back by yourself.
        retry_after_ms: Option<u32>,
        /// The words of who removed this participant; absent for every other `why`.
        reason: Option<String>,
    },
}

/// What was done to this participant by somebody else.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    Muted { by: Uuid, source: SourceName },
    CalledToSpeak { by: Uuid, limit_seconds: u32 },
    FloorWithdrawn { by: Uuid },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct MediaLimits {
    pub audio_slots: u8,
    pub video_slots_max: u8,
}
