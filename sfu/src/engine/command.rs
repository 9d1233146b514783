//! Carrying out [`Command`]s.

use std::time::Instant;

use rand::RngExt;

use super::answers::Answers;
use super::peer::{Link, Peer};
use super::{Busy, Engine, SWEEP};
use crate::command::{Command, CommandRefused, Purpose, Reply, Rights};
use crate::fact::DisconnectReason;
use crate::id::{PeerId, RoomId};
use crate::room::Room;
use crate::transport::OfferRefused;
use crate::transport::dtls::Dtls;
use crate::transport::ice::{Credentials, IceLite};
use crate::transport::sdp::answer::Local;
use crate::transport::sdp::fragment::Fragment;
use crate::transport::sdp::offer::Offer;
use crate::transport::sdp::plan::Plan;

impl Engine {
    pub fn handle_command(&mut self, now: Instant, command: Command) -> Result<Reply, CommandRefused> {
        let reply = self.carry_out(now, command);
        self.busy = Busy::No;
        reply
    }

    fn carry_out(&mut self, now: Instant, command: Command) -> Result<Reply, CommandRefused> {
        match command {
            Command::OpenRoom { room } => self.open_room(room),
            Command::CloseRoom { room } => self.close_room(now, room),
            Command::Join { room, peer, purpose, rights, offer } => {
                self.join(now, room, peer, (purpose, rights), &offer)
            }
            Command::Restart { peer, offer } => self.restart(peer, &offer),
            Command::Trickle { peer, fragment } => self.trickle(peer, &fragment),
            Command::Leave { peer } => self.leave(now, peer),
            Command::SetRights { peer, rights } => {
                self.for_peer(now, peer, |room, wire| room.set_rights(now, peer, rights, wire))
            }
            Command::SetView { peer, view } => {
                self.for_peer(now, peer, |room, wire| room.set_view(now, peer, view, wire))
            }
            Command::SetStage { room, stage } => {
                self.for_room(now, room, |room, wire| room.set_stage(now, stage, wire))
            }
            Command::StartTap { room } => self.for_room(now, room, |room, wire| room.start_tap(now, wire)),
            Command::StopTap { room } => self.for_room(now, room, |room, wire| room.stop_tap(now, wire)),
            Command::RefreshTap { room } => self.for_room(now, room, |room, wire| room.refresh_tap(now, wire)),
        }
    }

    fn for_room(
        &mut self,
        now: Instant,
        room: RoomId,
        work: impl FnOnce(&mut Room, &mut super::Wire),
    ) -> Result<Reply, CommandRefused> {
        self.in_room(now, room, work).map(|()| Reply::Done).ok_or(CommandRefused::NoSuchRoom)
    }

    fn for_peer(
        &mut self,
        now: Instant,
        peer: PeerId,
        work: impl FnOnce(&mut Room, &mut super::Wire),
    ) -> Result<Reply, CommandRefused> {
        self.in_room_of(now, peer, work).map(|()| Reply::Done).ok_or(CommandRefused::NoSuchPeer)
    }

    fn open_room(&mut self, room: RoomId) -> Result<Reply, CommandRefused> {
        if self.rooms.contains_key(&room) {
            return Err(CommandRefused::RoomExists);
        }
        self.rooms.insert(room, Room::new(room));
        Ok(Reply::Done)
    }

    fn close_room(&mut self, now: Instant, room: RoomId) -> Result<Reply, CommandRefused> {
        self.for_room(now, room, |room, wire| room.stop_tap(now, wire))?;
        for peer in self.peers_in(room) {
            self.remove(now, peer, DisconnectReason::Left);
        }
        self.rooms.remove(&room);
        Ok(Reply::Done)
    }

    fn leave(&mut self, now: Instant, peer: PeerId) -> Result<Reply, CommandRefused> {
        if !self.wire.peers.contains_key(&peer) {
            return Err(CommandRefused::NoSuchPeer);
        }
        self.remove(now, peer, DisconnectReason::Left);
        Ok(Reply::Done)
    }

