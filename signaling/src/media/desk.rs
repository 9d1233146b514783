//! Participants on one side, peers on the other. The desk knows which peer is whose, keeps what the meeting wants, and tells the
//! engine one command at a time, the withdrawal of a right before anything else.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sfu::command::{Command, CommandRefused, Purpose, Reply, Right, Rights, SlotSize, View};
use sfu::fact::{Fact, PauseReason as SfuPause, PeerStats, SlotView as SfuSlot};
use sfu::id::{PeerId, RoomId, Source, TrackRef};
use sfu::transport::OfferRefused;

use super::answer::{PeerLines, peer_lines};
use super::line::line_view;
use crate::clock::UtcMs;
use crate::id::ParticipantId;
use crate::meeting::{MediaNews, MediaOrder, Path, SOURCES, SourceSet, Ticket};
use crate::wire::{LineQuality, LineView, PauseReason, RefusalCode, SlotDrawn, SlotView, SourceLayers, SourceName};

/// Peers are numbered within their room, so that a fact finds its room without being looked up.
const PEER_BITS: u32 = 24;

/// A datagram this young is a sign of life.
const ALIVE_WITHIN: Duration = Duration::from_secs(2);

/// The room a peer was brought into.
#[must_use]
pub fn room_of(peer: PeerId) -> RoomId {
    RoomId(peer.0 >> PEER_BITS)
}

#[derive(Debug)]
pub struct Desk {
    room: RoomId,
    peers_made: u64,
    peers: BTreeMap<PeerId, Peer>,
    /// What the meeting wants forwarded; absent: nothing.
    wanted: BTreeMap<ParticipantId, SourceSet>,
    stage: Vec<(ParticipantId, SourceName)>,
    stage_sent: Vec<TrackRef>,
    views: BTreeMap<ParticipantId, WantedView>,
    quality: BTreeMap<ParticipantId, LineQuality>,
    errands: VecDeque<Errand>,
    /// What has to be looked at again: a room of two hundred is not compared as a whole at every command.
    stale: Stale,
    in_flight: Option<InFlight>,
    news: VecDeque<MediaNews>,
}

/// What the engine may have been told otherwise.
#[derive(Debug, Default)]
struct Stale {
    rights: BTreeSet<PeerId>,
    views: BTreeSet<PeerId>,
    stage: bool,
}

#[derive(Debug)]
struct Peer {
    owner: ParticipantId,
    path: Path,
    /// Absent until the engine has answered his offer.
    lines: Option<PeerLines>,
    rights_sent: Rights,
    view_sent: Option<View>,
    stats: Option<PeerStats>,
}

#[derive(Debug, Default)]
struct WantedView {
    pinned: Vec<ParticipantId>,
    slots: Vec<SlotDrawn>,
}

/// Commands that stand in a row. What is merely *wanted* (rights, stage, views) is compared instead and needs no queue, so this one
/// is bounded by the participants: each has at most one negotiation under way.
#[derive(Debug)]
enum Errand {
    Join { peer: PeerId, ticket: Ticket, offer: String },
    Restart { peer: PeerId, ticket: Ticket, offer: String },
    Trickle { peer: PeerId, ticket: Ticket, fragment: String },
    Leave { peer: PeerId },
}

/// The command whose reply is awaited.
#[derive(Clone, Copy, Debug)]
enum InFlight {
    Join {
        peer: PeerId,
        ticket: Ticket,
    },
    Restart {
        ticket: Ticket,
    },
    Trickle {
        ticket: Ticket,
    },
    /// A reply that changes nothing.
    Plain,
}

impl Desk {
    #[must_use]
    pub fn new(room: RoomId) -> Self {
        Self {
            room,
            peers_made: 0,
            peers: BTreeMap::new(),
            wanted: BTreeMap::new(),
            stage: Vec::new(),
            stage_sent: Vec::new(),
            views: BTreeMap::new(),
            quality: BTreeMap::new(),
            errands: VecDeque::new(),
            stale: Stale::default(),
            in_flight: None,
            news: VecDeque::new(),
        }
    }

