//! The media engine with its cryptography left out: the production room, and around it the engine's rules for a transport (who has
//! connected, who is silent for how long) with datagrams in the clear.
//!
//! It also knows what nobody else can know: which packet came in under which right. What leaves the room is held against that at once.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sfu::command::{Command, CommandRefused, Reply, Right, Rights};
use sfu::egress::Egress;
use sfu::fact::{DisconnectReason, Fact};
use sfu::id::{PeerId, RoomId, Source};
use sfu::room::Room;
use sfu::tap::TapEvent;
use sfu::transport::{OfferRefused, PATH_LOST_AFTER};

use super::negotiate::{Credentials, Offer, write_answer};
use super::packet::{Mark, OPUS, Rtp, StreamName, VP8, mark_of};

/// The engine's own figures (`sfu::engine`).
const CONNECT_WITHIN: Duration = Duration::from_secs(30);
const KEPT_FOR: Duration = Duration::from_secs(300);
const SWEEP: Duration = Duration::from_millis(100);

/// A datagram, in the clear.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Datagram {
    /// A consent check, and its answer.
    Check,
    /// A flight of the handshake, from 1.
    Flight(u8),
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
    /// The other side has closed the transport.
    Goodbye,
}

impl Datagram {
    /// On the line: with IP and UDP headers and, where it is sealed, the tag.
    #[must_use]
    pub fn bytes(&self) -> usize {
        const HEADERS: usize = 28;
        const TAG: usize = 16;
        HEADERS
            + match self {
                Self::Check | Self::Goodbye => 100,
                Self::Flight(_) => 1_000,
                Self::Rtp(bytes) | Self::Rtcp(bytes) => bytes.len() + TAG,
            }
    }
}

/// Flights until both sides have keys.
pub const FLIGHTS: u8 = 2;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Link {
    Connecting { since: Instant },
    Up { heard: Instant },
    Down { heard: Instant },
}

#[derive(Debug)]
struct Peer {
    transport: u16,
    generation: u16,
    link: Link,
    rights: Rights,
    offer: Offer,
}

/// One stream's packets and the rights they came under.
#[derive(Debug, Default)]
struct Came {
    /// Raised whenever the right is taken or given.
    era: u32,
    /// By packet number: the era in which it came, if the right was there.
    packets: BTreeMap<u32, u32>,
}

pub struct Bridge {
    epoch: Instant,
    core: Option<Room>,
    peers: BTreeMap<PeerId, Peer>,
    transports: BTreeMap<u16, PeerId>,
    /// Every peer's transport, those of the past included: goodbyes are sent to them.
    named: BTreeMap<PeerId, u16>,
    came: BTreeMap<StreamName, Came>,
    next_sweep: Option<Instant>,
    dice: ChaCha8Rng,
    facts: VecDeque<Fact>,
    air: Air,
    leaving: Vec<(u16, Datagram)>,
    taped: Vec<TapEvent>,
    /// When the stage was told last.
    pub stage_set: Duration,
    fault: Option<String>,
}

/// What the room sent.
#[derive(Debug, Default)]
struct Air {
    media: Vec<(PeerId, Datagram)>,
    taps: Vec<TapEvent>,
}

impl Egress for Air {
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]) {
        self.media.push((to, Datagram::Rtp([header, prefix, payload].concat())));
    }

    fn rtcp(&mut self, to: PeerId, compound: &[u8]) {
        self.media.push((to, Datagram::Rtcp(compound.to_vec())));
    }

    fn tap(&mut self, _room: RoomId, event: TapEvent) {
        self.taps.push(event);
    }
}

impl Bridge {
    #[must_use]
    pub fn new(seed: u64, epoch: Instant, room: RoomId) -> Self {
        Self {
            epoch,
            core: Some(Room::new(room)),
            peers: BTreeMap::new(),
            transports: BTreeMap::new(),
            named: BTreeMap::new(),
            came: BTreeMap::new(),
            next_sweep: None,
            dice: ChaCha8Rng::seed_from_u64(seed),
            facts: VecDeque::new(),
            air: Air::default(),
            leaving: Vec::new(),
            taped: Vec::new(),
            stage_set: Duration::ZERO,
            fault: None,
        }
    }

    fn instant(&self, now: Duration) -> Instant {
        self.epoch + now
    }

    /// # Errors
    /// As the engine refuses.
    pub fn command(&mut self, now: Duration, command: Command) -> Result<Reply, CommandRefused> {
        let now = self.instant(now);
        let reply = self.carry_out(now, command);
        self.take_facts(now);
        self.inspect();
        reply
    }