    fn join(
        &mut self,
        now: Instant,
        room: RoomId,
        id: PeerId,
        (purpose, rights): (Purpose, Rights),
        offer: &str,
    ) -> Result<Reply, CommandRefused> {
        if self.wire.peers.contains_key(&id) {
            return Err(CommandRefused::PeerExists);
        }
        if !self.rooms.contains_key(&room) {
            return Err(CommandRefused::NoSuchRoom);
        }
        let offer = Offer::parse(offer)?;
        let plan = Plan::of(&offer, purpose, &mut self.rng)?;
        let credentials = self.fresh_credentials();
        self.ufrags.insert(credentials.ufrag.clone(), id);
        let media = plan.media();
        let peer = Peer {
            room,
            plan,
            ice: IceLite::new(credentials, offer.ufrag),
            answers: Answers::new(now),
            dtls: Dtls::new(&self.dtls, offer.fingerprints),
            srtp: None,
            link: Link::Connecting { since: now },
            // JSEP keeps it within 63 bits.
            session: self.rng.random::<u64>() >> 1,
            version: 1,
        };
        let answer = self.answer(&peer);
        self.wire.peers.insert(id, Box::new(peer));
        self.in_room(now, room, |room, _| room.join(now, id, media, rights));
        self.next_sweep.get_or_insert(now + SWEEP);
        Ok(Reply::Answer(answer))
    }

    fn restart(&mut self, id: PeerId, offer: &str) -> Result<Reply, CommandRefused> {
        let peer = self.wire.peers.get(&id).ok_or(CommandRefused::NoSuchPeer)?;
        let offer = Offer::parse(offer)?;
        let plan = peer.plan.again(&offer, &mut self.rng)?;
        // Another certificate would be another DTLS association with other keys: a new peer, not a restart.
        if !peer.plan.is_the_same_as(&plan) || peer.dtls.fingerprints() != offer.fingerprints {
            return Err(OfferRefused::ChangedMedia.into());
        }
        self.renew(id, offer.ufrag)?;
        let peer = self.wire.peers.get(&id).ok_or(CommandRefused::NoSuchPeer)?;
        Ok(Reply::Answer(self.answer(peer)))
    }

    fn trickle(&mut self, id: PeerId, fragment: &str) -> Result<Reply, CommandRefused> {
        let peer = self.wire.peers.get(&id).ok_or(CommandRefused::NoSuchPeer)?;
        let Fragment { ufrag } = Fragment::parse(fragment)?;
        if peer.ice.remote_ufrag() == ufrag {
            return Ok(Reply::Done);
        }
        self.renew(id, ufrag)?;
        let peer = self.wire.peers.get(&id).ok_or(CommandRefused::NoSuchPeer)?;
        Ok(Reply::Fragment(peer.plan.fragment(&self.local(peer))))
    }

    /// New credentials on both sides; the old ones are dead from here on.
    fn renew(&mut self, id: PeerId, remote_ufrag: String) -> Result<(), CommandRefused> {
        let credentials = self.fresh_credentials();
        let peer = self.wire.peers.get_mut(&id).ok_or(CommandRefused::NoSuchPeer)?;
        self.ufrags.remove(&peer.ice.local().ufrag);
        self.ufrags.insert(credentials.ufrag.clone(), id);
        peer.ice.restart(credentials, remote_ufrag);
        peer.version += 1;
        Ok(())
    }

    fn fresh_credentials(&mut self) -> Credentials {
        loop {
            let credentials = Credentials::random(&mut self.rng);
            if !self.ufrags.contains_key(&credentials.ufrag) {
                return credentials;
            }
        }
    }

    fn answer(&self, peer: &Peer) -> String {
        peer.plan.answer(&self.local(peer))
    }

    fn local<'a>(&'a self, peer: &'a Peer) -> Local<'a> {
        Local {
            credentials: peer.ice.local(),
            fingerprint: self.certificate.fingerprint(),
            candidates: &self.candidates,
            session: peer.session,
            version: peer.version,
        }
    }
}
