//! One RTP packet, from the peer that sent it to everybody who is to have it. Together with `forward`, `packet` and `track` this is the
//! hot path: no allocation, no log, nothing per subscriber but choosing, numbering and handing to the egress.

use std::time::Instant;

use crate::egress::Egress;
use crate::fact::Fact;
use crate::forward::slot::Passed;
use crate::id::{MediaKind, PeerId, Source};
use crate::packet::rtp::RtpPacket;
use crate::peer::{Found, Line, Peer, StreamAt};
use crate::room::{Room, RtpDropped};
use crate::slab::{PeerAt, Slab, TrackAt};
use crate::track::Track;
use crate::track::arrivals::Arrivals;
use crate::track::history::Stored;
use crate::track::layer::{Incoming, LayerKey, SlotAt, Way};
use crate::track::loudness;

impl Room {
    pub(super) fn ingest(
        &mut self,
        now: Instant,
        peer: PeerId,
        bytes: &[u8],
        egress: &mut impl Egress,
    ) -> Result<(), RtpDropped> {
        let at = *self.places.get(&peer).ok_or(RtpDropped::UnknownPeer)?;
        let packet = RtpPacket::parse(bytes).ok_or(RtpDropped::Malformed)?;
        let publisher = self.peers.get_mut(at).ok_or(RtpDropped::UnknownPeer)?;
        publisher.received(now, bytes.len(), &packet);
        if publisher.arrivals.as_ref().is_some_and(Arrivals::is_full) {
            self.report_arrivals(at, egress);
        }
        let stream = self.stream_of(at, &packet)?;
        let Some((incoming, level)) = self.incoming(stream, &packet)? else { return Ok(()) };
        let track = self.tracks.get_mut(stream.track).ok_or(RtpDropped::UnknownSsrc)?;
        let source = track.name.source;
        let accepted = track.accept(now, stream.layer, incoming)?;
        if let (Some(at), Some(schedule)) = (accepted.repair_at, &mut self.schedule) {
            schedule.repair_at = Some(schedule.repair_at.map_or(at, |earlier| earlier.min(at)));
        }
        if accepted.began {
            self.layer_began(now, stream.track, egress);
        }
        if source == Source::Microphone && incoming.way == Way::Original {
            self.heard(now, peer, stream.track, loudness::of_packet(level, incoming.payload), egress);
        }
        self.forward(now, stream.track, stream.layer, accepted.seq, egress);
        self.request_key_frames(now, egress);
        Ok(())
    }

    fn stream_of(&mut self, at: PeerAt, packet: &RtpPacket<'_>) -> Result<StreamAt, RtpDropped> {
        let publisher = self.peers.get_mut(at).ok_or(RtpDropped::UnknownPeer)?;
        let (Found::Known(stream) | Found::Learnt(stream)) = publisher.identify(packet)?;
        if stream.way == Way::Original
            && let Some(layer) = self.tracks.get_mut(stream.track).and_then(|track| track.layer_mut(stream.layer))
            && layer.ssrc != Some(packet.ssrc)
        {
            layer.renamed(packet.ssrc);
        }
        Ok(stream)
    }

