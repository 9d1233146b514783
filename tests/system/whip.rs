//! WHIP and WHEP with a client of the standard: the `webrtc` crate.

use std::net::Ipv4Addr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tests::app::App;
use tests::eventually;
use tests::peer::{Line, Peer, Wanted};

pub(crate) const WHIP: &str = "/api/v1/sessions/demo/whip";
pub(crate) const WHEP: &str = "/api/v1/sessions/demo/whep";

/// Joins by WHIP or WHEP and waits until media is connected; tells the resource's address.
pub(crate) async fn connect(
    app: &App,
    path: &str,
    who: (&str, &str),
    wanted: Wanted,
) -> anyhow::Result<(Peer, String)> {
    connect_by(Line::Udp, app, path, who, wanted).await
}

pub(crate) async fn connect_by(
    line: Line,
    app: &App,
    path: &str,
    (role, name): (&str, &str),
    wanted: Wanted,
) -> anyhow::Result<(Peer, String)> {
    let token = app.token(role, name).await?;
    let (peer, offer) = Peer::offer_by(line, wanted, &[Ipv4Addr::LOCALHOST.into()]).await?;
    let answer = app.visitor()?.post_sdp(path, &token, offer).await?;
    let status = answer.status();
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let text = answer.text().await?;
    anyhow::ensure!(status == 201, "{path}: {status} {text}");
    peer.accept(text).await?;
    Ok((peer, location.expect("201 comes with a Location")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_publishes_by_whip_another_receives_by_whep_without_a_gap() -> anyhow::Result<()> {
    let app = App::start().await?;
    let (publisher, _) =
        connect(&app, WHIP, ("chair", "Điểm cầu trung tâm"), Wanted { publish: true, audio_slots: 0, video_slots: 0 })
            .await?;
    let _sending = publisher.publish(440.0);
    let (viewer, _) =
        connect(&app, WHEP, ("delegate", "Xã Quảng Tân"), Wanted { publish: false, audio_slots: 1, video_slots: 1 })
            .await?;
    let received = viewer.received.clone();
    eventually("sound, pictures and a key frame arrive", Duration::from_secs(15), || {
        let enough = received.audio_packets.load(Ordering::Relaxed) >= 50
            && received.video_packets.load(Ordering::Relaxed) >= 50
            && received.key_frames.load(Ordering::Relaxed) >= 1;
        async move { enough.then_some(()) }
    })
    .await;
    assert_eq!(received.video_gaps.load(Ordering::Relaxed), 0, "a slot is one continuous stream");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_enters_without_a_valid_token_and_nobody_with_an_offer_that_is_none() -> anyhow::Result<()> {
    let app = App::start().await?;
    let visitor = app.visitor()?;
    let (_, offer) = Peer::offer(Wanted { publish: true, audio_slots: 0, video_slots: 0 }).await?;
    assert_eq!(visitor.post_sdp(WHIP, "eyJhbGciOiJub25lIn0.e30.", offer.clone()).await?.status(), 401);

    let token = app.token("delegate", "Xã Đầm Hà").await?;
    let broken = visitor.post_sdp(WHIP, &token, "v=0\r\nnonsense".into()).await?.status().as_u16();
    assert!([400, 422].contains(&broken), "{broken}");
    let huge = visitor.post_sdp(WHIP, &token, "a".repeat(300 * 1024)).await?.status().as_u16();
    assert_eq!(huge, 413);
    let h264_only = offer.replace("VP8/90000", "H263/90000");
    let unsupported = visitor.post_sdp(WHIP, &token, h264_only).await?.status().as_u16();
    assert!([406, 422, 201].contains(&unsupported), "{unsupported}");
    assert_eq!(visitor.raw("/healthz").await?.status(), 200, "the server is unmoved");
    Ok(())
}
