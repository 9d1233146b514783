//! What the engine reports. Facts are past: nothing waits for an answer.

use std::time::Duration;

use crate::id::{MediaKind, Mid, PeerId, Rid, RoomId, TrackRef};

#[derive(Clone, PartialEq, Debug)]
pub enum Fact {
    /// ICE validated a path and DTLS finished: media may flow.
    Connected {
        peer: PeerId,
    },
    /// The transport is gone for good and the peer has been removed.
    Disconnected {
        peer: PeerId,
        why: DisconnectReason,
    },
    /// No packet and no consent for [`crate::transport::PATH_LOST_AFTER`]; the peer is kept for an ICE restart.
    PathLost {
        peer: PeerId,
    },
    PathBack {
        peer: PeerId,
    },
    /// First media of a source was forwarded, or it fell silent (no packet for a second).
    Flowing {
        track: TrackRef,
    },
    Dried {
        track: TrackRef,
    },
    /// The simulcast layers of a published track that somebody is shown or would be; its publisher need not send the others. At the
    /// beginning all are wanted, the lowest always is. Says nothing about the right to be forwarded.
    LayersWanted {
        track: TrackRef,
        /// In the order of the offer, lowest first.
        rids: Vec<Rid>,
    },
    /// The complete assignment of a viewer's slots, whenever any of them changed.
    Slots {
        peer: PeerId,
        slots: Vec<SlotView>,
    },
    /// Who is speaking, by loudness; `None` after everybody has fallen silent for a while.
    Speaker {
        room: RoomId,
        peer: Option<PeerId>,
    },
    /// Once a second for every connected peer.
    Stats {
        peer: PeerId,
        stats: Box<PeerStats>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DisconnectReason {
    /// By command.
    Left,
    /// close_notify or a fatal alert from the other side.
    Closed,
    /// DTLS did not finish, or the certificate is not the one of the offer.
    HandshakeFailed,
    /// No consent (RFC 7675) for so long that the peer was given up.
    Expired,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SlotView {
    pub mid: Mid,
    pub kind: MediaKind,
    pub track: Option<TrackRef>,
    /// Set when the slot has a track that is not being sent.
    pub paused: Option<PauseReason>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PauseReason {
    /// The publisher switched it off or sends nothing.
    NoMedia,
    /// The viewer draws it with height 0.
    NotDrawn,
    /// It is published in a codec that the viewer did not offer for this slot.
    CodecMissing,
}

/// One peer's line during the last second. Rates in bit/s on the wire, times as measured by RTCP and STUN.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PeerStats {
    pub rtt: Option<Duration>,
    /// What we receive from the peer.
    pub rx: DirectionStats,
    /// What we send to the peer.
    pub tx: DirectionStats,
    /// Since the last datagram of any kind.
    pub idle: Duration,
    pub tracks: Vec<TrackStats>,
}

#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct DirectionStats {
    pub bitrate_bps: u64,
    pub packets_per_s: u32,
    /// Share of packets lost before repair, 0 to 1. `tx`: from the peer's receiver reports.
    pub loss: f32,
    pub jitter: Duration,
}

/// A published source (best layer received) or a filled video slot (what is sent).
#[derive(Clone, PartialEq, Debug)]
pub struct TrackStats {
    pub track: TrackRef,
    pub direction: Direction,
    /// Zero for audio, and until the first key frame.
    pub width: u16,
    pub height: u16,
    pub frames_per_s: u8,
    pub bitrate_bps: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// Received from the peer.
    Up,
    /// Sent to the peer.
    Down,
}
