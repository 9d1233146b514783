//! The programme as the recording gets it.

use super::actors::*;
use super::harness::*;
use crate::command::{Right, Rights};
use crate::id::{PeerId, Source};
use crate::packet::vp8::Vp8Descriptor;
use crate::tap::TapEvent;

struct Piece {
    from: PeerId,
    seq: u16,
    timestamp: u32,
    key: bool,
}

fn pictures(world: &World) -> Vec<Piece> {
    let piece = |event: &TapEvent| match event {
        TapEvent::Video { track, seq, timestamp, payload, .. } => Some(Piece {
            from: track.peer,
            seq: *seq,
            timestamp: *timestamp,
            key: Vp8Descriptor::parse(payload).unwrap().starts_key_frame(),
        }),
        _ => None,
    };
    world.wire.taps.iter().filter_map(piece).collect()
}

fn three() -> (World, Vec<PeerId>, Stage) {
    let mut world = World::new();
    let peers: Vec<PeerId> = (1..=3).map(|n| world.join(n, Seat::site(2, 2))).collect();
    let mut stage = Stage::of(&peers);
    stage.play(&mut world, 200);
    (world, peers, stage)
}

#[test]
fn the_programme_follows_the_stage_and_the_speaker_at_key_frames_in_one_stream() {
    let (mut world, peers, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    stage.level(peers[1], 30);
    stage.play(&mut world, 2_000);
    world.stage(&[camera_of(peers[2])]);
    stage.play(&mut world, 1_000);
    let pieces = pictures(&world);
    assert!(pieces[0].key);
    let mut order = vec![pieces[0].from];
    for pair in pieces.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1));
        assert!((pair[1].timestamp.wrapping_sub(pair[0].timestamp) as i32) >= 0);
        if pair[0].from != pair[1].from {
            assert!(pair[1].key);
            order.push(pair[1].from);
        }
    }
    assert_eq!(order, [peers[0], peers[1], peers[2]]);
    assert!(world.wire.taps.iter().any(|tap| matches!(tap, TapEvent::Speaker { peer, .. } if *peer == Some(peers[1]))));
}

#[test]
fn everybody_who_is_heard_is_recorded_and_who_is_muted_is_not() {
    let (mut world, peers, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    stage.level(peers[0], 40);
    stage.level(peers[1], 30);
    stage.play(&mut world, 500);
    world.rights(peers[1], Rights::ALL.with(Source::Microphone, Right::Held));
    let until = world.wire.taps.len();
    stage.play(&mut world, 500);
    let voices = |taps: &[TapEvent]| {
        let mut peers: Vec<PeerId> = taps
            .iter()
            .filter_map(|tap| match tap {
                TapEvent::Audio { peer, .. } => Some(*peer),
                _ => None,
            })
            .collect();
        peers.sort();
        peers.dedup();
        peers
    };
    assert_eq!(voices(&world.wire.taps[..until]), [peers[0], peers[1]]);
    assert_eq!(voices(&world.wire.taps[until..]), [peers[0]]);
}

#[test]
fn a_recording_ends_when_it_is_told_and_asking_twice_changes_nothing() {
    let (mut world, _, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    world.room.start_tap(world.now, &mut world.wire);
    stage.play(&mut world, 200);
    world.room.stop_tap(world.now, &mut world.wire);
    world.room.stop_tap(world.now, &mut world.wire);
    let until = world.wire.taps.len();
    stage.play(&mut world, 200);
    assert_eq!(world.wire.taps.len(), until);
    assert!(matches!(world.wire.taps.last(), Some(TapEvent::End { .. })));
    let starts = world.wire.taps.iter().filter(|tap| matches!(tap, TapEvent::Speaker { .. })).count();
    assert_eq!(starts, 1);
}

#[test]
fn a_recording_of_cameras_that_are_already_on_asks_for_a_key_frame() {
    let (mut world, peers, _) = three();
    world.take_asked();
    world.run(600);
    world.room.start_tap(world.now, &mut world.wire);
    assert_eq!(world.take_asked(), [Asked::KeyFrame { of: peers[0], media: 204 }]);
}

#[test]
fn a_reader_that_lost_its_way_gets_a_key_frame_at_most_twice_a_second() {
    let (mut world, peers, mut stage) = three();
    world.room.refresh_tap(world.now, &mut world.wire);
    world.room.start_tap(world.now, &mut world.wire);
    stage.play(&mut world, 1_000);
    world.take_asked();
    for _ in 0..100 {
        world.room.refresh_tap(world.now, &mut world.wire);
    }
    assert_eq!(world.take_asked(), [Asked::KeyFrame { of: peers[0], media: 204 }]);
}

#[test]
fn when_the_person_on_screen_loses_the_right_the_recording_turns_away_at_once() {
    let (mut world, peers, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    stage.play(&mut world, 1_000);
    assert_eq!(pictures(&world).last().unwrap().from, peers[0]);
    world.rights(peers[0], Rights::NONE);
    let until = pictures(&world).len();
    stage.play(&mut world, 1_000);
    let after = pictures(&world).split_off(until);
    assert!(after.iter().all(|piece| piece.from == peers[1]));
    assert!(after[0].key);
}

fn shown(world: &World) -> Vec<Option<PeerId>> {
    let picture = |event: &TapEvent| match event {
        TapEvent::Picture { track, .. } => Some(track.map(|track| track.peer)),
        _ => None,
    };
    world.wire.taps.iter().filter_map(picture).collect()
}

#[test]
fn the_recording_says_whose_picture_it_shows_from_its_first_event_on() {
    let (mut world, peers, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    assert!(matches!(world.wire.taps[0], TapEvent::Picture { track: None, .. }));
    stage.play(&mut world, 500);
    world.stage(&[camera_of(peers[2])]);
    stage.play(&mut world, 500);
    assert_eq!(shown(&world), [None, Some(peers[0]), Some(peers[2])]);
    let first_of = |peer| {
        let of = |event: &TapEvent| matches!(event, TapEvent::Video { track, .. } if track.peer == peer);
        world.wire.taps.iter().position(of).unwrap()
    };
    assert!(matches!(world.wire.taps[first_of(peers[2]) - 1], TapEvent::Picture { .. }));
}

#[test]
fn a_picture_that_is_taken_away_does_not_stand_still_in_the_recording() {
    let (mut world, peers, mut stage) = three();
    world.room.start_tap(world.now, &mut world.wire);
    stage.play(&mut world, 500);
    for peer in &peers {
        world.rights(*peer, Rights::NONE);
    }
    assert_eq!(shown(&world).last(), Some(&None));
    world.rights(peers[0], Rights::ALL);
    stage.play(&mut world, 500);
    // The line breaks: nothing comes any more, and after a second nothing is shown.
    assert_eq!(shown(&world).last(), Some(&Some(peers[0])));
    world.run(1_500);
    assert_eq!(shown(&world).last(), Some(&None));
    let until = pictures(&world).len();
    stage.play(&mut world, 1_000);
    assert_eq!(shown(&world).last(), Some(&Some(peers[0])));
    assert!(pictures(&world)[until].key);
}
