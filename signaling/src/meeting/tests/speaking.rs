//! The floor and its queue, in the three modes.

use super::*;

fn three_sites(mode: Mode) -> World {
    let mut world = World::new(mode);
    for who in [HALL, DAM_HA, VINH_THUC, CO_TO] {
        world.join_with_media(who);
    }
    world
}

fn give(who: ParticipantId) -> ClientMessage {
    ClientMessage::GiveFloor { participant: who.0 }
}

const MICROPHONE_ON: ClientMessage =
    ClientMessage::SwitchSource { source: SourceName::Microphone, state: SwitchState::On };

#[test]
fn in_a_conference_nobody_opens_his_microphone_uncalled_but_the_chair() {
    let mut world = three_sites(Mode::Conference);
    world.is_refused(DAM_HA, MICROPHONE_ON, RefusalCode::SourceLocked);
    assert_eq!(world.microphone(DAM_HA), SourceState::Locked);
    world.does(HALL, MICROPHONE_ON);
    assert!(world.is_heard(HALL) && !world.is_heard(DAM_HA));
}

#[test]
fn whoever_is_called_may_open_his_microphone_until_his_turn_is_over() {
    let mut world = three_sites(Mode::Conference);
    world.does(DAM_HA, ClientMessage::AskToSpeak { note: None });
    world.does(HALL, give(DAM_HA));
    assert_eq!(world.holders(), [DAM_HA]);
    assert_eq!(world.queue(), []);
    assert_eq!(world.notices(DAM_HA), [Notice::CalledToSpeak { by: HALL.0, limit_seconds: 300 }]);
    assert_eq!(world.microphone(DAM_HA), SourceState::Off, "called is not yet open");
    world.does(DAM_HA, MICROPHONE_ON);
    assert!(world.is_heard(DAM_HA));
    world.run(secs(42));
    world.does(DAM_HA, ClientMessage::FinishSpeaking {});
    assert!(!world.is_heard(DAM_HA));
    assert_eq!(world.microphone(DAM_HA), SourceState::Locked);
    assert_eq!(world.seen(DAM_HA).spoken_seconds, 42);
}

#[test]
fn the_chair_withdraws_the_floor_and_the_site_is_told() {
    let mut world = three_sites(Mode::Conference);
    world.does(HALL, give(DAM_HA));
    world.does(DAM_HA, MICROPHONE_ON);
    world.does(HALL, ClientMessage::WithdrawFloor { participant: DAM_HA.0 });
    assert!(!world.is_heard(DAM_HA));
    assert_eq!(world.notices(DAM_HA).last(), Some(&Notice::FloorWithdrawn { by: HALL.0 }));
    let withdraw = ClientMessage::WithdrawFloor { participant: DAM_HA.0 };
    world.is_refused(HALL, withdraw, RefusalCode::NotHoldingFloor);
}

#[test]
fn in_training_giving_the_floor_to_the_next_takes_it_from_the_last() {
    let mut world = three_sites(Mode::Training);
    world.does(HALL, give(DAM_HA));
    world.does(DAM_HA, MICROPHONE_ON);
    world.does(HALL, give(VINH_THUC));
    assert_eq!(world.holders(), [VINH_THUC]);
    assert!(!world.is_heard(DAM_HA));
    assert_eq!(world.notices(DAM_HA).last(), Some(&Notice::FloorWithdrawn { by: HALL.0 }));
}

#[test]
fn in_a_conference_several_hold_the_floor_up_to_the_limit() {
    let mut world = three_sites(Mode::Conference);
    world.does(HALL, give(DAM_HA));
    world.does(HALL, give(VINH_THUC));
    world.is_refused(HALL, give(CO_TO), RefusalCode::FloorFull);
    world.is_refused(HALL, give(DAM_HA), RefusalCode::OutOfTurn);
    assert_eq!(world.holders(), [DAM_HA, VINH_THUC]);
}

#[test]
fn in_a_discussion_everybody_switches_his_own_microphone() {
    let mut world = three_sites(Mode::Discussion);
    world.does(DAM_HA, MICROPHONE_ON);
    assert!(world.is_heard(DAM_HA));
}

#[test]
fn a_change_to_training_silences_whoever_was_not_called_and_going_back_opens_nobody() {
    let mut world = three_sites(Mode::Discussion);
    for who in [HALL, DAM_HA, VINH_THUC] {
        world.does(who, MICROPHONE_ON);
    }
    world.does(HALL, give(VINH_THUC));
    world.does(HALL, ClientMessage::SetMode { mode: Mode::Training });
    assert!(world.is_heard(HALL) && world.is_heard(VINH_THUC) && !world.is_heard(DAM_HA));
    world.does(HALL, ClientMessage::SetMode { mode: Mode::Discussion });
    assert!(!world.is_heard(DAM_HA), "what was closed does not open by itself");
    assert_eq!(world.microphone(DAM_HA), SourceState::Off);
}

