//! The way in: from a datagram to a room, through every door in turn.

use std::time::Instant;

use super::drops::Dropped;
use super::{Busy, Engine};
use crate::demux::{Kind, kind_of};
use crate::fact::Fact;
use crate::id::PeerId;
use crate::transport::ice::{CheckRefused, Checked};
use crate::transport::{PATH_LOST_AFTER, Path, stun};

impl Engine {
    pub fn handle_datagram(&mut self, now: Instant, from: Path, datagram: &[u8]) {
        let dropped = match kind_of(datagram) {
            None => Err(Dropped::NotOurs),
            Some(Kind::Stun) => self.handle_stun(now, from, datagram),
            Some(Kind::Dtls) => self.validated(from).and_then(|peer| self.handle_dtls(now, peer, from, datagram)),
            Some(Kind::Rtp) => self.validated(from).and_then(|peer| self.handle_rtp(now, peer, from, datagram)),
            Some(Kind::Rtcp) => self.validated(from).and_then(|peer| self.handle_rtcp(now, peer, from, datagram)),
        };
        self.busy = Busy::No;
        if let Err(dropped) = dropped {
            self.wire.drops.count(dropped);
        }
    }

    fn validated(&mut self, from: Path) -> Result<PeerId, Dropped> {
        let peer = *self.paths.get(&from).ok_or(Dropped::NotValidated)?;
        self.busy = Busy::Peer(peer);
        Ok(peer)
    }

    fn handle_stun(&mut self, now: Instant, from: Path, datagram: &[u8]) -> Result<(), Dropped> {
        let request = stun::peek(datagram).ok_or(Dropped::StunMalformed)?;
        let id = *self.ufrags.get(request.local_ufrag).ok_or(Dropped::StunUnknown)?;
        self.busy = Busy::Peer(id);
        if self.is_anothers(now, from, id) {
            return Err(Dropped::StunAddressTaken);
        }
        let peer = self.wire.peers.get_mut(&id).ok_or(Dropped::StunUnknown)?;
        let checked = peer.ice.check(now, from, &request, datagram, self.crypto.crypto());
        // Only a genuine check is paid for: who forges them must not use up what the peer itself needs.
        let answered = checked.is_ok() && peer.answers.allow(now);
        let (answer, proven) = match checked {
            Ok(Checked::Proven { answer, forgotten }) => (answer, Some(forgotten)),
            Ok(Checked::RoleConflict { answer }) => (answer, None),
            Err(CheckRefused::Forged) => return Err(Dropped::StunForged),
            Err(CheckRefused::Amplifying) => return Err(Dropped::StunAmplifying),
        };
        if answered {
            self.wire.batch.push_bytes(from, &answer);
        }
        if let Some(forgotten) = proven {
            if let Some(forgotten) = forgotten {
                self.abandon(forgotten);
            }
            self.paths.insert(from, id);
            self.heard(now, id);
        }
        if answered { Ok(()) } else { Err(Dropped::StunTooOften) }
    }

    /// Whether a living peer has proven to be at `from`. A genuine peer that forges another's source address must not take the
    /// other's media away.
    fn is_anothers(&self, now: Instant, from: Path, id: PeerId) -> bool {
        let Some(&owner) = self.paths.get(&from) else { return false };
        let heard = self.wire.peers.get(&owner).and_then(|peer| peer.ice.route.heard_on(from));
        owner != id && heard.is_some_and(|heard| now.saturating_duration_since(heard) < PATH_LOST_AFTER)
    }

    fn handle_dtls(&mut self, now: Instant, id: PeerId, from: Path, datagram: &[u8]) -> Result<(), Dropped> {
        let peer = self.wire.peers.get_mut(&id).ok_or(Dropped::NotValidated)?;
        if !peer.dtls.is_readable(datagram) {
            return Err(Dropped::DtlsUnreadable);
        }
        let event = peer.dtls.handle_datagram(now, datagram);
        self.wire.flush_dtls(id, Some(from));
        if let Some(event) = event {
            self.dtls_event(now, id, event);
        }
        Ok(())
    }

    fn handle_rtp(&mut self, now: Instant, id: PeerId, from: Path, datagram: &[u8]) -> Result<(), Dropped> {
        let peer = self.wire.peers.get_mut(&id).ok_or(Dropped::NotValidated)?;
        let srtp = peer.srtp.as_mut().ok_or(Dropped::SrtpEarly)?;
        let room = peer.room;
        let len = srtp.rx().rtp(datagram, self.plain.as_mut_slice())?;
        peer.ice.route.hear(now, from);
        self.heard(now, id);
        self.busy = Busy::Room(room);
        let packet = self.plain.get(..len).ok_or(Dropped::SrtpMalformed)?;
        let core = self.rooms.get_mut(&room).ok_or(Dropped::RtpUnknownPeer)?;
        let handled = core.handle_rtp(now, id, packet, &mut self.wire);
        self.take_facts(now, room);
        handled.map_err(Dropped::from)
    }

    fn handle_rtcp(&mut self, now: Instant, id: PeerId, from: Path, datagram: &[u8]) -> Result<(), Dropped> {
        let peer = self.wire.peers.get_mut(&id).ok_or(Dropped::NotValidated)?;
        let srtp = peer.srtp.as_mut().ok_or(Dropped::SrtpEarly)?;
        let room = peer.room;
        let len = srtp.rx().rtcp(datagram, self.plain.as_mut_slice())?;
        peer.ice.route.hear(now, from);
        self.heard(now, id);
        self.busy = Busy::Room(room);
        let compound = self.plain.get(..len).ok_or(Dropped::SrtpMalformed)?;
        let core = self.rooms.get_mut(&room).ok_or(Dropped::RtcpUnknownPeer)?;
        let handled = core.handle_rtcp(now, id, compound, &mut self.wire);
        self.take_facts(now, room);
        handled.map_err(Dropped::from)
    }

    /// An authenticated datagram is a sign of life, and a lost peer's return.
    fn heard(&mut self, now: Instant, id: PeerId) {
        if self.wire.peers.get_mut(&id).is_some_and(|peer| peer.link.hear(now)) {
            self.report(now, Fact::PathBack { peer: id });
            self.in_room_of(now, id, |room, wire| room.path_back(now, id, wire));
        }
    }
}
