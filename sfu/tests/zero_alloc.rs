//! Forwarding allocates nothing in steady state: not per packet, not per receiver, not per repair. Counted, not believed.

#![allow(clippy::disallowed_methods, reason = "the test's own clock")]

use std::time::{Duration, Instant};

use sfu::command::Rights;
use sfu::egress::Egress;
use sfu::id::{MediaKind, Mid, PayloadType, PeerId, RoomId, Source, Ssrc};
use sfu::negotiated::{Codec, ExtensionIds, Feedback, NegotiatedCodec, PeerMedia, Publication, Slot, Streams};
use sfu::room::Room;
use sfu::tap::TapEvent;

const VIEWERS: u64 = 100;
const PUBLISHER: PeerId = PeerId(1);

/// Counts what leaves, and remembers the newest number of one viewer's picture.
#[derive(Default)]
struct Counter {
    rtp: u64,
    /// Sound that takes its past along.
    redundant: u64,
    rtcp: u64,
    newest: u16,
}

impl Egress for Counter {
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]) {
        assert!(header.len() + prefix.len() + payload.len() < 1_500);
        self.rtp += 1;
        self.redundant += u64::from(header[1] & 0x7F == 63);
        if to == PeerId(2) && header[1] & 0x7F == 96 {
            self.newest = u16::from_be_bytes([header[2], header[3]]);
        }
    }

    fn rtcp(&mut self, _to: PeerId, _compound: &[u8]) {
        self.rtcp += 1;
    }

    fn tap(&mut self, _room: RoomId, _event: TapEvent) {}
}

fn codec(codec: Codec, payload_type: u8, clock_rate_hz: u32) -> NegotiatedCodec {
    NegotiatedCodec {
        codec,
        payload_type: PayloadType(payload_type),
        repair_payload_type: (codec == Codec::Vp8).then_some(PayloadType(97)),
        red_payload_type: (codec == Codec::Opus).then_some(PayloadType(63)),
        clock_rate_hz,
        feedback: Feedback { nack: codec == Codec::Vp8, pli: codec == Codec::Vp8, fir: false, transport_cc: true },
    }
}

fn extensions() -> ExtensionIds {
    ExtensionIds { mid: Some(4), audio_level: Some(1), transport_cc: Some(3), ..ExtensionIds::default() }
}

fn publisher() -> PeerMedia {
    let publication = |mid: &str, source, codec, ssrc| Publication {
        mid: Mid(mid.to_owned()),
        source,
        codec,
        extensions: extensions(),
        streams: Streams::BySsrc { media: Some(Ssrc(ssrc)), repair: None },
    };
    let voice = publication("0", Source::Microphone, codec(Codec::Opus, 111, 48_000), 10);
    let camera = publication("1", Source::Camera, codec(Codec::Vp8, 96, 90_000), 20);
    PeerMedia { publications: vec![voice, camera], slots: vec![] }
}

fn viewer() -> PeerMedia {
    let slot = |mid: &str, kind, codec, ssrc, repair| Slot {
        mid: Mid(mid.to_owned()),
        kind,
        codecs: vec![codec],
        extensions: extensions(),
        ssrc: Ssrc(ssrc),
        repair_ssrc: repair,
    };
    let voice = slot("0", MediaKind::Audio, codec(Codec::Opus, 111, 48_000), 100, None);
    let picture = slot("1", MediaKind::Video, codec(Codec::Vp8, 96, 90_000), 200, Some(Ssrc(201)));
    PeerMedia { publications: vec![], slots: vec![voice, picture] }
}

struct Sender {
    seq: u16,
    transport: u16,
}

impl Sender {
    /// With a copy of the packet before.
    fn voice(&mut self) -> Vec<u8> {
        let mut packet = self.header(63, 10, 960);
        packet.extend([0x80 | 111, 15, 0, 80, 111]);
        packet.extend([15 << 3; 160]);
        packet
    }

    fn picture(&mut self) -> Vec<u8> {
        let mut packet = self.header(96, 20, 1_800);
        let [high, low] = self.seq.to_be_bytes();
        let key = u8::from(self.seq > 0);
        packet.extend([0x90, 0xC0, 0x80 | high, low, low, key, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x01]);
        packet.resize(1_200, 0x55);
        packet
    }

    /// Level -30 dBov and the transport-wide number; each packet a frame of its own.
    fn header(&mut self, payload_type: u8, ssrc: u32, ticks: u32) -> Vec<u8> {
        let mut packet = vec![0x90, 0x80 | payload_type];
        packet.extend(self.seq.to_be_bytes());
        packet.extend((u32::from(self.seq) * ticks).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        let [high, low] = self.transport.to_be_bytes();
        packet.extend([0xBE, 0xDE, 0, 2, 0x10, 30, 0x31, high, low, 0, 0, 0]);
        self.transport = self.transport.wrapping_add(1);
        packet
    }
}

struct Meeting {
    now: Instant,
    room: Room,
    wire: Counter,
    sender: Sender,
}

impl Meeting {
    fn new() -> Self {
        let now = Instant::now();
        let mut room = Room::new(RoomId(1));
        let mut wire = Counter::default();
        room.join(now, PUBLISHER, publisher(), Rights::ALL);
        room.connected(now, PUBLISHER, &mut wire);
        for viewer_id in 2..2 + VIEWERS {
            room.join(now, PeerId(viewer_id), viewer(), Rights::NONE);
            room.connected(now, PeerId(viewer_id), &mut wire);
        }
        Self { now, room, wire, sender: Sender { seq: 0, transport: 0 } }
    }

    /// 20 ms of sound and picture, and everything the clock wants done.
    fn step(&mut self) -> u64 {
        let (voice, picture) = (self.sender.voice(), self.sender.picture());
        self.sender.seq += 1;
        let newest = self.wire.newest.to_be_bytes();
        // A receiver report of a tenth of the sound lost, and a request for the newest packet once more.
        let report = [&[0x81, 201, 0, 7, 0, 0, 0, 9, 0, 0, 0, 100, 26], &[0; 19][..]].concat();
        let nack = [&report[..], &[0x81, 205, 0, 3, 0, 0, 0, 9, 0, 0, 0, 200], &newest, &[0, 0]].concat();
        let Self { now, room, wire, .. } = self;
        let counted = allocation_counter::measure(|| {
            room.handle_rtp(*now, PUBLISHER, &voice, wire).unwrap();
            room.handle_rtp(*now, PUBLISHER, &picture, wire).unwrap();
            room.handle_rtcp(*now, PeerId(2), &nack, wire).unwrap();
        });
        self.now += Duration::from_millis(20);
        while self.room.poll_timeout().is_some_and(|at| at <= self.now) {
            self.room.handle_timeout(self.now, &mut self.wire);
        }
        while self.room.poll_fact().is_some() {}
        counted.count_total
    }
}

#[test]
fn forwarding_and_repairing_allocate_nothing_in_steady_state() {
    assert!(allocation_counter::measure(|| drop(vec![1])).count_total > 0, "the counter counts");
    let mut meeting = Meeting::new();
    for _ in 0..150 {
        meeting.step();
    }
    let before = meeting.wire.rtp;
    let allocations: u64 = (0..500).map(|_| meeting.step()).sum();
    let forwarded = meeting.wire.rtp - before;
    assert!(forwarded >= 500 * 2 * VIEWERS, "{forwarded} packets were forwarded");
    assert!(forwarded > 500 * 2 * VIEWERS, "and some of them were repairs");
    assert!(meeting.wire.redundant >= 500, "to the one that lost some, sound went with its past");
    assert_eq!(allocations, 0, "over {forwarded} forwarded packets");
}