#[test]
fn the_queue_is_in_the_order_of_asking_and_the_chair_may_move_and_strike() {
    let mut world = three_sites(Mode::Conference);
    for who in [CO_TO, DAM_HA, VINH_THUC] {
        world.does(who, ClientMessage::AskToSpeak { note: None });
    }
    assert_eq!(world.queue(), [CO_TO, DAM_HA, VINH_THUC]);
    world.is_refused(CO_TO, ClientMessage::AskToSpeak { note: None }, RefusalCode::AlreadyAsked);
    world.does(HALL, ClientMessage::MoveInQueue { participant: VINH_THUC.0, place: 0 });
    assert_eq!(world.queue(), [VINH_THUC, CO_TO, DAM_HA]);
    world.is_refused(
        HALL,
        ClientMessage::MoveInQueue { participant: VINH_THUC.0, place: 3 },
        RefusalCode::NumberOutOfRange,
    );
    world.does(HALL, ClientMessage::WithdrawFloor { participant: CO_TO.0 });
    world.does(DAM_HA, ClientMessage::WithdrawRequest {});
    assert_eq!(world.queue(), [VINH_THUC]);
    world.is_refused(DAM_HA, ClientMessage::WithdrawRequest {}, RefusalCode::NotAsked);
}

#[test]
fn a_delegate_neither_gives_the_floor_nor_mutes_nor_moves_the_queue() {
    let mut world = three_sites(Mode::Conference);
    let other = VINH_THUC.0;
    for request in [
        give(VINH_THUC),
        ClientMessage::WithdrawFloor { participant: other },
        ClientMessage::ExtendFloor { participant: other, seconds: 60 },
        ClientMessage::MoveInQueue { participant: other, place: 0 },
        ClientMessage::Mute { participant: other, source: SourceName::Microphone },
        ClientMessage::MuteAll {},
        ClientMessage::SetStage { stage: None },
        ClientMessage::SetMode { mode: Mode::Discussion },
        ClientMessage::SetAgendaItem { index: 0 },
        ClientMessage::StartRecording {},
        ClientMessage::StartSession {},
        ClientMessage::EndSession {},
        ClientMessage::RemoveParticipant { participant: other, reason: "x".into() },
    ] {
        world.is_refused(DAM_HA, request, RefusalCode::NotAllowed);
    }
}

#[test]
fn somebody_away_or_not_come_or_unknown_cannot_be_called() {
    let mut world = three_sites(Mode::Conference);
    world.cut(DAM_HA);
    world.run(secs(8));
    world.is_refused(HALL, give(DAM_HA), RefusalCode::NotHere);
    world.is_refused(HALL, give(SECRETARY), RefusalCode::NotHere);
    world.is_refused(HALL, give(id(99)), RefusalCode::NoSuchParticipant);
}

#[test]
fn a_turn_is_extended_by_seconds_and_not_without_end() {
    let mut world = three_sites(Mode::Conference);
    world.does(HALL, give(DAM_HA));
    world.does(HALL, ClientMessage::ExtendFloor { participant: DAM_HA.0, seconds: 60 });
    assert_eq!(world.view().floor.holders[0].limit_seconds, 360);
    let endless = ClientMessage::ExtendFloor { participant: DAM_HA.0, seconds: u16::MAX };
    world.is_refused(HALL, endless, RefusalCode::NumberOutOfRange);
    let nothing = ClientMessage::ExtendFloor { participant: DAM_HA.0, seconds: 0 };
    world.is_refused(HALL, nothing, RefusalCode::NumberOutOfRange);
}

#[test]
fn a_note_that_cannot_be_shown_is_refused_and_nothing_is_queued() {
    let mut world = three_sites(Mode::Conference);
    let bad = ClientMessage::AskToSpeak { note: Some("a\u{202e}b".into()) };
    world.is_refused(DAM_HA, bad, RefusalCode::TextInvalid);
    assert_eq!(world.queue(), []);
}

#[test]
fn a_holder_who_is_away_keeps_the_floor_but_is_not_forwarded_and_one_who_is_gone_loses_it() {
    let mut world = three_sites(Mode::Conference);
    world.does(HALL, give(DAM_HA));
    world.does(DAM_HA, MICROPHONE_ON);
    world.cut(DAM_HA);
    world.run(secs(10));
    assert_eq!(world.holders(), [DAM_HA]);
    assert!(!world.is_heard(DAM_HA));
    world.run(secs(300));
    assert_eq!(world.holders(), []);
    assert!(world.facts().contains(&MarkedFact::FloorLeft { participant: DAM_HA }));
}
