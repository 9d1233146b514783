//! Sound that brings back what was lost, and takes along what will be.

use super::actors::rtp;
use super::harness::*;
use crate::command::Rights;
use crate::id::{PayloadType, PeerId, Ssrc};
use crate::packet::red::{self, Block, Red};
use crate::packet::report::{Compound, ReceiverState};
use crate::packet::rtcp::ReportBlock;
use crate::tap::TapEvent;

const RED: u8 = 63;
const SPEECH: PayloadType = PayloadType(OPUS);

/// 20 ms of Opus that says which they are.
fn voice(n: u16) -> Vec<u8> {
    let [high, low] = n.to_be_bytes();
    [vec![15 << 3, high, low], vec![0x55; 57]].concat()
}

/// The `n`th packet of a microphone, with copies of the packets that far back, the oldest first.
fn spoken(n: u16, back: &[u16]) -> Vec<u8> {
    let copies: Vec<Vec<u8>> = back.iter().map(|back| voice(n - back)).collect();
    let blocks: Vec<Block<'_>> =
        copies.iter().zip(back).map(|(payload, back)| Block { offset: 960 * u32::from(*back), payload }).collect();
    let mut prefix = [0; 1_000];
    let len = red::write(&mut prefix, SPEECH, &blocks).unwrap();
    let mut bytes = rtp(RED, false, n, 960 * u32::from(n), 100, &[(LEVEL, &[30])]);
    bytes.extend(&prefix[..len]);
    bytes.extend(voice(n));
    bytes
}

fn plain(n: u16) -> Vec<u8> {
    let mut bytes = rtp(OPUS, false, n, 960 * u32::from(n), 100, &[(LEVEL, &[30])]);
    bytes.extend(voice(n));
    bytes
}

fn redundant(mut seat: Seat) -> Seat {
    let microphones = seat.publications.iter_mut().take(1).map(|publication| &mut publication.codec);
    let slots = seat.slots.iter_mut().flat_map(|slot| &mut slot.codecs).filter(|codec| codec.clock_rate_hz == 48_000);
    microphones.chain(slots).for_each(|codec| codec.red_payload_type = Some(PayloadType(RED)));
    seat
}

/// A publisher and a viewer that both know redundancy, and a viewer that does not.
fn three() -> (World, PeerId, PeerId, PeerId) {
    let mut world = World::new();
    let hall = world.join(1, redundant(Seat::site(1, 0)));
    let commune = world.join(2, redundant(Seat::viewer(1, 0)));
    let old = world.join(3, Seat::viewer(1, 0));
    (world, hall, commune, old)
}

fn speak(world: &mut World, from: PeerId, packets: impl IntoIterator<Item = Vec<u8>>) {
    for packet in packets {
        world.send(from, &packet).unwrap();
        world.run(20);
    }
}

fn lost(world: &mut World, by: PeerId, fraction_lost: u8) {
    let block = ReportBlock { ssrc: Ssrc(AUDIO_SLOT), fraction_lost, jitter: 0, last_report: 0, delay: 0 };
    let mut compound = Compound::new();
    compound.receiver_report(Ssrc(9), &[ReceiverState { block, total_lost: 0, highest: 0 }]);
    world.control(by, compound.bytes());
}

/// What came in a peer's sound slot: payload type, and the packets' own words for which they are, copies first.
fn heard(world: &mut World, by: PeerId) -> Vec<(u8, u16, Vec<u16>)> {
    let which = |payload: &[u8]| u16::from_be_bytes([payload[1], payload[2]]);
    let taken = world.take(|got| got.to == by && got.ssrc == AUDIO_SLOT);
    let inside = |got: &Got| match got.payload_type {
        RED => {
            let red = Red::parse(&got.payload, SPEECH).unwrap();
            let copies = red.redundant().inspect(|block| assert_eq!(block.offset % 960, 0));
            copies.map(|block| which(block.payload)).chain([which(red.primary)]).collect()
        }
        _ => vec![which(&got.payload)],
    };
    taken.iter().map(|got| (got.payload_type, got.seq, inside(got))).collect()
}

fn sounds(world: &mut World, by: PeerId) -> Vec<u16> {
    heard(world, by).into_iter().map(|(_, _, inside)| *inside.last().unwrap()).collect()
}

#[test]
fn what_was_lost_on_the_way_here_comes_out_of_the_next_packet_for_everybody() {
    let (mut world, hall, commune, old) = three();
    speak(&mut world, hall, (10..20).filter(|n| *n != 15).map(|n| spoken(n, &[1])));
    for viewer in [commune, old] {
        let got = heard(&mut world, viewer);
        assert!(got.iter().all(|(payload_type, _, inside)| *payload_type == OPUS && inside.len() == 1));
        let inside: Vec<u16> = got.iter().map(|(_, _, inside)| inside[0]).collect();
        assert_eq!(inside, (10..20).collect::<Vec<u16>>());
        assert!(got.windows(2).all(|pair| pair[1].1 == pair[0].1.wrapping_add(1)), "without a hole in the numbers");
    }
}

