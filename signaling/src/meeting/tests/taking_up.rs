//! A meeting cut off by the death of the server goes on where its marks say it stood.

use super::*;
use crate::wire::RecordingState;

fn cut_off(world: World) -> World {
    let mut brief = brief(Mode::Conference);
    brief.past = world.marks;
    World::of(brief)
}

#[test]
fn phase_agenda_floor_queue_headcount_and_speaking_time_are_as_they_were() {
    let mut world = World::new(Mode::Discussion);
    for who in [HALL, DAM_HA, VINH_THUC, CO_TO] {
        world.join_with_media(who);
    }
    world.does(HALL, ClientMessage::SetMode { mode: Mode::Conference });
    world.does(HALL, ClientMessage::StartSession {});
    world.run(secs(1));
    world.does(HALL, ClientMessage::SetAgendaItem { index: 1 });
    world.does(DAM_HA, ClientMessage::DeclareHeadcount { count: 9 });
    world.does(HALL, ClientMessage::GiveFloor { participant: CO_TO.0 });
    world.run(secs(30));
    world.does(CO_TO, ClientMessage::FinishSpeaking {});
    world.run(secs(1));
    world.does(HALL, ClientMessage::GiveFloor { participant: VINH_THUC.0 });
    world.run(secs(1));
    world.does(DAM_HA, ClientMessage::AskToSpeak { note: Some("Kinh phí".into()) });
    let before = world.view();
    let after = cut_off(world);
    let view = after.view();
    assert_eq!((view.phase, view.mode), (before.phase, before.mode));
    assert_eq!(view.agenda.current, Some(1));
    assert_eq!(view.floor.queue, before.floor.queue);
    assert_eq!(after.holders(), [VINH_THUC]);
    assert_eq!(after.seen(DAM_HA).headcount, Some(9));
    assert_eq!(after.seen(CO_TO).spoken_seconds, 30);
    assert!([HALL, DAM_HA, VINH_THUC, CO_TO].into_iter().all(|who| after.is_away(who)));
    assert_eq!(after.facts(), [MarkedFact::Interrupted]);
}

#[test]
fn a_page_of_before_comes_back_with_its_resume_token_and_needs_new_media() {
    let mut world = World::new(Mode::Conference);
    world.join_with_media(DAM_HA);
    let lineage = world.pages[&DAM_HA].lineage;
    let mut after = cut_off(world);
    after.hello(DAM_HA, Some(lineage), None);
    assert!(after.is_here(DAM_HA));
    assert!(!after.pages[&DAM_HA].media_kept);
    assert_eq!(after.facts_of(DAM_HA), ["joined"]);
}

#[test]
fn somebody_removed_before_stays_outside_and_who_left_is_not_expected_back() {
    let mut world = World::new(Mode::Conference);
    for who in [HALL, DAM_HA, CO_TO] {
        world.join(who);
    }
    world.does(HALL, ClientMessage::RemoveParticipant { participant: DAM_HA.0, reason: "Nhầm phòng".into() });
    world.does(CO_TO, ClientMessage::Leave {});
    let mut after = cut_off(world);
    assert!(after.is_gone(CO_TO));
    let connection = after.join(DAM_HA);
    assert_eq!(after.byes[&connection], ByeReason::Refused);
    after.join(CO_TO);
    assert!(after.is_here(CO_TO));
}

#[test]
fn marks_in_any_order_and_repeated_lead_to_the_same_meeting() {
    let mut world = World::new(Mode::Conference);
    for who in [HALL, DAM_HA] {
        world.join(who);
        world.run(secs(1));
    }
    world.does(HALL, ClientMessage::StartSession {});
    world.run(secs(1));
    world.does(DAM_HA, ClientMessage::AskToSpeak { note: None });
    let mut brief = brief(Mode::Conference);
    brief.past = world.marks.iter().rev().chain(&world.marks).cloned().collect();
    let after = World::of(brief);
    assert_eq!(after.queue(), [DAM_HA]);
    assert!(after.is_away(HALL) && after.is_away(DAM_HA));
    assert!(matches!(after.view().phase, Phase::InSession { .. }));
}

#[test]
fn a_demonstration_that_was_ended_opens_anew() {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.does(HALL, ClientMessage::StartSession {});
    world.run(secs(1));
    world.does(HALL, ClientMessage::SetAgendaItem { index: 2 });
    world.run(secs(1));
    world.does(HALL, ClientMessage::EndSession {});
    let after = cut_off(world);
    assert_eq!(after.view().phase, Phase::Gathering);
    assert_eq!(after.view().agenda.current, None);
    assert_eq!(after.seen(HALL).presence, PresenceView::Expected);
    assert_eq!(after.facts(), []);
}

/// A session that is being recorded, with somebody in it.
fn recorded() -> World {
    let mut world = World::new(Mode::Conference);
    world.join(HALL);
    world.does(HALL, ClientMessage::StartSession {});
    world.does(HALL, ClientMessage::StartRecording {});
    world.give(Input::Recording(RecordingNews::Started { at: EIGHT }));
    world.run(secs(1));
    world
}

#[test]
fn a_recording_goes_on_after_the_server_died_or_was_stopped() {
    let died = cut_off(recorded());
    assert_eq!(died.recorder, [RecordingOrder::Start]);
    assert_eq!(died.view().recording, RecordingState::Starting);
    let mut stopped = recorded();
    stopped.give(Input::Stop { retry_ms: 3_000 });
    assert_eq!(stopped.recorder, [RecordingOrder::Start, RecordingOrder::Stop]);
    assert_eq!(cut_off(stopped).recorder, [RecordingOrder::Start]);
}

#[test]
fn a_recording_that_was_stopped_or_lies_long_ago_does_not_begin_by_itself() {
    let mut stopped = recorded();
    stopped.does(HALL, ClientMessage::StopRecording {});
    stopped.give(Input::Recording(RecordingNews::Stopped));
    assert_eq!(cut_off(stopped).recorder, []);
    let mut long_ago = brief(Mode::Conference);
    long_ago.past = recorded().marks;
    for mark in &mut long_ago.past {
        mark.at = UtcMs(mark.at.0 - 16 * 60 * 1_000);
    }
    assert_eq!(World::of(long_ago).recorder, []);
}
