//! One RTP packet, from the peer that sent it to everybody who is to have it. Together with `forward`, `packet` and `track` this is the
//! hot path: no allocation, no log, nothing per subscriber but choosing, numbering and handing to the egress.

use std::time::{Duration, Instant};

use crate::egress::{BATCH_BYTES, Egress};
use crate::fact::Fact;
use crate::forward::slot::{Passed, WIRE_OVERHEAD};
use crate::id::{MediaKind, PeerId, Source};
use crate::packet::red::Red;
use crate::packet::rtp::RtpPacket;
use crate::peer::{Found, Line, StreamAt};
use crate::room::{Room, RtpDropped};
use crate::slab::{PeerAt, TrackAt};
use crate::track::arrivals::Arrivals;
use crate::track::history::{Padding, Stored};
use crate::track::layer::{Gathering, Incoming, Layer, LayerKey, Way};
use crate::track::loudness;

/// How long a packet of a frame may wait for the rest of it: what a millisecond of delay buys is half the kernel's work.
pub(super) const GATHER: Duration = Duration::from_millis(1);

/// More than this leave at once: a key frame of 80 KB, and what the kernel cuts from one message.
const GATHERED_MAX: u32 = 64;

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
        let Some((mut incoming, level)) = self.incoming(stream, &packet)? else { return Ok(()) };
        let red = self.redundant(stream, &packet)?;
        if let Some(red) = red {
            incoming.payload = red.primary;
            self.recover(now, stream, &incoming, red, egress);
        }
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
        match source.kind() {
            MediaKind::Audio => {
                // What is still on its way has its own past with it.
                self.complete_handing(now, egress);
                if let Some(track) = self.tracks.get_mut(stream.track) {
                    track.prepare_prefixes(stream.layer, accepted.seq);
                }
                self.hand_on(now, stream, accepted.seq, accepted.seq, egress);
            }
            MediaKind::Video => {
                self.note_key_frame(stream, accepted.seq);
                self.gather(now, stream, accepted.seq, incoming.marker, egress);
            }
        }
        self.request_key_frames(now, egress);
        Ok(())
    }

    /// A key frame is here: nobody needs to be asked for one any more, also not on account of this very packet (a layer that begins is
    /// turned to before its first packet goes on).
    fn note_key_frame(&mut self, stream: StreamAt, seq: u64) {
        let layer = self.tracks.get_mut(stream.track).and_then(|track| track.layer_mut(stream.layer));
        if let Some(layer) = layer
            && layer.history.packet(seq).is_some_and(|stored| stored.meta.opens)
        {
            layer.key_frames.satisfied();
        }
    }

    /// A frame's packets leave together, so that each receiver's are one run for the kernel: with the frame's last packet, or when the
    /// first has waited for [`GATHER`].
    fn gather(&mut self, now: Instant, stream: StreamAt, seq: u64, is_last: bool, egress: &mut impl Egress) {
        let Some(layer) = self.tracks.get_mut(stream.track).and_then(|track| track.layer_mut(stream.layer)) else {
            return;
        };
        match layer.gather(now, seq) {
            Gathering::Late => return self.hand_on(now, stream, seq, seq, egress),
            Gathering::Begun => self.gathering.push_back((stream.track, stream.layer)),
            Gathering::Joined => {}
        }
        let is_full = layer.gathered().is_some_and(|gathered| gathered.packets >= GATHERED_MAX);
        if is_last || is_full {
            self.hand_on_layer(now, stream, egress);
        }
    }

    /// Lets everything go on that has waited long enough.
    pub(super) fn hand_on_due(&mut self, now: Instant, egress: &mut impl Egress) {
        while let Some((track, layer)) = self.gathering.front().copied() {
            let since = self.tracks.get(track).and_then(|track| track.layer(layer)?.gathered()).map(|held| held.since);
            if since.is_some_and(|since| now.saturating_duration_since(since) < GATHER) {
                return;
            }
            self.hand_on_layer(now, StreamAt { track, layer, way: Way::Original }, egress);
        }
    }

    /// When the first of what is gathered has waited long enough.
    pub(super) fn gathered_until(&self) -> Option<Instant> {
        // A layer that was emptied meanwhile (its source was held back) is on the list and holds nothing.
        let since = |&(track, layer): &(TrackAt, u8)| Some(self.tracks.get(track)?.layer(layer)?.gathered()?.since);
        self.gathering.iter().find_map(since).map(|since| since + GATHER)
    }

    fn hand_on_layer(&mut self, now: Instant, stream: StreamAt, egress: &mut impl Egress) {
        self.gathering.retain(|waiting| *waiting != (stream.track, stream.layer));
        let layer = self.tracks.get_mut(stream.track).and_then(|track| track.layer_mut(stream.layer));
        if let Some(gathered) = layer.and_then(Layer::take_gathered) {
            self.hand_on(now, stream, gathered.first, gathered.last, egress);
        }
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

    /// The packet taken apart, if it carries earlier ones beside its own.
    fn redundant<'a>(&self, stream: StreamAt, packet: &RtpPacket<'a>) -> Result<Option<Red<'a>>, RtpDropped> {
        let track = self.tracks.get(stream.track).ok_or(RtpDropped::UnknownSsrc)?;
        if track.codec.red_payload_type != Some(packet.payload_type) || packet.payload.is_empty() {
            return Ok(None);
        }
        Red::parse(packet.payload, track.codec.payload_type).map(Some).ok_or(RtpDropped::Malformed)
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
    pub(super) fn layer_began(&mut self, now: Instant, at: TrackAt, egress: &mut impl Egress) {
        let Some(track) = self.tracks.get_mut(at) else { return };
        let name = track.name;
        if track.begins(now) {
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

    /// From the history to every slot that is fed by this layer or begins with one of these packets: subscriber by subscriber, so that
    /// what goes to one address lies together. What is too much for one batch goes on with the next call.
    pub(super) fn hand_on(&mut self, now: Instant, stream: StreamAt, first: u64, last: u64, egress: &mut impl Egress) {
        self.complete_handing(now, egress);
        self.tap_programme(now, stream, first, last, egress);
        self.handing = Some(Handing { stream, first, last, next: 0, since: now });
        self.hand_on_batch(now, egress);
    }

    /// Nothing changes in the room while a burst is on its way to everybody.
    pub(super) fn complete_handing(&mut self, now: Instant, egress: &mut impl Egress) {
        while self.handing.is_some() {
            self.hand_on_batch(now, egress);
        }
    }

    /// The burst that is being handed on, to so many of its subscribers as fill a batch.
    pub(super) fn hand_on_batch(&mut self, now: Instant, egress: &mut impl Egress) {
        let Some(Handing { stream, first, last, next, since }) = self.handing.take() else { return };
        let Self { tracks, peers, scratch, .. } = self;
        let Some(track) = tracks.get(stream.track) else { return };
        let (Some(key), Some(source)) = (track.key(stream.track, stream.layer), track.layer(stream.layer)) else {
            return;
        };
        // A key frame whose first packet had to be repaired opens a slot: the rest of it has gone by and is made up for.
        let newest = last.max(source.handed_on().saturating_sub(1));
        let burst = Burst::of(source, first, last);
        let until = next + (BATCH_BYTES / burst.bytes.max(1)).max(1);
        for place in source.subscribers.get(next..until.min(source.subscribers.len())).unwrap_or_default() {
            let Some(peer) = peers.get_mut(place.peer).filter(|peer| peer.line == Line::Up) else { continue };
            let id = peer.id;
            let Some(slot) = peer.slots.get_mut(usize::from(place.slot)) else { continue };
            let mut until = last;
            let mut seq = first;
            while seq <= until {
                if let Some(stored) = source.history.packet(seq)
                    && let Passed::Opened { left } = slot.pass(now, id, track, key, burst.even(stored), egress)
                {
                    scratch.left.extend(left.map(|left| (*place, left)));
                    until = newest;
                }
                seq += 1;
            }
        }
        if until < source.subscribers.len() {
            self.handing = Some(Handing { stream, first, last, next: until, since });
        }
        self.release_left(key, None);
    }

    /// The recording gets what its programme's slot would.
    fn tap_programme(&mut self, now: Instant, stream: StreamAt, first: u64, last: u64, egress: &mut impl Egress) {
        let Self { tracks, programme, router, .. } = self;
        let (Some(programme), Some(track)) = (programme, tracks.get(stream.track)) else { return };
        let (Some(key), Some(source)) = (track.key(stream.track, stream.layer), track.layer(stream.layer)) else {
            return;
        };
        let mut unwatched = None;
        if source.tapped {
            let newest = last.max(source.handed_on().saturating_sub(1));
            let mut until = last;
            let mut seq = first;
            while seq <= until {
                if let Some(stored) = source.history.packet(seq)
                    && let Passed::Opened { left } = programme.picture(now, track, key, stored, egress)
                {
                    unwatched = left;
                    until = newest;
                }
                seq += 1;
            }
        }
        if track.name.source == Source::Microphone && router.is_audible(stream.track) {
            for stored in (first..=last).filter_map(|seq| source.history.packet(seq)) {
                programme.sound(now, track.name.peer, stored, egress);
            }
        }
        self.release_left(key, unwatched);
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

/// A burst on its way to a layer's subscribers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Handing {
    stream: StreamAt,
    first: u64,
    last: u64,
    /// Place of the next subscriber in the layer's list.
    next: usize,
    pub(super) since: Instant,
}

/// What the packets of a burst have in common.
#[derive(Clone, Copy)]
struct Burst {
    /// The longest payload of several.
    longest: Option<usize>,
    bytes: usize,
}

impl Burst {
    fn of(source: &Layer, first: u64, last: u64) -> Self {
        let lengths = (first..=last).filter_map(|seq| Some(source.history.packet(seq)?.payload.len()));
        let longest = lengths.clone().max().filter(|_| first < last);
        Self { longest, bytes: lengths.map(|len| len + WIRE_OVERHEAD).sum() }
    }

    /// Packets of one burst differ by a byte in length, because a frame is cut into equal parts and a rest. One byte of padding makes
    /// them equal, and the burst one run.
    fn even(self, stored: Stored<'_>) -> Stored<'_> {
        let padding = if self.longest == Some(stored.payload.len() + 1) { Padding::OneByte } else { Padding::None };
        Stored { padding, ..stored }
    }
}
