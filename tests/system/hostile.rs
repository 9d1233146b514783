//! What bad input gets: a typed refusal, while the meeting beside it goes on.

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use signaling::wire::ClientMessage;
use tests::app::App;
use tests::participant::{Participant, knock};
use tokio_tungstenite::tungstenite::Message;

/// Sends one frame as the first of a connection and tells the close code.
async fn closed_with(app: &App, frame: Message) -> anyhow::Result<u16> {
    let mut socket = knock(app).await?;
    socket.send(frame).await?;
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(Some(frame)))) => return Some(u16::from(frame.code)),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    })
    .await?;
    ended.ok_or_else(|| anyhow::anyhow!("closed without a code"))
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_on_the_websocket_is_closed_with_a_code_and_nobody_else_notices() -> anyhow::Result<()> {
    let app = App::start().await?;
    let mut chair = Participant::join(&app, &app.token("chair", "Chủ trì").await?).await?;

    for frame in
        ["", "{", "null", r#"{"id":1,"request":{"kind":"become_chair"}}"#, r#"{"id":1,"request":{"kind":"leave"}}"#]
    {
        let code = closed_with(&app, Message::text(frame)).await?;
        assert!((4400..4500).contains(&code), "{frame:?} was closed with {code}");
    }
    let long = closed_with(&app, Message::text("a".repeat(70 * 1024))).await?;
    assert_eq!(long, 1009);

    chair.done(ClientMessage::SetAgendaItem { index: 0 }).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_from_elsewhere_cannot_open_the_websocket_with_our_visitor() -> anyhow::Result<()> {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let app = App::start().await?;
    let mut request = format!("ws://127.0.0.1:{}/ws", app.http).into_client_request()?;
    request.headers_mut().insert("origin", "https://elsewhere.example".parse()?);
    let refused = tokio_tungstenite::connect_async(request).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else { panic!("was let in: {refused:?}") };
    assert_eq!(answer.status(), 403);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_get_a_typed_problem() -> anyhow::Result<()> {
    let app = App::start().await?;
    let secretary = app.signed_in("secretary").await?;
    let site = super::booking::some_site(&secretary).await?;

    let mut ends_before = super::booking::request(&secretary, "Họp", &site).await?;
    ends_before["ends_at"] = json!(ends_before["starts_at"].as_i64().expect("a number") - 1);
    let (status, problem) = secretary.post_once("/api/v1/bookings", "ends-before-it-starts", &ends_before).await?;
    assert_eq!(status, 422, "{problem}");

    let control = super::booking::request(&secretary, "Họp\u{7}\u{202e}", &site).await?;
    let (status, problem) = secretary.post_once("/api/v1/bookings", "control-characters", &control).await?;
    assert_eq!(status, 422, "{problem}");

    let (status, problem) =
        secretary.post("/api/v1/auth/sign-in", &json!({"username": "a".repeat(5_000_000), "password": "x"})).await?;
    assert_eq!((status, &problem["code"]), (413, &json!("too_large")), "{problem}");

    let (status, _) =
        app.visitor()?.post("/api/v1/auth/sign-in", &json!({"username": "thuky", "password": "sai"})).await?;
    assert_eq!(status, 401);

    let foreign =
        app.signed_in("delegate").await?.raw("/api/v1/recordings/00000000-0000-4000-8000-000000000000").await?;
    assert_eq!(foreign.status(), 404);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_the_media_port_gets_no_answer_and_is_counted() -> anyhow::Result<()> {
    let app = App::start().await?;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(("127.0.0.1", app.media)).await?;
    let unauthenticated_stun = {
        let mut request = vec![0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x42];
        request.extend([7; 12]);
        request
    };
    let rtp = [0x80, 111, 0, 1, 0, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4].to_vec();
    let client_hello = [22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0].to_vec();
    let noise = [unauthenticated_stun, rtp, client_hello, vec![0xff; 1_400], vec![]];
    for datagram in &noise {
        socket.send(datagram).await?;
    }
    let mut answer = [0_u8; 1_500];
    let answered = tokio::time::timeout(std::time::Duration::from_secs(1), socket.recv(&mut answer)).await;
    assert!(answered.is_err(), "something was answered to an unknown address");

    let visitor = app.visitor()?;
    tests::eventually("drops are counted by kind", std::time::Duration::from_secs(15), || async {
        let metrics = visitor.raw("/metrics").await.ok()?.text().await.ok()?;
        let dropped = metrics.lines().filter(|line| line.starts_with("sfu_dropped_packets_total"));
        let dropped: f64 = dropped.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
        (dropped >= 4.0).then_some(())
    })
    .await;
    Ok(())
}
