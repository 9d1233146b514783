//! A frame's packets wait for each other, and leave viewer by viewer.

use super::actors::*;
use super::harness::*;
use crate::id::PeerId;
use crate::room::ingest::GATHER;

/// Two who watch a shared screen that is running.
fn two() -> (World, PeerId, [PeerId; 2], Video) {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(1, 1));
    let viewers = [2, 3].map(|n| world.join(n, Seat::viewer(1, 1)));
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 2) {
        world.send(hall, &packet).unwrap();
    }
    world.wire.rtp.clear();
    (world, hall, viewers, screen)
}

/// One packet and nothing else: no time passes.
fn put(world: &mut World, from: PeerId, packet: &[u8]) {
    world.room.handle_rtp(world.now, from, packet, &mut world.wire).unwrap();
}

fn receivers(world: &World) -> Vec<PeerId> {
    world.wire.rtp.iter().map(|got| got.to).collect()
}

#[test]
fn a_frames_packets_leave_with_its_last_one_viewer_by_viewer() {
    let (mut world, hall, [first, second], mut screen) = two();
    let frame = screen.frame(Frame::Delta, 3);
    for packet in &frame[..2] {
        put(&mut world, hall, packet);
    }
    assert_eq!(receivers(&world), []);
    put(&mut world, hall, &frame[2]);
    assert_eq!(receivers(&world), [first, first, first, second, second, second]);
}

#[test]
fn a_frame_whose_end_is_late_leaves_after_a_millisecond() {
    let (mut world, hall, viewers, mut screen) = two();
    let frame = screen.frame(Frame::Delta, 3);
    put(&mut world, hall, &frame[0]);
    put(&mut world, hall, &frame[1]);
    assert_eq!(world.room.poll_timeout(), Some(world.now + GATHER));
    world.now += GATHER;
    world.room.handle_timeout(world.now, &mut world.wire);
    assert_eq!(receivers(&world).len(), 2 * viewers.len());
    put(&mut world, hall, &frame[2]);
    assert_eq!(receivers(&world).len(), 3 * viewers.len());
}

#[test]
fn a_packet_that_comes_after_its_neighbours_goes_on_by_itself() {
    let (mut world, hall, [first, _], mut screen) = two();
    let frame = screen.frame(Frame::Delta, 3);
    for at in [0, 2] {
        put(&mut world, hall, &frame[at]);
    }
    world.wire.rtp.clear();
    put(&mut world, hall, &frame[1]);
    let got = world.take_video(first, 0);
    assert_eq!(got.len(), 1);
    assert!(!got[0].marker);
}

#[test]
fn packets_that_are_a_byte_shorter_than_the_rest_of_their_burst_are_padded_to_one_size() {
    let (mut world, hall, [first, _], mut screen) = two();
    let mut frame = screen.frame(Frame::Delta, 4);
    let longest = frame[0].len();
    frame[0].truncate(longest - 1);
    frame[1].truncate(longest - 1);
    frame[3].truncate(longest - 50);
    for packet in &frame {
        put(&mut world, hall, packet);
    }
    let got = world.take_video(first, 0);
    let (sizes, payloads): (Vec<_>, Vec<_>) = got.iter().map(|got| (got.len, got.payload.len())).unzip();
    assert_eq!(sizes[..3], [sizes[2]; 3]);
    assert_eq!(payloads[..3], [payloads[2] - 1, payloads[2] - 1, payloads[2]], "padding is no part of the payload");
    assert_eq!(sizes[3], sizes[2] - 50, "a rest is sent as it is: it ends the run");
}

#[test]
fn what_is_held_back_for_its_frame_is_not_sent_when_its_source_is_muted_meanwhile() {
    let (mut world, hall, _, mut screen) = two();
    put(&mut world, hall, &screen.frame(Frame::Delta, 2)[0]);
    world.rights(hall, crate::command::Rights::NONE);
    world.run(20);
    assert_eq!(receivers(&world), []);
}

#[test]
fn a_burst_for_many_leaves_in_batches_and_nobody_is_left_out() {
    let mut world = World::new();
    let hall = world.join(1, Seat::site(1, 1));
    let viewers: Vec<PeerId> = (2..600).map(|n| world.join(n, Seat::viewer(1, 1))).collect();
    let mut screen = Video::screen(hall);
    for packet in screen.frame(Frame::Key, 2) {
        world.send(hall, &packet).unwrap();
    }
    world.run(5);
    world.wire.rtp.clear();
    for packet in screen.frame(Frame::Delta, 2) {
        put(&mut world, hall, &packet);
    }
    assert!(world.room.is_handing_on());
    let first = receivers(&world).len();
    assert!(first < 2 * viewers.len());
    assert!(world.room.poll_timeout().is_some_and(|at| at <= world.now), "the rest is due at once");
    // What comes meanwhile does not overtake it.
    let frame = screen.frame(Frame::Delta, 1);
    put(&mut world, hall, &frame[0]);
    world.run(5);
    let got = receivers(&world);
    assert_eq!(got.len(), 3 * viewers.len());
    let expected: Vec<PeerId> = viewers.iter().flat_map(|viewer| [*viewer; 2]).chain(viewers.iter().copied()).collect();
    assert_eq!(got, expected);
}
