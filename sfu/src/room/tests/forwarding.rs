//! One camera, its viewers, and what is sent to them.

use super::actors::*;
use super::harness::*;
use crate::command::{Right, Rights, SlotSize, View};
use crate::id::{PeerId, Source, Ssrc};
use crate::negotiated::Feedback;
use crate::packet::report::Compound;
use crate::packet::rtcp::{self, Rtcp};
use crate::room::RtpDropped;

fn two() -> (World, PeerId, PeerId) {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let commune = world.join(2, Seat::viewer(3, 4));
    (world, hall, commune)
}

fn continuous(packets: &[Got]) {
    for pair in packets.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1));
    }
}

fn nack(media: u32, lost: &[u16]) -> Vec<u8> {
    let mut compound = Compound::new();
    compound.receiver_report(Ssrc(5), &[]).nack(Ssrc(5), Ssrc(media), lost);
    compound.bytes().to_vec()
}

fn picture_loss(media: u32) -> Vec<u8> {
    let mut compound = Compound::new();
    compound.receiver_report(Ssrc(5), &[]).picture_loss(Ssrc(5), Ssrc(media));
    compound.bytes().to_vec()
}

#[test]
fn a_viewer_sees_every_packet_from_the_first_key_frame_on() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 3).into_iter().chain(screen.frame(Frame::Delta, 2)) {
        world.send(hall, &packet).unwrap();
    }
    let got = world.take_video(commune, 0);
    assert_eq!(got.len(), 5);
    continuous(&got);
    assert!(got[0].vp8().starts_key_frame());
    assert_eq!(got[3].vp8().picture_id(), got[0].vp8().picture_id().map(|id| id + 1));
    assert!(got[2].marker && !got[1].marker);
    assert_eq!(got[0].timestamp, got[2].timestamp);
    assert_eq!(world.take_asked(), [], "nobody waits, so nobody is asked");
    assert!(world.take_video(hall, 0).is_empty(), "nobody sees himself");
}

#[test]
fn a_picture_that_begins_in_the_middle_waits_for_a_key_frame_and_asks_at_once() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Delta, 3) {
        world.send(hall, &packet).unwrap();
    }
    assert!(world.take_video(commune, 0).is_empty());
    assert_eq!(world.take_asked(), [Asked::KeyFrame { of: hall, media: 300 }]);
    for packet in screen.frame(Frame::Key, 3) {
        world.send(hall, &packet).unwrap();
    }
    assert_eq!(world.take_video(commune, 0).len(), 3);
}

/// A viewer of a camera whose layers all flow, without a key frame in their histories.
fn waiting() -> (World, PeerId, PeerId, [Video; 3]) {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(3, 4));
    let mut camera = Video::camera(hall);
    for packet in camera.iter_mut().flat_map(|layer| layer.frame(Frame::Delta, 2)) {
        world.send(hall, &packet).unwrap();
    }
    let commune = world.join(2, Seat::viewer(3, 4));
    let mut asked = world.take_asked();
    asked.sort_by_key(|asked| matches!(asked, Asked::KeyFrame { media: 204, .. }));
    let request = |media| Asked::KeyFrame { of: hall, media };
    assert_eq!(asked, [request(200), request(204)], "the layer that fills the picture, and the smallest meanwhile");
    (world, hall, commune, camera)
}

#[test]
fn a_small_picture_stands_in_until_the_large_one_begins() {
    let (mut world, hall, commune, mut camera) = waiting();
    let mut tags = |world: &mut World, frames: [Frame; 3]| {
        let mut packets = camera.iter_mut().zip(frames).flat_map(|(layer, frame)| layer.frame(frame, 2));
        packets.by_ref().for_each(|packet| world.send(hall, &packet).unwrap());
        let got = world.take_video(commune, 0);
        continuous(&got);
        got.iter().map(Got::tag).collect::<Vec<_>>()
    };
    assert_eq!(tags(&mut world, [Frame::Delta; 3]), []);
    assert_eq!(tags(&mut world, [Frame::Key, Frame::Delta, Frame::Delta]), [10, 10]);
    assert_eq!(tags(&mut world, [Frame::Delta; 3]), [10, 10]);
    assert_eq!(tags(&mut world, [Frame::Delta, Frame::Delta, Frame::Key]), [10, 10, 12, 12]);
    assert_eq!(tags(&mut world, [Frame::Key, Frame::Delta, Frame::Delta]), [12, 12], "it never steps back");
}

