//! Who is in which slot.

use super::actors::*;
use super::harness::*;
use crate::command::View;
use crate::fact::{Fact, PauseReason};
use crate::id::{PeerId, Source, TrackRef};

fn sites(count: u64, audio: u32, video: u32) -> (World, Vec<PeerId>) {
    let mut world = World::new();
    let peers = (1..=count).map(|n| world.join(n, Seat::site(audio, video))).collect();
    (world, peers)
}

#[test]
fn everybody_sees_the_others_in_the_order_of_joining_and_nobody_himself() {
    let (mut world, peers) = sites(4, 3, 9);
    Stage::of(&peers).play(&mut world, 100);
    for (n, peer) in peers.iter().enumerate() {
        let shown: Vec<TrackRef> = world.shown(*peer).into_iter().flatten().collect();
        let others = peers.iter().enumerate().filter(|(other, _)| *other != n).map(|(_, peer)| camera_of(*peer));
        let mut expected: Vec<TrackRef> = others.collect();
        let mut sorted = shown.clone();
        sorted.sort();
        expected.sort();
        assert_eq!(sorted, expected);
    }
}

#[test]
fn nobody_moves_because_somebody_else_came_or_went() {
    let (mut world, peers) = sites(4, 3, 9);
    let mut stage = Stage::of(&peers);
    stage.play(&mut world, 100);
    let before = world.shown(peers[0]);
    let fifth = world.join(5, Seat::site(3, 9));
    let mut more = Stage::of(&[fifth]);
    more.play(&mut world, 60);
    let after = world.shown(peers[0]);
    assert_eq!(after[..3], before[..3]);
    assert_eq!(after[3], Some(camera_of(fifth)));
    world.room.leave(world.now, peers[2], &mut world.wire);
    world.drain();
    let gone = world.shown(peers[0]);
    for (was, is) in after.iter().zip(&gone).skip(1) {
        assert!(is == was || *was == Some(camera_of(peers[2])), "{was:?} became {is:?}");
    }
}

#[test]
fn the_speaker_takes_the_main_picture_within_half_a_second_and_changes_places_with_the_last() {
    let (mut world, peers) = sites(5, 3, 4);
    let mut stage = Stage::of(&peers);
    stage.play(&mut world, 400);
    stage.level(peers[1], 30);
    stage.play(&mut world, 2_000);
    assert_eq!(world.shown(peers[0])[0], Some(camera_of(peers[1])));
    let before = world.shown(peers[0]);
    stage.level(peers[1], 127);
    stage.level(peers[2], 30);
    let mut took = 0;
    while world.shown(peers[0])[0] != Some(camera_of(peers[2])) {
        stage.play(&mut world, 20);
        took += 20;
        assert!(took < 1_000);
    }
    let after = world.shown(peers[0]);
    let moved = before.iter().zip(&after).filter(|(was, is)| was != is).count();
    assert_eq!(moved, 2);
    assert_eq!(world.shown(peers[2])[0], Some(camera_of(peers[1])), "the speaker sees who spoke before him");
    assert!(world.facts.contains(&Fact::Speaker { room: world.room.id(), peer: Some(peers[2]) }));
}

#[test]
fn the_stage_goes_before_the_pin_and_the_pin_before_the_voice() {
    let (mut world, peers) = sites(4, 3, 1);
    let mut stage = Stage::of(&peers);
    stage.level(peers[1], 30);
    stage.play(&mut world, 1_000);
    assert_eq!(world.shown(peers[0])[0], Some(camera_of(peers[1])));
    world.view(peers[0], View { pinned: vec![camera_of(peers[2])], ..View::default() });
    assert_eq!(world.shown(peers[0])[0], Some(camera_of(peers[2])));
    world.stage(&[camera_of(peers[3])]);
    assert_eq!(world.shown(peers[0])[0], Some(camera_of(peers[3])));
    assert_eq!(world.shown(peers[1])[0], Some(camera_of(peers[3])));
    world.stage(&[]);
    assert_eq!(world.shown(peers[0])[0], Some(camera_of(peers[2])));
}

#[test]
fn the_stage_shows_a_camera_that_is_off_as_what_it_is() {
    let (mut world, peers) = sites(3, 3, 2);
    Stage::of(&peers[..2]).play(&mut world, 100);
    world.stage(&[camera_of(peers[2])]);
    let slot = world.slots(peers[0])[3].clone();
    assert_eq!((slot.track, slot.paused), (Some(camera_of(peers[2])), Some(PauseReason::NoMedia)));
    Stage::of(&peers[2..]).play(&mut world, 60);
    assert_eq!(world.slots(peers[0])[3].paused, None);
    assert!(!world.take_video(peers[0], 0).is_empty());
}

#[test]
fn own_peers_are_neither_seen_nor_heard() {
    let (mut world, peers) = sites(3, 3, 4);
    world.view(peers[0], View { own: vec![peers[1]], ..View::default() });
    let mut stage = Stage::of(&peers);
    stage.level(peers[1], 30);
    stage.level(peers[2], 30);
    stage.play(&mut world, 600);
    assert_eq!(world.shown(peers[0]).into_iter().flatten().collect::<Vec<_>>(), [camera_of(peers[2])]);
    assert_eq!(world.heard(peers[0]).into_iter().flatten().collect::<Vec<_>>(), [microphone_of(peers[2])]);
}

