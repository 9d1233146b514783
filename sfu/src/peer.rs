//! One peer of a room: its line, what it publishes and under which SSRCs, its slots and its wishes.
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

use std::time::{Duration, Instant};

use crate::command::{SlotSize, View};
use crate::fact::PauseReason;
use crate::forward::redundancy::Need;
use crate::forward::slot::{OutSlot, WIRE_OVERHEAD};
use crate::id::{MediaKind, Mid, PayloadType, PeerId, Rid, Ssrc};
use crate::negotiated::{ExtensionIds, PeerMedia, Publication, Streams};
use crate::packet::rtp::RtpPacket;
use crate::room::RtpDropped;
use crate::slab::TrackAt;
use crate::track::arrivals::Arrivals;
use crate::track::clock::PublisherClock;
use crate::track::layer::Way;
use crate::track::redundant::Redundancy;
use crate::track::{Flow, LAYERS_MAX, Track};

/// Until measured, what a line within the country takes there and back.
const RTT_GUESS: Duration = Duration::from_millis(100);

/// The SSRC of our reports to a peer that receives nothing from us. What libwebrtc uses in the same case.
const REPORTER: Ssrc = Ssrc(1);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Line {
    /// The handshake is under way.
    Connecting,
    Up,
    /// Its place is kept; nothing is sent.
    Cut,
}

/// What came from and went to a peer, since it joined.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Meter {
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
}

impl Meter {
    pub(crate) fn add(&mut self, bytes: usize) {
        self.packets += 1;
        self.bytes += bytes as u64;
    }

    pub(crate) fn since(self, before: Self) -> Self {
        Self { packets: self.packets - before.packets, bytes: self.bytes - before.bytes }
    }
}

pub(crate) struct Peer {
    pub(crate) id: PeerId,
    /// Place in the order of joining.
    pub(crate) joined: u64,
    pub(crate) line: Line,
    pub(crate) publications: Vec<Published>,
    bindings: Vec<Binding>,
    pub(crate) slots: Vec<OutSlot>,
    pub(crate) view: View,
    pub(crate) arrivals: Option<Arrivals>,
    transport_cc: Option<u8>,
    pub(crate) clock: PublisherClock,
    /// Smoothed, for the timing of what is asked for again.
    rtt: Option<Duration>,
    /// As last measured, for who watches the line: what changes shall show at once.
    pub(crate) rtt_newest: Option<Duration>,
    /// Of redundancy, for the sound sent to it.
    need: Need,
    pub(crate) rx: Meter,
    pub(crate) heard_at: Instant,
    /// Bytes that may be replayed from histories, and as of when.
    replay: Allowance,
    /// The slots have changed since they were last told.
    pub(crate) slots_changed: bool,
    /// What had come when figures were last taken, and when that was.
    pub(crate) measured: (Instant, Meter),
}

pub(crate) struct Published {
    pub(crate) track: TrackAt,
    mid: Mid,
    payload_type: PayloadType,
    repair_payload_type: Option<PayloadType>,
    red_payload_type: Option<PayloadType>,
    extensions: ExtensionIds,
    rids: Vec<Rid>,
}

/// An SSRC and the stream it was found to be.
#[derive(Clone, Copy, Debug)]
struct Binding {
    ssrc: Ssrc,
    payload_type: PayloadType,
    /// Sound with redundancy comes on the same SSRC as sound without, as the publisher sees fit.
    red_payload_type: Option<PayloadType>,
    stream: StreamAt,
}

/// One stream of a peer: a layer of a track, or the repairs of that layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct StreamAt {
    pub(crate) track: TrackAt,
    pub(crate) layer: u8,
    pub(crate) way: Way,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Found {
    Known(StreamAt),
    /// By its header extensions or its payload type, just now.
    Learnt(StreamAt),
}

impl Peer {
    pub(crate) fn new(now: Instant, id: PeerId, joined: u64, media: &PeerMedia, tracks: &[TrackAt]) -> Self {
        let mut peer = Self {
            id,
            joined,
            line: Line::Connecting,
            publications: Vec::with_capacity(media.publications.len()),
            bindings: Vec::new(),
            slots: media.slots.iter().map(OutSlot::new).collect(),
            view: View::default(),
            arrivals: None,
            transport_cc: None,
            clock: PublisherClock::default(),
            rtt: None,
            rtt_newest: None,
            need: Need::default(),
            rx: Meter::default(),
            heard_at: now,
            replay: Allowance { bytes: REPLAY_BYTES_MAX, at: now },
            slots_changed: false,
            measured: (now, Meter::default()),
        };
        for (publication, track) in media.publications.iter().zip(tracks) {
            peer.publish(publication, *track);
        }
        peer
    }

