//! A meeting over real sockets.

use super::*;
use crate::wire::{ByeReason, RecordingState};

#[tokio::test]
async fn the_chair_calls_a_site_that_asked_and_everybody_hears_of_it() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let mut commune = server.join(DAM_HA).await;
    let mut island = server.join(CO_TO).await;
    commune.ask(ClientMessage::AskToSpeak { note: Some("Tàu thuyền".into()) }).await.unwrap();
    hall.until(|message| matches!(message, ServerMessage::Floor { floor } if floor.queue.len() == 1)).await;
    hall.ask(ClientMessage::GiveFloor { participant: Uuid::from_u128(DAM_HA) }).await.unwrap();
    island.until(|message| matches!(message, ServerMessage::Floor { floor } if floor.holders.len() == 1)).await;
    commune.until(|message| matches!(message, ServerMessage::Notice { .. })).await;
    assert_eq!(
        island.ask(ClientMessage::GiveFloor { participant: Uuid::from_u128(CO_TO) }).await,
        Err(RefusalCode::NotAllowed)
    );
}

#[tokio::test]
async fn a_dropped_line_is_seen_away_and_comes_back_into_its_seat() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let mut commune = server.join(DAM_HA).await;
    commune.ask(ClientMessage::AskToSpeak { note: None }).await.unwrap();
    let resume = commune.resume.clone();
    drop(commune);
    hall.until_presence(DAM_HA, |presence| matches!(presence, PresenceView::Away { .. })).await;
    let mut back = server.knock().await;
    back.hello(&server.token(DAM_HA), Some(resume)).await.unwrap();
    assert_eq!(back.view.unwrap().floor.queue.len(), 1);
    hall.until_presence(DAM_HA, |presence| matches!(presence, PresenceView::Here { .. })).await;
}

#[tokio::test]
async fn leaving_is_answered_and_then_closed_with_a_goodbye() {
    let server = Server::start().await;
    let mut commune = server.join(DAM_HA).await;
    commune.ask(ClientMessage::Leave {}).await.unwrap();
    commune.until(|message| matches!(message, ServerMessage::Bye { why: ByeReason::Left, .. })).await;
    assert_eq!(commune.closed().await, (1000, "left".into()));
}

#[tokio::test]
async fn a_second_page_takes_the_seat_and_the_first_is_told() {
    let server = Server::start().await;
    let mut first = server.join(DAM_HA).await;
    let _second = server.join(DAM_HA).await;
    first.until(|message| matches!(message, ServerMessage::Bye { why: ByeReason::Replaced, .. })).await;
    assert_eq!(first.closed().await, (4409, "replaced".into()));
}

#[tokio::test]
async fn an_offer_is_answered_by_the_engine_and_a_switched_on_microphone_is_forwarded() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let id = hall.send(ClientMessage::Offer { sdp: "v=0".into() }).await;
    let answer = hall.until(|message| matches!(message, ServerMessage::Answer { .. })).await;
    assert_eq!(answer, ServerMessage::Answer { re: id, sdp: crate::media::double::ANSWER.into() });
    let source = crate::wire::SourceName::Microphone;
    hall.ask(ClientMessage::SwitchSource { source, state: crate::wire::SwitchState::On }).await.unwrap();
    hall.ask(ClientMessage::SetAgendaItem { index: 0 }).await.unwrap();
    assert!(server.engine.log().contains(&"heard".to_owned()), "{:?}", server.engine.log());
    server.host.fact(server.engine.speaker()).await;
    let speaker = hall.until(|message| matches!(message, ServerMessage::Speaker { .. })).await;
    assert_eq!(speaker, ServerMessage::Speaker { participant: Some(Uuid::from_u128(HALL)) });
}

#[tokio::test]
async fn a_recording_starts_is_seen_by_all_and_is_stopped_with_the_session() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let mut commune = server.join(DAM_HA).await;
    hall.ask(ClientMessage::StartRecording {}).await.unwrap();
    let runs =
        |message: &ServerMessage| matches!(message, ServerMessage::Recording { recording: RecordingState::On { .. } });
    commune.until(runs).await;
    hall.ask(ClientMessage::EndSession {}).await.unwrap();
    commune.until(|message| matches!(message, ServerMessage::Bye { why: ByeReason::SessionEnded, .. })).await;
    assert_eq!(commune.closed().await.0, 4410);
    eventually(|| *server.recorder.log.lock().unwrap() == ["start", "stop"]).await;
    eventually(|| server.host.running().is_empty()).await;
    assert!(server.engine.log().contains(&"close".to_owned()));
}