    pub fn order(&mut self, order: MediaOrder) {
        match order {
            MediaOrder::Negotiate { participant, path, ticket, offer } => {
                self.drop_path(participant, path);
                self.peers_made += 1;
                let peer = PeerId((self.room.0 << PEER_BITS) | self.peers_made);
                self.peers.insert(peer, Peer::new(participant, path));
                self.errands.push_back(Errand::Join { peer, ticket, offer });
            }
            MediaOrder::Restart { participant, path, ticket, offer } => match self.peer_on(participant, path) {
                Some(peer) => self.errands.push_back(Errand::Restart { peer, ticket, offer }),
                None => self.news.push_back(MediaNews::RestartFailed { ticket, code: RefusalCode::NoMedia }),
            },
            MediaOrder::Trickle { participant, path, ticket, fragment } => match self.peer_on(participant, path) {
                Some(peer) => self.errands.push_back(Errand::Trickle { peer, ticket, fragment }),
                None => self.news.push_back(MediaNews::RestartFailed { ticket, code: RefusalCode::NoMedia }),
            },
            MediaOrder::Drop { participant, path } => self.drop_path(participant, path),
            MediaOrder::Forward { participant, sources } => {
                self.wanted.insert(participant, sources);
                let peers: Vec<PeerId> = self.peers_of(participant).collect();
                self.stale.rights.extend(peers);
            }
            MediaOrder::Stage(stage) => {
                self.stage = stage;
                self.stale.stage = true;
            }
            MediaOrder::View { participant, pinned, slots } => {
                self.views.insert(participant, WantedView { pinned, slots });
                let peers: Vec<PeerId> = self.peers_of(participant).collect();
                self.stale.views.extend(peers);
            }
        }
    }

    /// The next command for the engine; none while one is under way. First what must stop, last how things look.
    pub fn poll_command(&mut self) -> Option<Command> {
        if self.in_flight.is_some() {
            return None;
        }
        let command = self
            .next_rights()
            .or_else(|| self.next_stage())
            .or_else(|| self.next_errand())
            .or_else(|| self.next_view())?;
        self.in_flight.get_or_insert(InFlight::Plain);
        Some(command)
    }

    pub fn handle_reply(&mut self, reply: Result<Reply, CommandRefused>) {
        match self.in_flight.take() {
            Some(InFlight::Join { peer, ticket }) => self.joined(peer, ticket, reply),
            Some(InFlight::Restart { ticket } | InFlight::Trickle { ticket }) => {
                self.news.push_back(match reply {
                    Ok(Reply::Answer(answer) | Reply::Fragment(answer)) => MediaNews::Restarted { ticket, answer },
                    Ok(Reply::Done) => MediaNews::Restarted { ticket, answer: String::new() },
                    Err(refused) => MediaNews::RestartFailed { ticket, code: code(&refused) },
                });
            }
            // A peer may be gone by a fact that is still on its way here: that is no failure.
            Some(InFlight::Plain) | None => {
                if let Err(refused) = reply {
                    tracing::debug!(room = ?self.room, %refused, "the engine refused a command");
                }
            }
        }
    }

    pub fn handle_fact(&mut self, fact: Fact, now: UtcMs) {
        match fact {
            Fact::Connected { peer } | Fact::PathBack { peer } => {
                if let Some(participant) = self.owner(peer) {
                    self.news.push_back(MediaNews::Heard { participant });
                }
            }
            Fact::Disconnected { peer, why } => {
                tracing::debug!(?peer, ?why, "a media path ended");
                self.disconnected(peer, now);
            }
            // The statistics say the same a second later, and the signalling decides about presence.
            Fact::PathLost { .. } | Fact::Flowing { .. } | Fact::Dried { .. } => {}
            Fact::Slots { peer, slots } => {
                if let Some(Peer { owner, path: Path::Browser, .. }) = self.peers.get(&peer) {
                    let (participant, slots) = (*owner, slots.iter().map(|slot| self.slot_view(slot)).collect());
                    self.news.push_back(MediaNews::Slots { participant, slots });
                }
            }
            Fact::LayersWanted { track, rids } => {
                // Nobody can tell a program that came by WHIP: it goes on sending what it sends.
                if let Some(Peer { owner, path: Path::Browser, .. }) = self.peers.get(&track.peer) {
                    let rids = rids.into_iter().map(|rid| rid.0).collect();
                    let wanted = SourceLayers { source: source_name(track.source), rids };
                    self.news.push_back(MediaNews::Layers { participant: *owner, wanted });
                }
            }
            Fact::Speaker { peer, .. } => {
                let participant = peer.and_then(|peer| self.owner(peer));
                self.news.push_back(MediaNews::Speaker { participant });
            }
            Fact::Stats { peer, stats } => self.measured(peer, *stats, now),
        }
    }