#[test]
fn who_gets_the_large_picture_first_is_not_given_the_small_one_any_more() {
    let (mut world, hall, commune, [mut small, _, mut large]) = waiting();
    for packet in large.frame(Frame::Key, 2).into_iter().chain(small.frame(Frame::Key, 2)) {
        world.send(hall, &packet).unwrap();
    }
    assert_eq!(world.take_video(commune, 0).iter().map(Got::tag).collect::<Vec<_>>(), [12, 12]);
    world.run(600);
    assert_eq!(world.take_asked(), [], "nobody waits for anything");
}

#[test]
fn a_late_joiner_gets_the_picture_from_the_history_at_once() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for frame in 0..20 {
        for packet in screen.frame(if frame == 0 { Frame::Key } else { Frame::Delta }, 2) {
            world.send(hall, &packet).unwrap();
        }
        world.run(33);
    }
    world.take_asked();
    let late = world.join(3, Seat::viewer(1, 1));
    let got = world.take_video(late, 0);
    assert_eq!(got.len(), 40, "everything since the key frame");
    assert!(got[0].vp8().starts_key_frame());
    continuous(&got);
    let squeezed = got[39].timestamp.wrapping_sub(got[0].timestamp);
    assert!(squeezed < 90 * 25, "20 frames are decoded through within 25 ms of stream time: {squeezed}");
    assert_eq!(world.take_asked(), [], "the publisher is not disturbed");
    for packet in screen.frame(Frame::Delta, 2) {
        world.send(hall, &packet).unwrap();
    }
    let live = world.take_video(late, 0);
    assert_eq!(live[0].seq, got[39].seq.wrapping_add(1));
    assert_eq!(live[0].timestamp.wrapping_sub(got[39].timestamp), 3_000);
    assert_eq!(live[0].vp8().picture_id().unwrap(), got[39].vp8().picture_id().unwrap() + 1);
    assert_eq!(world.take_video(commune, 0).len(), 42);
}

#[test]
fn a_history_with_a_hole_is_not_replayed_and_the_publisher_is_asked() {
    let (mut world, hall, _) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 3) {
        world.send(hall, &packet).unwrap();
    }
    let _lost = screen.frame(Frame::Delta, 1);
    for packet in screen.frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    world.take_asked();
    let late = world.join(3, Seat::viewer(1, 1));
    assert!(world.take_video(late, 0).is_empty());
    assert_eq!(world.take_asked(), [Asked::KeyFrame { of: hall, media: 300 }]);
}

#[test]
fn a_hole_is_asked_for_repaired_and_passed_on_under_its_own_number() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 2) {
        world.send(hall, &packet).unwrap();
    }
    let lost = screen.frame(Frame::Delta, 1);
    let lost_seq = screen.seq;
    for packet in screen.frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    world.run(15);
    assert_eq!(world.take_asked(), [Asked::Repair { of: hall, media: 300, lost: vec![lost_seq] }]);
    world.send(hall, &screen.repair(1, &lost[0])).unwrap();
    let mut got = world.take_video(commune, 0);
    assert_eq!(got.len(), 4);
    got.sort_by_key(|got| got.seq);
    continuous(&got);
    assert_eq!(world.send(hall, &screen.repair(2, &lost[0])), Err(RtpDropped::Duplicate));
    world.run(500);
    assert!(!world.take_asked().iter().any(|asked| matches!(asked, Asked::Repair { .. })));
}

#[test]
fn the_first_packet_of_a_key_frame_may_be_the_one_that_had_to_be_repaired() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    let key = screen.frame(Frame::Key, 4);
    for packet in &key[1..] {
        world.send(hall, packet).unwrap();
    }
    assert!(world.take_video(commune, 0).is_empty());
    world.send(hall, &screen.repair(1, &key[0])).unwrap();
    let got = world.take_video(commune, 0);
    assert_eq!(got.len(), 4);
    continuous(&got);
}

#[test]
fn what_a_viewer_lost_comes_again_as_a_repair_three_times_at_most() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 3) {
        world.send(hall, &packet).unwrap();
    }
    let got = world.take_video(commune, 0);
    for n in 0..5 {
        world.control(commune, &nack(VIDEO_SLOT, &[got[1].seq]));
        let repairs = world.take(|got| got.ssrc == REPAIR_SLOT);
        if n >= 3 {
            assert!(repairs.is_empty());
            continue;
        }
        assert_eq!(repairs.len(), 1);
        assert_eq!(repairs[0].payload_type, RTX);
        assert_eq!(repairs[0].timestamp, got[1].timestamp);
        assert_eq!(repairs[0].payload[..2], got[1].seq.to_be_bytes());
        assert_eq!(repairs[0].payload[2..], got[1].payload);
    }
    world.control(commune, &nack(VIDEO_SLOT, &[got[2].seq.wrapping_add(1), got[0].seq.wrapping_sub(9)]));
    assert!(world.wire.rtp.is_empty(), "what was never sent cannot come again");
}