#[tokio::test]
async fn at_the_end_nobody_is_heard_any_more_while_the_recorder_finishes_its_file() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    hall.send(ClientMessage::Offer { sdp: "v=0".into() }).await;
    hall.until(|message| matches!(message, ServerMessage::Answer { .. })).await;
    hall.ask(ClientMessage::StartRecording {}).await.unwrap();
    let runs =
        |message: &ServerMessage| matches!(message, ServerMessage::Recording { recording: RecordingState::On { .. } });
    hall.until(runs).await;
    let recorder = server.recorder.hold();
    hall.ask(ClientMessage::EndSession {}).await.unwrap();
    eventually(|| server.engine.log().contains(&"leave".to_owned())).await;
    assert_eq!(*server.recorder.log.lock().unwrap(), ["start"]);
    recorder.add_permits(1);
    eventually(|| server.engine.log().last().is_some_and(|last| last == "close")).await;
    assert_eq!(*server.recorder.log.lock().unwrap(), ["start", "stop"]);
}

#[tokio::test]
async fn a_recorder_that_cannot_start_is_told_and_the_meeting_goes_on() {
    let server = Server::start().await;
    server.recorder.broken.store(true, SeqCst);
    let mut hall = server.join(HALL).await;
    hall.ask(ClientMessage::StartRecording {}).await.unwrap();
    let failed = |message: &ServerMessage| {
        matches!(message, ServerMessage::Recording { recording: RecordingState::Failed { .. } })
    };
    hall.until(failed).await;
    hall.ask(ClientMessage::SetAgendaItem { index: 0 }).await.unwrap();
}

#[tokio::test]
async fn a_server_that_stops_says_when_to_come_back_and_finishes_what_it_holds() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    hall.ask(ClientMessage::StartRecording {}).await.unwrap();
    server.host.drain(Duration::from_millis(800)).await;
    let bye = hall.until(|message| matches!(message, ServerMessage::Bye { .. })).await;
    let ServerMessage::Bye { why: ByeReason::ServerStopping, retry_after_ms: Some(retry), .. } = bye else {
        panic!("{bye:?}")
    };
    assert!((800..=1600).contains(&retry));
    assert_eq!(hall.closed().await.0, 1001);
    assert_eq!(server.recorder.log.lock().unwrap().last(), Some(&"stop"));
    let facts: Vec<_> = server.store.stored().into_iter().map(|mark| mark.fact).collect();
    assert!(facts.iter().any(|fact| matches!(fact, crate::mark::MarkedFact::Lost { .. })));
    let mut late = server.knock().await;
    assert!(late.hello(&server.token(DAM_HA), None).await.is_err());
}

#[tokio::test]
async fn the_office_reads_the_meeting_and_ends_it() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let view = server.host.view(SESSION).await.unwrap();
    assert!(matches!(view.participants[0].presence, PresenceView::Here { .. }));
    server.host.close(SESSION).await;
    hall.until(|message| matches!(message, ServerMessage::Bye { why: ByeReason::SessionEnded, .. })).await;
    let counts = server.host.counters().read();
    let welcomes = counts.iter().find(|count| count.name == "signaling_welcomes_total").unwrap();
    assert_eq!(welcomes.value, 1);
}

/// Something the tasks do after they have answered.
pub(super) async fn eventually(done: impl Fn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !done() {
            tokio::task::yield_now().await;
        }
    });
    waited.await.expect("it never came to pass");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_and_thirty_one_sites_that_come_in_the_same_second_are_all_let_in_and_nobody_is_too_slow() {
    let (keys, _) = Keys::generate().unwrap();
    // A busy machine may take its time for the pages' side of it; this is about messages, not about silence.
    let timers = Timers { away_after: PATIENCE, ..Timers::default() };
    let server = Arc::new(Server::start_with(keys, SessionBrief { timers, ..brief(Mode::Conference) }).await);
    let mut hall = server.join(HALL).await;
    let mut pages = tokio::task::JoinSet::new();
    for who in 1000..1231 {
        let server = server.clone();
        pages.spawn(async move {
            let mut page = server.join(who).await;
            page.ask(ClientMessage::AskToSpeak { note: None }).await.unwrap();
            page.until(|message| matches!(message, ServerMessage::Mode { mode: Mode::Training })).await;
        });
    }
    let all_asked =
        |message: &ServerMessage| matches!(message, ServerMessage::Floor { floor } if floor.queue.len() == 231);
    tokio::select! {
        _ = hall.until(all_asked) => {}
        page = pages.join_next() => panic!("a page ended early: {page:?}"),
    }
    hall.ask(ClientMessage::SetMode { mode: Mode::Training }).await.unwrap();
    while let Some(page) = pages.join_next().await {
        page.unwrap();
    }
    let counts = server.host.counters().read();
    assert!(!counts.iter().any(|count| count.label == Some(("code", "slow".into()))), "{counts:?}");
}
