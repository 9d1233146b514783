//! A receive slot of one peer: the stream behind an m-line that is negotiated once and filled with whatever is to be seen or heard.

use std::time::{Duration, Instant};

use crate::egress::Egress;
use crate::forward::resend::Resends;
use crate::forward::rewrite::{Origin, Rewritten};
use crate::forward::stream::{Stream, Taken};
use crate::id::{MediaKind, Mid, PayloadType, PeerId, Ssrc};
use crate::negotiated::Slot;
use crate::packet::header::HeaderTemplate;
use crate::packet::report::SenderState;
use crate::packet::rtcp::ReportBlock;
use crate::packet::vp8::DESCRIPTOR_MAX;
use crate::peer::Meter;
use crate::slab::TrackAt;
use crate::track::Track;
use crate::track::history::{Padding, Stored};
use crate::track::layer::LayerKey;
use crate::track::redundant::{Prefix, Redundancy};

/// UDP and IPv4 headers and the tag of AES-128-GCM: what a packet weighs on the wire beyond what we lay out.
pub(crate) const WIRE_OVERHEAD: usize = 8 + 20 + 16;

/// Browsers report on sound every five seconds, give or take half of it.
const LOSS_VALID: Duration = Duration::from_secs(8);

/// Original sequence number (RFC 4588, section 4) and descriptor.
const PREFIX_MAX: usize = 2 + DESCRIPTOR_MAX;

pub(crate) struct OutSlot {
    pub(crate) mid: Mid,
    pub(crate) kind: MediaKind,
    pub(crate) ssrc: Ssrc,
    /// The track this slot is for, sent or not.
    pub(crate) assigned: Option<TrackAt>,
    pub(crate) stream: Stream,
    header: HeaderTemplate,
    /// Of packets with redundancy, if the receiver takes them.
    red: Option<RedStream>,
    pub(crate) redundancy: Redundancy,
    repair: Option<RepairStream>,
    resends: Resends,
    sent: Sent,
    /// What had been sent when figures were last taken.
    measured: Sent,
    /// As the receiver reported it last.
    pub(crate) received: LineReport,
    clock_rate_hz: u32,
}

/// The same stream under another payload type.
#[derive(Clone, Debug)]
struct RedStream {
    header: HeaderTemplate,
    /// What the receiver calls Opus.
    inside: PayloadType,
}

#[derive(Clone, Debug)]
struct RepairStream {
    header: HeaderTemplate,
    next: u16,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sent {
    /// As sender reports count them: media only, wrapping.
    packets: u32,
    octets: u32,
    /// Everything, repairs and headers included.
    pub(crate) wire: Meter,
    pub(crate) frames: u64,
    newest_timestamp: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LineReport {
    pub(crate) loss: f32,
    pub(crate) jitter: Duration,
    pub(crate) at: Option<Instant>,
}

/// What became of a packet that was offered to a slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Passed {
    No,
    Sent,
    Opened { left: Option<LayerKey> },
}

impl OutSlot {
    pub(crate) fn new(slot: &Slot) -> Self {
        let mid = slot.extensions.mid.map(|id| (id, &slot.mid));
        let level = slot.extensions.audio_level.filter(|_| slot.kind == MediaKind::Audio);
        let header = HeaderTemplate::new(slot.codec.payload_type, slot.ssrc, mid, level);
        let repair = slot.repair_ssrc.zip(slot.codec.repair_payload_type).map(|(ssrc, payload_type)| RepairStream {
            header: HeaderTemplate::new(payload_type, ssrc, mid, level),
            next: (ssrc.0 >> 17) as u16,
        });
        let red = slot.codec.red_payload_type.map(|payload_type| RedStream {
            header: HeaderTemplate::new(payload_type, slot.ssrc, mid, level),
            inside: slot.codec.payload_type,
        });
        let stream = Stream::new(slot.ssrc, slot.kind, slot.codec.clock_rate_hz);
        let resends = Resends::new(stream.rewriter.next());
        Self {
            mid: slot.mid.clone(),
            kind: slot.kind,
            ssrc: slot.ssrc,
            assigned: None,
            stream,
            header,
            red,
            redundancy: Redundancy::None,
            repair,
            resends,
            sent: Sent::default(),
            measured: Sent::default(),
            received: LineReport::default(),
            clock_rate_hz: slot.codec.clock_rate_hz.max(1),
        }
    }

    /// Per packet and receiver: the whole work of forwarding.
    pub(crate) fn pass(
        &mut self,
        now: Instant,
        to: PeerId,
        track: &Track,
        key: LayerKey,
        stored: Stored<'_>,
        egress: &mut impl Egress,
    ) -> Passed {
        match self.stream.take(now, track, key, stored.meta) {
            Taken::No => Passed::No,
            Taken::Passed(numbers) => {
                self.send(to, track, numbers, stored, egress);
                Passed::Sent
            }
            Taken::Opened { numbers, left } => {
                self.send(to, track, numbers, stored, egress);
                Passed::Opened { left }
            }
        }
    }

