//! Microphones, cameras, screens, and what stands on the main picture.

use super::*;
use crate::wire::{StageReason, Staged};

fn world_with(mode: Mode, people: &[ParticipantId]) -> World {
    let mut world = World::new(mode);
    for who in people {
        world.join_with_media(*who);
    }
    world
}

fn switch(source: SourceName, state: SwitchState) -> ClientMessage {
    ClientMessage::SwitchSource { source, state }
}

#[test]
fn everybody_joins_muted_and_nothing_is_forwarded_before_it_is_switched_on() {
    let mut world = world_with(Mode::Discussion, &[HALL, DAM_HA]);
    assert_eq!(world.microphone(DAM_HA), SourceState::Off);
    assert_eq!(world.forwarded.get(&DAM_HA), None);
    world.switch(DAM_HA, SourceName::Camera, SwitchState::On);
    assert_eq!(world.forwarded[&DAM_HA], SourceSet::of(&[SourceName::Camera]));
}

#[test]
fn a_source_that_was_not_negotiated_cannot_be_switched_on() {
    let mut world = World::new(Mode::Discussion);
    world.join(DAM_HA);
    world.is_refused(DAM_HA, switch(SourceName::Camera, SwitchState::On), RefusalCode::SourceAbsent);
}

#[test]
fn what_the_token_does_not_grant_is_never_forwarded() {
    let mut world = World::new(Mode::Discussion);
    let mut listener = identity_of(&brief(Mode::Discussion), DAM_HA);
    listener.media = MediaRights::NONE.with(SourceName::Camera);
    world.hello_as(listener, None, None);
    world.offer(DAM_HA);
    world.is_refused(DAM_HA, switch(SourceName::Microphone, SwitchState::On), RefusalCode::NotAllowed);
    world.switch(DAM_HA, SourceName::Camera, SwitchState::On);
    assert_eq!(world.forwarded[&DAM_HA], SourceSet::of(&[SourceName::Camera]));
}

#[test]
fn the_chair_mutes_one_and_he_is_told_by_whom() {
    let mut world = world_with(Mode::Discussion, &[HALL, DAM_HA]);
    world.switch(DAM_HA, SourceName::Microphone, SwitchState::On);
    world.does(HALL, ClientMessage::Mute { participant: DAM_HA.0, source: SourceName::Microphone });
    assert!(!world.is_heard(DAM_HA));
    assert_eq!(world.notices(DAM_HA), [Notice::Muted { by: HALL.0, source: SourceName::Microphone }]);
}

#[test]
fn muting_all_spares_the_chair_and_who_has_the_floor() {
    let mut world = world_with(Mode::Discussion, &[HALL, DAM_HA, VINH_THUC, CO_TO, SECRETARY]);
    for who in [HALL, DAM_HA, VINH_THUC, CO_TO, SECRETARY] {
        world.switch(who, SourceName::Microphone, SwitchState::On);
    }
    world.does(HALL, ClientMessage::GiveFloor { participant: CO_TO.0 });
    world.does(HALL, ClientMessage::MuteAll {});
    let heard: Vec<_> =
        [HALL, DAM_HA, VINH_THUC, CO_TO, SECRETARY].into_iter().filter(|who| world.is_heard(*who)).collect();
    assert_eq!(heard, [HALL, CO_TO]);
}

#[test]
fn one_screen_at_a_time_and_the_chair_takes_it_over() {
    let mut world = world_with(Mode::Discussion, &[HALL, DAM_HA, VINH_THUC]);
    world.switch(DAM_HA, SourceName::Screen, SwitchState::On);
    world.is_refused(VINH_THUC, switch(SourceName::Screen, SwitchState::On), RefusalCode::ScreenTaken);
    world.switch(HALL, SourceName::Screen, SwitchState::On);
    assert_eq!(world.seen(DAM_HA).screen, SourceState::Off);
    assert_eq!(world.notices(DAM_HA), [Notice::Muted { by: HALL.0, source: SourceName::Screen }]);
}

