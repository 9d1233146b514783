//! What a seed found, told once more without everything around it.

use std::time::Duration;

use sfu::id::Source;
use signaling::wire::{ClientMessage, SourceName, Staged};
use tests::world::page::Manners;
use tests::world::site::{Fault, Profile};
use tests::world::trace::Telling;
use tests::world::{SiteAt, World};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const CHAIR: SiteAt = SiteAt(0);
const HALL: SiteAt = SiteAt(1);

fn recorded_meeting(hall: Profile) -> World {
    let mut world = World::open(7, vec![Profile::chair("Nguyễn Văn An"), hall], Telling::Silent);
    for at in [CHAIR, HALL] {
        world.join(at);
        world.wish(at, |wishes| wishes.camera = true);
    }
    world.run(secs(2));
    assert!(world.ask(CHAIR, ClientMessage::StartRecording {}));
    world.run(secs(1));
    world
}

/// The tape itself refuses a picture under another name than the one it was told last; here the turn takes long, because the line to
/// the next in the picture has just failed.
#[test]
fn a_recording_is_told_of_a_turn_when_the_new_picture_is_there_and_not_a_round_trip_before() {
    let mut world = recorded_meeting(Profile::site("Hội trường tỉnh"));
    assert_eq!(world.recorded_picture(), Some((CHAIR, Source::Camera)));
    let staged = Staged { participant: world.participant(HALL).0, source: SourceName::Camera };
    world.cut(HALL, Fault::Media, Duration::from_millis(700));
    assert!(world.ask(CHAIR, ClientMessage::SetStage { stage: Some(staged) }));
    world.run(secs(3));
    assert_eq!(world.recorded_picture(), Some((HALL, Source::Camera)));
}

#[test]
fn a_picture_whose_owner_switches_it_off_does_not_stand_still_in_the_recording() {
    let mut world = recorded_meeting(Profile::site("Hội trường tỉnh"));
    for at in [CHAIR, HALL] {
        world.wish(at, |wishes| wishes.camera = false);
    }
    world.run(secs(1));
    assert_eq!(world.tapes().last().and_then(|tape| tape.shown), None);
}

/// What the end closes was once ordered only, and carried out when the room was closed; a page that is late to hear of the end went on
/// being seen. Whatever leaves the bridge is held against what the meeting has closed.
#[test]
fn at_the_end_nothing_of_anybody_goes_anywhere_while_the_recorder_finishes() {
    let mut world = recorded_meeting(Profile { manners: Manners::Stubborn, ..Profile::site("Hội trường tỉnh") });
    world.order_end();
    world.run(secs(2));
    assert!(world.is_over());
    world.close();
}