    fn send(&mut self, to: PeerId, track: &Track, numbers: Rewritten, stored: Stored<'_>, egress: &mut impl Egress) {
        let meta = stored.meta;
        let shared = stored.sent_from(numbers.replaced);
        let redundant = self.redundant(track, numbers, meta.seq);
        let (template, prefix) = match (&mut self.red, &redundant) {
            (Some(red), Some(redundant)) => (&mut red.header, redundant.bytes()),
            _ => (&mut self.header, numbers.descriptor()),
        };
        let marker = marker(self.kind, meta.marker, numbers);
        let header = template.of(marker, stored.padding, numbers.seq as u16, numbers.timestamp, meta.level);
        let wire = header.len() + prefix.len() + shared.len() + WIRE_OVERHEAD;
        egress.rtp(to, header, prefix, shared);
        let octets = prefix.len() + shared.len();
        self.sent.packets = self.sent.packets.wrapping_add(1);
        self.sent.octets = self.sent.octets.wrapping_add(octets as u32);
        self.sent.wire.add(wire);
        if numbers.timestamp != self.sent.newest_timestamp {
            self.sent.newest_timestamp = numbers.timestamp;
            self.sent.frames += 1;
        }
        self.resends.sent(numbers.seq, wire);
    }

    /// What the packet takes along of the past. Where another begins to speak there is no past.
    fn redundant<'a>(&self, track: &'a Track, numbers: Rewritten, seq: u64) -> Option<Prefix<'a>> {
        let red = self.red.as_ref().filter(|_| self.redundancy != Redundancy::None && !numbers.opens_era)?;
        track.prefixes.as_ref()?.of(seq, self.redundancy, red.inside)
    }

    /// Sends a packet once more, as RTX (RFC 4588). Where RTX was not negotiated nothing comes again: the same number would have to be
    /// sealed twice under one nonce, and a receiver that asks in vain goes on to ask for a key frame.
    pub(crate) fn resend(
        &mut self,
        to: PeerId,
        origin: Origin,
        seq: u64,
        stored: Stored<'_>,
        egress: &mut impl Egress,
    ) {
        let Stored { meta, payload, .. } = stored;
        let Some(repair) = &mut self.repair else { return };
        let Some(numbers) = self.stream.rewriter.again(origin, meta) else { return };
        let wire = payload.len() + WIRE_OVERHEAD;
        if !self.resends.allow(seq, wire) {
            return;
        }
        let shared = payload.get(usize::from(numbers.replaced)..).unwrap_or_default();
        let marker = marker(self.kind, meta.marker, numbers);
        let header = repair.header.of(marker, Padding::None, repair.next, numbers.timestamp, meta.level);
        repair.next = repair.next.wrapping_add(1);
        let (prefix, len) = repair_prefix(seq as u16, numbers.descriptor());
        egress.rtp(to, header, prefix.get(..len).unwrap_or_default(), shared);
        self.sent.wire.add(wire);
    }

    /// For the sender report: the numbers of this stream at `now`, if its source's clock is known.
    pub(crate) fn state(&self, now: Instant, ntp: u64, track: &Track) -> Option<SenderState> {
        let live = self.stream.live()?;
        let source = track.layer(live.layer)?.clock.timestamp_at(now)?;
        let timestamp = self.stream.rewriter.timestamp_for(source)?;
        Some(SenderState { ssrc: self.ssrc, ntp, timestamp, packets: self.sent.packets, octets: self.sent.octets })
    }

    /// Sent since the previous call: everything, and whole frames.
    pub(crate) fn measure(&mut self) -> (Meter, u64) {
        let before = std::mem::replace(&mut self.measured, self.sent);
        (self.sent.wire.since(before.wire), self.sent.frames - before.frames)
    }

    /// The share of packets the receiver said it lost, if it said so lately.
    pub(crate) fn loss_reported(&self, now: Instant) -> Option<f32> {
        let at = self.received.at?;
        (now.saturating_duration_since(at) <= LOSS_VALID).then_some(self.received.loss)
    }

    pub(crate) fn reported(&mut self, now: Instant, block: &ReportBlock) {
        self.received = LineReport {
            loss: f32::from(block.fraction_lost) / 256.0,
            jitter: Duration::from_micros(u64::from(block.jitter) * 1_000_000 / u64::from(self.clock_rate_hz)),
            at: Some(now),
        };
    }
}

/// A receiver's jitter buffer may re-centre where somebody else begins to speak: RFC 3551, section 4.1.
fn marker(kind: MediaKind, of_source: bool, numbers: Rewritten) -> bool {
    match kind {
        MediaKind::Audio => of_source || numbers.opens_era,
        MediaKind::Video => of_source,
    }
}

fn repair_prefix(seq: u16, descriptor: &[u8]) -> ([u8; PREFIX_MAX], usize) {
    let mut prefix = [0; PREFIX_MAX];
    let len = 2 + descriptor.len();
    let (number, rest) = prefix.split_at_mut(2);
    number.copy_from_slice(&seq.to_be_bytes());
    if let Some(place) = rest.get_mut(..descriptor.len()) {
        place.copy_from_slice(descriptor);
    }
    (prefix, len)
}
