//! A room: peers that may see and hear each other, as one pure machine. Decrypted packets and commands go in with the time; packets
//! to be sealed go to [`Egress`]; what happened is read from [`Room::poll_fact`], which is to be drained after every call.
//!
//! | file | question |
//! |---|---|
//! | `room/ingest` | what happens to one RTP packet (the hot path) |
//! | `room/recover` | what a microphone's packets bring back of what was lost |
//! | `room/control` | what happens to one RTCP compound |
//! | `room/assign` | who is shown and heard in which slot, from which layer |
//! | `room/demand` | which layers a publisher need not send |
//! | `room/tick` | what is done by the clock: silence, speakers, repairs, feedback |
//! | `room/report` | what is told once a second: reports to peers, figures to people |
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

mod assign;
mod control;
mod demand;
mod ingest;
mod recover;
mod report;
mod tick;

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use crate::command::{Rights, View};
use crate::egress::Egress;
use crate::fact::{Fact, SlotView};
use crate::forward::programme::Programme;
use crate::id::{PeerId, RoomId, Source, TrackRef};
use crate::negotiated::PeerMedia;
use crate::packet::report::{Compound, ReceiverState};
use crate::peer::{Line, Peer};
use crate::room::ingest::Handing;
use crate::router::Router;
use crate::slab::{PeerAt, Slab, TrackAt};
use crate::speaker::DominantSpeaker;
use crate::track::layer::{LayerKey, SlotAt};
use crate::track::{Drying, Track};

/// Why an RTP packet went no further. Counted by the engine; `Duplicate` and `NotAllowed` are everyday events.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum RtpDropped {
    #[error("the packet is not valid RTP, or longer than a datagram on any path")]
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
    peers: Slab<PeerAt, Peer>,
    places: BTreeMap<PeerId, PeerAt>,
    tracks: Slab<TrackAt, Track>,
    router: Router,
    speaker: DominantSpeaker,
    programme: Option<Programme>,
    schedule: Option<Schedule>,
    /// Layers that hold packets back for the rest of their frame, the longest waiting first, each once.
    gathering: VecDeque<(TrackAt, u8)>,
    /// A burst that not all of its subscribers have been handed yet.
    handing: Option<Handing>,
    scratch: Scratch,
    facts: VecDeque<Fact>,
    /// Peers whose slots have changed since they were told; each at most once.
    untold: Vec<PeerAt>,
    /// Peers and tracks so far: their order, and names that are never used twice.
    joined: u64,
    serial: u32,
}

/// When something is to be done by the clock. Made when the first peer joins.
#[derive(Clone, Copy, Debug)]
struct Schedule {
    /// The room's first moment: our NTP clock counts from it.
    epoch: Instant,
    tick_at: Instant,
    second_at: Instant,
    /// The earliest request for a missing packet.
    repair_at: Option<Instant>,
}

/// Buffers that are filled and emptied within one call, kept so that no packet has to allocate.
struct Scratch {
    compound: Compound,
    lost: Vec<u16>,
    blocks: Vec<ReceiverState>,
    /// Slots that turned to another layer, and the one they left.
    left: Vec<(SlotAt, LayerKey)>,
    /// Layers whose publisher may have to be asked for a key frame.
    asked: Vec<(TrackAt, u8)>,
}

impl Room {
    #[must_use]
    pub fn new(id: RoomId) -> Self {
        Self {
            id,
            peers: Slab::new(),
            places: BTreeMap::new(),
            tracks: Slab::new(),
            router: Router::default(),
            speaker: DominantSpeaker::default(),
            programme: None,
            schedule: None,
            gathering: VecDeque::new(),
            handing: None,
            scratch: Scratch {
                compound: Compound::new(),
                lost: Vec::new(),
                blocks: Vec::new(),
                left: Vec::new(),
                asked: Vec::new(),
            },
            facts: VecDeque::new(),
            untold: Vec::new(),
            joined: 0,
            serial: 0,
        }
    }

    #[must_use]
    pub fn id(&self) -> RoomId {
        self.id
    }

