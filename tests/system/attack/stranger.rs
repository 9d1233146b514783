//! Somebody who was never let in: he knows the media port, and at most the numbers of other people's streams.

use std::time::Duration;

use tests::insider::client_hello;
use tests::insider::media::rtp;
use tests::insider::negotiate::Line;
use tests::insider::{Heard, Insider};

use super::flood::{Dice, ELSEWHERE, Flood, NEXT_DOOR, media_port, sockets};
use super::{Meeting, WHEP, viewer};

/// Memory of the process that other things than the attack may take meanwhile: the histories of a young meeting still grow. A DTLS
/// association is ten kilobytes, so that one for each hello would be six times as much.
const SLACK_BYTES: u64 = 10 * 1024 * 1024;

/// A ClientHello that offers `suites` only, cut into records of one fragment each.
fn hello_of(suites: &[u16], fragment: usize) -> Vec<Vec<u8>> {
    let mut body = vec![0xfe, 0xfd];
    body.extend([7; 32]);
    body.extend([0, 0]);
    body.extend(u16::try_from(2 * suites.len()).expect("a few suites").to_be_bytes());
    body.extend(suites.iter().flat_map(|suite| suite.to_be_bytes()));
    body.extend([1, 0, 0, 0]);
    let whole = u32::try_from(body.len()).expect("a short hello").to_be_bytes();
    let records = body.chunks(fragment).enumerate().map(|(at, piece)| {
        let offset = u32::try_from(at * fragment).expect("a short hello").to_be_bytes();
        let len = u32::try_from(piece.len()).expect("a short hello").to_be_bytes();
        let message = [&[1], &whole[1..], &[0, 0], &offset[1..], &len[1..], piece].concat();
        let size = u16::try_from(message.len()).expect("a short hello").to_be_bytes();
        let number = u8::try_from(at).expect("a few fragments");
        [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, number], size.as_slice(), &message].concat()
    });
    records.collect()
}

