//! Cameras whose streams hold more than one frame rate or picture, in every codec, and slots that may have less than all of it.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::actors::rtp;
use super::harness::*;
use crate::fact::PauseReason;
use crate::forward::select::Choice;
use crate::id::{PeerId, Source, Ssrc};
use crate::negotiated::{Codec, H264Profile, Streams};
use crate::packet::av1::tests::{Written, l1t3, l2t1_key};
use crate::packet::report::Compound;
use crate::packet::rtp::RtpPacket;
use crate::packet::vp9::Vp9Descriptor;
use crate::tap::TapEvent;

const BASELINE: Codec = Codec::H264(H264Profile::ConstrainedBaseline);
const SSRC: u32 = 500;

/// What a test camera writes into the payload behind the codec's own bytes, so that a viewer knows what he got.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Mark {
    picture: u8,
    spatial: u8,
    temporal: u8,
}

const MARKED: &[u8] = b"MARK";

fn mark_in(payload: &[u8]) -> Option<Mark> {
    let at = payload.windows(MARKED.len()).position(|window| window == MARKED)? + MARKED.len();
    Some(Mark { picture: payload[at], spatial: payload[at + 1], temporal: payload[at + 2] })
}

/// A camera in one stream: base, upper, middle, upper in time, and as many pictures above each other as it is told.
struct Camera {
    codec: Codec,
    from: PeerId,
    pictures: u8,
    seq: u16,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    frame_number: u16,
    transport: u16,
}

impl Camera {
    fn new(codec: Codec, from: PeerId, pictures: u8) -> Self {
        let (seq, picture) = (65_500, 0x7FF0);
        Self { codec, from, pictures, seq, timestamp: 9, picture, tl0: 250, frame_number: 65_530, transport: 0 }
    }

    fn temporal(&self) -> u8 {
        [0, 2, 1, 2][usize::from(self.picture) % 4]
    }

    /// The packets of the next picture, `packets` for each of its frames. A key picture begins a cycle.
    fn next(&mut self, key: bool, packets: u16) -> Vec<Vec<u8>> {
        self.timestamp = self.timestamp.wrapping_add(3_000);
        self.picture = if key { (self.picture / 4 + 1) * 4 } else { self.picture + 1 } & 0x7FFF;
        let temporal = self.temporal();
        if temporal == 0 {
            self.tl0 = self.tl0.wrapping_add(1);
        }
        let mut all = Vec::new();
        for spatial in 0..self.pictures {
            self.frame_number = self.frame_number.wrapping_add(1);
            for packet in 0..packets {
                let (starts, ends) = (packet == 0, packet + 1 == packets);
                let (mut payload, dependency) = self.payload(key, spatial, temporal, starts, ends);
                payload.extend(MARKED);
                payload.extend([self.picture as u8, spatial, temporal]);
                payload.resize(120, 0x77);
                all.push(self.packet(ends && spatial + 1 == self.pictures, &dependency, &payload));
            }
        }
        all
    }

