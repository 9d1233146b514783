//! Somebody who can forge the very address and port that a participant has proven, and holds no keys. To the server that is the
//! participant's own socket, so that is where these datagrams are written.

use std::time::Duration;

use tests::insider::client_hello;
use tests::insider::media::{Camera, compound, rtp};
use tests::insider::negotiate::{CAMERA_SSRC, Line};
use tests::insider::{Heard, Insider};

use super::flood::Dice;
use super::{Meeting, WHIP};

/// In each round, beside one genuine picture.
const FORGED_A_ROUND: usize = 100;
const ROUNDS: usize = 200;

/// What a forger would try, the n-th.
fn forged(n: usize, dice: &mut Dice, hello: &[u8]) -> Vec<u8> {
    let noise_len = 20 + dice.below(100);
    let noise = dice.bytes(noise_len);
    let record = |kind: u8, epoch: u8, body: &[u8]| {
        let size = u16::try_from(body.len()).expect("a short body").to_be_bytes();
        [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 1, n as u8], size.as_slice(), body].concat()
    };
    match n % 10 {
        0..=3 => rtp(96, true, n as u16, 0, CAMERA_SSRC, &noise),
        // Each in a stream of its own.
        4 => rtp(96, true, 1, 0, n as u32, &noise),
        5 => [compound(&[(206, 1, CAMERA_SSRC, &[])]), noise].concat(),
        // A fatal alert and a goodbye in plain text, then the same as if they were encrypted.
        6 => record(21, 0, &[2, 40]),
        7 => record(21, u8::from(n % 20 == 7), &[1, 0]),
        8 => record(23, 1, &noise),
        _ => hello.to_vec(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_forgeries_from_a_participants_own_address_do_not_disconnect_him() -> anyhow::Result<()> {
    let meeting = Meeting::of(1).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let lines = [Line::Camera];
    let mut victim = Insider::join(&meeting.app, &format!("{WHIP}?as=victim"), &pool, &lines).await?;
    let before = meeting.before();
    let (mut camera, mut dice, hello) = (Camera::default(), Dice::seeded(3), client_hello()?);

    let (mut n, mut heard) = (0, Vec::new());
    for round in 0..ROUNDS {
        let frame = if round % 25 == 0 { camera.key_frame() } else { camera.delta_frame() };
        for packet in frame {
            victim.rtp(&packet).await?;
        }
        for _ in 0..FORGED_A_ROUND {
            victim.write(&forged(n, &mut dice, &hello)).await?;
            n += 1;
        }
        heard.extend(victim.listen(Duration::from_millis(20)).await?);
    }
    assert!(!heard.contains(&Heard::Closed), "the victim was sent away");
    // Feedback about his pictures still comes, and in his keys.
    heard.clear();
    for packet in camera.key_frame() {
        victim.rtp(&packet).await?;
    }
    heard.extend(victim.listen(Duration::from_secs(2)).await?);
    assert!(heard.iter().any(|heard| matches!(heard, Heard::Rtcp(_))), "nothing more came: {heard:?}");
    meeting.has_counted(None, n as f64 * 0.8).await;
    for kind in ["srtp_forged", "dtls_unreadable"] {
        meeting.has_counted(Some(kind), n as f64 * 0.05).await;
    }
    meeting.is_unharmed_since(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_on_the_line_cannot_be_played_to_the_server_again() -> anyhow::Result<()> {
    let meeting = Meeting::of(1).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let mut victim = Insider::join(&meeting.app, &format!("{WHIP}?as=recorded"), &pool, &[Line::Camera]).await?;
    let before = meeting.before();
    let (mut camera, mut tape) = (Camera::default(), Vec::new());
    for round in 0..25 {
        let frame = if round == 0 { camera.key_frame() } else { camera.delta_frame() };
        for packet in frame {
            tape.push(victim.keys().seal_rtp(&packet));
        }
        tape.push(victim.keys().seal_rtcp(&compound(&[])));
    }
    for datagram in &tape {
        victim.write(datagram).await?;
    }
    victim.listen(Duration::from_secs(1)).await?;
    let replayed_before = meeting.app.dropped(Some("srtp_replayed")).await?;
    for _twice in 0..2 {
        for datagram in &tape {
            victim.write(datagram).await?;
        }
        victim.listen(Duration::from_millis(200)).await?;
    }
    meeting.has_counted(Some("srtp_replayed"), replayed_before + 2.0 * tape.len() as f64).await;

    // From another address it is not even looked at.
    let elsewhere = tokio::net::UdpSocket::bind("127.0.0.2:0").await?;
    let unproven = meeting.app.dropped(Some("not_validated")).await?;
    for datagram in &tape {
        elsewhere.send_to(datagram, ("127.0.0.1", meeting.app.media)).await?;
    }
    meeting.has_counted(Some("not_validated"), unproven + tape.len() as f64).await;
    meeting.is_unharmed_since(&before).await
}