    /// The peer's m-lines are known; its encrypted path is not there yet, so nothing is sent to it. Joining twice changes nothing.
    #[expect(clippy::needless_pass_by_value, reason = "the room takes over what was negotiated")]
    pub fn join(&mut self, now: Instant, peer: PeerId, media: PeerMedia, rights: Rights) {
        if self.places.contains_key(&peer) {
            return;
        }
        self.schedule.get_or_insert_with(|| Schedule::starting(now));
        self.joined += 1;
        // The tracks need the peer's place and the peer needs its tracks': the peer first, without any.
        let at = self.peers.insert(Peer::new(now, peer, self.joined, &PeerMedia::default(), &[]));
        let mut tracks = Vec::with_capacity(media.publications.len());
        for publication in &media.publications {
            self.serial += 1;
            let name = TrackRef { peer, source: publication.source };
            let right = rights.of(publication.source);
            tracks.push(self.tracks.insert(Track::new(at, name, publication, right, self.serial)));
        }
        if let Some(place) = self.peers.get_mut(at) {
            *place = Peer::new(now, peer, self.joined, &media, &tracks);
        }
        self.places.insert(peer, at);
    }

    /// SRTP is ready in both directions: the peer's slots are filled.
    pub fn connected(&mut self, now: Instant, peer: PeerId, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        self.line_up(now, peer, egress);
    }

    /// Nothing is sent to the peer until [`Self::path_back`]; its place, and what its slots are for, is kept.
    pub fn path_lost(&mut self, now: Instant, peer: PeerId, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        let Some(&at) = self.places.get(&peer) else { return };
        if let Some(place) = self.peers.get_mut(at) {
            place.line = Line::Cut;
        }
        self.silence_slots(at);
    }

    pub fn path_back(&mut self, now: Instant, peer: PeerId, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        self.line_up(now, peer, egress);
    }

    fn line_up(&mut self, now: Instant, peer: PeerId, egress: &mut impl Egress) {
        let Some(&at) = self.places.get(&peer) else { return };
        if let Some(place) = self.peers.get_mut(at) {
            place.line = Line::Up;
            place.heard_at = now;
        }
        self.fill_slots(now, at, egress);
        self.note_slots_changed(at);
        self.request_key_frames(now, egress);
    }

    pub fn leave(&mut self, now: Instant, peer: PeerId, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        let Some(at) = self.places.remove(&peer) else { return };
        self.silence_slots(at);
        let Some(gone) = self.peers.remove(at) else { return };
        self.untold.retain(|untold| *untold != at);
        for published in &gone.publications {
            self.withdraw(published.track);
            self.tracks.remove(published.track);
        }
        self.router.forget(peer);
        self.speaker.forget(peer);
        self.reassign_everybody(now, egress);
        if self.places.is_empty() {
            self.schedule = None;
        }
    }

    /// `packet` is one decrypted RTP packet.
    pub fn handle_rtp(
        &mut self,
        now: Instant,
        peer: PeerId,
        packet: &[u8],
        egress: &mut impl Egress,
    ) -> Result<(), RtpDropped> {
        self.complete_handing(now, egress);
        self.ingest(now, peer, packet, egress)
    }

    /// `compound` is one decrypted RTCP datagram.
    pub fn handle_rtcp(
        &mut self,
        now: Instant,
        peer: PeerId,
        compound: &[u8],
        egress: &mut impl Egress,
    ) -> Result<(), RtcpDropped> {
        self.complete_handing(now, egress);
        self.control(now, peer, compound, egress)
    }

    /// What is held back from now on is forwarded to nobody any more, not even as a repair.
    pub fn set_rights(&mut self, now: Instant, peer: PeerId, rights: Rights, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        let Some(place) = self.places.get(&peer).and_then(|at| self.peers.get(*at)) else { return };
        let tracks: Vec<TrackAt> = place.publications.iter().map(|published| published.track).collect();
        let mut changed = false;
        for at in tracks {
            let Some(track) = self.tracks.get_mut(at) else { continue };
            let name = track.name;
            if !track.set_right(rights.of(name.source)) {
                continue;
            }
            changed = true;
            if track.dries(now) == Drying::Track {
                self.facts.push_back(Fact::Dried { track: name });
            }
            self.tell_layers(at);
            self.withdraw(at);
            if name.source == Source::Microphone {
                self.speaker.forget(peer);
            }
        }
        if changed {
            self.reassign_everybody(now, egress);
        }
    }