    fn publish(&mut self, publication: &Publication, track: TrackAt) {
        let codec = &publication.codec;
        if codec.feedback.transport_cc && publication.extensions.transport_cc.is_some() {
            // One number for all streams of the transport, so one extension id for all m-lines (RFC 8843, section 12).
            self.transport_cc = publication.extensions.transport_cc;
            self.arrivals.get_or_insert_with(Arrivals::new);
        }
        let rids = match &publication.streams {
            Streams::ByRid(rids) => rids.iter().take(LAYERS_MAX).cloned().collect(),
            Streams::BySsrc { media, repair } => {
                let stream = |way| StreamAt { track, layer: 0, way };
                if let Some(ssrc) = *media {
                    self.bind(ssrc, codec.payload_type, codec.red_payload_type, stream(Way::Original));
                }
                if let (Some(ssrc), Some(payload_type)) = (*repair, codec.repair_payload_type) {
                    self.bind(ssrc, payload_type, None, stream(Way::Repair));
                }
                Vec::new()
            }
        };
        self.publications.push(Published {
            track,
            mid: publication.mid.clone(),
            payload_type: codec.payload_type,
            repair_payload_type: codec.repair_payload_type,
            red_payload_type: codec.red_payload_type,
            extensions: publication.extensions,
            rids,
        });
    }

    /// Each stream has one SSRC at a time, so the table never outgrows the negotiated streams, whatever a peer sends.
    fn bind(&mut self, ssrc: Ssrc, payload_type: PayloadType, red_payload_type: Option<PayloadType>, stream: StreamAt) {
        self.bindings.retain(|binding| binding.stream != stream && binding.ssrc != ssrc);
        self.bindings.push(Binding { ssrc, payload_type, red_payload_type, stream });
    }

    /// Per packet: counts it and notes when it came.
    pub(crate) fn received(&mut self, now: Instant, bytes: usize, packet: &RtpPacket<'_>) {
        self.rx.add(bytes + WIRE_OVERHEAD);
        self.heard_at = now;
        if let Some(arrivals) = &mut self.arrivals
            && let Some(seq) = packet.extensions.transport_seq(self.transport_cc)
        {
            arrivals.note(now, seq);
        }
    }

    /// Per packet: which stream it belongs to (RFC 8843, section 9.2; RFC 8852).
    pub(crate) fn identify(&mut self, packet: &RtpPacket<'_>) -> Result<Found, RtpDropped> {
        if let Some(binding) = self.bindings.iter().find(|binding| binding.ssrc == packet.ssrc) {
            let named = packet.payload_type;
            return if binding.payload_type == named || binding.red_payload_type == Some(named) {
                Ok(Found::Known(binding.stream))
            } else {
                Err(RtpDropped::UnknownPayloadType)
            };
        }
        let published = self.publication_of(packet)?;
        let stream = published.stream_of(packet)?;
        let (payload_type, red_payload_type) = match stream.way {
            Way::Original => (published.payload_type, published.red_payload_type),
            Way::Repair => (packet.payload_type, None),
        };
        self.bind(packet.ssrc, payload_type, red_payload_type, stream);
        Ok(Found::Learnt(stream))
    }

    fn publication_of(&self, packet: &RtpPacket<'_>) -> Result<&Published, RtpDropped> {
        let by_mid = self
            .publications
            .iter()
            .find(|published| packet.extensions.text(published.extensions.mid) == Some(published.mid.0.as_str()));
        if let Some(published) = by_mid {
            return Ok(published);
        }
        let mut by_payload_type = self.publications.iter().filter(|published| published.carries(packet.payload_type));
        let published = by_payload_type.next().ok_or(RtpDropped::UnknownPayloadType)?;
        // Two m-lines of the same codec cannot be told apart by it.
        if by_payload_type.next().is_some() { Err(RtpDropped::UnknownSsrc) } else { Ok(published) }
    }

    /// The names of a track's layers, lowest first; none where they have no streams of their own.
    pub(crate) fn rids_of(&self, track: TrackAt) -> &[Rid] {
        let published = self.publications.iter().find(|published| published.track == track);
        published.map_or(&[], |published| &published.rids)
    }

    pub(crate) fn slot_by_ssrc(&self, ssrc: Ssrc) -> Option<u16> {
        (0..).zip(&self.slots).find_map(|(at, slot)| (slot.ssrc == ssrc).then_some(at))
    }

