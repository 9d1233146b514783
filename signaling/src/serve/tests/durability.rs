//! What is acknowledged is written down before, and survives the server.

use super::conversation::eventually;
use super::*;
use crate::mark::MarkedFact;

#[tokio::test]
async fn nobody_is_welcomed_before_his_arrival_is_durable() {
    let server = Server::start().await;
    let gate = server.store.hold();
    let mut client = server.knock().await;
    let token = server.token(DAM_HA);
    client.send(ClientMessage::Hello { version: VERSION, token, resume: None, headcount: None }).await;
    let early = tokio::time::timeout(Duration::from_millis(300), client.until(|_| true)).await;
    assert!(early.is_err(), "welcomed before the mark was stored: {early:?}");
    gate.add_permits(100);
    client.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    assert!(server.store.stored().iter().any(|mark| matches!(mark.fact, MarkedFact::Joined { .. })));
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_and_did_not_happen() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    server.store.failing.store(true, SeqCst);
    assert_eq!(hall.ask(ClientMessage::StartSession {}).await, Err(RefusalCode::NotStored));
    assert_eq!(hall.ask(ClientMessage::SetAgendaItem { index: 0 }).await, Err(RefusalCode::NotStored));
    let mut late = server.knock().await;
    assert_eq!(late.hello(&server.token(DAM_HA), None).await, Err(RefusalCode::NotStored));
    let view = server.host.view(SESSION).await.unwrap();
    assert_eq!(view.phase, crate::wire::Phase::Gathering);
    assert_eq!(view.agenda.current, None);
    assert_eq!(view.participants[1].presence, PresenceView::Expected);
    server.store.failing.store(false, SeqCst);
    assert_eq!(hall.ask(ClientMessage::StartSession {}).await, Ok(()));
    server.join(DAM_HA).await;
}

#[tokio::test]
async fn a_line_lost_while_the_store_fails_is_marked_when_it_is_back() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let commune = server.join(DAM_HA).await;
    server.store.failing.store(true, SeqCst);
    drop(commune);
    hall.until_presence(DAM_HA, |presence| matches!(presence, PresenceView::Away { .. })).await;
    let lost = |server: &Server| server.store.stored().iter().any(|mark| matches!(mark.fact, MarkedFact::Lost { .. }));
    assert!(!lost(&server));
    server.store.failing.store(false, SeqCst);
    hall.ask(ClientMessage::StartSession {}).await.unwrap();
    assert!(lost(&server), "the old mark goes with the new one");
}

#[tokio::test]
async fn after_a_sudden_death_everybody_comes_back_into_his_seat() {
    let (keys, pkcs8) = Keys::generate().unwrap();
    let before = Server::start_with(keys, brief(Mode::Conference)).await;
    let mut hall = before.join(HALL).await;
    let mut commune = before.join(DAM_HA).await;
    hall.ask(ClientMessage::StartSession {}).await.unwrap();
    commune.ask(ClientMessage::AskToSpeak { note: Some("Kinh phí".into()) }).await.unwrap();
    let past = before.store.stored();
    let resume = commune.resume.clone();

    // Nothing of the first server is asked any more; the second knows what was stored, and the key.
    let after =
        Server::start_with(Keys::from_pkcs8(&pkcs8).unwrap(), SessionBrief { past, ..brief(Mode::Conference) }).await;
    let mut back = after.knock().await;
    back.hello(&after.token(DAM_HA), Some(resume)).await.unwrap();
    let view = back.view.unwrap();
    assert!(matches!(view.phase, crate::wire::Phase::InSession { .. }));
    assert_eq!(view.floor.queue[0].note.as_deref(), Some("Kinh phí"));
    assert!(matches!(view.participants[0].presence, PresenceView::Away { .. }), "the chair is waited for");
    assert!(after.store.stored().iter().any(|mark| mark.fact == MarkedFact::Interrupted));
}

#[tokio::test]
async fn forty_who_come_while_a_flush_runs_share_the_next_ones() {
    let server = Server::start().await;
    let gate = server.store.hold();
    let mut clients = Vec::new();
    for who in 100..140 {
        let mut client = server.knock().await;
        let token = server.token(who);
        client.send(ClientMessage::Hello { version: VERSION, token, resume: None, headcount: None }).await;
        clients.push(client);
    }
    // The first flush holds whoever came first; everybody else is taken in together behind it.
    let received = || {
        let counts = server.host.counters().read();
        counts.iter().find(|count| count.name == "signaling_messages_received_total").map(|count| count.value)
    };
    eventually(|| received() == Some(40)).await;
    gate.add_permits(1000);
    for client in &mut clients {
        client.until(|message| matches!(message, ServerMessage::Welcome { .. })).await;
    }
    let joined = server.store.stored().iter().filter(|mark| matches!(mark.fact, MarkedFact::Joined { .. })).count();
    assert_eq!(joined, 40);
    let flushes = server.store.flushes.load(SeqCst);
    assert!(flushes < 10, "{flushes} flushes");
}
