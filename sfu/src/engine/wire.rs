//! The way out: the media core's packets are sealed with the receiver's keys straight into the send batch. Hot path.

use std::collections::VecDeque;

use super::batch::Batch;
use super::drops::{Dropped, Drops};
use super::peer::{Link, Peers};
use crate::egress::Egress;
use crate::id::{PeerId, RoomId};
use crate::tap::TapEvent;
use crate::transport::Path;
use crate::transport::srtp::{Parts, Srtp};

/// Parts of programmes waiting for the shell, which takes them after every input. Only a recording started in a shell that does not
/// take them fills it.
const TAPPED_MAX: usize = 4096;

#[derive(Default)]
pub(super) struct Wire {
    pub(super) peers: Peers,
    pub(super) batch: Batch,
    pub(super) drops: Drops,
    pub(super) tapped: VecDeque<(RoomId, TapEvent)>,
}

impl Wire {
    /// Where to and with which keys. Nothing is sent to a peer that is silent, or whose address ICE has not validated.
    fn door(&mut self, to: PeerId) -> Option<(Path, &mut Srtp, &mut Batch, &mut Drops)> {
        let peer = self.peers.get_mut(&to)?;
        let open = match peer.link {
            Link::Up { .. } => peer.ice.route.chosen().zip(peer.srtp.as_deref_mut()),
            Link::Connecting { .. } | Link::Down { .. } => None,
        };
        if open.is_none() {
            self.drops.count(Dropped::TxNoPath);
        }
        let (path, srtp) = open?;
        Some((path, srtp, &mut self.batch, &mut self.drops))
    }

    /// What DTLS has to say to the peer, in every stage.
    pub(super) fn flush_dtls(&mut self, of: PeerId, answering: Option<Path>) {
        let Some(peer) = self.peers.get_mut(&of) else { return };
        // A handshake is answered where it is: until the peer has nominated, our choice is a guess.
        let path = answering.or(peer.ice.route.chosen());
        while let Some(datagram) = peer.dtls.poll_transmit() {
            match path {
                Some(path) => self.batch.push_bytes(path, &datagram),
                None => self.drops.count(Dropped::TxNoPath),
            }
        }
    }
}

impl Egress for Wire {
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]) {
        let Some((path, srtp, batch, drops)) = self.door(to) else { return };
        let parts = Parts { header, prefix, payload };
        let len = srtp.tx().rtp_len(parts);
        if batch.push(path, len, |out| srtp.tx().rtp(parts, out)).is_err() {
            drops.count(Dropped::TxNotSealed);
        }
    }

    fn rtcp(&mut self, to: PeerId, compound: &[u8]) {
        let Some((path, srtp, batch, drops)) = self.door(to) else { return };
        let len = srtp.tx().rtcp_len(compound);
        if batch.push(path, len, |out| srtp.tx().rtcp(compound, out)).is_err() {
            drops.count(Dropped::TxNotSealed);
        }
    }

    fn tap(&mut self, room: RoomId, event: TapEvent) {
        if self.tapped.len() >= TAPPED_MAX {
            self.drops.count(Dropped::TapOverrun);
            return;
        }
        self.tapped.push_back((room, event));
    }
}