#[test]
fn without_rtx_no_number_is_ever_sent_twice() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(0, 0));
    let mut seat = Seat::viewer(0, 1);
    seat.slots[0].repair_ssrc = None;
    let commune = world.join(2, seat);
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 3) {
        world.send(hall, &packet).unwrap();
    }
    let got = world.take_video(commune, 0);
    world.control(commune, &nack(VIDEO_SLOT, &[got[1].seq]));
    assert!(world.wire.rtp.is_empty());
}

#[test]
fn however_many_ask_the_publisher_is_asked_twice_a_second() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 1) {
        world.send(hall, &packet).unwrap();
    }
    world.take_asked();
    let mut asked = 0;
    for n in 0..990 {
        world.control(commune, &picture_loss(VIDEO_SLOT));
        if n % 30 == 0 {
            for packet in screen.frame(Frame::Delta, 1) {
                world.send(hall, &packet).unwrap();
            }
        }
        world.run(1);
        asked += world.take_asked().iter().filter(|asked| matches!(asked, Asked::KeyFrame { .. })).count();
    }
    assert_eq!(asked, 2);
}

#[test]
fn a_publisher_that_knows_no_picture_loss_is_asked_in_full() {
    let mut world = World::new();
    let mut seat = Seat::site(0, 0);
    for publication in &mut seat.publications {
        publication.codec.feedback = Feedback { fir: true, ..Feedback::default() };
    }
    let hall = world.join(1, seat);
    let _viewer = world.join(2, Seat::viewer(0, 1));
    for packet in Video::screen(hall).frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    let asked = world.wire.rtcp.iter().flat_map(|(_, compound)| rtcp::parse(compound).unwrap());
    let full = |packet: Rtcp<'_>| matches!(packet, Rtcp::FullIntra { media } if media.eq([Ssrc(300)]));
    assert_eq!(asked.filter(|packet| full(*packet)).count(), 1);
}

#[test]
fn what_is_held_back_reaches_nobody_not_even_as_a_repair_or_later() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 3) {
        world.send(hall, &packet).unwrap();
    }
    let got = world.take_video(commune, 0);
    world.rights(hall, Rights::ALL.with(Source::Screen, Right::Held));
    assert_eq!(world.shown(commune)[0], None);
    for packet in screen.frame(Frame::Key, 3) {
        assert_eq!(world.send(hall, &packet), Err(RtpDropped::NotAllowed));
    }
    world.control(commune, &nack(VIDEO_SLOT, &[got[1].seq]));
    let late = world.join(3, Seat::viewer(0, 1));
    assert!(world.wire.rtp.is_empty());
    world.rights(hall, Rights::ALL);
    for packet in screen.frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    assert!(world.take_video(late, 0).is_empty(), "the key frame of the time before is not shown");
    assert!(world.take_asked().contains(&Asked::KeyFrame { of: hall, media: 300 }));
    for packet in screen.frame(Frame::Key, 1) {
        world.send(hall, &packet).unwrap();
    }
    assert_eq!(world.take_video(late, 0).len(), 1);
    assert_eq!(world.take_video(commune, 0)[0].seq, got[2].seq.wrapping_add(1));
}

#[test]
fn the_drawn_size_chooses_the_layer_and_the_stream_stays_one() {
    let (mut world, hall, commune) = two();
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 200);
    let big = world.take_video(commune, 0);
    assert_eq!(big.last().unwrap().tag(), 12, "the highest layer when no size is known");
    for (height, tag) in [(150, 10), (300, 11), (720, 12), (100, 10)] {
        world.view(commune, View { slot_sizes: vec![SlotSize { height }], ..View::default() });
        stage.play(&mut world, 700);
        let got = world.take_video(commune, 0);
        assert_eq!(got.last().unwrap().tag(), tag);
        continuous(&got);
        let times: Vec<u32> = got.iter().map(|got| got.timestamp).collect();
        assert!(times.windows(2).all(|pair| (pair[1].wrapping_sub(pair[0]) as i32) >= 0));
        let switch = got.iter().position(|got| got.tag() == tag).unwrap();
        assert!(got[switch].vp8().starts_key_frame(), "layers change at key frames only");
        assert!(got[switch..].iter().all(|got| got.tag() == tag));
    }
}

