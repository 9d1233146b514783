//! What a client may ask.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

use super::{Mode, SourceName, SwitchState};

/// A request and the number its answer will carry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClientEnvelope {
    pub id: u32,
    pub request: ClientMessage,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First, and once. `resume` brings back the same seat after a lost connection.
    Hello {
        version: u32,
        token: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// People at this site, as the site itself says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headcount: Option<u16>,
    },
    /// Answer to the server's `ping`. The only request that gets no answer itself.
    Pong {
        nonce: u32,
    },
    /// Negotiates media: sending m-lines (microphone, camera, screen) and receiving slots. A second offer replaces the media of the
    /// first; nobody needs one unless his page was reloaded or `restart` was refused with `no_media`.
    Offer {
        sdp: String,
    },
    /// New ICE credentials for the same m-lines, after the network changed.
    Restart {
        sdp: String,
    },
    SwitchSource {
        source: SourceName,
        state: SwitchState,
    },
    SetView {
        pinned: Vec<Uuid>,
        slots: Vec<SlotDrawn>,
    },
    DeclareHeadcount {
        count: u16,
    },
    AskToSpeak {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    WithdrawRequest {},
    FinishSpeaking {},
    GiveFloor {
        participant: Uuid,
    },
    WithdrawFloor {
        participant: Uuid,
    },
    ExtendFloor {
        participant: Uuid,
        seconds: u16,
    },
    /// `place` counts from 0.
    MoveInQueue {
        participant: Uuid,
        place: u16,
    },
    Mute {
        participant: Uuid,
        source: SourceName,
    },
    /// Everybody's microphone but the chair's and the floor-holders'.
    MuteAll {},
    /// One site on everybody's main picture; `null` gives the choice back to the voice.
    SetStage {
        stage: Option<Staged>,
    },
    SetMode {
        mode: Mode,
    },
    SetAgendaItem {
        index: u16,
    },
    StartRecording {},
    StopRecording {},
    StartSession {},
    EndSession {},
    RemoveParticipant {
        participant: Uuid,
        reason: String,
    },
    Leave {},
}

/// A drawn video slot: its m-line and the height of its picture in device pixels; 0 when hidden.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SlotDrawn {
    pub mid: String,
    pub height: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Staged {
    pub participant: Uuid,
    pub source: SourceName,
}