/// Genuine; without encryption (TLS_NULL_WITH_NULL_NULL, TLS_RSA_WITH_NULL_SHA); in crumbs.
fn hellos() -> anyhow::Result<Vec<Vec<u8>>> {
    let mut hellos = vec![client_hello()?];
    hellos.extend(hello_of(&[0x0000, 0x0002], 1_000));
    hellos.extend(hello_of(&[0xc02b], 16));
    Ok(hellos)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_race_of_client_hellos_keeps_no_genuine_client_out() -> anyhow::Result<()> {
    const VICTIMS: usize = 12;
    let meeting = Meeting::of(1).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let (before, hellos) = (meeting.before(), hellos()?);
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 20).await?;
    let make = move |n: u64| hellos[n as usize % hellos.len()].clone();
    let flood = Flood::begin(sockets, media_port(&meeting.app), (1_000, u64::MAX), Box::new(make));

    let mut victims = Vec::new();
    for name in 0..VICTIMS {
        victims.push(viewer(&meeting.app, &pool, 100 + name).await?);
    }
    // Once more with time between the steps: after the answer, after the check, after the handshake.
    let mut slow = Insider::negotiate(&meeting.app, &format!("{WHEP}?as=slow"), &pool, &[Line::VideoSlot]).await?;
    assert_eq!(slow.listen(Duration::from_millis(300)).await?, [], "somebody answered for him");
    slow.prove().await?;
    let heard = slow.listen(Duration::from_millis(300)).await?;
    assert!(
        heard.iter().all(|heard| matches!(heard, Heard::Stun(_))),
        "a stranger's hello was answered to him: {heard:?}"
    );
    slow.shake_hands().await?;
    let heard = slow.listen(Duration::from_millis(500)).await?;
    assert!(heard.iter().any(|heard| matches!(heard, Heard::Rtp(_))), "he sees nothing");
    assert!(!heard.contains(&Heard::Closed));

    let report = flood.stop().await?;
    assert_eq!(report.answered_bytes, 0);
    assert!(victims.iter().all(tests::peer::Peer::is_connected));
    meeting.has_counted(Some("not_validated"), report.sent as f64 * 0.9).await;
    meeting.is_unharmed_since(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_client_hellos_without_a_proven_address_get_no_byte_and_take_no_memory() -> anyhow::Result<()> {
    const HELLOS: u64 = 10_000;
    let meeting = Meeting::of(1).await?;
    let (before, hellos) = (meeting.before(), hellos()?);
    let resident = meeting.app.resident_bytes()?;
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 100).await?;
    let make = move |n: u64| hellos[n as usize % hellos.len()].clone();
    let report = Flood::begin(sockets, media_port(&meeting.app), (3_000, HELLOS), Box::new(make)).end().await?;
    assert_eq!(report.answered_bytes, 0);
    meeting.has_counted(Some("not_validated"), HELLOS as f64 * 0.9).await;
    meeting.is_unharmed_since(&before).await?;
    let grown = meeting.app.resident_bytes()?.saturating_sub(resident);
    assert!(grown <= SLACK_BYTES, "{grown} bytes more than before");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn media_in_anothers_name_is_forwarded_to_nobody_and_media_goes_to_no_stranger() -> anyhow::Result<()> {
    const MARK: &[u8] = b"injected by a stranger";
    let meeting = Meeting::of(2).await?;
    let camera = meeting.publisher.camera_ssrc().expect("the publisher has a camera");
    let pool = meeting.app.pool_token(1_000).await?;
    let lines = [Line::VideoSlot, Line::AudioSlot];
    let mut witness = Insider::join(&meeting.app, &format!("{WHEP}?as=witness"), &pool, &lines).await?;
    let before = meeting.before();

    let mut dice = Dice::seeded(4);
    let make = move |n: u64| {
        let payload = [&[0x90, 0xe0, 0x80, 1, 1, 0, 0x10, 2, 0], MARK, &dice.bytes(16)].concat();
        match n % 4 {
            // Without a tag, with one of noise, and the reports that would move an address or end a stream.
            0 | 1 => rtp(96, true, n as u16, n as u32 * 3_600, camera, &payload),
            2 => rtp(111, false, n as u16, n as u32 * 960, camera ^ n as u32, &payload),
            _ => [&[0x81, 203, 0, 1], camera.to_be_bytes().as_slice(), &dice.bytes(20)].concat(),
        }
    };
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 4).await?;
    let flood = Flood::begin(sockets, media_port(&meeting.app), (1_000, 3_000), Box::new(make));
    let heard = witness.listen(Duration::from_secs(4)).await?;
    let report = flood.end().await?;

    assert_eq!(report.answered_bytes, 0, "media or an answer went to a stranger");
    let injected =
        |heard: &&Heard| matches!(heard, Heard::Rtp(packet) if packet.windows(MARK.len()).any(|at| at == MARK));
    assert_eq!(heard.iter().filter(injected).count(), 0);
    assert!(heard.iter().any(|heard| matches!(heard, Heard::Rtp(_))), "the witness saw nothing at all");
    meeting.has_counted(Some("not_validated"), report.sent as f64 * 0.9).await;
    meeting.is_unharmed_since(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_bad_datagrams_are_counted_and_hardly_mentioned() -> anyhow::Result<()> {
    const DATAGRAMS: u64 = 100_000;
    let meeting = Meeting::of(1).await?;
    let before = meeting.before();
    let mut dice = Dice::seeded(35);
    let make = move |n: u64| {
        let len = 20 + dice.below(60);
        let mut datagram = dice.bytes(len);
        datagram[0] = match n % 5 {
            0 => 0,
            1 => 22,
            2 | 3 => 0x80,
            _ => 0xff,
        };
        if n % 5 == 3 {
            datagram[1] = 200;
        }
        datagram
    };
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 8).await?;
    let report = Flood::begin(sockets, media_port(&meeting.app), (10_000, DATAGRAMS), Box::new(make)).end().await?;
    assert_eq!(report.answered_bytes, 0);
    for kind in ["stun_malformed", "not_validated", "not_ours"] {
        meeting.has_counted(Some(kind), DATAGRAMS as f64 / 10.0).await;
    }
    meeting.is_unharmed_since(&before).await
}
