//! The bridge's media plane as one machine without sockets, threads or clock: datagrams and commands go in with the time, datagrams,
//! facts and tapped programmes come out.
//!
//! The order of doors is always the same: kind of datagram → known address or session name → STUN integrity → DTLS → SRTP tag →
//! room. Nothing is answered, remembered or allocated for a datagram before the door that knows its sender.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod answers;
mod batch;
mod census;
mod command;
mod drops;
#[cfg(feature = "fuzz")]
pub(crate) mod fuzz;
mod peer;
mod receive;
mod wire;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

pub use batch::Transmit;
pub use census::Census;
pub use drops::{Dropped, Drops};
use peer::Aged;
use wire::Wire;

use crate::command::Command;
use crate::fact::{DisconnectReason, Fact};
use crate::id::{PeerId, RoomId};
use crate::room::Room;
use crate::tap::TapEvent;
use crate::transport::certificate::{Certificate, Crypto, provider};
use crate::transport::dtls::{DtlsConfig, DtlsEvent, DtlsFailed};
use crate::transport::{Candidate, DATAGRAM_MAX, DtlsUnusable, Path, Via};

/// How often the peers' timers are looked at: handshake repeats (1 s), lost paths (6 s) and deadlines need no finer clock, and one
/// look at a thousand peers costs microseconds.
const SWEEP: Duration = Duration::from_millis(100);

/// Reports waiting for the shell, which takes them after every input. At a few a second for each of a thousand peers a shell that
/// is a minute behind has lost the meeting anyway.
const FACTS_MAX: usize = 65_536;

pub struct EngineConfig {
    /// Every address a peer can reach us at, preferred first.
    pub candidates: Vec<Candidate>,
    pub certificate: Certificate,
    /// All our ICE credentials and SSRCs come from it: it must be unpredictable.
    pub seed: [u8; 32],
}

pub struct Engine {
    candidates: Vec<Candidate>,
    certificate: Certificate,
    dtls: DtlsConfig,
    crypto: Crypto,
    rng: ChaCha20Rng,
    rooms: BTreeMap<RoomId, Room>,
    wire: Wire,
    /// Sessions by the fragment we chose.
    ufrags: HashMap<String, PeerId>,
    /// The only door for anything but STUN: addresses that ICE has validated.
    paths: HashMap<Path, PeerId>,
    /// TCP paths that nobody is at any more.
    abandoned: VecDeque<Path>,
    facts: VecDeque<Fact>,
    next_sweep: Option<Instant>,
    /// The datagram being opened.
    plain: Box<[u8; DATAGRAM_MAX]>,
    busy: Busy,
}

/// Whose bytes or orders are being worked on: what [`Engine::recover`] removes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Busy {
    No,
    Peer(PeerId),
    Room(RoomId),
}

impl Engine {
    pub fn new(config: EngineConfig) -> Result<Self, DtlsUnusable> {
        let EngineConfig { candidates, certificate, seed } = config;
        Ok(Self {
            candidates,
            dtls: DtlsConfig::new(&certificate)?,
            certificate,
            crypto: provider(),
            rng: ChaCha20Rng::from_seed(seed),
            rooms: BTreeMap::new(),
            wire: Wire::default(),
            ufrags: HashMap::new(),
            paths: HashMap::new(),
            abandoned: VecDeque::new(),
            facts: VecDeque::new(),
            next_sweep: None,
            plain: Box::new([0; DATAGRAM_MAX]),
            busy: Busy::No,
        })
    }