#[test]
fn a_slot_that_is_not_drawn_gets_nothing() {
    let (mut world, hall, commune) = two();
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 100);
    world.view(commune, View { slot_sizes: vec![SlotSize { height: 0 }], ..View::default() });
    world.take_video(commune, 0);
    stage.play(&mut world, 200);
    assert!(world.take_video(commune, 0).is_empty());
    assert_eq!(world.slots(commune)[3].paused, Some(crate::fact::PauseReason::NotDrawn));
    world.view(commune, View::default());
    stage.play(&mut world, 700);
    assert!(!world.take_video(commune, 0).is_empty());
}

#[test]
fn when_the_publisher_drops_a_layer_the_next_lower_takes_over() {
    let (mut world, hall, commune) = two();
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 200);
    assert_eq!(world.take_video(commune, 0).last().unwrap().tag(), 12);
    let [low, mid, _high] = stage.cameras.pop().unwrap();
    let mut left = [low, mid];
    for _ in 0..75 {
        let asked = world.take_asked();
        for video in &mut left {
            let key = asked.contains(&Asked::KeyFrame { of: hall, media: video.ssrc });
            for packet in video.frame(if key { Frame::Key } else { Frame::Delta }, 1) {
                world.send(hall, &packet).unwrap();
            }
        }
        world.run(20);
    }
    let got = world.take_video(commune, 0);
    assert_eq!(got.last().unwrap().tag(), 11);
    continuous(&got);
}

#[test]
fn a_cut_line_costs_nothing_and_coming_back_gives_the_picture_again() {
    let (mut world, hall, commune) = two();
    let mut stage = Stage::of(&[hall]);
    stage.play(&mut world, 200);
    let before = world.take_video(commune, 0);
    world.room.path_lost(world.now, commune, &mut world.wire);
    stage.play(&mut world, 1_000);
    assert!(world.wire.rtp.iter().all(|got| got.to != commune));
    assert_eq!(world.shown(commune)[0], Some(camera_of(hall)), "the place is kept");
    world.room.path_back(world.now, commune, &mut world.wire);
    world.drain();
    stage.play(&mut world, 700);
    let after = world.take_video(commune, 0);
    assert!(after[0].vp8().starts_key_frame());
    assert_eq!(after[0].seq, before.last().unwrap().seq.wrapping_add(1));
}

#[test]
fn padding_keeps_its_number_and_bare_probes_disturb_nobody() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 1) {
        world.send(hall, &packet).unwrap();
    }
    screen.seq += 1;
    world.send(hall, &rtp(VP8, false, screen.seq, screen.timestamp, 300, &[])).unwrap();
    world.send(hall, &rtp(RTX, false, 9, screen.timestamp, 301, &[])).unwrap();
    for packet in screen.frame(Frame::Delta, 1) {
        world.send(hall, &packet).unwrap();
    }
    let got = world.take_video(commune, 0);
    assert_eq!(got.len(), 3);
    continuous(&got);
    assert!(got[1].payload.is_empty());
    world.run(100);
    assert!(world.take_asked().is_empty());
}

#[test]
fn a_viewer_who_lost_what_is_not_kept_any_more_gets_a_key_frame_without_asking_for_one() {
    let (mut world, hall, commune) = two();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 2) {
        world.send(hall, &packet).unwrap();
    }
    for _ in 0..150 {
        for packet in screen.frame(Frame::Delta, 2) {
            world.send(hall, &packet).unwrap();
        }
        world.run(20);
    }
    let got = world.take_video(commune, 0);
    world.take_asked();
    world.control(commune, &nack(VIDEO_SLOT, &[got[got.len() - 3].seq]));
    assert_eq!(world.take_asked(), [], "what is here is repaired");
    world.control(commune, &nack(VIDEO_SLOT, &[got[20].seq]));
    assert_eq!(world.take_asked(), [Asked::KeyFrame { of: hall, media: 300 }]);
    for packet in screen.frame(Frame::Key, 2) {
        world.send(hall, &packet).unwrap();
    }
    world.run(1_000);
    world.control(commune, &nack(VIDEO_SLOT, &[got[20].seq]));
    assert_eq!(world.take_asked(), [], "he has begun again since");
}