    pub fn poll_news(&mut self) -> Option<MediaNews> {
        self.news.pop_front()
    }

    fn owner(&self, peer: PeerId) -> Option<ParticipantId> {
        self.peers.get(&peer).map(|peer| peer.owner)
    }

    fn peers_of(&self, owner: ParticipantId) -> impl Iterator<Item = PeerId> {
        self.peers.iter().filter(move |(_, peer)| peer.owner == owner).map(|(id, _)| *id)
    }

    /// A peer of his came or went: his own views leave it out, those who pinned him show it, the stage may stand on it.
    fn path_changed(&mut self, owner: ParticipantId) {
        let pinned_by = |peer: &Peer| self.views.get(&peer.owner).is_some_and(|view| view.pinned.contains(&owner));
        let concerned: Vec<PeerId> =
            self.peers.iter().filter(|(_, peer)| peer.owner == owner || pinned_by(peer)).map(|(id, _)| *id).collect();
        self.stale.views.extend(concerned);
        self.stale.stage = true;
    }

    fn peer_on(&self, owner: ParticipantId, path: Path) -> Option<PeerId> {
        self.peers.iter().find(|(_, peer)| peer.owner == owner && peer.path == path).map(|(id, _)| *id)
    }

    /// Forgets the peer at once. If the engine is just answering his offer, it is told when the answer is here.
    fn drop_path(&mut self, owner: ParticipantId, path: Path) {
        let Some(peer) = self.peer_on(owner, path) else { return };
        self.peers.remove(&peer);
        self.path_changed(owner);
        let waiting = self.errands.len();
        self.errands.retain(|errand| !matches!(errand, Errand::Join { peer: joining, .. } if *joining == peer));
        let never_sent = self.errands.len() < waiting;
        let being_answered = matches!(self.in_flight, Some(InFlight::Join { peer: joining, .. }) if joining == peer);
        if !never_sent && !being_answered {
            self.errands.push_back(Errand::Leave { peer });
        }
    }

    fn joined(&mut self, id: PeerId, ticket: Ticket, reply: Result<Reply, CommandRefused>) {
        let Some(peer) = self.peers.get_mut(&id) else {
            // Dropped while the engine was answering.
            if reply.is_ok() {
                self.errands.push_back(Errand::Leave { peer: id });
            }
            return;
        };
        let (participant, path) = (peer.owner, peer.path);
        let news = match reply {
            Ok(Reply::Answer(answer)) => {
                let lines = peer_lines(&answer);
                let sources = lines.sources;
                peer.lines = Some(lines);
                self.stale.rights.insert(id);
                self.path_changed(participant);
                MediaNews::Negotiated { participant, path, ticket, answer, sources }
            }
            Ok(Reply::Done | Reply::Fragment(_)) => {
                tracing::error!(?id, "the engine accepted an offer without an answer");
                self.peers.remove(&id);
                MediaNews::NegotiationFailed { participant, path, ticket, code: RefusalCode::MediaUnavailable }
            }
            Err(refused) => {
                self.peers.remove(&id);
                MediaNews::NegotiationFailed { participant, path, ticket, code: code(&refused) }
            }
        };
        self.news.push_back(news);
    }

    fn disconnected(&mut self, id: PeerId, now: UtcMs) {
        let Some(peer) = self.peers.remove(&id) else { return };
        self.errands.retain(|errand| errand.peer() != id);
        let participant = peer.owner;
        self.path_changed(participant);
        self.news.push_back(MediaNews::Ended { participant, path: peer.path });
        if !self.peers.values().any(|other| other.owner == participant) {
            self.quality.insert(participant, LineQuality::Lost);
            let mut line = line_view(participant, std::iter::empty(), LineQuality::Lost, now);
            line.last_seen = now.0;
            self.news.push_back(MediaNews::Line(Box::new(LineView { quality: LineQuality::Lost, ..line })));
        }
    }

