//! Phase, agenda, recording, headcount, removal, the end.

use super::*;
use crate::wire::RecordingState;

fn opened() -> World {
    let mut world = World::new(Mode::Conference);
    for who in [HALL, DAM_HA, SECRETARY, TECHNICIAN] {
        world.join_with_media(who);
    }
    world
}

#[test]
fn the_session_starts_once() {
    let mut world = opened();
    world.does(SECRETARY, ClientMessage::StartSession {});
    assert_eq!(world.view().phase, Phase::InSession { since: EIGHT.0 });
    world.is_refused(HALL, ClientMessage::StartSession {}, RefusalCode::OutOfTurn);
    assert_eq!(world.facts().iter().filter(|fact| matches!(fact, MarkedFact::Started { .. })).count(), 1);
}

#[test]
fn the_agenda_counts_the_time_of_each_item_also_when_the_chair_goes_back() {
    let mut world = opened();
    world.does(HALL, ClientMessage::SetAgendaItem { index: 0 });
    world.run(secs(60));
    world.does(HALL, ClientMessage::SetAgendaItem { index: 1 });
    world.run(secs(30));
    world.does(HALL, ClientMessage::SetAgendaItem { index: 0 });
    world.run(secs(5));
    world.does(HALL, ClientMessage::SetAgendaItem { index: 2 });
    let agenda = world.view().agenda;
    assert_eq!((agenda.current, agenda.spent_seconds), (Some(2), vec![65, 30, 0]));
    world.is_refused(HALL, ClientMessage::SetAgendaItem { index: 3 }, RefusalCode::NumberOutOfRange);
}

#[test]
fn recording_is_the_chairs_and_everybody_sees_it_begin_run_and_stop() {
    let mut world = opened();
    world.is_refused(SECRETARY, ClientMessage::StartRecording {}, RefusalCode::NotAllowed);
    world.does(HALL, ClientMessage::StartRecording {});
    assert_eq!(world.view().recording, RecordingState::Starting);
    world.is_refused(HALL, ClientMessage::StartRecording {}, RefusalCode::OutOfTurn);
    world.give(Input::Recording(RecordingNews::Started { at: EIGHT }));
    assert_eq!(world.view().recording, RecordingState::On { since: EIGHT.0 });
    world.does(HALL, ClientMessage::StopRecording {});
    assert_eq!(world.view().recording, RecordingState::On { since: EIGHT.0 }, "until it really stopped");
    world.give(Input::Recording(RecordingNews::Stopped));
    assert_eq!(world.view().recording, RecordingState::Off);
    assert_eq!(world.recorder, [RecordingOrder::Start, RecordingOrder::Stop]);
    let marks: Vec<_> = world.facts();
    assert!(marks.contains(&MarkedFact::RecordingStarted) && marks.contains(&MarkedFact::RecordingStopped));
}

#[test]
fn a_recorder_that_fails_leaves_the_meeting_running_and_may_be_tried_again() {
    let mut world = opened();
    world.does(HALL, ClientMessage::StartRecording {});
    world.give(Input::Recording(RecordingNews::Failed));
    assert!(matches!(world.view().recording, RecordingState::Failed { .. }));
    world.does(HALL, ClientMessage::StartRecording {});
}

#[test]
fn speakers_are_marked_while_it_records_and_only_then() {
    let mut world = opened();
    world.give(Input::Media(MediaNews::Speaker { participant: Some(DAM_HA) }));
    assert_eq!(world.view().speaker, Some(DAM_HA.0));
    world.does(HALL, ClientMessage::StartRecording {});
    world.give(Input::Recording(RecordingNews::Started { at: EIGHT }));
    world.give(Input::Media(MediaNews::Speaker { participant: Some(HALL) }));
    world.give(Input::Media(MediaNews::Speaker { participant: None }));
    let spoken: Vec<_> = world
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            MarkedFact::Speaking { participant } => Some(participant),
            _ => None,
        })
        .collect();
    assert_eq!(spoken, [Some(DAM_HA), Some(HALL), None]);
}

#[test]
fn a_site_declares_its_headcount_at_the_door_or_later_and_a_person_has_none() {
    let mut world = World::new(Mode::Conference);
    world.hello(DAM_HA, None, Some(12));
    assert_eq!(world.seen(DAM_HA).headcount, Some(12));
    world.does(DAM_HA, ClientMessage::DeclareHeadcount { count: 14 });
    world.is_refused(DAM_HA, ClientMessage::DeclareHeadcount { count: 0 }, RefusalCode::NumberOutOfRange);
    world.is_refused(DAM_HA, ClientMessage::DeclareHeadcount { count: 5001 }, RefusalCode::NumberOutOfRange);
    world.hello(SECRETARY, None, Some(3));
    assert_eq!(world.seen(SECRETARY).headcount, None);
    world.is_refused(SECRETARY, ClientMessage::DeclareHeadcount { count: 1 }, RefusalCode::NotAllowed);
    let declared: Vec<_> = world
        .facts()
        .into_iter()
        .filter_map(|fact| match fact {
            MarkedFact::Declared { count, .. } => Some(count),
            _ => None,
        })
        .collect();
    assert_eq!(declared, [12, 14]);
}

