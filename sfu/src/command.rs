//! What the engine may be told. Commands go down, [`crate::fact::Fact`]s come up.

use crate::id::{PeerId, RoomId, Source, TrackRef};

#[derive(Debug)]
pub enum Command {
    OpenRoom {
        room: RoomId,
    },
    /// Removes every peer of the room. Nothing of it is left.
    CloseRoom {
        room: RoomId,
    },
    /// Brings a peer in. The only m-lines it will ever have are those of this offer.
    Join {
        room: RoomId,
        peer: PeerId,
        purpose: Purpose,
        rights: Rights,
        offer: String,
    },
    /// A full new offer with new ICE credentials for the same m-lines (RFC 8445 section 2.4): same peer, slots and keys.
    Restart {
        peer: PeerId,
        offer: String,
    },
    /// `application/trickle-ice-sdpfrag` of RFC 8840: candidates are noted; new credentials mean a restart.
    Trickle {
        peer: PeerId,
        fragment: String,
    },
    Leave {
        peer: PeerId,
    },
    /// Which of the peer's sources are forwarded to others. Media of a source without the right stops at once.
    SetRights {
        peer: PeerId,
        rights: Rights,
    },
    /// What everybody sees first, in this order (the chair's choice). Empty: the dominant speaker decides.
    SetStage {
        room: RoomId,
        stage: Vec<TrackRef>,
    },
    /// What one viewer wants in his slots.
    SetView {
        peer: PeerId,
        view: View,
    },
    /// From now on the room's programme goes to [`crate::egress::Egress::tap`]. Asking twice changes nothing.
    StartTap {
        room: RoomId,
    },
    StopTap {
        room: RoomId,
    },
    /// The tap's reader cannot go on without a key frame of the programme's picture (it lost a packet for good, or the last one
    /// is so old that seeking becomes slow): ask the publisher, as for any viewer's PLI. Without a tap: nothing.
    RefreshTap {
        room: RoomId,
    },
}

/// What a peer's m-lines may be for. A line that can do more than that is answered for this part alone; one that can only do the other
/// is refused, because its sender would wait for ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    /// A page of a meeting: what sends is a publication, what only receives is a slot.
    Conversation,
    /// RFC 9725 section 4.2: the answer is `recvonly`.
    Publish,
    /// The other way round: each line is a slot.
    Receive,
}

/// Text that goes back to the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reply {
    Done,
    /// A complete SDP answer, candidates inline.
    Answer(String),
    /// An SDP fragment with the engine's own new credentials, after a restart by [`Command::Trickle`].
    Fragment(String),
}

/// Sources others may receive. Default: none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Rights {
    microphone: Right,
    camera: Right,
    screen: Right,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Right {
    #[default]
    Held,
    Forwarded,
}

impl Rights {
    pub const NONE: Self = Self { microphone: Right::Held, camera: Right::Held, screen: Right::Held };
    pub const ALL: Self = Self { microphone: Right::Forwarded, camera: Right::Forwarded, screen: Right::Forwarded };

    #[must_use]
    pub fn of(self, source: Source) -> Right {
        match source {
            Source::Microphone => self.microphone,
            Source::Camera => self.camera,
            Source::Screen => self.screen,
        }
    }

    #[must_use]
    pub fn with(mut self, source: Source, right: Right) -> Self {
        match source {
            Source::Microphone => self.microphone = right,
            Source::Camera => self.camera = right,
            Source::Screen => self.screen = right,
        }
        self
    }
}

/// A viewer's wishes. Slots are addressed by their order among the peer's video slots.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    /// Shown after the stage and before the speakers.
    pub pinned: Vec<TrackRef>,
    /// Never shown to this viewer in a slot of its own (he has the local picture): usually his own publishing peers.
    pub own: Vec<PeerId>,
    /// The picture size each video slot is drawn at; the layer is chosen by it. Missing entries mean "largest".
    pub slot_sizes: Vec<SlotSize>,
}

/// Drawn size in device pixels. Height 0: not drawn, nothing is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotSize {
    pub height: u16,
}

/// Why a command was not carried out. `Offer*` can be said to the person; the others are the caller's mistakes.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CommandRefused {
    #[error("no such room")]
    NoSuchRoom,
    #[error("no such peer")]
    NoSuchPeer,
    #[error("the room exists already")]
    RoomExists,
    #[error("the peer exists already")]
    PeerExists,
    #[error(transparent)]
    Offer(#[from] crate::transport::OfferRefused),
    #[error("the engine has stopped")]
    Stopped,
}
