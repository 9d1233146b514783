//! A receive slot of one peer: the stream behind an m-line that is negotiated once and filled with whatever is to be seen or heard.

use std::time::{Duration, Instant};

use crate::egress::Egress;
use crate::forward::resend::{Allowed, Resends};
use crate::forward::rewrite::{Content, Origin, Rewritten};
use crate::forward::select::Choice;
use crate::forward::stream::{Numbers, Stream, Taken};
use crate::id::{MediaKind, Mid, PayloadType, PeerId, Ssrc};
use crate::negotiated::{Codec, NegotiatedCodec, Slot};
use crate::packet::descriptor::Descriptor;
use crate::packet::extended::ExtendedHeader;
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
    /// The most of its track it may have.
    pub(crate) allowed: Choice,
    pub(crate) stream: Stream,
    codecs: Vec<NegotiatedCodec>,
    /// What the headers are laid out for now.
    speaks: Option<Codec>,
    header: HeaderTemplate,
    /// With AV1's dependency descriptor, where it was negotiated.
    extended: Option<ExtendedHeader>,
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

/// What became of a request for a repair.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Resent {
    Sent,
    /// It may still be under way, or this receiver gets no repairs and knows it.
    NotNow,
    /// It will not come any more.
    Never,
}

impl OutSlot {
    pub(crate) fn new(slot: &Slot) -> Self {
        let mid = slot.extensions.mid.map(|id| (id, &slot.mid));
        let level = slot.extensions.audio_level.filter(|_| slot.kind == MediaKind::Audio);
        let first = slot.codecs.first();
        // Before anything is sent both are given the payload type of the track's codec.
        let header = HeaderTemplate::new(PayloadType(0), slot.ssrc, mid, level);
        let repair = slot.repair_ssrc.map(|ssrc| RepairStream {
            header: HeaderTemplate::new(PayloadType(0), ssrc, mid, level),
            next: (ssrc.0 >> 17) as u16,
        });
        let clock_rate_hz = first.map_or(0, |codec| codec.clock_rate_hz).max(1);
        let stream = Stream::new(slot.ssrc, slot.kind, clock_rate_hz);
        let red = first.and_then(|codec| Some((codec.red_payload_type?, codec.payload_type)));
        let red = red.map(|(payload_type, inside)| RedStream {
            header: HeaderTemplate::new(payload_type, slot.ssrc, mid, level),
            inside,
        });
        let resends = Resends::new(stream.rewriter.next());
        Self {
            mid: slot.mid.clone(),
            kind: slot.kind,
            ssrc: slot.ssrc,
            assigned: None,
            allowed: Choice::ALL,
            stream,
            codecs: slot.codecs.clone(),
            speaks: None,
            header,
            extended: slot.extensions.dependency_descriptor.map(ExtendedHeader::new),
            red,
            redundancy: Redundancy::None,
            repair,
            resends,
            sent: Sent::default(),
            measured: Sent::default(),
            received: LineReport::default(),
            clock_rate_hz,
        }
    }

    /// The agreed payload type for a codec, if there is one.
    fn carries(&self, codec: Codec) -> Option<&NegotiatedCodec> {
        let exactly = self.codecs.iter().find(|carried| carried.codec == codec);
        exactly.or_else(|| self.codecs.iter().find(|carried| carried.codec.plays(codec)))
    }

    /// Whether a track of this codec can be shown or heard here.
    pub(crate) fn plays(&self, codec: Codec) -> bool {
        self.carries(codec).is_some()
    }

    fn speak(&mut self, codec: Codec) {
        if self.speaks == Some(codec) {
            return;
        }
        if let Some(carried) = self.carries(codec) {
            let payload_type = carried.payload_type;
            self.header.retype(payload_type);
            self.speaks = Some(codec);
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

    fn send(&mut self, to: PeerId, track: &Track, numbers: Numbers, stored: Stored<'_>, egress: &mut impl Egress) {
        self.speak(track.codec.codec);
        let Numbers { rewritten: numbers, ends_picture } = numbers;
        let meta = stored.meta;
        let padding = match numbers.content {
            Content::Whole => stored.padding,
            Content::Blank => Padding::None,
        };
        let shared = match numbers.content {
            Content::Whole => stored.sent_from(numbers.replaced),
            Content::Blank => &[],
        };
        let redundant = self.redundant(track, numbers, meta.seq);
        let (template, prefix) = match (&mut self.red, &redundant) {
            (Some(red), Some(redundant)) => (&mut red.header, redundant.bytes()),
            _ => (&mut self.header, numbers.descriptor()),
        };
        let marker = marker(self.kind, meta.marker || ends_picture, numbers.opens_era, numbers.content);
        let mut header = template.of(marker, padding, numbers.seq as u16, numbers.timestamp, meta.level);
        if let (Some(extended), Some(descriptor)) = (&mut self.extended, dependency(stored, numbers.content)) {
            header = extended.of(header, descriptor, numbers.frame_number);
        }
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
        codec: Codec,
        (origin, seq): (Origin, u64),
        stored: Stored<'_>,
        egress: &mut impl Egress,
    ) -> Resent {
        let Stored { meta, payload, .. } = stored;
        let payload_type = self.carries(codec).and_then(|carried| carried.repair_payload_type);
        let (Some(repair), Some(payload_type)) = (&mut self.repair, payload_type) else {
            return Resent::NotNow;
        };
        let Some(Numbers { rewritten: numbers, ends_picture }) = self.stream.again(origin, meta) else {
            return Resent::NotNow;
        };
        let wire = payload.len() + WIRE_OVERHEAD;
        match self.resends.allow(seq, wire) {
            Allowed::Yes => {}
            Allowed::Often => return Resent::NotNow,
            Allowed::Never => return Resent::Never,
        }
        let shared = shared(stored, numbers.replaced, numbers.content);
        let marker = marker(self.kind, meta.marker || ends_picture, numbers.opens_era, numbers.content);
        repair.header.retype(payload_type);
        let mut header = repair.header.of(marker, Padding::None, repair.next, numbers.timestamp, meta.level);
        if let (Some(extended), Some(descriptor)) = (&mut self.extended, dependency(stored, numbers.content)) {
            header = extended.of(header, descriptor, numbers.frame_number);
        }
        repair.next = repair.next.wrapping_add(1);
        let (prefix, len) = repair_prefix(seq as u16, numbers.descriptor());
        egress.rtp(to, header, prefix.get(..len).unwrap_or_default(), shared);
        self.sent.wire.add(wire);
        Resent::Sent
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
fn marker(kind: MediaKind, ends: bool, opens_era: bool, content: Content) -> bool {
    match (kind, content) {
        (MediaKind::Audio, _) => ends || opens_era,
        (MediaKind::Video, Content::Whole) => ends,
        (MediaKind::Video, Content::Blank) => false,
    }
}

/// What is sent as it was received.
fn shared(stored: Stored<'_>, replaced: u8, content: Content) -> &[u8] {
    match content {
        Content::Whole => stored.payload.get(usize::from(replaced)..).unwrap_or_default(),
        Content::Blank => &[],
    }
}

/// AV1's dependency descriptor, which is kept in front of the payload.
fn dependency(stored: Stored<'_>, content: Content) -> Option<&[u8]> {
    match (stored.meta.descriptor, content) {
        (Descriptor::Av1(av1), Content::Whole) => stored.payload.get(..usize::from(av1.len)),
        _ => None,
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
