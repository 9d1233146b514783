//! A peer that is logged in and means harm, or is merely broken.

use proptest::prelude::*;

use super::actors::*;
use super::harness::*;
use crate::id::PeerId;
use crate::room::{RtcpDropped, RtpDropped};

fn meeting() -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let villain = world.join(2, Seat::site(3, 4));
    Stage::of(&[hall, villain]).play(&mut world, 100);
    (world, hall, villain)
}

/// A packet of ours with some bytes changed, so that the changes reach deep.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let genuine = (0usize..6).prop_map(|n| {
        let peer = PeerId(2);
        let [mut low, mut mid, mut high] = Video::camera(peer);
        match n {
            0 => Voice::of(peer).packet(30),
            1 => low.frame(Frame::Key, 1).remove(0),
            2 => mid.frame(Frame::Delta, 1).remove(0),
            3 => {
                let packet = high.frame(Frame::Key, 1).remove(0);
                high.repair(7, &packet)
            }
            4 => Video::screen(peer).frame(Frame::Key, 1).remove(0),
            _ => rtp(RTX, false, 1, 2, 301, &[]),
        }
    });
    (
        genuine,
        proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        any::<prop::sample::Index>(),
        any::<bool>(),
    )
        .prop_map(|(mut bytes, changes, cut, shorten)| {
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if shorten {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        })
}

fn control() -> impl Strategy<Value = Vec<u8>> {
    let packet =
        (0u8..32, 198u8..210, proptest::collection::vec(any::<u8>(), 0..60)).prop_map(|(count, kind, mut body)| {
            body.resize(body.len().next_multiple_of(4), 0);
            let ours = (VIDEO_SLOT + u32::from(count) % 4).to_be_bytes();
            if body.len() >= 8 {
                body[4..8].copy_from_slice(&ours);
            }
            let mut bytes = vec![0x80 | count, kind, 0, u8::try_from(body.len() / 4).unwrap()];
            bytes.extend(body);
            bytes
        });
    proptest::collection::vec(packet, 1..4).prop_map(|packets| packets.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_packet_of_a_peer_makes_the_room_panic_or_harms_another(
        packets in proptest::collection::vec(prop_oneof![mutated(), proptest::collection::vec(any::<u8>(), 0..80)], 1..40),
        controls in proptest::collection::vec(prop_oneof![control(), proptest::collection::vec(any::<u8>(), 0..80)], 1..20),
    ) {
        let (mut world, hall, villain) = meeting();
        for packet in &packets {
            let _ = world.send(villain, packet);
            world.run(3);
        }
        for compound in &controls {
            let _ = world.room.handle_rtcp(world.now, villain, compound, &mut world.wire);
            world.run(3);
        }
        world.run(1_200);
        world.take_video(villain, 0);
        let mut screen = Video::screen(hall);
        for packet in screen.frame(Frame::Key, 2) {
            prop_assert_eq!(world.send(hall, &packet), Ok(()));
        }
    }
}

#[test]
fn what_is_refused_is_refused_by_name() {
    let (mut world, hall, villain) = meeting();
    assert_eq!(world.send(villain, &[]), Err(RtpDropped::Malformed));
    assert_eq!(world.send(villain, &[0x80; 11]), Err(RtpDropped::Malformed));
    assert_eq!(world.send(villain, &rtp(VP8, false, 1, 1, 0xDEAD, &[])), Err(RtpDropped::UnknownSsrc));
    assert_eq!(world.send(villain, &rtp(77, false, 1, 1, 0xDEAD, &[])), Err(RtpDropped::UnknownPayloadType));
    assert_eq!(world.send(PeerId(99), &rtp(VP8, false, 1, 1, 1, &[])), Err(RtpDropped::UnknownPeer));
    let mut giant = rtp(OPUS, false, 1, 1, 100, &[]);
    giant.resize(9_000, 1);
    assert_eq!(world.send(villain, &giant), Err(RtpDropped::Malformed));
    let World { room, wire, now, .. } = &mut world;
    assert_eq!(room.handle_rtcp(*now, hall, &[1, 2, 3], wire), Err(RtcpDropped::Malformed));
    assert_eq!(room.handle_rtcp(*now, PeerId(99), &[], wire), Err(RtcpDropped::UnknownPeer));
}

#[test]
fn a_viewer_that_asks_for_everything_again_gets_a_tenth() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(0, 0));
    let villain = world.join(2, Seat::viewer(0, 1));
    let mut screen = Video::screen(hall);
    let (mut sent, mut again) = (0, 0);
    for n in 0..3_000 {
        for packet in screen.frame(if n == 0 { Frame::Key } else { Frame::Delta }, 1) {
            world.send(hall, &packet).unwrap();
        }
        let got = world.take_video(villain, 0);
        sent += got.iter().map(|got| got.payload.len()).sum::<usize>();
        let newest = got[0].seq;
        let lost: Vec<u16> = (0..100u16).rev().map(|back| newest.wrapping_sub(back)).collect();
        let mut compound = crate::packet::report::Compound::new();
        compound.receiver_report(crate::id::Ssrc(5), &[]).nack(crate::id::Ssrc(5), crate::id::Ssrc(VIDEO_SLOT), &lost);
        world.control(villain, compound.bytes());
        again += world.take(|got| got.ssrc == REPAIR_SLOT).iter().map(|got| got.payload.len()).sum::<usize>();
        world.run(5);
    }
    // 16 KiB are given in advance.
    assert!(again <= sent / 8 + 16 * 1024, "{again} of {sent}");
}
