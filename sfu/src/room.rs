//! A room: peers that may see and hear each other, as one pure machine. Decrypted packets and commands go in with the time; packets
//! to be sealed go to [`Egress`]; what happened is read from [`Room::poll_fact`].

use std::collections::VecDeque;
use std::time::Instant;

use crate::command::{Rights, View};
use crate::egress::Egress;
use crate::fact::Fact;
use crate::id::{PeerId, RoomId, TrackRef};
use crate::negotiated::PeerMedia;

/// Why an RTP packet went no further. Counted by the engine; `Duplicate` and `NotAllowed` are everyday events.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RtpDropped {
    #[error("the packet is not valid RTP")]
    Malformed,
    #[error("no such peer in the room")]
    UnknownPeer,
    #[error("the SSRC belongs to none of the peer's m-lines")]
    UnknownSsrc,
    #[error("the payload type was not negotiated for this stream")]
    UnknownPayloadType,
    #[error("the peer has no right to send this source")]
    NotAllowed,
    #[error("the packet has been received before")]
    Duplicate,
    #[error("the sequence number is far from everything received lately")]
    OutOfWindow,
}

/// Why a compound RTCP packet went no further.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RtcpDropped {
    #[error("the compound is not valid RTCP")]
    Malformed,
    #[error("no such peer in the room")]
    UnknownPeer,
}

/// One room. No clock, no randomness, no lock, no socket.
pub struct Room {
    id: RoomId,
    facts: VecDeque<Fact>,
}

impl Room {
    #[must_use]
    pub fn new(id: RoomId) -> Self {
        Self { id, facts: VecDeque::new() }
    }

    #[must_use]
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// The peer's m-lines are known; its encrypted path is not there yet, so nothing is sent to it.
    pub fn join(&mut self, _now: Instant, _peer: PeerId, _media: PeerMedia, _rights: Rights) {}

    /// SRTP is ready in both directions: the peer's slots are filled.
    pub fn connected(&mut self, _now: Instant, _peer: PeerId, _egress: &mut impl Egress) {}

    /// Nothing is sent to the peer until [`Self::path_back`]; its place is kept.
    pub fn path_lost(&mut self, _now: Instant, _peer: PeerId) {}

    pub fn path_back(&mut self, _now: Instant, _peer: PeerId, _egress: &mut impl Egress) {}

    pub fn leave(&mut self, _now: Instant, _peer: PeerId, _egress: &mut impl Egress) {}

    pub fn handle_rtp(
        &mut self,
        _now: Instant,
        _peer: PeerId,
        _packet: &[u8],
        _egress: &mut impl Egress,
    ) -> Result<(), RtpDropped> {
        Err(RtpDropped::UnknownPeer)
    }

    pub fn handle_rtcp(
        &mut self,
        _now: Instant,
        _peer: PeerId,
        _compound: &[u8],
        _egress: &mut impl Egress,
    ) -> Result<(), RtcpDropped> {
        Err(RtcpDropped::UnknownPeer)
    }

    pub fn set_rights(&mut self, _now: Instant, _peer: PeerId, _rights: Rights, _egress: &mut impl Egress) {}

    pub fn set_stage(&mut self, _now: Instant, _stage: Vec<TrackRef>, _egress: &mut impl Egress) {}

    pub fn set_view(&mut self, _now: Instant, _peer: PeerId, _view: View, _egress: &mut impl Egress) {}

    pub fn start_tap(&mut self, _now: Instant, _egress: &mut impl Egress) {}

    pub fn stop_tap(&mut self, _now: Instant, _egress: &mut impl Egress) {}

    /// Asks for a key frame of the programme's picture, as for any viewer's PLI. Without a tap: nothing.
    pub fn refresh_tap(&mut self, _now: Instant, _egress: &mut impl Egress) {}

    /// When [`Self::handle_timeout`] wants to be called next. `None`: not before something else happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    pub fn handle_timeout(&mut self, _now: Instant, _egress: &mut impl Egress) {}

    pub fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }
}
