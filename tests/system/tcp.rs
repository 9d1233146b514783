//! A site whose line lets no UDP through: everything over one TCP connection (RFC 6544).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tests::app::App;
use tests::eventually;
use tests::peer::{Line, Peer, Wanted};

use crate::whip::{WHEP, WHIP, connect, connect_by};

#[tokio::test(flavor = "multi_thread")]
async fn who_has_only_tcp_publishes_and_receives_without_a_gap() -> anyhow::Result<()> {
    let app = App::start().await?;
    let sends = Wanted { publish: true, audio_slots: 0, video_slots: 0 };
    let sees = Wanted { publish: false, audio_slots: 1, video_slots: 1 };
    let (publisher, _) = connect_by(Line::Tcp, &app, WHIP, ("chair", "Xã đảo Cô Tô"), sends).await?;
    let _sending = publisher.publish(440.0);
    let (by_tcp, _) = connect_by(Line::Tcp, &app, WHEP, ("delegate", "Xã Đầm Hà"), sees).await?;
    let (by_udp, _) = connect(&app, WHEP, ("delegate", "Xã Quảng Tân"), sees).await?;
    for received in [by_tcp.received.clone(), by_udp.received.clone()] {
        eventually("sound, pictures and a key frame arrive", Duration::from_secs(15), || {
            let enough = received.audio_packets.load(Ordering::Relaxed) >= 50
                && received.video_packets.load(Ordering::Relaxed) >= 50
                && received.key_frames.load(Ordering::Relaxed) >= 1;
            async move { enough.then_some(()) }
        })
        .await;
        assert_eq!(received.video_gaps.load(Ordering::Relaxed), 0, "a slot is one continuous stream");
    }
    let figures = app.visitor()?.raw("/metrics").await?.text().await?;
    assert!(figures.lines().any(|line| line == "sfu_census{of=\"connections\"} 2"), "{figures}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_at_the_tcp_port_get_nothing_and_are_counted() -> anyhow::Result<()> {
    let app = App::start().await?;
    let media = ("127.0.0.1", app.media);
    for greeting in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0, 4, 0x80, 111, 0, 1], &[0xff; 40]] {
        let mut stranger = TcpStream::connect(media)?;
        stranger.set_read_timeout(Some(Duration::from_secs(10)))?;
        stranger.write_all(greeting)?;
        let answered = stranger.read(&mut [0; 16]).unwrap_or(0);
        assert_eq!(answered, 0, "{greeting:?} was answered");
    }
    let figures = app.visitor()?.raw("/metrics").await?.text().await?;
    let count = |kind: &str| {
        let name = format!("sfu_dropped_packets_total{{kind=\"{kind}\"}} ");
        figures.lines().find_map(|line| line.strip_prefix(&name)).and_then(|count| count.parse::<u64>().ok())
    };
    assert_eq!((count("tcp_oversize"), count("tcp_stranger")), (Some(2), Some(1)), "{figures}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_names_both_ports_and_udp_before_tcp() -> anyhow::Result<()> {
    let app = App::start().await?;
    let token = app.token("delegate", "Xã Đầm Hà").await?;
    let (_, offer) = Peer::offer(Wanted { publish: true, audio_slots: 0, video_slots: 0 }).await?;
    let answer = app.visitor()?.post_sdp(WHIP, &token, offer).await?.text().await?;
    let candidates: Vec<Vec<&str>> = answer
        .lines()
        .filter_map(|line| line.strip_prefix("a=candidate:"))
        .map(|line| line.split(' ').collect())
        .collect();
    let [udp, tcp] = candidates.as_slice() else { panic!("not two candidates: {answer}") };
    assert_eq!((udp[2], tcp[2]), ("udp", "tcp"));
    assert_eq!((udp[5], tcp[5]), (app.media.to_string().as_str(), app.media.to_string().as_str()));
    assert!(udp[3].parse::<u32>()? > tcp[3].parse::<u32>()?);
    assert_eq!(tcp[6..], ["typ", "host", "tcptype", "passive"]);
    Ok(())
}
