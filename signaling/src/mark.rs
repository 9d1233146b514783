//! Marks: facts of a live meeting, one each, with their time. They are what attendance, agenda times and chapters are made from.
//!
//! A mark is durable before what it stands for is acknowledged to anybody (see [`crate::serve::MarkSink`]).

use aws_lc_rs::digest;
use uuid::{Builder, Uuid};

use crate::clock::UtcMs;
use crate::id::{ParticipantId, SessionId};
use crate::token::Occupant;
use crate::wire::{Mode, Role, Via};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mark {
    /// The same mark stored twice is stored once.
    pub id: MarkId,
    pub session: SessionId,
    pub at: UtcMs,
    pub fact: MarkedFact,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct MarkId(pub Uuid);

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MarkedFact {
    /// The session began.
    Started {
        by: ParticipantId,
    },
    /// `None`: ended from the office or by its time.
    Ended {
        by: Option<ParticipantId>,
    },
    /// The meeting was opened again after the server had died in the middle: whoever was here was last seen at an unknown moment.
    Interrupted,
    ModeSet {
        by: ParticipantId,
        mode: Mode,
    },
    AgendaItem {
        by: ParticipantId,
        index: u16,
    },
    /// Came in, or came back after a lost line.
    Joined {
        participant: ParticipantId,
        who: Box<MarkedIdentity>,
    },
    /// Went out of his own accord.
    Left {
        participant: ParticipantId,
    },
    /// The line dropped; he was last heard at the mark's time.
    Lost {
        participant: ParticipantId,
    },
    /// Turned out, for the reason given. He is not let in again.
    Removed {
        participant: ParticipantId,
        by: ParticipantId,
        reason: String,
    },
    /// People at the site, as the site itself says.
    Declared {
        participant: ParticipantId,
        count: u16,
    },
    /// Asked to speak; a later `FloorTaken` or `RequestWithdrawn` ends it.
    Asked {
        participant: ParticipantId,
        note: Option<String>,
    },
    RequestWithdrawn {
        participant: ParticipantId,
    },
    /// `by` differs from the participant: the floor is given, never taken.
    FloorTaken {
        participant: ParticipantId,
        by: ParticipantId,
    },
    FloorLeft {
        participant: ParticipantId,
    },
    RecordingStarted,
    RecordingStopped,
    /// While a recording runs: who is heard loudest. `None`: nobody for a while.
    Speaking {
        participant: Option<ParticipantId>,
    },
}

/// Who came. It stands in the mark because not everybody who comes was invited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkedIdentity {
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    pub role: Role,
    pub occupant: Occupant,
    pub via: Via,
}

impl MarkId {
    /// The `count`th mark of a meeting that was opened at `opened`. Computed, not drawn: the same run writes the same ids.
    #[must_use]
    pub fn nth(session: SessionId, opened: UtcMs, count: u64) -> Self {
        let mut hashed = digest::Context::new(&digest::SHA256);
        hashed.update(session.0.as_bytes());
        hashed.update(&opened.0.to_be_bytes());
        hashed.update(&count.to_be_bytes());
        let digest = hashed.finish();
        let mut bytes = [0; 16];
        for (byte, hash) in bytes.iter_mut().zip(digest.as_ref()) {
            *byte = *hash;
        }
        Self(Builder::from_custom_bytes(bytes).into_uuid())
    }
}