    fn payload(&self, key: bool, spatial: u8, temporal: u8, starts: bool, ends: bool) -> (Vec<u8>, Vec<u8>) {
        let [high, low] = self.picture.to_be_bytes();
        // The second upper frame of a cycle refers to the middle one.
        let sync = temporal == 1 || temporal == 2 && self.picture % 4 == 1;
        let bit = |on: bool, mask: u8| if on { mask } else { 0 };
        match self.codec {
            Codec::Vp8 => {
                let layer = temporal << 6 | bit(sync, 0x20);
                let mut payload = vec![0x80 | bit(starts, 0x10), 0xE0, high | 0x80, low, self.tl0, layer];
                payload.extend([bit(!key, 1), 0, 0, 0x9D, 0x01, 0x2A, 0x00, 0x05, 0xD0, 0x02]);
                (payload, vec![])
            }
            Codec::Vp9 => {
                let first = 0xA0 | bit(!key, 0x40) | bit(starts, 0x08) | bit(ends, 0x04);
                // Between key pictures each picture stands alone.
                let spare = bit(!key || spatial + 1 == self.pictures, 0x01);
                let structure = key && starts && spatial == 0;
                let layer = temporal << 5 | bit(sync, 0x10) | spatial << 1 | bit(key && spatial > 0, 1);
                let mut payload = vec![first | spare | bit(structure, 0x02), high | 0x80, low, layer, self.tl0];
                if structure {
                    payload.push((self.pictures - 1) << 5 | 0x10);
                    for (width, height) in
                        [(320u16, 180u16), (640, 360), (1_280, 720)].into_iter().take(self.pictures.into())
                    {
                        payload.extend(width.to_be_bytes());
                        payload.extend(height.to_be_bytes());
                    }
                }
                payload.push(0x86);
                (payload, vec![])
            }
            Codec::Av1 => {
                let template = match (self.pictures, key) {
                    (1, true) => 0,
                    (1, false) => [1, 2, 3][usize::from(temporal)],
                    (_, key) => spatial * 2 + u8::from(!key),
                };
                let structure: fn(&mut crate::packet::bits::tests::Writer) =
                    if self.pictures == 1 { l1t3 } else { l2t1_key };
                let structure = (key && starts && spatial == 0).then_some(structure);
                let written =
                    Written { starts, ends, template, frame_number: self.frame_number, structure, active: None };
                (vec![0x10 | bit(structure.is_some(), 0x08), 0x32], written.bytes())
            }
            Codec::H264(_) => match (key, starts) {
                (true, true) => {
                    // 1280x720, cut off behind its size.
                    let sps = [0x67, 0x42, 0xC0, 0x1F, 0xD9, 0x00, 0x50, 0x05, 0xBB, 0x01, 0x10, 0x00];
                    let mut payload = vec![0x78, 0, 12];
                    payload.extend(sps);
                    payload.extend([0, 4, 0x68, 0xCE, 0x3C, 0x80]);
                    (payload, vec![])
                }
                (true, false) => (vec![0x7C, 0x85], vec![]),
                (false, _) => (vec![0x41, 0x9A], vec![]),
            },
            Codec::Opus => unreachable!("a camera has a picture"),
        }
    }

    fn packet(&mut self, marker: bool, dependency: &[u8], payload: &[u8]) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        self.transport = self.transport.wrapping_add(1);
        let transport = self.transport.to_be_bytes();
        let payload_type = codec(self.codec).payload_type.0;
        let mut bytes =
            rtp(payload_type, marker, self.seq, self.timestamp, SSRC, &[(MID, b"1"), (TRANSPORT, &transport)]);
        if !dependency.is_empty() {
            bytes.truncate(12);
            bytes.extend([0x10, 0x00, 0, 0, MID, 1, b'1', DEPENDENCY, u8::try_from(dependency.len()).unwrap()]);
            bytes.extend(dependency);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            let words = (bytes.len() - 16) / 4;
            bytes[15] = u8::try_from(words).unwrap();
        }
        bytes.extend(payload);
        bytes
    }

    /// The same packet as a repair.
    fn repair(&self, repair_seq: u16, original: &[u8]) -> Vec<u8> {
        let packet = RtpPacket::parse(original).unwrap();
        let header = original.len() - packet.payload.len();
        let mut bytes = original[..header].to_vec();
        bytes[1] = (codec(self.codec).payload_type.0 + 1) | (bytes[1] & 0x80);
        bytes[2..4].copy_from_slice(&repair_seq.to_be_bytes());
        bytes[8..12].copy_from_slice(&(SSRC + 1).to_be_bytes());
        bytes.extend(packet.seq.0.to_be_bytes());
        bytes.extend(packet.payload);
        bytes
    }
}

fn seat(codec: Codec) -> Seat {
    let streams = Streams::BySsrc { media: Some(Ssrc(SSRC)), repair: Some(Ssrc(SSRC + 1)) };
    Seat { publications: vec![publication("1", Source::Camera, codec, streams)], ..Seat::site(0, 0) }
}

struct Show {
    world: World,
    camera: Camera,
    viewer: PeerId,
}

impl Show {
    fn of(codec: Codec, pictures: u8) -> Self {
        let mut world = World::new();
        let hall = world.join(1, seat(codec));
        let viewer = world.join(2, Seat::viewer(0, 2));
        Self { world, camera: Camera::new(codec, hall, pictures), viewer }
    }

