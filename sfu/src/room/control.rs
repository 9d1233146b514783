//! One compound of RTCP from a peer: how its line is, what it lost, whether it needs a key frame, and what its clock says.

use std::time::{Duration, Instant};

use crate::egress::Egress;
use crate::forward::slot::Resent;
use crate::id::{MediaKind, PeerId, Ssrc};
use crate::packet::rtcp::{self, LostSeqs, ReportBlock, Rtcp, SenderInfo};
use crate::room::{Room, RtcpDropped};
use crate::slab::{PeerAt, TrackAt};
use crate::track::clock::{middle, ntp};

/// A longer round trip is a forged or ancient report.
const RTT_MAX: Duration = Duration::from_secs(10);

impl Room {
    pub(super) fn control(
        &mut self,
        now: Instant,
        peer: PeerId,
        compound: &[u8],
        egress: &mut impl Egress,
    ) -> Result<(), RtcpDropped> {
        let at = *self.places.get(&peer).ok_or(RtcpDropped::UnknownPeer)?;
        let packets = rtcp::parse(compound).ok_or(RtcpDropped::Malformed)?;
        if let Some(place) = self.peers.get_mut(at) {
            place.heard_at = now;
        }
        for packet in packets {
            match packet {
                Rtcp::Sender { info, blocks } => {
                    self.sender_reported(now, at, info);
                    blocks.for_each(|block| self.receiver_reported(now, at, &block));
                }
                Rtcp::Receiver { blocks } => blocks.for_each(|block| self.receiver_reported(now, at, &block)),
                Rtcp::Nack { media, lost } => self.resend(at, media, lost, egress),
                Rtcp::PictureLoss { media } => self.picture_lost(at, media),
                Rtcp::FullIntra { media } => media.for_each(|media| self.picture_lost(at, media)),
                Rtcp::Goodbye { sources } => sources.for_each(|source| self.source_ended(at, source)),
                Rtcp::Other => {}
            }
        }
        self.request_key_frames(now, egress);
        Ok(())
    }

    /// The publisher's clock against ours, and this stream's RTP clock against it.
    fn sender_reported(&mut self, now: Instant, at: PeerAt, info: SenderInfo) {
        let Some(epoch) = self.schedule.map(|schedule| schedule.epoch) else { return };
        let Some((track, layer)) = self.published_by(at, info.ssrc) else { return };
        let Some(written) = self.peers.get_mut(at).and_then(|peer| peer.clock.reported(epoch, now, info.ntp)) else {
            return;
        };
        if let Some(layer) = self.tracks.get_mut(track).and_then(|track| track.layer_mut(layer)) {
            layer.clock.reported(written, info.timestamp);
            layer.last_report = Some((middle(info.ntp), now));
        }
    }

    fn published_by(&self, at: PeerAt, ssrc: Ssrc) -> Option<(TrackAt, u8)> {
        let mut tracks = self.peers.get(at)?.publications.iter().map(|published| published.track);
        tracks.find_map(|track| Some((track, self.tracks.get(track)?.layer_by_ssrc(ssrc)?)))
    }

    fn receiver_reported(&mut self, now: Instant, at: PeerAt, block: &ReportBlock) {
        let Some(epoch) = self.schedule.map(|schedule| schedule.epoch) else { return };
        let Some(peer) = self.peers.get_mut(at) else { return };
        let Some(slot) = peer.slot_by_ssrc(block.ssrc) else { return };
        if let Some(slot) = peer.slots.get_mut(usize::from(slot)) {
            slot.reported(now, block);
        }
        if block.last_report != 0 {
            // RFC 3550, section 6.4.1: A - LSR - DLSR, all in 65536ths of a second.
            let units = middle(ntp(epoch, now)).wrapping_sub(block.last_report).wrapping_sub(block.delay);
            let rtt = Duration::from_micros(u64::from(units) * 1_000_000 / 65_536);
            if rtt <= RTT_MAX {
                peer.measured_rtt(rtt);
            }
        }
    }

    /// Each lost packet once more, from the history of the layer it came from, if that may still be shown. What is not kept any more (a
    /// line that was cut for seconds asks for all of it) leaves a hole that only a key frame closes: it is asked for at once,
    /// rather than when the receiver has lost its patience too.
    fn resend(&mut self, at: PeerAt, media: Ssrc, lost: LostSeqs<'_>, egress: &mut impl Egress) {
        let Self { peers, tracks, .. } = self;
        let Some(peer) = peers.get_mut(at) else { return };
        let id = peer.id;
        let Some(slot) = peer.slot_by_ssrc(media).and_then(|slot| peer.slots.get_mut(usize::from(slot))) else {
            return;
        };
        let mut beyond_repair = None;
        for wire in lost {
            let Some((origin, seq)) = slot.stream.rewriter.origin(wire) else { continue };
            let Some(track) = tracks.get(origin.layer.track).filter(|track| track.may_be_forwarded()) else { continue };
            let Some(layer) = track.layer(origin.layer.layer).filter(|layer| layer.epoch() == origin.layer.epoch)
            else {
                continue;
            };
            let resent = match layer.history.packet(origin.source_seq) {
                Some(stored) => slot.resend(id, track.codec.codec, (origin, seq), stored, egress),
                None if layer.missing.awaits(origin.source_seq) => Resent::NotNow,
                None => Resent::Never,
            };
            if resent == Resent::Never && !layer.begins_after(origin.source_seq) {
                beyond_repair = slot.stream.live().filter(|live| *live == origin.layer);
            }
        }
        if let Some(key) = beyond_repair.filter(|_| slot.kind == MediaKind::Video) {
            self.ask(key);
        }
    }

    fn picture_lost(&mut self, at: PeerAt, media: Ssrc) {
        let Some(peer) = self.peers.get(at) else { return };
        let slot = peer.slot_by_ssrc(media).and_then(|slot| peer.slots.get(usize::from(slot)));
        let awaited = slot.map(|slot| slot.stream.awaited());
        for key in awaited.into_iter().flatten() {
            self.ask(key);
        }
    }

    fn source_ended(&mut self, at: PeerAt, ssrc: Ssrc) {
        let Some((track, layer)) = self.published_by(at, ssrc) else { return };
        if let Some(layer) = self.tracks.get_mut(track).and_then(|track| track.layer_mut(layer)) {
            layer.ended();
        }
    }
}