    /// The next datagram to send.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        self.wire.batch.poll()
    }

    /// Everything there is to send, in runs of up to `segments_max` datagrams that one call can send; see
    /// [`Transmit::segment_size`]. [`Engine::clear_transmits`] follows.
    pub fn transmits(&self, segments_max: usize) -> impl Iterator<Item = Transmit<'_>> {
        self.wire.batch.runs(segments_max)
    }

    pub fn clear_transmits(&mut self) {
        self.wire.batch.clear();
    }

    /// Whether a burst is on its way to its receivers and goes on with [`Engine::handle_timeout`], which is due.
    #[must_use]
    pub fn is_handing_on(&self) -> bool {
        self.rooms.values().any(Room::is_handing_on)
    }

    /// Whether so much is ready to be sent that it should be before anything else is handled.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.wire.batch.is_full()
    }

    pub fn poll_fact(&mut self) -> Option<Fact> {
        self.facts.pop_front()
    }

    /// The next piece of a programme on its way into a recording.
    pub fn poll_tap(&mut self) -> Option<(RoomId, TapEvent)> {
        self.wire.tapped.pop_front()
    }

    /// Whether a peer has proven to be at `path`: until then a connection is a stranger's.
    #[must_use]
    pub fn is_proven(&self, path: Path) -> bool {
        self.paths.contains_key(&path)
    }

    /// The next TCP path that is of no use any more; what was to be sent by it is among the transmits. There is at most one for each
    /// connection that was ever proven, and the shell takes them after every input.
    pub fn poll_abandoned(&mut self) -> Option<Path> {
        self.abandoned.pop_front()
    }

    /// A connection ended: nothing can be sent by its path any more, and nobody else will ever be at it.
    pub fn handle_path_closed(&mut self, now: Instant, path: Path) {
        let Some(peer) = self.paths.remove(&path).and_then(|id| self.wire.peers.get_mut(&id)) else { return };
        peer.ice.route.close(now, path);
    }

    #[must_use]
    pub fn drops(&self) -> &Drops {
        &self.wire.drops
    }

    /// What the shell threw away.
    pub fn count_drops(&mut self, dropped: Dropped, more: u64) {
        self.wire.drops.add(dropped, more);
    }

    /// When [`Engine::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.rooms.values().filter_map(Room::poll_timeout).chain(self.next_sweep).min()
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        // Room by room without a list: a burst on its way to a thousand receivers comes here many times.
        let mut next = Bound::Unbounded;
        while let Some((&room, core)) = self.rooms.range((next, Bound::Unbounded)).next() {
            next = Bound::Excluded(room);
            if core.poll_timeout().is_some_and(|at| at <= now) {
                self.in_room(now, room, |room, wire| room.handle_timeout(now, wire));
            }
        }
        if self.next_sweep.is_some_and(|at| at <= now) {
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: Instant) {
        let peers: Vec<PeerId> = self.wire.peers.keys().copied().collect();
        self.next_sweep = (!peers.is_empty()).then(|| now + SWEEP);
        for id in peers {
            self.busy = Busy::Peer(id);
            let Some(peer) = self.wire.peers.get_mut(&id) else { continue };
            peer.ice.route.age(now);
            let (event, aged) = (peer.dtls.handle_timeout(now), peer.link.age(now));
            self.wire.flush_dtls(id, None);
            if let Some(event) = event {
                self.dtls_event(now, id, event);
            }
            match aged {
                None => {}
                Some(Aged::NeverConnected) => self.remove(now, id, DisconnectReason::HandshakeFailed),
                Some(Aged::GivenUp) => self.remove(now, id, DisconnectReason::Expired),
                Some(Aged::Lost) => {
                    self.in_room_of(now, id, |room, wire| room.path_lost(now, id, wire));
                    self.report(now, Fact::PathLost { peer: id });
                }
            }
        }
        self.busy = Busy::No;
    }

    /// Ends every room and peer; the goodbyes are among the next transmits.
    pub fn shut_down(&mut self, now: Instant) {
        let rooms: Vec<RoomId> = self.rooms.keys().copied().collect();
        for room in rooms {
            // It exists, so it can be closed.
            let _done = self.handle_command(now, Command::CloseRoom { room });
        }
    }

    /// After a panic in one of the machine's calls: ends the peer or the room it was working for, and nobody else.
    pub fn recover(&mut self, now: Instant) {
        match std::mem::replace(&mut self.busy, Busy::No) {
            Busy::No => {}
            Busy::Peer(peer) => self.remove(now, peer, DisconnectReason::Closed),
            Busy::Room(room) => {
                // Its state cannot be trusted any more, so it is not asked to say goodbye.
                self.rooms.remove(&room);
                for peer in self.peers_in(room) {
                    self.remove(now, peer, DisconnectReason::Closed);
                }
            }
        }
    }

    fn dtls_event(&mut self, now: Instant, id: PeerId, event: DtlsEvent) {
        match event {
            DtlsEvent::Established(srtp) => {
                let Some(peer) = self.wire.peers.get_mut(&id) else { return };
                peer.srtp = Some(srtp);
                peer.link = peer::Link::Up { heard: now };
                self.report(now, Fact::Connected { peer: id });
                self.in_room_of(now, id, |room, wire| room.connected(now, id, wire));
            }
            DtlsEvent::Closed => self.remove(now, id, DisconnectReason::Closed),
            DtlsEvent::Unread => self.wire.drops.count(Dropped::DtlsUnread),
            DtlsEvent::Failed(why) => {
                tracing::info!(peer = ?id, ?why, "a peer's handshake failed");
                self.wire.drops.count(match why {
                    DtlsFailed::WrongFingerprint => Dropped::DtlsWrongCertificate,
                    DtlsFailed::Handshake | DtlsFailed::NoProfile => Dropped::DtlsFailed,
                });
                self.remove(now, id, DisconnectReason::HandshakeFailed);
            }
        }
    }

    /// Ends a peer: its goodbye is sent, its addresses and credentials are worth nothing any more.
    fn remove(&mut self, now: Instant, id: PeerId, why: DisconnectReason) {
        self.in_room_of(now, id, |room, wire| room.leave(now, id, wire));
        if let Some(peer) = self.wire.peers.get_mut(&id) {
            peer.dtls.close(now);
        }
        self.wire.flush_dtls(id, None);
        let Some(peer) = self.wire.peers.remove(&id) else { return };
        self.ufrags.remove(&peer.ice.local().ufrag);
        for path in peer.ice.route.proven() {
            if self.paths.get(&path) == Some(&id) {
                self.abandon(path);
            }
        }
        self.report(now, Fact::Disconnected { peer: id, why });
    }

    /// `path` is no door any more.
    fn abandon(&mut self, path: Path) {
        self.paths.remove(&path);
        match path.via {
            Via::Udp => {}
            Via::Tcp(_) => self.abandoned.push_back(path),
        }
    }

    fn peers_in(&self, room: RoomId) -> Vec<PeerId> {
        self.wire.peers.iter().filter(|(_, peer)| peer.room == room).map(|(&id, _)| id).collect()
    }

    /// Works on a room and takes what it reports.
    fn in_room<T>(&mut self, now: Instant, id: RoomId, work: impl FnOnce(&mut Room, &mut Wire) -> T) -> Option<T> {
        let room = self.rooms.get_mut(&id)?;
        let before = std::mem::replace(&mut self.busy, Busy::Room(id));
        let done = work(room, &mut self.wire);
        self.take_facts(now, id);
        self.busy = before;
        Some(done)
    }

    fn take_facts(&mut self, now: Instant, room: RoomId) {
        while let Some(fact) = self.rooms.get_mut(&room).and_then(Room::poll_fact) {
            self.report(now, fact);
        }
    }

    fn in_room_of<T>(&mut self, now: Instant, peer: PeerId, work: impl FnOnce(&mut Room, &mut Wire) -> T) -> Option<T> {
        let room = self.wire.peers.get(&peer)?.room;
        self.in_room(now, room, work)
    }

    fn report(&mut self, now: Instant, mut fact: Fact) {
        if self.facts.len() >= FACTS_MAX {
            self.wire.drops.count(Dropped::FactOverrun);
            return;
        }
        if let Fact::Stats { peer, stats } = &mut fact
            && let Some(peer) = self.wire.peers.get(peer)
        {
            // The room sees media only; a viewer's consent checks are signs of life too.
            stats.idle = peer.link.idle(now);
            stats.carrier = peer.ice.route.chosen().map(|path| path.carrier());
        }
        self.facts.push_back(fact);
    }
}

#[cfg(test)]
mod tests;
