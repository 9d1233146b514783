//! Layers nobody is shown, switched off at their source and on again.

use super::actors::*;
use super::harness::*;
use crate::command::{Rights, SlotSize, View};
use crate::fact::Fact;
use crate::id::{PeerId, TrackRef};

/// A camera whose page does what it is told.
struct Camera {
    layers: [Video; 3],
    rids: [&'static str; 3],
    on: [bool; 3],
    key_due: [bool; 3],
}

impl Camera {
    fn of(peer: PeerId) -> Self {
        Self { layers: Video::camera(peer), rids: ["q", "h", "f"], on: [true; 3], key_due: [true; 3] }
    }

    fn obey(&mut self, world: &World) {
        let rids = wanted(world, camera_of(self.layers[0].from));
        for layer in 0..3 {
            let on = rids.iter().any(|rid| rid == self.rids[layer]);
            // An encoder that is switched on begins with a key frame.
            self.key_due[layer] |= on && !self.on[layer];
            self.on[layer] = on;
        }
    }

    fn play(&mut self, world: &mut World, for_ms: u64) {
        for _ in 0..for_ms / 20 {
            self.obey(world);
            for asked in world.take_asked() {
                for (layer, due) in self.layers.iter().zip(&mut self.key_due) {
                    *due |= matches!(asked, Asked::KeyFrame { media, .. } if media == layer.ssrc);
                }
            }
            for layer in 0..3 {
                if self.on[layer] {
                    let frame = if std::mem::take(&mut self.key_due[layer]) { Frame::Key } else { Frame::Delta };
                    for packet in self.layers[layer].frame(frame, 2) {
                        let _ = world.send(self.layers[layer].from, &packet);
                    }
                }
            }
            world.run(20);
        }
    }
}

/// What the publisher was told last.
fn wanted(world: &World, track: TrackRef) -> Vec<String> {
    let told = world.facts.iter().rev().find_map(|fact| match fact {
        Fact::LayersWanted { track: told, rids } if *told == track => Some(rids.iter().map(|rid| rid.0.clone())),
        _ => None,
    });
    told.map_or_else(|| ["q", "h", "f"].map(String::from).to_vec(), Iterator::collect)
}

fn drawn(heights: &[u16]) -> View {
    View { slot_sizes: heights.iter().map(|height| SlotSize { height: *height }).collect(), ..View::default() }
}

/// A publisher and a viewer of one slot.
fn pair(height: u16) -> (World, Camera, PeerId) {
    let mut world = World::new();
    let publisher = world.join(1, Seat::site(0, 0));
    let viewer = world.join(2, Seat::viewer(0, 1));
    world.view(viewer, drawn(&[height]));
    (world, Camera::of(publisher), viewer)
}

#[test]
fn only_the_layer_that_is_drawn_and_the_lowest_are_sent() {
    for (height, rids) in [(150, vec!["q"]), (360, vec!["q", "h"]), (720, vec!["q", "f"])] {
        let (mut world, mut camera, _) = pair(height);
        camera.play(&mut world, 2_000);
        assert_eq!(wanted(&world, camera_of(PeerId(1))).len(), 3, "viewers may still come");
        camera.play(&mut world, 6_000);
        assert_eq!(wanted(&world, camera_of(PeerId(1))), rids, "drawn at {height}");
    }
}

#[test]
fn of_a_camera_nobody_sees_the_lowest_layer_alone_is_sent_and_is_the_first_picture() {
    let mut world = World::new();
    let publisher = world.join(1, Seat::site(0, 0));
    let mut camera = Camera::of(publisher);
    camera.play(&mut world, 8_000);
    assert_eq!(wanted(&world, camera_of(publisher)), ["q"]);
    let viewer = world.join(2, Seat::viewer(0, 1));
    world.view(viewer, drawn(&[720]));
    assert_eq!(wanted(&world, camera_of(publisher)), ["q", "f"], "at once");
    camera.play(&mut world, 20);
    assert_eq!(world.take_video(viewer, 0)[0].tag(), camera.layers[0].tag);
    camera.play(&mut world, 100);
    assert_eq!(world.take_video(viewer, 0).last().unwrap().tag(), camera.layers[2].tag);
}

#[test]
fn enlarging_a_tile_brings_the_layer_back_and_the_picture_never_stands_still() {
    let (mut world, mut camera, viewer) = pair(150);
    camera.play(&mut world, 8_000);
    world.take_video(viewer, 0);
    world.view(viewer, drawn(&[720]));
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "f"]);
    // The page needs half a second to hear of it.
    camera.on = [true, false, false];
    for _ in 0..25 {
        for packet in camera.layers[0].frame(Frame::Delta, 2) {
            world.send(PeerId(1), &packet).unwrap();
        }
        world.run(20);
        assert_eq!(world.take_video(viewer, 0).len(), 2, "the small picture goes on until then");
    }
    camera.play(&mut world, 200);
    assert_eq!(world.take_video(viewer, 0).last().unwrap().tag(), camera.layers[2].tag);
}