    fn send(&mut self, packets: Vec<Vec<u8>>) {
        for packet in packets {
            self.world.send(self.camera.from, &packet).unwrap();
        }
        self.world.run(33);
    }

    /// Plays pictures; the publisher answers requests for key frames. What the viewer got.
    fn play(&mut self, pictures: usize) -> Vec<Got> {
        for _ in 0..pictures {
            let key = self.world.take_asked().iter().any(|asked| matches!(asked, Asked::KeyFrame { .. }));
            let packets = self.camera.next(key, 2);
            self.send(packets);
        }
        self.world.take_video(self.viewer, 0)
    }

    fn begin(&mut self) -> Vec<Got> {
        let packets = self.camera.next(true, 2);
        self.send(packets);
        self.world.take_asked();
        self.world.take_video(self.viewer, 0)
    }

    fn allow(&mut self, spatial: u8, temporal: u8) {
        self.world.allow(self.viewer, 0, Choice { spatial, temporal });
    }
}

fn layers(got: &[Got]) -> BTreeSet<(u8, u8)> {
    got.iter().filter_map(|got| mark_in(&got.payload)).map(|mark| (mark.spatial, mark.temporal)).collect()
}

/// One stream: no number is missing, every picture ends once, at its last packet.
fn is_one_stream(got: &[Got]) {
    for pair in got.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1));
        assert_eq!(pair[0].marker, pair[0].timestamp != pair[1].timestamp, "a picture ends with its marker");
    }
}

const ALL: [Codec; 4] = [Codec::Vp8, BASELINE, Codec::Vp9, Codec::Av1];

#[test]
fn every_codec_is_passed_on_whole_under_the_payload_type_the_viewer_gave_it() {
    for codec in ALL {
        let mut show = Show::of(codec, 1);
        let mut got = show.begin();
        got.extend(show.play(8));
        assert_eq!(got.len(), 18, "{codec:?}");
        is_one_stream(&got);
        assert!(got.iter().all(|got| got.payload_type == super::harness::codec(codec).payload_type.0));
        if codec != BASELINE {
            assert_eq!(layers(&got), [(0, 0), (0, 1), (0, 2)].into(), "{codec:?}");
        }
    }
}

#[test]
fn upper_frames_are_left_out_at_once_and_come_back_in_one_stream() {
    for codec in [Codec::Vp8, Codec::Vp9, Codec::Av1] {
        let mut show = Show::of(codec, 1);
        let mut all = show.begin();
        all.extend(show.play(4));
        show.allow(0, 0);
        let base = show.play(8);
        assert_eq!(layers(&base), [(0, 0)].into(), "{codec:?}");
        show.allow(0, 1);
        let middle = show.play(8);
        assert_eq!(layers(&middle), [(0, 0), (0, 1)].into());
        show.allow(0, 2);
        let full = show.play(12);
        assert!(layers(&full).contains(&(0, 2)) && full.len() >= 20, "{codec:?}: {}", full.len());
        all.extend(base.into_iter().chain(middle).chain(full));
        is_one_stream(&all);
        assert_eq!(show.world.take_asked(), [], "no key frame was needed");
    }
}

#[test]
fn the_pictures_of_vp8_are_counted_without_gaps_when_some_are_left_out() {
    let mut show = Show::of(Codec::Vp8, 1);
    let mut got = show.begin();
    show.allow(0, 0);
    got.extend(show.play(40));
    let ids: Vec<u16> = got.iter().step_by(2).map(|got| got.vp8().picture_id().unwrap()).collect();
    assert!(ids.len() > 8 && ids.windows(2).all(|pair| pair[1] == (pair[0] + 1) & 0x7FFF), "{ids:?}");
    let bases: Vec<u8> = got.iter().step_by(2).map(|got| got.vp8().tl0().unwrap()).collect();
    assert!(bases.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1)), "{bases:?}");
}