    /// Places of the slots of one kind, in m-line order.
    pub(crate) fn slots_of(&self, kind: MediaKind) -> impl Iterator<Item = u16> + '_ {
        (0..).zip(&self.slots).filter(move |(_, slot)| slot.kind == kind).map(|(at, _)| at)
    }

    /// The drawn size of the slot at `at`, if the viewer said one.
    pub(crate) fn size_of(&self, at: u16) -> Option<SlotSize> {
        let nth = self.slots_of(MediaKind::Video).position(|slot| slot == at)?;
        self.view.slot_sizes.get(nth).copied()
    }

    /// Why a slot with a track shows nothing.
    pub(crate) fn pause_of(&self, at: u16, track: &Track) -> Option<PauseReason> {
        let plays = self.slots.get(usize::from(at)).is_some_and(|slot| slot.plays(track.codec.codec));
        match (self.size_of(at), track.flow()) {
            (Some(SlotSize { height: 0 }), _) => Some(PauseReason::NotDrawn),
            _ if !plays => Some(PauseReason::CodecMissing),
            (_, Flow::Never | Flow::Dried) => Some(PauseReason::NoMedia),
            (_, Flow::Flowing) => None,
        }
    }

    /// His own pictures and voice are not sent back to him.
    pub(crate) fn owns(&self, publisher: PeerId) -> bool {
        self.id == publisher || self.view.own.contains(&publisher)
    }

    /// The SSRC our reports to this peer come from.
    pub(crate) fn reporter(&self) -> Ssrc {
        self.slots.first().map_or(REPORTER, |slot| slot.ssrc)
    }

    pub(crate) fn measured_rtt(&mut self, rtt: Duration) {
        self.rtt = Some(self.rtt.map_or(rtt, |known| (known * 3 + rtt) / 4));
        self.rtt_newest = Some(rtt);
    }

    /// Once a second: what its reports say about its line decides how much of the past its sound takes along.
    pub(crate) fn judge_redundancy(&mut self, now: Instant) -> Redundancy {
        let reported = self.slots.iter().filter_map(|slot| slot.loss_reported(now));
        if let Some(loss) = reported.reduce(f32::max) {
            self.need.judge(now, loss, self.rtt_or_guess());
        }
        let redundancy = self.need.redundancy();
        for slot in &mut self.slots {
            slot.redundancy = redundancy;
        }
        redundancy
    }

    pub(crate) fn rtt_or_guess(&self) -> Duration {
        self.rtt.unwrap_or(RTT_GUESS)
    }

    /// Bytes of history that may be sent at once now.
    pub(crate) fn replay_bytes(&mut self, now: Instant) -> usize {
        self.replay.refill(now)
    }

    pub(crate) fn replayed(&mut self, bytes: usize) {
        self.replay.bytes = self.replay.bytes.saturating_sub(bytes);
    }
}

impl Published {
    fn carries(&self, payload_type: PayloadType) -> bool {
        [Some(self.payload_type), self.repair_payload_type, self.red_payload_type].contains(&Some(payload_type))
    }

    fn stream_of(&self, packet: &RtpPacket<'_>) -> Result<StreamAt, RtpDropped> {
        let named = packet.payload_type;
        let way = if named == self.payload_type || self.red_payload_type == Some(named) {
            Way::Original
        } else if self.repair_payload_type == Some(packet.payload_type) {
            Way::Repair
        } else {
            return Err(RtpDropped::UnknownPayloadType);
        };
        if self.rids.is_empty() {
            return Ok(StreamAt { track: self.track, layer: 0, way });
        }
        let ids = &self.extensions;
        // A repair stream names the layer it repairs in an extension of its own; some senders use the plain one for both.
        let rid = match way {
            Way::Original => packet.extensions.text(ids.rid),
            Way::Repair => packet.extensions.text(ids.repaired_rid).or_else(|| packet.extensions.text(ids.rid)),
        };
        let rid = rid.ok_or(RtpDropped::UnknownSsrc)?;
        let layer = self.rids.iter().position(|known| known.0 == rid).ok_or(RtpDropped::UnknownSsrc)?;
        Ok(StreamAt { track: self.track, layer: u8::try_from(layer).unwrap_or(0), way })
    }
}

/// What a replay may put on a line at once. A key frame and half a second of a good picture fit; a wall of twenty-five replays at once
/// would hold up the sound on a commune's line.
const REPLAY_BYTES_MAX: usize = 192 * 1024;
const REPLAY_BYTES_PER_S: usize = 96 * 1024;

#[derive(Clone, Copy, Debug)]
struct Allowance {
    bytes: usize,
    at: Instant,
}

impl Allowance {
    fn refill(&mut self, now: Instant) -> usize {
        let passed = now.saturating_duration_since(self.at).as_millis().min(10_000) as usize;
        self.bytes = (self.bytes + passed * REPLAY_BYTES_PER_S / 1_000).min(REPLAY_BYTES_MAX);
        self.at = now;
        self.bytes
    }
}

#[cfg(test)]
mod tests;