    fn measured(&mut self, id: PeerId, stats: PeerStats, now: UtcMs) {
        let Some(peer) = self.peers.get_mut(&id) else { return };
        let participant = peer.owner;
        if stats.idle < ALIVE_WITHIN {
            self.news.push_back(MediaNews::Heard { participant });
        }
        peer.stats = Some(stats);
        let was = self.quality.get(&participant).copied().unwrap_or(LineQuality::Unknown);
        let paths = self.peers.values().filter(|peer| peer.owner == participant).filter_map(|peer| peer.stats.as_ref());
        let line = line_view(participant, paths, was, now);
        self.quality.insert(participant, line.quality);
        self.news.push_back(MediaNews::Line(Box::new(line)));
    }

    fn next_rights(&mut self) -> Option<Command> {
        while let Some(id) = self.stale.rights.pop_first() {
            let Some(peer) = self.peers.get_mut(&id).filter(|peer| peer.lines.is_some()) else { continue };
            let rights = rights(self.wanted.get(&peer.owner).copied().unwrap_or_default());
            if peer.rights_sent != rights {
                peer.rights_sent = rights;
                return Some(Command::SetRights { peer: id, rights });
            }
        }
        None
    }

    fn next_stage(&mut self) -> Option<Command> {
        if !std::mem::take(&mut self.stale.stage) {
            return None;
        }
        let stage: Vec<TrackRef> = self.stage.iter().filter_map(|(who, source)| self.track(*who, *source)).collect();
        if stage == self.stage_sent {
            return None;
        }
        self.stage_sent.clone_from(&stage);
        Some(Command::SetStage { room: self.room, stage })
    }

    fn next_errand(&mut self) -> Option<Command> {
        loop {
            let errand = self.errands.pop_front()?;
            if !matches!(errand, Errand::Leave { .. }) && !self.peers.contains_key(&errand.peer()) {
                self.refuse_errand(&errand);
                continue;
            }
            return Some(match errand {
                Errand::Join { peer, ticket, offer } => {
                    self.in_flight = Some(InFlight::Join { peer, ticket });
                    let purpose = self.peers.get(&peer).map_or(Purpose::Conversation, |peer| purpose(peer.path));
                    Command::Join { room: self.room, peer, purpose, rights: Rights::NONE, offer }
                }
                Errand::Restart { peer, ticket, offer } => {
                    self.in_flight = Some(InFlight::Restart { ticket });
                    Command::Restart { peer, offer }
                }
                Errand::Trickle { peer, ticket, fragment } => {
                    self.in_flight = Some(InFlight::Trickle { ticket });
                    Command::Trickle { peer, fragment }
                }
                Errand::Leave { peer } => Command::Leave { peer },
            });
        }
    }

    /// Whoever waits on an errand for a peer that has gone is told.
    fn refuse_errand(&mut self, errand: &Errand) {
        match errand {
            Errand::Restart { ticket, .. } | Errand::Trickle { ticket, .. } => {
                self.news.push_back(MediaNews::RestartFailed { ticket: *ticket, code: RefusalCode::NoMedia });
            }
            Errand::Join { .. } | Errand::Leave { .. } => {}
        }
    }