#[test]
fn the_pictures_of_vp9_keep_their_distances_and_av1_frames_their_numbers_apart() {
    let mut show = Show::of(Codec::Vp9, 1);
    let mut got = show.begin();
    show.allow(0, 0);
    got.extend(show.play(16));
    let ids: Vec<u16> =
        got.iter().step_by(2).map(|got| Vp9Descriptor::parse(&got.payload).unwrap().picture_id().unwrap()).collect();
    assert!(ids.windows(2).all(|pair| pair[1] == (pair[0] + 4) & 0x7FFF), "{ids:?}");

    let mut show = Show::of(Codec::Av1, 1);
    let mut got = show.begin();
    show.allow(0, 0);
    got.extend(show.play(16));
    let number = |got: &Got| u16::from_be_bytes(got.dependency.as_ref().unwrap()[1..3].try_into().unwrap());
    let numbers: Vec<u16> = got.iter().step_by(2).map(number).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(4)), "{numbers:?}");
    assert!(got[0].dependency.as_ref().unwrap().len() > 16, "the templates of the key frame came along");
}

#[test]
fn one_of_three_pictures_is_shown_and_ends_with_a_marker_of_its_own() {
    let mut show = Show::of(Codec::Vp9, 3);
    let first = show.begin();
    assert_eq!(layers(&first), [(0, 0), (1, 0), (2, 0)].into());
    let mut all = first;
    let largest = show.play(4);
    assert!(layers(&largest).iter().all(|(spatial, _)| *spatial == 2), "between key pictures it needs no other");
    all.extend(largest);
    show.allow(1, 9);
    assert_eq!(show.world.take_asked().len(), 1, "the smaller one has to begin");
    let packets = show.camera.next(true, 2);
    show.send(packets);
    all.extend(show.world.take_video(show.viewer, 0));
    let smaller = show.play(4);
    assert!(layers(&smaller).iter().all(|(spatial, _)| *spatial == 1));
    assert_eq!(smaller.len(), 8);
    all.extend(smaller);
    is_one_stream(&all);
    // A smaller place on the screen is a smaller picture too.
    let view =
        crate::command::View { slot_sizes: vec![crate::command::SlotSize { height: 180 }], ..Default::default() };
    show.world.view(show.viewer, view);
    all.extend(show.play(24));
    assert_eq!(mark_in(&all.last().unwrap().payload).unwrap().spatial, 0);
    is_one_stream(&all);
}

#[test]
fn a_picture_its_encoder_gave_up_is_replaced_by_the_one_below() {
    let mut show = Show::of(Codec::Vp9, 3);
    let mut all = show.begin();
    all.extend(show.play(4));
    show.camera.pictures = 2;
    all.extend(show.play(20));
    assert_eq!(mark_in(&all.last().unwrap().payload).unwrap().spatial, 1);
    is_one_stream(&all);
}

#[test]
fn av1_shows_one_of_two_pictures_by_its_decode_target() {
    let mut show = Show::of(Codec::Av1, 2);
    let mut all = show.begin();
    assert_eq!(layers(&all).iter().map(|(spatial, _)| *spatial).collect::<Vec<_>>(), [0, 1]);
    let larger = show.play(4);
    assert!(layers(&larger).iter().all(|(spatial, _)| *spatial == 1));
    all.extend(larger);
    show.allow(0, 9);
    all.extend(show.play(1));
    let smaller = show.play(4);
    assert!(layers(&smaller).iter().all(|(spatial, _)| *spatial == 0));
    all.extend(smaller);
    is_one_stream(&all);
}

#[test]
fn a_late_joiner_with_a_small_share_is_shown_the_past_at_the_lowest_rate() {
    let mut show = Show::of(Codec::Vp8, 1);
    show.begin();
    show.play(11);
    let late = show.world.join(3, Seat::viewer(0, 1));
    let got = show.world.take_video(late, 0);
    assert_eq!(got.len(), 24, "he may have everything");
    is_one_stream(&got);
}

