//! What bad input gets, while the meeting beside it goes on.

use super::*;

#[tokio::test]
async fn every_breach_of_the_protocol_is_closed_with_its_own_code_and_nobody_else_notices() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let deep = format!(r#"{{"id":1,"request":{}"#, "[".repeat(50_000));
    let cases: Vec<(Message, u16, &str)> = vec![
        (Message::text(""), 4400, "malformed"),
        (Message::text("null"), 4400, "malformed"),
        (Message::text("{"), 4400, "malformed"),
        (Message::text(deep), 4400, "malformed"),
        (Message::text(r#"{"id":1,"request":{"kind":"become_chair"}}"#), 4400, "unknown_kind"),
        (Message::text(r#"{"id":1,"request":{"kind":"leave"}}"#), 4400, "out_of_turn"),
        (Message::text(r#"{"id":1,"request":{"kind":"leave","why":"x"}}"#), 4400, "malformed"),
        (Message::text(r#"{"id":-1,"request":{"kind":"leave"}}"#), 4400, "malformed"),
        (Message::text(r#"{"id":1,"id":2,"request":{"kind":"leave"}}"#), 4400, "malformed"),
        (Message::text("a".repeat(70 * 1024)), 1009, "too_large"),
        (Message::text("a".repeat(2 * 1024 * 1024)), 1009, "too_large"),
        (Message::binary(vec![1, 2, 3]), 4400, "binary"),
    ];
    for (frame, code, reason) in cases {
        let mut client = server.knock().await;
        let what = format!("{frame:.60?}");
        client.send_raw(frame).await;
        assert_eq!(client.closed().await, (code, reason.into()), "{what}");
    }
    hall.ask(ClientMessage::SetAgendaItem { index: 0 }).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_says_nothing_is_closed() {
    let (keys, _) = Keys::generate().unwrap();
    let server = Server::start_impatient(keys, brief(Mode::Conference), Duration::from_millis(300)).await;
    let mut client = server.knock().await;
    assert_eq!(client.closed().await, (4408, "hello_timeout".into()));
}

#[tokio::test]
async fn a_second_hello_is_out_of_turn() {
    let server = Server::start().await;
    let mut client = server.join(DAM_HA).await;
    let token = server.token(DAM_HA);
    client.send(ClientMessage::Hello { version: VERSION, token, resume: None, headcount: None }).await;
    assert_eq!(client.closed().await, (4400, "out_of_turn".into()));
}

#[tokio::test]
async fn a_flood_is_closed_and_the_seat_is_kept() {
    let server = Server::start().await;
    let mut hall = server.join(HALL).await;
    let mut flood = server.join(DAM_HA).await;
    for _ in 0..100 {
        flood.send(ClientMessage::Pong { nonce: 0 }).await;
    }
    assert_eq!(flood.closed().await, (4429, "too_fast".into()));
    hall.until_presence(DAM_HA, |presence| matches!(presence, PresenceView::Away { .. })).await;
}

#[tokio::test]
async fn a_reader_that_never_reads_is_closed_as_slow_at_the_hundred_and_twenty_ninth_message() {
    use super::super::outbox::{OUTBOX_MAX, Put, outbox};
    let (mut sender, mut reader) = outbox();
    assert!((0..OUTBOX_MAX).all(|_| sender.put("x".into()) == Put::Taken));
    assert_eq!(sender.put("x".into()), Put::Gone);
    let ending = (&mut reader.end).await.unwrap();
    assert_eq!(ending.code.code(), 4430);
}

#[tokio::test]
async fn a_refused_offer_is_an_answer_and_not_the_end() {
    let server = Server::start().await;
    let mut client = server.join(DAM_HA).await;
    assert_eq!(client.ask(ClientMessage::Offer { sdp: "unusable".into() }).await, Err(RefusalCode::OfferInvalid));
    assert_eq!(client.ask(ClientMessage::Offer { sdp: "v=0".into() }).await, Ok(()));
}