    fn next_view(&mut self) -> Option<Command> {
        while let Some(id) = self.stale.views.pop_first() {
            let view = self.peers.get(&id).and_then(|peer| self.view_of(peer).map(|view| (view, &peer.view_sent)));
            let Some(view) = view.filter(|(view, sent)| sent.as_ref() != Some(view)).map(|(view, _)| view) else {
                continue;
            };
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.view_sent = Some(view.clone());
            }
            return Some(Command::SetView { peer: id, view });
        }
        None
    }

    /// Nothing for a peer whose offer was not answered yet.
    fn view_of(&self, peer: &Peer) -> Option<View> {
        let lines = peer.lines.as_ref()?;
        let own = self.peers.iter().filter(|(_, other)| other.owner == peer.owner).map(|(id, _)| *id).collect();
        let Some(wanted) = self.views.get(&peer.owner).filter(|_| peer.path == Path::Browser) else {
            return Some(View { pinned: Vec::new(), own, slot_sizes: Vec::new() });
        };
        let pinned = wanted.pinned.iter().filter_map(|who| self.track(*who, SourceName::Camera)).collect();
        let height_of = |mid: &String| wanted.slots.iter().find(|slot| slot.mid == *mid).map_or(0, |slot| slot.height);
        let slot_sizes = lines.video_slots.iter().map(|mid| SlotSize { height: height_of(mid) }).collect();
        Some(View { pinned, own, slot_sizes })
    }

    /// The peer that carries somebody's source. The page's own path comes first: it is the one its owner sees.
    fn track(&self, who: ParticipantId, wanted: SourceName) -> Option<TrackRef> {
        let carries = |peer: &Peer| peer.lines.as_ref().is_some_and(|lines| lines.sources.has(wanted));
        let mut carriers: Vec<(Path, PeerId)> = self
            .peers
            .iter()
            .filter(|(_, peer)| peer.owner == who && carries(peer))
            .map(|(id, peer)| (peer.path, *id))
            .collect();
        carriers.sort_unstable();
        carriers.first().map(|(_, peer)| TrackRef { peer: *peer, source: source(wanted) })
    }

    fn slot_view(&self, slot: &SfuSlot) -> SlotView {
        SlotView {
            mid: slot.mid.0.clone(),
            participant: slot.track.and_then(|track| self.owner(track.peer)).map(|who| who.0),
            source: slot.track.map(|track| source_name(track.source)),
            paused: slot.paused.map(|why| match why {
                SfuPause::NoMedia => PauseReason::NoMedia,
                SfuPause::NotDrawn => PauseReason::NotDrawn,
                SfuPause::CodecMissing => PauseReason::CodecMissing,
            }),
        }
    }
}

impl Peer {
    fn new(owner: ParticipantId, path: Path) -> Self {
        Self { owner, path, lines: None, rights_sent: Rights::NONE, view_sent: None, stats: None }
    }
}

impl Errand {
    fn peer(&self) -> PeerId {
        match self {
            Self::Join { peer, .. }
            | Self::Restart { peer, .. }
            | Self::Trickle { peer, .. }
            | Self::Leave { peer } => *peer,
        }
    }
}

fn rights(sources: SourceSet) -> Rights {
    SOURCES
        .into_iter()
        .filter(|name| sources.has(*name))
        .fold(Rights::NONE, |rights, name| rights.with(source(name), Right::Forwarded))
}

fn source(name: SourceName) -> Source {
    match name {
        SourceName::Microphone => Source::Microphone,
        SourceName::Camera => Source::Camera,
        SourceName::Screen => Source::Screen,
    }
}

fn source_name(source: Source) -> SourceName {
    match source {
        Source::Microphone => SourceName::Microphone,
        Source::Camera => SourceName::Camera,
        Source::Screen => SourceName::Screen,
    }
}

fn purpose(path: Path) -> Purpose {
    match path {
        Path::Browser => Purpose::Conversation,
        Path::Whip => Purpose::Publish,
        Path::Whep => Purpose::Receive,
    }
}

fn code(refused: &CommandRefused) -> RefusalCode {
    match refused {
        CommandRefused::Offer(OfferRefused::TooLarge) => RefusalCode::OfferTooLarge,
        CommandRefused::Offer(OfferRefused::UnsupportedCodec { .. } | OfferRefused::TooManyMedia) => {
            RefusalCode::OfferUnsupported
        }
        CommandRefused::Offer(
            OfferRefused::Malformed
            | OfferRefused::Missing(_)
            | OfferRefused::WrongWay { .. }
            | OfferRefused::ChangedMedia,
        ) => RefusalCode::OfferInvalid,
        CommandRefused::NoSuchPeer => RefusalCode::NoMedia,
        CommandRefused::NoSuchRoom
        | CommandRefused::RoomExists
        | CommandRefused::PeerExists
        | CommandRefused::Stopped => RefusalCode::MediaUnavailable,
    }
}