#[test]
fn a_viewer_without_the_codec_is_told_and_everybody_else_sees() {
    let mut world = World::new();
    let hall = world.join(1, seat(BASELINE));
    let sees = world.join(2, Seat::viewer(0, 1));
    let mut without = Seat::viewer(0, 1);
    without.slots[0].codecs.retain(|codec| codec.codec == Codec::Vp8);
    let blind = world.join(3, without);
    let mut camera = Camera::new(BASELINE, hall, 1);
    for packet in camera.next(true, 3) {
        world.send(hall, &packet).unwrap();
    }
    world.run(33);
    assert_eq!(world.take_video(sees, 0).len(), 3);
    assert!(world.take_video(blind, 0).is_empty());
    assert_eq!(world.slots(blind)[0].paused, Some(PauseReason::CodecMissing));
    assert_eq!(world.slots(blind)[0].track, Some(camera_of(hall)));
    assert_eq!(world.slots(sees)[0].paused, None);
}

#[test]
fn repairs_come_under_the_repair_type_of_the_codec_and_blank_where_nothing_was_shown() {
    for codec in [Codec::Vp8, Codec::Vp9, Codec::Av1] {
        let mut show = Show::of(codec, 1);
        show.begin();
        show.play(3);
        show.allow(0, 0);
        show.play(8);
        // A base frame comes whole; of the upper frame behind it the first packet is lost and comes later.
        let base = show.camera.next(true, 2);
        let upper = show.camera.next(false, 2);
        let next = [show.camera.next(false, 1), show.camera.next(false, 1), show.camera.next(false, 2)].concat();
        show.send(base);
        show.send(upper[1..].to_vec());
        show.send(next);
        let repair = show.camera.repair(1, &upper[0]);
        show.world.send(show.camera.from, &repair).unwrap();
        let mut got = show.world.take_video(show.viewer, 0);
        got.sort_by_key(|got| got.seq.wrapping_sub(60_000));
        for pair in got.windows(2) {
            assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1), "{codec:?}");
        }
        let blank: Vec<&Got> = got.iter().filter(|got| got.payload.is_empty()).collect();
        assert_eq!(blank.len(), 1, "{codec:?}: its number had been kept for it");
        assert!(!blank[0].marker);
        assert_eq!(layers(&got), [(0, 0)].into());

        let lost: Vec<u16> = got.iter().map(|got| got.seq).collect();
        let mut compound = Compound::new();
        compound.receiver_report(Ssrc(5), &[]).nack(Ssrc(5), Ssrc(VIDEO_SLOT), &lost);
        show.world.control(show.viewer, compound.bytes());
        let again = show.world.take(|got| got.ssrc == REPAIR_SLOT);
        assert_eq!(again.len(), got.len());
        for (again, got) in again.iter().zip(&got) {
            assert_eq!(again.payload_type, super::harness::codec(codec).payload_type.0 + 1);
            assert_eq!(again.payload[..2], got.seq.to_be_bytes());
            assert_eq!((&again.payload[2..], again.marker), (&got.payload[..], got.marker), "{codec:?}");
            assert_eq!((&again.dependency, again.timestamp), (&got.dependency, got.timestamp));
        }
    }
}

#[test]
fn a_picture_the_recording_cannot_hold_leaves_it_dark() {
    let mut show = Show::of(BASELINE, 1);
    show.world.room.start_tap(show.world.now, &mut show.world.wire);
    show.begin();
    show.play(8);
    assert!(!show.world.wire.taps.iter().any(|tap| matches!(tap, TapEvent::Video { .. })));
    assert!(show.world.wire.taps.iter().all(|tap| !matches!(tap, TapEvent::Picture { track: Some(_), .. })));
}