    fn carry_out(&mut self, now: Instant, command: Command) -> Result<Reply, CommandRefused> {
        match command {
            Command::OpenRoom { .. } => return Err(CommandRefused::RoomExists),
            Command::CloseRoom { .. } => {
                self.core_mut(|core, air| core.stop_tap(now, air))?;
                for peer in self.peers.keys().copied().collect::<Vec<_>>() {
                    self.remove(now, peer, DisconnectReason::Left);
                }
                self.core = None;
            }
            Command::Join { room, peer, purpose: _, rights, offer } => {
                return self.join(now, room, peer, rights, &offer);
            }
            Command::Restart { peer, offer } => return self.restart(peer, &offer),
            Command::Trickle { .. } => return Err(CommandRefused::Offer(OfferRefused::Malformed)),
            Command::Leave { peer } => {
                self.known(peer)?;
                self.remove(now, peer, DisconnectReason::Left);
            }
            Command::SetRights { peer, rights } => {
                self.known(peer)?;
                self.note_rights(peer, rights);
                self.core_mut(|core, air| core.set_rights(now, peer, rights, air))?;
            }
            Command::SetStage { stage, .. } => {
                self.stage_set = now.saturating_duration_since(self.epoch);
                self.core_mut(|core, air| core.set_stage(now, stage, air))?;
            }
            Command::SetView { peer, view } => {
                self.known(peer)?;
                self.core_mut(|core, air| core.set_view(now, peer, view, air))?;
            }
            Command::StartTap { .. } => self.core_mut(|core, air| core.start_tap(now, air))?,
            Command::StopTap { .. } => self.core_mut(|core, air| core.stop_tap(now, air))?,
            Command::RefreshTap { .. } => self.core_mut(|core, air| core.refresh_tap(now, air))?,
        }
        Ok(Reply::Done)
    }

    fn core_mut(&mut self, work: impl FnOnce(&mut Room, &mut Air)) -> Result<(), CommandRefused> {
        let core = self.core.as_mut().ok_or(CommandRefused::NoSuchRoom)?;
        work(core, &mut self.air);
        Ok(())
    }

    fn known(&self, peer: PeerId) -> Result<(), CommandRefused> {
        if self.peers.contains_key(&peer) { Ok(()) } else { Err(CommandRefused::NoSuchPeer) }
    }

    fn join(
        &mut self,
        now: Instant,
        room: RoomId,
        id: PeerId,
        rights: Rights,
        offer: &str,
    ) -> Result<Reply, CommandRefused> {
        if self.peers.contains_key(&id) {
            return Err(CommandRefused::PeerExists);
        }
        let core = self.core.as_mut().filter(|core| core.id() == room).ok_or(CommandRefused::NoSuchRoom)?;
        let offer = Offer::read(offer).ok_or(OfferRefused::Malformed)?;
        let dice = &mut self.dice;
        let media = offer.media(|| dice.random_range(1..u32::MAX));
        let answer = write_answer(offer.credentials, &media);
        core.join(now, id, media, rights);
        let Credentials { transport, generation } = offer.credentials;
        self.transports.insert(transport, id);
        self.named.insert(id, transport);
        let link = Link::Connecting { since: now };
        self.peers.insert(id, Peer { transport, generation, link, rights, offer });
        self.next_sweep.get_or_insert(now + SWEEP);
        Ok(Reply::Answer(answer))
    }

    fn restart(&mut self, id: PeerId, offer: &str) -> Result<Reply, CommandRefused> {
        let peer = self.peers.get_mut(&id).ok_or(CommandRefused::NoSuchPeer)?;
        let offer = Offer::read(offer).ok_or(OfferRefused::Malformed)?;
        let same = Offer { credentials: peer.offer.credentials, ..offer.clone() } == peer.offer;
        if !same || offer.credentials.transport != peer.transport {
            return Err(OfferRefused::ChangedMedia.into());
        }
        peer.generation = offer.credentials.generation;
        Ok(Reply::Answer(write_answer(offer.credentials, &sfu::negotiated::PeerMedia::default())))
    }

