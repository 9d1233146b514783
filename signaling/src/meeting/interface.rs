//! What goes into a meeting and what comes out of it.

use crate::clock::UtcMs;
use crate::id::{ConnectionId, ParticipantId};
use crate::mark::Mark;
use crate::token::{Identity, Lineage};
use crate::wire::{
    Action, ByeReason, ClientMessage, LineView, MeetingView, RefusalCode, Role, ServerMessage, SlotDrawn, SlotView,
    SourceLayers, SourceName,
};

#[derive(Clone, PartialEq, Debug)]
pub enum Input {
    /// A verified `hello`.
    Join(Box<Join>),
    /// Anything else a seated connection says.
    Request {
        connection: ConnectionId,
        re: u32,
        request: Box<ClientMessage>,
    },
    /// The connection broke or was closed without `leave`.
    ConnectionLost {
        connection: ConnectionId,
    },
    /// Somebody without a WebSocket offers media (WHIP, WHEP).
    Publish {
        identity: Box<Identity>,
        path: Path,
        ticket: Ticket,
        offer: String,
    },
    /// New candidates or credentials for such a path.
    Trickle {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        fragment: String,
    },
    /// Such a path is ended by its owner.
    Unpublish {
        participant: ParticipantId,
        path: Path,
    },
    Media(MediaNews),
    Recording(RecordingNews),
    /// From the office, or because its time is over.
    End,
    /// The server stops; everybody is asked to come back after `retry`, spread over as long again.
    Stop {
        retry_ms: u32,
    },
    /// The machine itself was not run for a while (a slow disk, a suspended process): nobody's silence of that time counts.
    WokeLate,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Join {
    pub connection: ConnectionId,
    pub re: u32,
    pub identity: Identity,
    /// From a valid resume token of this seat.
    pub lineage: Option<Lineage>,
    pub headcount: Option<u16>,
}

/// One transport of a participant; he has at most one of each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Path {
    /// Negotiated over the WebSocket.
    Browser,
    Whip,
    Whep,
}

/// Who waits for an answer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Ticket {
    Request {
        connection: ConnectionId,
        re: u32,
    },
    /// Somebody outside the WebSocket; the number is the shell's.
    Call(u64),
}

/// What the media engine reported, in the meeting's words.
#[derive(Clone, PartialEq, Debug)]
pub enum MediaNews {
    Negotiated {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        answer: String,
        sources: SourceSet,
    },
    /// The same path goes on with a new answer (`restart`) or fragment (trickle).
    Restarted {
        ticket: Ticket,
        answer: String,
    },
    NegotiationFailed {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        code: RefusalCode,
    },
    RestartFailed {
        ticket: Ticket,
        code: RefusalCode,
    },
    /// Packets came lately.
    Heard {
        participant: ParticipantId,
    },
    /// The path is gone for good.
    Ended {
        participant: ParticipantId,
        path: Path,
    },
    Speaker {
        participant: Option<ParticipantId>,
    },
    /// The browser path's own slots.
    Slots {
        participant: ParticipantId,
        slots: Vec<SlotView>,
    },
    /// The browser path's own simulcast layers that somebody is shown; complete for this source.
    Layers {
        participant: ParticipantId,
        wanted: SourceLayers,
    },
    Line(Box<LineView>),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordingNews {
    Started { at: UtcMs },
    Stopped,
    Failed,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Output {
    /// The connection has its seat; from here on it hears what everybody hears.
    Welcome(Box<Welcome>),
    Send {
        to: Audience,
        message: Box<ServerMessage>,
    },
    /// An answer to somebody outside the WebSocket.
    Answer {
        call: u64,
        result: Result<String, RefusalCode>,
    },
    /// Say `bye` and close.
    Bye {
        connection: ConnectionId,
        why: ByeReason,
        retry_after_ms: Option<u32>,
        reason: Option<String>,
    },
    /// Close without a word: the page behind it has come back by another connection, or is not heard any more.
    Discard {
        connection: ConnectionId,
    },
    Mark(Mark),
    Media(MediaOrder),
    Recording(RecordingOrder),
    /// Nothing more will come; the meeting can be put away.
    Over,
}

#[derive(Clone, PartialEq, Debug)]
pub struct Welcome {
    pub connection: ConnectionId,
    pub re: u32,
    pub you: ParticipantId,
    pub role: Role,
    pub may: Vec<Action>,
    /// The shell signs it into the resume token.
    pub lineage: Lineage,
    pub seat_kept_seconds: u32,
    pub media_kept: bool,
    pub meeting: MeetingView,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Audience {
    One(ConnectionId),
    Some(Vec<ConnectionId>),
    /// Every connection that was welcomed and not said bye to.
    Everyone,
}

/// What the meeting wants of the media engine, in its own words.
#[derive(Clone, PartialEq, Debug)]
pub enum MediaOrder {
    /// A new transport; one that stood on the same path is dropped.
    Negotiate {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        offer: String,
    },
    Restart {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        offer: String,
    },
    Trickle {
        participant: ParticipantId,
        path: Path,
        ticket: Ticket,
        fragment: String,
    },
    Drop {
        participant: ParticipantId,
        path: Path,
    },
    /// The sources others may receive from him, on all his paths.
    Forward {
        participant: ParticipantId,
        sources: SourceSet,
    },
    /// What stands first for everybody, in this order.
    Stage(Vec<(ParticipantId, SourceName)>),
    View {
        participant: ParticipantId,
        pinned: Vec<ParticipantId>,
        slots: Vec<SlotDrawn>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordingOrder {
    Start,
    Stop,
}

/// Some of the three sources.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct SourceSet {
    microphone: bool,
    camera: bool,
    screen: bool,
}

pub const SOURCES: [SourceName; 3] = [SourceName::Microphone, SourceName::Camera, SourceName::Screen];

impl SourceSet {
    pub const NONE: Self = Self { microphone: false, camera: false, screen: false };

    #[must_use]
    pub fn of(sources: &[SourceName]) -> Self {
        sources.iter().fold(Self::NONE, |set, source| set.with(*source))
    }

    #[must_use]
    pub fn with(mut self, source: SourceName) -> Self {
        *self.field(source) = true;
        self
    }

    #[must_use]
    pub fn without(mut self, source: SourceName) -> Self {
        *self.field(source) = false;
        self
    }

    #[must_use]
    pub fn has(self, source: SourceName) -> bool {
        match source {
            SourceName::Microphone => self.microphone,
            SourceName::Camera => self.camera,
            SourceName::Screen => self.screen,
        }
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        SOURCES.into_iter().filter(|source| other.has(*source)).fold(self, Self::with)
    }

    fn field(&mut self, source: SourceName) -> &mut bool {
        match source {
            SourceName::Microphone => &mut self.microphone,
            SourceName::Camera => &mut self.camera,
            SourceName::Screen => &mut self.screen,
        }
    }
}