/// Chance from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % n
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever is lost, late or doubled on the way up, and however often a slot's share changes: no number is used for two packets,
    /// none is missing that the source did not lose, every frame shown is shown whole, and what is asked for again is what was sent.
    #[test]
    fn a_slot_stays_one_stream_while_layers_come_and_go(seed: u64, kind in 0usize..5) {
        let (codec, pictures) = [(Codec::Vp8, 1), (Codec::Vp9, 1), (Codec::Vp9, 3), (Codec::Av1, 1), (Codec::Av1, 2)][kind];
        let mut dice = Dice(seed | 1);
        let mut show = Show::of(codec, pictures);
        let mut got = show.begin();
        let mut sent: BTreeMap<u16, Vec<u8>> = BTreeMap::new();
        let mut late: Vec<(u64, Vec<u8>)> = Vec::new();
        for n in 0..120u64 {
            if dice.below(6) == 0 {
                let (spatial, temporal) = (dice.below(3) as u8, dice.below(3) as u8);
                show.allow(spatial, temporal);
            }
            let asked = show.world.take_asked();
            let key = asked.iter().any(|asked| matches!(asked, Asked::KeyFrame { .. })) || dice.below(40) == 0;
            for asked in asked {
                if let Asked::Repair { lost, .. } = asked {
                    for seq in lost.iter().filter_map(|seq| sent.get(seq)) {
                        let repair = show.camera.repair(n as u16, seq);
                        let _ = show.world.send(show.camera.from, &repair);
                    }
                }
            }
            for packet in show.camera.next(key, 2) {
                sent.insert(RtpPacket::parse(&packet).unwrap().seq.0, packet.clone());
                match dice.below(20) {
                    0 => {}
                    1 => late.push((n + 1 + dice.below(3), packet)),
                    2 => {
                        show.world.send(show.camera.from, &packet).unwrap();
                        prop_assert!(show.world.send(show.camera.from, &packet).is_err());
                    }
                    _ => show.world.send(show.camera.from, &packet).unwrap(),
                }
            }
            for (_, packet) in late.extract_if(.., |(at, _)| *at <= n).collect::<Vec<_>>() {
                let _ = show.world.send(show.camera.from, &packet);
            }
            show.world.run(33);
            got.extend(show.world.take_video(show.viewer, 0));
        }
        // Numbers: each once, in the order of the source, and as good as none missing.
        let zero = got[0].seq;
        let by_seq: BTreeMap<u16, &Got> = got.iter().map(|got| (got.seq.wrapping_sub(zero), got)).collect();
        prop_assert_eq!(by_seq.len(), got.len(), "a number was used twice");
        let last = *by_seq.last_key_value().unwrap().0;
        let missing = usize::from(last) + 1 - by_seq.len();
        prop_assert!(missing * 20 <= by_seq.len(), "{} of {} are missing", missing, by_seq.len());
        let times: Vec<u32> = by_seq.values().map(|got| got.timestamp).collect();
        prop_assert!(times.windows(2).all(|pair| (pair[1].wrapping_sub(pair[0]) as i32) >= 0));
        // Frames: of each that is shown, both packets, unless one of them was lost.
        let mut frames: BTreeMap<(u32, u8), usize> = BTreeMap::new();
        for got in by_seq.values() {
            if let Some(mark) = mark_in(&got.payload) {
                *frames.entry((got.timestamp, mark.spatial)).or_default() += 1;
            }
        }
        let torn = frames.values().filter(|count| **count != 2).count();
        prop_assert!(torn <= missing + usize::from(!frames.is_empty()), "{} frames are torn, {} packets missing", torn, missing);
        // Pictures: an id belongs to one time.
        if codec == Codec::Vp8 {
            let mut ids: BTreeMap<u32, u16> = BTreeMap::new();
            for got in by_seq.values().filter(|got| !got.payload.is_empty()) {
                let id = got.vp8().picture_id().unwrap();
                prop_assert_eq!(*ids.entry(got.timestamp).or_insert(id), id);
            }
            let different: BTreeSet<u16> = ids.values().copied().collect();
            prop_assert_eq!(different.len(), ids.len(), "two pictures with one id");
        }
        // Repairs: the newest hundred, as they were.
        let newest: Vec<&Got> = by_seq.values().rev().take(100).copied().collect();
        for chunk in newest.chunks(5) {
            let lost: Vec<u16> = chunk.iter().rev().map(|got| got.seq).collect();
            let mut compound = Compound::new();
            compound.receiver_report(Ssrc(5), &[]).nack(Ssrc(5), Ssrc(VIDEO_SLOT), &lost);
            show.world.control(show.viewer, compound.bytes());
            for again in show.world.take(|got| got.ssrc == REPAIR_SLOT) {
                let seq = u16::from_be_bytes([again.payload[0], again.payload[1]]);
                let got = by_seq[&seq.wrapping_sub(zero)];
                prop_assert_eq!((&again.payload[2..], again.marker, again.timestamp), (&got.payload[..], got.marker, got.timestamp));
                prop_assert_eq!(&again.dependency, &got.dependency);
            }
        }
    }
}