    pub fn set_stage(&mut self, now: Instant, stage: Vec<TrackRef>, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        if self.router.set_stage(stage) {
            self.reassign_everybody(now, egress);
        }
    }

    pub fn set_view(&mut self, now: Instant, peer: PeerId, view: View, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        let Some(&at) = self.places.get(&peer) else { return };
        let Some(place) = self.peers.get_mut(at) else { return };
        if place.view == view {
            return;
        }
        place.view = view;
        self.fill_slots(now, at, egress);
        self.note_slots_changed(at);
        self.request_key_frames(now, egress);
    }

    pub fn start_tap(&mut self, now: Instant, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        if self.programme.is_some() {
            return;
        }
        self.programme = Some(Programme::begin(now, self.id, self.speaker.dominant(), egress));
        self.assign_programme(now, egress);
        self.request_key_frames(now, egress);
    }

    pub fn stop_tap(&mut self, now: Instant, egress: &mut impl Egress) {
        self.clear_programme();
        if let Some(programme) = self.programme.take() {
            programme.end(now, egress);
        }
    }

    /// Asks for a key frame of the programme's picture, as for any viewer's PLI. Without a tap: nothing.
    pub fn refresh_tap(&mut self, now: Instant, egress: &mut impl Egress) {
        let awaited = self.programme.as_ref().map(|programme| programme.stream.awaited());
        for key in awaited.into_iter().flatten() {
            self.ask(key);
        }
        self.request_key_frames(now, egress);
    }

    /// When [`Self::handle_timeout`] wants to be called next. `None`: not before somebody joins.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let schedule = self.schedule.as_ref()?;
        let handing = self.handing.as_ref().map(|handing| handing.since);
        [handing, Some(schedule.tick_at), schedule.repair_at, self.gathered_until()].into_iter().flatten().min()
    }

    pub fn handle_timeout(&mut self, now: Instant, egress: &mut impl Egress) {
        if self.handing.is_some() {
            // The batch is to leave before anything else is added to it; what else is due is so the next time.
            return self.hand_on_batch(now, egress);
        }
        self.hand_on_due(now, egress);
        if self.handing.is_none() {
            self.run_schedule(now, egress);
        }
    }

    /// Published sources, sent or not.
    #[must_use]
    pub fn tracks(&self) -> usize {
        self.tracks.iter().count()
    }

    /// Whether a burst is on its way to its receivers and goes on with [`Self::handle_timeout`], which is due.
    #[must_use]
    pub fn is_handing_on(&self) -> bool {
        self.handing.is_some()
    }

    pub fn poll_fact(&mut self) -> Option<Fact> {
        if let Some(fact) = self.facts.pop_front() {
            return Some(fact);
        }
        let at = self.untold.pop()?;
        let peer = self.peers.get_mut(at)?;
        peer.slots_changed = false;
        Some(Fact::Slots { peer: peer.id, slots: self.slot_views(at)? })
    }

    fn slot_views(&self, at: PeerAt) -> Option<Vec<SlotView>> {
        let peer = self.peers.get(at)?;
        let view = |(place, slot): (u16, &crate::forward::slot::OutSlot)| {
            let track = slot.assigned.and_then(|at| self.tracks.get(at));
            SlotView {
                mid: slot.mid.clone(),
                kind: slot.kind,
                track: track.map(|track| track.name),
                paused: track.and_then(|track| peer.pause_of(place, track)),
            }
        };
        Some((0..).zip(&peer.slots).map(view).collect())
    }

    fn note_slots_changed(&mut self, at: PeerAt) {
        if let Some(peer) = self.peers.get_mut(at).filter(|peer| !peer.slots.is_empty())
            && !std::mem::replace(&mut peer.slots_changed, true)
        {
            self.untold.push(at);
        }
    }
}

#[cfg(test)]
mod tests;