    fn note_rights(&mut self, id: PeerId, rights: Rights) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let before = std::mem::replace(&mut peer.rights, rights);
        for source in [Source::Microphone, Source::Camera, Source::Screen] {
            if before.of(source) == rights.of(source) {
                continue;
            }
            for layer in 0..3 {
                let name = StreamName { publisher: peer.transport, source, layer };
                self.came.entry(name).or_default().era += 1;
            }
        }
    }

    fn remove(&mut self, now: Instant, id: PeerId, why: DisconnectReason) {
        // What left before this moment left by right; from here on nothing of the peer may.
        self.inspect();
        if let Some(core) = &mut self.core {
            core.leave(now, id, &mut self.air);
        }
        let Some(peer) = self.peers.remove(&id) else { return };
        if self.transports.get(&peer.transport) == Some(&id) {
            self.transports.remove(&peer.transport);
        }
        if !matches!(peer.link, Link::Connecting { .. }) {
            self.air.media.push((id, Datagram::Goodbye));
        }
        self.inspect();
        self.take_facts(now);
        self.facts.push_back(Fact::Disconnected { peer: id, why });
    }

    /// A datagram arrives. Returns whether it was taken as a sign of life of the transport's owner.
    pub fn datagram(&mut self, now: Duration, from: Credentials, datagram: &Datagram) -> bool {
        let now = self.instant(now);
        let Some(&id) = self.transports.get(&from.transport) else { return false };
        let Some(peer) = self.peers.get_mut(&id) else { return false };
        let connected = !matches!(peer.link, Link::Connecting { .. });
        match datagram {
            // Old credentials are dead; media goes on under its keys.
            Datagram::Check | Datagram::Flight(_) if from.generation != peer.generation => return false,
            Datagram::Check => self.air.media.push((id, Datagram::Check)),
            Datagram::Flight(flight) => {
                self.air.media.push((id, Datagram::Flight(*flight)));
                if *flight == FLIGHTS && !connected {
                    self.connect(now, id);
                }
            }
            Datagram::Rtp(_) | Datagram::Rtcp(_) | Datagram::Goodbye if !connected => return false,
            Datagram::Rtp(bytes) => self.media(now, id, bytes),
            Datagram::Rtcp(bytes) => {
                if let Some(core) = &mut self.core
                    && let Err(dropped) = core.handle_rtcp(now, id, bytes, &mut self.air)
                {
                    panic!("{id:?}'s RTCP was dropped: {dropped}");
                }
            }
            Datagram::Goodbye => {
                self.remove(now, id, DisconnectReason::Closed);
                return true;
            }
        }
        self.hear(now, id);
        self.take_facts(now);
        self.inspect();
        true
    }

    fn media(&mut self, now: Instant, id: PeerId, bytes: &[u8]) {
        self.note_arrival(id, bytes);
        if let Some(core) = &mut self.core {
            // Dropping is the room's right; what it must not drop shows at the receivers.
            let _dropped = core.handle_rtp(now, id, bytes, &mut self.air);
        }
    }

    fn note_arrival(&mut self, id: PeerId, bytes: &[u8]) {
        let Some(peer) = self.peers.get(&id) else { return };
        let Some(mark) = Rtp::read(bytes).and_then(|rtp| mark_of(rtp.payload_type, rtp.payload)) else { return };
        assert_eq!(mark.stream.publisher, peer.transport, "a client sends its own content");
        if peer.rights.of(mark.stream.source) == Right::Forwarded {
            let came = self.came.entry(mark.stream).or_default();
            came.packets.insert(mark.packet, came.era);
        }
    }

    fn connect(&mut self, now: Instant, id: PeerId) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.link = Link::Up { heard: now };
        }
        self.facts.push_back(Fact::Connected { peer: id });
        if let Some(core) = &mut self.core {
            core.connected(now, id, &mut self.air);
        }
    }

    fn hear(&mut self, now: Instant, id: PeerId) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        match peer.link {
            Link::Connecting { .. } => {}
            Link::Up { .. } => peer.link = Link::Up { heard: now },
            Link::Down { .. } => {
                peer.link = Link::Up { heard: now };
                self.facts.push_back(Fact::PathBack { peer: id });
                if let Some(core) = &mut self.core {
                    core.path_back(now, id, &mut self.air);
                }
            }
        }
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let core = self.core.as_ref().and_then(Room::poll_timeout);
        core.into_iter().chain(self.next_sweep).min().map(|at| at.saturating_duration_since(self.epoch))
    }

    pub fn handle_timeout(&mut self, now: Duration) {
        let now = self.instant(now);
        if let Some(core) = &mut self.core
            && core.poll_timeout().is_some_and(|at| at <= now)
        {
            core.handle_timeout(now, &mut self.air);
        }
        if self.next_sweep.is_some_and(|at| at <= now) {
            self.sweep(now);
        }
        self.take_facts(now);
        self.inspect();
    }

    fn sweep(&mut self, now: Instant) {
        self.next_sweep = (!self.peers.is_empty()).then(|| now + SWEEP);
        for id in self.peers.keys().copied().collect::<Vec<_>>() {
            let Some(peer) = self.peers.get_mut(&id) else { continue };
            let silent = |since: Instant| now.saturating_duration_since(since);
            match peer.link {
                Link::Connecting { since } if silent(since) >= CONNECT_WITHIN => {
                    self.remove(now, id, DisconnectReason::HandshakeFailed);
                }
                Link::Up { heard } if silent(heard) >= PATH_LOST_AFTER => {
                    peer.link = Link::Down { heard };
                    if let Some(core) = &mut self.core {
                        core.path_lost(now, id, &mut self.air);
                    }
                    self.take_facts(now);
                    self.facts.push_back(Fact::PathLost { peer: id });
                }
                Link::Down { heard } if silent(heard) >= KEPT_FOR => {
                    self.remove(now, id, DisconnectReason::Expired);
                }
                Link::Connecting { .. } | Link::Up { .. } | Link::Down { .. } => {}
            }
        }
    }

    fn take_facts(&mut self, now: Instant) {
        let Some(core) = &mut self.core else { return };
        while let Some(mut fact) = core.poll_fact() {
            if let Fact::Stats { peer, stats } = &mut fact
                && let Some(peer) = self.peers.get(peer)
            {
                // As the engine does: consent checks are signs of life, too.
                stats.idle = peer.link.idle(now);
            }
            self.facts.push_back(fact);
        }
    }

    pub fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    /// Takes what the room has sent, and holds it against the rights of this moment.
    fn inspect(&mut self) {
        let Air { media, taps } = std::mem::take(&mut self.air);
        for (to, datagram) in media {
            if let Err(why) = self.inspect_media(to, &datagram) {
                self.fault.get_or_insert(why);
            }
            if let Some(&transport) = self.named.get(&to) {
                self.leaving.push((transport, datagram));
            }
        }
        for tap in taps {
            if let Err(why) = self.inspect_tap(&tap) {
                self.fault.get_or_insert(why);
            }
            self.taped.push(tap);
        }
    }

    fn inspect_media(&self, to: PeerId, datagram: &Datagram) -> Result<(), String> {
        let Datagram::Rtp(bytes) = datagram else { return Ok(()) };
        let rtp = Rtp::read(bytes).ok_or("the room wrote a packet nobody can read")?;
        let mark = mark_of(rtp.payload_type, rtp.payload).ok_or("the room wrote a payload nobody sent")?;
        self.allowed(&mark).map_err(|why| format!("{to:?} is sent {mark:?}: {why}"))
    }

    fn inspect_tap(&self, tap: &TapEvent) -> Result<(), String> {
        let mark = match tap {
            TapEvent::Audio { payload, .. } => mark_of(OPUS, payload),
            TapEvent::Video { payload, .. } => mark_of(VP8, payload),
            TapEvent::Picture { .. } | TapEvent::Speaker { .. } | TapEvent::End { .. } => return Ok(()),
        };
        let mark = mark.ok_or("a payload nobody sent is recorded")?;
        self.allowed(&mark).map_err(|why| format!("{mark:?} is recorded: {why}"))
    }

    /// What goes to which transport.
    ///
    /// # Errors
    /// Whose packet reached whom although its owner has no right to send it, or had none when it came.
    pub fn poll_media(&mut self) -> Result<Vec<(u16, Datagram)>, String> {
        match self.fault.take() {
            Some(why) => Err(why),
            None => Ok(std::mem::take(&mut self.leaving)),
        }
    }

    /// The pieces of the programme.
    pub fn poll_taps(&mut self) -> Vec<TapEvent> {
        std::mem::take(&mut self.taped)
    }

    fn allowed(&self, mark: &Mark) -> Result<(), &'static str> {
        let owner = self.transports.get(&mark.stream.publisher).and_then(|id| self.peers.get(id));
        let owner = owner.ok_or("its owner has left")?;
        if owner.rights.of(mark.stream.source) == Right::Held {
            return Err("its owner has no right to be seen or heard");
        }
        let came = self.came.get(&mark.stream).ok_or("it never came in")?;
        match came.packets.get(&mark.packet) {
            Some(era) if *era == came.era => Ok(()),
            Some(_) => Err("it came before the right was taken away, and leaves after it was given back"),
            None => Err("it came in while its owner had no right"),
        }
    }

    /// The transport's peer, once it is connected and not silent.
    #[must_use]
    pub fn is_up(&self, transport: u16) -> bool {
        let peer = self.transports.get(&transport).and_then(|id| self.peers.get(id));
        peer.is_some_and(|peer| matches!(peer.link, Link::Up { .. }))
    }

    #[must_use]
    pub fn transport_of(&self, peer: PeerId) -> Option<u16> {
        self.named.get(&peer).copied()
    }

    #[must_use]
    pub fn may_forward(&self, transport: u16, source: Source) -> bool {
        let peer = self.transports.get(&transport).and_then(|id| self.peers.get(id));
        peer.is_some_and(|peer| peer.rights.of(source) == Right::Forwarded)
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.peers.is_empty() && self.facts.is_empty() && self.leaving.is_empty() && self.taped.is_empty()
    }
}

impl Link {
    fn idle(self, now: Instant) -> Duration {
        match self {
            Self::Connecting { since: at } | Self::Up { heard: at } | Self::Down { heard: at } => {
                now.saturating_duration_since(at)
            }
        }
    }
}