#[test]
fn a_packet_that_comes_after_its_copy_is_not_heard_twice() {
    let (mut world, hall, commune, _) = three();
    speak(&mut world, hall, [10, 11, 13].map(|n| spoken(n, &[1])));
    assert!(world.send(hall, &spoken(12, &[1])).is_err());
    assert_eq!(sounds(&mut world, commune), [10, 11, 12, 13]);
}

#[test]
fn a_publisher_may_change_between_plain_sound_and_redundancy_at_any_packet() {
    let (mut world, hall, commune, _) = three();
    speak(&mut world, hall, [plain(10), spoken(11, &[1]), plain(12), spoken(15, &[2, 1]), plain(16)]);
    assert_eq!(sounds(&mut world, commune), [10, 11, 12, 13, 14, 15, 16]);
}

#[test]
fn redundancy_is_written_for_those_who_lose_something_and_know_it() {
    let (mut world, hall, commune, old) = three();
    speak(&mut world, hall, (10..20).map(plain));
    lost(&mut world, commune, 3);
    lost(&mut world, old, 60);
    speak(&mut world, hall, (20..100).map(plain));
    assert_eq!(last_two(&mut world, commune), [(RED, vec![90, 97, 98]), (RED, vec![91, 98, 99])]);
    lost(&mut world, commune, 40);
    speak(&mut world, hall, (100..200).map(plain));
    assert_eq!(last_two(&mut world, commune), [(RED, vec![188, 193, 197, 198]), (RED, vec![189, 194, 198, 199])]);
    assert!(heard(&mut world, old).iter().all(|(kind, _, inside)| *kind == OPUS && inside.len() == 1));
    for second in 4..30 {
        lost(&mut world, commune, 0);
        speak(&mut world, hall, (second * 50..second * 50 + 50).map(plain));
    }
    assert_eq!(last_two(&mut world, commune), [(OPUS, vec![1_498]), (OPUS, vec![1_499])], "the line is clean again");
}

fn last_two(world: &mut World, by: PeerId) -> Vec<(u8, Vec<u16>)> {
    let mut taken = heard(world, by);
    taken.drain(..taken.len() - 2);
    taken.into_iter().map(|(kind, _, inside)| (kind, inside)).collect()
}

#[test]
fn what_was_held_back_does_not_come_out_as_a_copy() {
    let (mut world, hall, commune, _) = three();
    speak(&mut world, hall, (10..20).map(plain));
    lost(&mut world, commune, 40);
    speak(&mut world, hall, (20..80).map(plain));
    world.rights(hall, Rights::NONE);
    for n in 80..83 {
        assert!(world.send(hall, &spoken(n, &[1])).is_err());
    }
    world.rights(hall, Rights::ALL);
    heard(&mut world, commune);
    speak(&mut world, hall, [spoken(83, &[2, 1]), plain(84), plain(85)]);
    let inside: Vec<_> = heard(&mut world, commune).into_iter().map(|(_, _, inside)| inside).collect();
    assert_eq!(inside.last(), Some(&vec![84, 85]));
    assert!(inside.iter().flatten().all(|n| *n >= 83), "{inside:?}");
}

#[test]
fn a_mangled_packet_with_redundancy_is_dropped_and_the_next_is_heard() {
    let (mut world, hall, commune, _) = three();
    speak(&mut world, hall, [spoken(10, &[])]);
    let mut cut = spoken(11, &[1]);
    cut.truncate(40);
    assert!(world.send(hall, &cut).is_err());
    speak(&mut world, hall, [spoken(12, &[2, 1])]);
    assert_eq!(sounds(&mut world, commune), [10, 11, 12]);
}

#[test]
fn the_recording_gets_plain_sound_with_what_was_lost_in_it() {
    let (mut world, hall, _, _) = three();
    world.room.start_tap(world.now, &mut world.wire);
    speak(&mut world, hall, (10..20).filter(|n| *n != 15).map(|n| spoken(n, &[1])));
    let recorded: Vec<(u16, Vec<u8>)> = world
        .wire
        .taps
        .iter()
        .filter_map(|event| match event {
            TapEvent::Audio { seq, payload, .. } => Some((*seq, payload.to_vec())),
            _ => None,
        })
        .collect();
    assert_eq!(recorded, (10..20).map(|n| (n, voice(n))).collect::<Vec<_>>());
}