#[test]
fn a_shared_screen_takes_the_stage_and_the_chairs_choice_stands_before_it() {
    let mut world = world_with(Mode::Discussion, &[HALL, DAM_HA, VINH_THUC]);
    world.switch(DAM_HA, SourceName::Screen, SwitchState::On);
    let stage = world.view().stage.unwrap();
    assert_eq!((stage.participant, stage.why), (DAM_HA.0, StageReason::Screen));
    let staged = Staged { participant: VINH_THUC.0, source: SourceName::Camera };
    world.does(HALL, ClientMessage::SetStage { stage: Some(staged) });
    assert_eq!(world.view().stage.unwrap().why, StageReason::Chosen);
    assert_eq!(world.stage, [(VINH_THUC, SourceName::Camera), (DAM_HA, SourceName::Screen)]);
    world.does(HALL, ClientMessage::SetStage { stage: None });
    assert_eq!(world.view().stage.unwrap().why, StageReason::Screen);
    world.switch(DAM_HA, SourceName::Screen, SwitchState::Off);
    assert_eq!(world.view().stage, None);
    assert_eq!(world.stage, []);
}

#[test]
fn whoever_is_called_stands_on_the_stage_at_once() {
    let mut world = world_with(Mode::Conference, &[HALL, DAM_HA]);
    world.does(HALL, ClientMessage::GiveFloor { participant: DAM_HA.0 });
    let stage = world.view().stage.unwrap();
    assert_eq!((stage.participant, stage.why), (DAM_HA.0, StageReason::Floor));
    assert_eq!(world.stage, [(DAM_HA, SourceName::Camera)]);
}

#[test]
fn the_stage_takes_only_a_picture_of_somebody_who_is_there() {
    let mut world = world_with(Mode::Conference, &[HALL, DAM_HA]);
    let stage =
        |who: ParticipantId, source| ClientMessage::SetStage { stage: Some(Staged { participant: who.0, source }) };
    world.is_refused(HALL, stage(DAM_HA, SourceName::Microphone), RefusalCode::SourceAbsent);
    world.is_refused(HALL, stage(CO_TO, SourceName::Camera), RefusalCode::NotHere);
    world.is_refused(HALL, stage(id(77), SourceName::Camera), RefusalCode::NoSuchParticipant);
}

#[test]
fn a_staged_site_that_is_gone_gives_the_stage_back() {
    let mut world = world_with(Mode::Conference, &[HALL, DAM_HA]);
    let staged = Staged { participant: DAM_HA.0, source: SourceName::Camera };
    world.does(HALL, ClientMessage::SetStage { stage: Some(staged) });
    world.cut(DAM_HA);
    world.run(secs(60));
    assert!(world.view().stage.is_some(), "away is not gone");
    world.run(secs(300));
    assert_eq!(world.view().stage, None);
}

#[test]
fn views_go_to_the_engine_only_with_media_and_within_reason() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.join(DAM_HA);
    let view = |pinned: Vec<ParticipantId>| ClientMessage::SetView {
        pinned: pinned.iter().map(|who| who.0).collect(),
        slots: vec![],
    };
    world.is_refused(DAM_HA, view(vec![HALL]), RefusalCode::NoMedia);
    world.offer(DAM_HA);
    world.does(DAM_HA, view(vec![HALL]));
    world.is_refused(DAM_HA, view(vec![id(99)]), RefusalCode::NoSuchParticipant);
    world.is_refused(DAM_HA, view(vec![HALL; 65]), RefusalCode::NumberOutOfRange);
}

#[test]
fn a_second_offer_while_the_first_is_being_answered_is_out_of_turn() {
    let mut world = World::new(Mode::Conference);
    world.join(DAM_HA);
    assert_eq!(world.ask(DAM_HA, ClientMessage::Offer { sdp: "v=0".into() }), None, "the engine answers");
    world.is_refused(DAM_HA, ClientMessage::Offer { sdp: "v=0".into() }, RefusalCode::OutOfTurn);
    world.engine_answers(DAM_HA, Path::Browser, SourceSet::NONE);
}

#[test]
fn a_restart_without_media_is_refused_with_the_advice_to_offer() {
    let mut world = World::new(Mode::Conference);
    world.join(DAM_HA);
    world.is_refused(DAM_HA, ClientMessage::Restart { sdp: "v=0".into() }, RefusalCode::NoMedia);
}