#[test]
fn a_voice_is_heard_from_its_first_packet_on() {
    let (mut world, peers) = sites(6, 2, 0);
    let mut stage = Stage::of(&peers);
    stage.level(peers[1], 40);
    stage.play(&mut world, 300);
    world.take_audio(peers[0]);
    stage.level(peers[3], 40);
    stage.play(&mut world, 20);
    let got = world.take_audio(peers[0]);
    assert!(got.iter().any(|got| got.payload[0] == 4), "the packet that opened the slot was passed on");
}

#[test]
fn when_all_speak_at_once_the_loudest_are_heard_within_a_tenth_of_a_second() {
    let (mut world, peers) = sites(6, 2, 0);
    let mut stage = Stage::of(&peers);
    stage.level(peers[1], 50);
    stage.level(peers[2], 40);
    stage.play(&mut world, 1_000);
    stage.level(peers[3], 30);
    stage.play(&mut world, 100);
    let mut heard: Vec<TrackRef> = world.heard(peers[0]).into_iter().flatten().collect();
    heard.sort();
    assert_eq!(heard, [microphone_of(peers[2]), microphone_of(peers[3])]);
}

#[test]
fn an_audio_slot_is_one_stream_over_changes_of_speaker() {
    let (mut world, peers) = sites(3, 1, 0);
    let mut stage = Stage::of(&peers);
    let mut all: Vec<Got> = Vec::new();
    for turn in 0..6 {
        let (one, other) = (peers[1 + turn % 2], peers[2 - turn % 2]);
        stage.level(one, 25);
        stage.level(other, 127);
        stage.play(&mut world, 1_500);
        all.extend(world.take_audio(peers[0]));
    }
    assert!(all.len() > 350, "{} packets of 450", all.len());
    for pair in all.windows(2) {
        assert_eq!(pair[1].seq, pair[0].seq.wrapping_add(1));
        let step = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!((960..48_000).contains(&step), "{step}");
        if pair[0].payload[0] != pair[1].payload[0] {
            assert!(pair[1].marker, "a change of voice is marked");
        }
    }
    let voices = all.windows(2).filter(|pair| pair[0].payload[0] != pair[1].payload[0]).count();
    assert_eq!(voices, 5);
    assert_eq!(all.last().unwrap().level, Some(25));
}

#[test]
fn a_camera_that_falls_silent_keeps_its_place_until_somebody_needs_it() {
    let (mut world, peers) = sites(4, 3, 2);
    let mut all = Stage::of(&peers[..3]);
    all.play(&mut world, 100);
    assert_eq!(world.shown(peers[0]), [Some(camera_of(peers[1])), Some(camera_of(peers[2]))]);
    let mut without = Stage::of(&peers[1..2]);
    without.cameras = vec![all.cameras.swap_remove(1)];
    without.play(&mut world, 1_500);
    assert!(world.facts.contains(&Fact::Dried { track: camera_of(peers[2]) }));
    let slots = world.slots(peers[0]);
    assert_eq!((slots[4].track, slots[4].paused), (Some(camera_of(peers[2])), Some(PauseReason::NoMedia)));
    Stage::of(&peers[3..]).play(&mut world, 60);
    assert_eq!(world.shown(peers[0]), [Some(camera_of(peers[1])), Some(camera_of(peers[3]))]);
}

#[test]
fn a_source_is_told_to_flow_once_and_to_have_dried_once() {
    let (mut world, peers) = sites(2, 1, 1);
    let mut stage = Stage::of(&peers[..1]);
    stage.play(&mut world, 500);
    world.run(3_000);
    let about = |track: TrackRef| {
        world
            .facts
            .iter()
            .filter(|fact| matches!(fact, Fact::Flowing { track: t } | Fact::Dried { track: t } if *t == track))
            .cloned()
            .collect::<Vec<_>>()
    };
    for source in [Source::Microphone, Source::Camera] {
        let track = TrackRef { peer: peers[0], source };
        assert_eq!(about(track), [Fact::Flowing { track }, Fact::Dried { track }]);
    }
}

#[test]
fn who_left_is_in_no_slot_and_his_place_can_be_taken_by_another() {
    let (mut world, peers) = sites(3, 2, 2);
    let mut stage = Stage::of(&peers);
    stage.level(peers[1], 30);
    stage.play(&mut world, 800);
    world.room.leave(world.now, peers[1], &mut world.wire);
    world.drain();
    assert!(!world.shown(peers[0]).contains(&Some(camera_of(peers[1]))));
    assert!(world.heard(peers[0]).iter().all(Option::is_none));
    assert_eq!(world.send(peers[1], &Voice::of(peers[1]).packet(1)), Err(crate::room::RtpDropped::UnknownPeer));
    let again = world.join(9, Seat::site(2, 2));
    Stage::of(&[again]).play(&mut world, 60);
    assert!(world.shown(peers[0]).contains(&Some(camera_of(again))));
    for peer in [peers[0], peers[2], again] {
        world.room.leave(world.now, peer, &mut world.wire);
    }
    assert_eq!(world.room.poll_timeout(), None, "an empty room needs no waking");
}