#[test]
fn a_layer_goes_on_while_somebody_is_fed_by_it_although_he_would_rather_see_another() {
    let (mut world, mut camera, viewer) = pair(720);
    camera.play(&mut world, 8_000);
    world.view(viewer, drawn(&[360]));
    // Like an encoder without WebSocket: the middle layer never comes.
    for _ in 0..500 {
        for layer in [0, 2] {
            for packet in camera.layers[layer].frame(Frame::Delta, 2) {
                let _ = world.send(PeerId(1), &packet);
            }
        }
        world.run(20);
        assert!(!world.take_video(viewer, 0).is_empty());
    }
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "h", "f"]);
}

#[test]
fn looking_away_for_a_moment_switches_nothing() {
    let (mut world, mut camera, viewer) = pair(720);
    camera.play(&mut world, 8_000);
    let told = world.facts.len();
    for _ in 0..5 {
        world.view(viewer, drawn(&[150]));
        camera.play(&mut world, 2_000);
        world.view(viewer, drawn(&[720]));
        camera.play(&mut world, 1_000);
    }
    assert!(!world.facts[told..].iter().any(|fact| matches!(fact, Fact::LayersWanted { .. })));
}

#[test]
fn the_recording_wants_the_largest_picture_whoever_looks() {
    let (mut world, mut camera, _) = pair(150);
    world.room.start_tap(world.now, &mut world.wire);
    camera.play(&mut world, 8_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "f"]);
    world.room.stop_tap(world.now, &mut world.wire);
    camera.play(&mut world, 8_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q"]);
}

#[test]
fn a_picture_that_is_not_drawn_wants_nothing() {
    let (mut world, mut camera, viewer) = pair(720);
    camera.play(&mut world, 8_000);
    world.view(viewer, drawn(&[0]));
    camera.play(&mut world, 8_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q"]);
}

#[test]
fn a_camera_that_comes_on_again_begins_with_everything() {
    let (mut world, mut camera, _) = pair(150);
    camera.play(&mut world, 8_000);
    world.rights(PeerId(1), Rights::NONE);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "h", "f"]);
    world.run(60_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "h", "f"], "it is off: there is nothing to spare");
    world.rights(PeerId(1), Rights::ALL);
    camera.play(&mut world, 2_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q", "h", "f"]);
    camera.play(&mut world, 6_000);
    assert_eq!(wanted(&world, camera_of(PeerId(1))), ["q"]);
}

#[test]
fn a_line_that_breaks_and_comes_back_changes_nothing_for_the_publisher() {
    let (mut world, mut camera, _) = pair(150);
    camera.play(&mut world, 8_000);
    let told = world.facts.len();
    world.room.path_lost(world.now, PeerId(1), &mut world.wire);
    world.run(20_000);
    world.room.path_back(world.now, PeerId(1), &mut world.wire);
    camera.play(&mut world, 5_000);
    assert!(!world.facts[told..].iter().any(|fact| matches!(fact, Fact::LayersWanted { .. })));
}