#[test]
fn somebody_removed_is_told_why_and_does_not_come_in_again() {
    let mut world = opened();
    let connection = world.pages[&DAM_HA].connection;
    let remove = |reason: &str| ClientMessage::RemoveParticipant { participant: DAM_HA.0, reason: reason.into() };
    world.is_refused(HALL, remove("  "), RefusalCode::TextInvalid);
    world.does(HALL, remove("Nhầm phòng"));
    assert_eq!(world.byes[&connection], ByeReason::Removed);
    assert_eq!(world.facts_of(DAM_HA), ["joined", "removed"]);
    let again = world.join(DAM_HA);
    assert!(matches!(world.reply_to(again, 1), Some(ServerMessage::Refused { code: RefusalCode::NotAllowed, .. })));
    assert_eq!(world.byes[&again], ByeReason::Refused);
}

#[test]
fn nobody_removes_the_chair_or_himself() {
    let mut world = opened();
    let remove = |who: ParticipantId| ClientMessage::RemoveParticipant { participant: who.0, reason: "x".into() };
    world.is_refused(SECRETARY, remove(HALL), RefusalCode::NotAllowed);
    world.is_refused(SECRETARY, remove(SECRETARY), RefusalCode::NotAllowed);
    world.is_refused(SECRETARY, remove(CO_TO), RefusalCode::NotHere);
}

#[test]
fn the_end_is_marked_told_to_all_and_lets_nobody_in() {
    let mut world = opened();
    world.does(HALL, ClientMessage::StartSession {});
    world.does(HALL, ClientMessage::GiveFloor { participant: DAM_HA.0 });
    world.does(HALL, ClientMessage::StartRecording {});
    world.give(Input::Recording(RecordingNews::Started { at: EIGHT }));
    world.run(secs(5));
    world.does(HALL, ClientMessage::EndSession {});
    assert!(world.over);
    assert!(world.byes.values().all(|why| *why == ByeReason::SessionEnded));
    assert_eq!(world.byes.len(), 4);
    assert_eq!(world.recorder, [RecordingOrder::Start, RecordingOrder::Stop]);
    let facts = world.facts();
    assert!(facts.contains(&MarkedFact::Ended { by: Some(HALL) }));
    assert!(facts.contains(&MarkedFact::FloorLeft { participant: DAM_HA }));
    assert!(facts.contains(&MarkedFact::RecordingStopped));
    let said = &world.said[&world.pages[&DAM_HA].connection];
    assert!(said.iter().any(|message| matches!(message, ServerMessage::Phase { phase: Phase::Ended { .. } })));
    let late = world.join(CO_TO);
    assert!(matches!(world.reply_to(late, 1), Some(ServerMessage::Refused { code: RefusalCode::SessionEnded, .. })));
}

#[test]
fn lines_go_once_a_second_to_those_who_watch_them_and_to_nobody_else() {
    let mut world = opened();
    let line = |rtt| crate::wire::LineView {
        participant: DAM_HA.0,
        quality: crate::wire::LineQuality::Good,
        rtt_ms: Some(rtt),
        up: crate::wire::DirectionView {
            bitrate_bps: 1,
            loss: 0.0,
            jitter_ms: 0.0,
            width: 0,
            height: 0,
            frames_per_s: 0,
        },
        down: crate::wire::DirectionView {
            bitrate_bps: 1,
            loss: 0.0,
            jitter_ms: 0.0,
            width: 0,
            height: 0,
            frames_per_s: 0,
        },
        down_capacity_bps: None,
        last_seen: 0,
    };
    for rtt in [10.0, 20.0, 30.0] {
        world.give(Input::Media(MediaNews::Line(Box::new(line(rtt)))));
    }
    world.run(secs(2));
    let told = |world: &World, who: ParticipantId| -> Vec<Option<f32>> {
        world.said[&world.pages[&who].connection]
            .iter()
            .filter_map(|message| match message {
                ServerMessage::Lines { lines } => Some(lines[0].rtt_ms),
                _ => None,
            })
            .collect()
    };
    assert_eq!(told(&world, TECHNICIAN), [Some(30.0)]);
    assert_eq!(told(&world, SECRETARY), [Some(30.0)]);
    assert_eq!(told(&world, HALL), []);
    world.join(TECHNICIAN);
    assert_eq!(told(&world, TECHNICIAN), [Some(30.0)], "a new watcher is told all at once");
}