    /// The media packet, taken out of its repair if it came in one. `None`: bare padding on a repair stream, which probes the line.
    fn incoming<'a>(
        &self,
        stream: StreamAt,
        packet: &RtpPacket<'a>,
    ) -> Result<Option<(Incoming<'a>, Option<u8>)>, RtpDropped> {
        let track = self.tracks.get(stream.track).ok_or(RtpDropped::UnknownSsrc)?;
        let level = packet.extensions.level(track.extensions.audio_level);
        let (seq, payload) = match stream.way {
            Way::Original => (packet.seq, packet.payload),
            Way::Repair => match packet.repaired() {
                Some(repaired) => repaired,
                None => return Ok(None),
            },
        };
        let incoming = Incoming {
            seq,
            timestamp: packet.timestamp,
            marker: packet.marker,
            level: level.unwrap_or(127),
            payload,
            dependency: track
                .extensions
                .dependency_descriptor
                .and_then(|id| packet.extensions.find(id))
                .unwrap_or_default(),
            way: stream.way,
        };
        Ok(Some((incoming, level)))
    }

    /// A layer flows that did not: whoever waits for its track is turned to it before its first packet is passed on.
    fn layer_began(&mut self, now: Instant, at: TrackAt, egress: &mut impl Egress) {
        let Some(track) = self.tracks.get_mut(at) else { return };
        let name = track.name;
        if track.begins() {
            self.facts.push_back(Fact::Flowing { track: name });
            self.note_shown_changed(at);
            if name.source.kind() == MediaKind::Video {
                self.reassign_pictures(now, egress);
            }
        }
        if name.source.kind() == MediaKind::Video {
            self.retarget(now, at, egress);
        }
    }

    fn heard(&mut self, now: Instant, peer: PeerId, at: TrackAt, loudness: u8, egress: &mut impl Egress) {
        self.speaker.heard(now, peer, loudness);
        let Some(track) = self.tracks.get_mut(at) else { return };
        track.loudness.heard(now, loudness);
        if self.router.heard(now, at, track.loudness.at(now)) {
            self.reassign_sounds(now, egress);
        }
    }

    /// From the history to every slot that is fed by this layer or begins with this packet.
    fn forward(&mut self, now: Instant, at: TrackAt, layer: u8, seq: u64, egress: &mut impl Egress) {
        let Self { tracks, peers, programme, scratch, router, .. } = self;
        let Some(track) = tracks.get(at) else { return };
        let (Some(key), Some(source)) = (track.key(at, layer), track.layer(layer)) else { return };
        let Some(stored) = source.history.packet(seq) else { return };
        for place in &source.subscribers {
            if let Passed::Opened { left } = pass(now, peers, *place, track, key, stored, egress) {
                scratch.left.extend(left.map(|left| (*place, left)));
                // A key frame whose first packet had to be repaired: the rest of it is here already.
                for seq in seq + 1..=source.reception.newest().unwrap_or(seq) {
                    if let Some(stored) = source.history.packet(seq) {
                        pass(now, peers, *place, track, key, stored, egress);
                    }
                }
            }
        }
        let mut unwatched = None;
        if let Some(programme) = programme {
            if source.tapped
                && let Passed::Opened { left } = programme.picture(now, track, key, stored, egress)
            {
                unwatched = left;
                for seq in seq + 1..=source.reception.newest().unwrap_or(seq) {
                    if let Some(stored) = source.history.packet(seq) {
                        programme.picture(now, track, key, stored, egress);
                    }
                }
            }
            if track.name.source == Source::Microphone && router.is_audible(at) {
                programme.sound(now, track.name.peer, stored, egress);
            }
        }
        let is_key_frame = stored.meta.opens;
        self.release_left(key, unwatched);
        if is_key_frame && let Some(layer) = self.tracks.get_mut(at).and_then(|track| track.layer_mut(layer)) {
            // Also what was asked for on account of this very packet: a layer that begins is turned to before it is passed on.
            layer.key_frames.satisfied();
        }
    }

    /// Slots and the recording that turned to `now` are taken off the layers they left.
    fn release_left(&mut self, now: LayerKey, unwatched: Option<LayerKey>) {
        let same_place = |left: &LayerKey| (left.track, left.layer) == (now.track, now.layer);
        while let Some((place, left)) = self.scratch.left.pop() {
            if !same_place(&left)
                && let Some(layer) = self.tracks.get_mut(left.track).and_then(|track| track.layer_mut(left.layer))
            {
                layer.subscribers.retain(|subscriber| *subscriber != place);
            }
        }
        if let Some(left) = unwatched.filter(|left| !same_place(left))
            && let Some(layer) = self.tracks.get_mut(left.track).and_then(|track| track.layer_mut(left.layer))
        {
            layer.tapped = false;
        }
    }
}

fn pass(
    now: Instant,
    peers: &mut Slab<PeerAt, Peer>,
    place: SlotAt,
    track: &Track,
    key: LayerKey,
    stored: Stored<'_>,
    egress: &mut impl Egress,
) -> Passed {
    let Some(peer) = peers.get_mut(place.peer) else { return Passed::No };
    let Some(slot) = peer.slots.get_mut(usize::from(place.slot)) else { return Passed::No };
    if peer.line != Line::Up {
        return Passed::No;
    }
    slot.pass(now, peer.id, track, key, stored, egress)
}
