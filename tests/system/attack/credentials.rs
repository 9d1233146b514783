//! ICE credentials: guessed, reused after their time, and used as a lever against third parties.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use tests::insider::negotiate::Line;
use tests::insider::{Heard, Insider, NOMINATING, check};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::flood::{Dice, ELSEWHERE, Flood, NEXT_DOOR, media_port, sockets};
use super::{Meeting, WHEP};

/// Answers to the checks of one peer, whatever it sends.
const AT_ONCE: usize = 200;
const PER_SECOND: usize = 50;
const ANSWER_MAX: usize = 100;

/// For an answer that must not come.
const SILENCE: Duration = Duration::from_secs(1);

async fn a_viewer(meeting: &Meeting, name: &str) -> anyhow::Result<Insider> {
    let pool = meeting.app.pool_token(1_000).await?;
    Insider::join(&meeting.app, &format!("{WHEP}?as={name}"), &pool, &[Line::VideoSlot]).await
}

/// The answer to a datagram from an address of its own, if one comes.
async fn answer_to(meeting: &Meeting, datagram: &[u8], within: Duration) -> anyhow::Result<Option<Vec<u8>>> {
    let socket = UdpSocket::bind((ELSEWHERE, 0)).await?;
    socket.connect(media_port(&meeting.app)).await?;
    socket.send(datagram).await?;
    let mut answer = [0; 2048];
    let Ok(read) = timeout(within, socket.recv(&mut answer)).await else { return Ok(None) };
    Ok(Some(answer[..read?].to_vec()))
}

/// STUN that nobody signed: the n-th.
fn unsigned(n: u64, username: &str, dice: &mut Dice) -> Vec<u8> {
    let attribute = |tag: u16, value: &[u8]| {
        let mut bytes = [tag.to_be_bytes(), u16::try_from(value.len()).expect("short").to_be_bytes()].concat();
        bytes.extend(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    // Request, indication, success, error; Allocate and a method nobody knows.
    let kind = [0x0001_u16, 0x0011, 0x0101, 0x0111, 0x0003, 0x0fff][(n % 6) as usize];
    let name = attribute(0x0006, username.as_bytes());
    let promising = [attribute(0x0024, &[1; 4]), attribute(0x802a, &[1; 8]), attribute(0x0025, &[])].concat();
    let body = match n % 7 {
        0 => vec![],
        1 => name,
        2 => [name, promising].concat(),
        3 => [name, promising, attribute(0x0008, &dice.bytes(20)), attribute(0x8028, &dice.bytes(4))].concat(),
        4 => [name, attribute(0x8022, &[b'x'; 1_200])].concat(),
        5 => [attribute(0x0006, &[0xff; 512]), attribute(0x0008, &[0; 20])].concat(),
        _ => dice.bytes(4 * (n % 97) as usize),
    };
    let mut message = kind.to_be_bytes().to_vec();
    let len = if n.is_multiple_of(11) { 0xfffc } else { u16::try_from(body.len()).expect("short") };
    message.extend(len.to_be_bytes());
    // Without the cookie it is the STUN of 2003.
    message.extend(if n.is_multiple_of(13) { [0; 4] } else { [0x21, 0x12, 0xa4, 0x42] });
    message.extend(dice.bytes(12));
    message.extend(body);
    message
}

#[tokio::test(flavor = "multi_thread")]
async fn stun_that_nobody_signed_is_never_answered_and_an_answer_is_no_lever() -> anyhow::Result<()> {
    let meeting = Meeting::of(1).await?;
    let mut viewer = a_viewer(&meeting, "reflecting").await?;
    let before = meeting.before();

    let (username, mut dice) = (viewer.username(), Dice::seeded(12));
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 8).await?;
    let make = move |n: u64| unsigned(n, &username, &mut dice);
    let report = Flood::begin(sockets, media_port(&meeting.app), (2_000, 6_000), Box::new(make)).end().await?;
    assert_eq!(report.answered_bytes, 0, "unsigned STUN was answered");
    meeting.has_counted(Some("stun_malformed"), 3_000.0).await;

    // Signed by one who was let in, in the name of another address.
    let (mut answered, software) = (0, [b'x'; 64]);
    for padding in 0..=16 {
        for nominating in [&NOMINATING[..2], &NOMINATING] {
            let mut attributes = nominating.to_vec();
            if padding > 0 {
                attributes.insert(0, (0x8022, &software[..4 * padding]));
            }
            let request = check(&viewer.username(), viewer.password(), &attributes)?;
            if let Some(answer) = answer_to(&meeting, &request, Duration::from_millis(500)).await? {
                answered += 1;
                assert!(10 * answer.len() <= 16 * request.len(), "{} bytes to {}", answer.len(), request.len());
            }
        }
    }
    assert!(answered > 20, "only {answered} genuine checks were answered");
    // His media goes home again: what is counted is answers, and these checks do not call it elsewhere.
    viewer.prove().await?;
    let plain = || check(&viewer.username(), viewer.password(), &NOMINATING[..2]);
    let flood: Vec<Vec<u8>> = (0..1_000).map(|_| plain()).collect::<Result<_, _>>()?;
    let (sockets, began) = (super::flood::sockets(&[ELSEWHERE], 4).await?, Instant::now());
    let make = move |n: u64| flood[n as usize % flood.len()].clone();
    let report = Flood::begin(sockets, media_port(&meeting.app), (100_000, 1_000), Box::new(make)).end().await?;
    let reflected = report.answered_bytes;
    let answers = AT_ONCE + PER_SECOND * (1 + began.elapsed().as_secs() as usize);
    assert!(reflected <= answers * ANSWER_MAX, "{reflected} bytes reflected in {:?}", began.elapsed());
    meeting.has_counted(Some("stun_too_often"), 300.0).await;

    viewer.prove().await?;
    meeting.is_unharmed_since(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn credentials_cannot_be_guessed_and_are_dead_within_a_second_of_leaving_or_restarting() -> anyhow::Result<()> {
    let meeting = Meeting::of(1).await?;
    let mut viewer = a_viewer(&meeting, "guessed").await?;
    let before = meeting.before();

    // RFC 8445 section 5.3 asks for 24 and 128 bits; a character carries six.
    let pool = meeting.app.pool_token(1_000).await?;
    let mut names = HashSet::from([viewer.username()]);
    for n in 0..5 {
        let other =
            Insider::negotiate(&meeting.app, &format!("{WHEP}?as=other-{n}"), &pool, &[Line::VideoSlot]).await?;
        let ours = other.username().split(':').next().unwrap_or_default().len();
        assert!(6 * ours >= 24 && 6 * other.password().len() >= 128);
        assert!(names.insert(other.username()) && names.insert(other.password().to_owned()), "used twice");
        other.leave().await?;
    }

    let (username, genuine, mut dice) = (viewer.username(), viewer.password().to_owned(), Dice::seeded(13));
    let make = move |n: u64| {
        // Half of them know the name; some guess all but the last character.
        let name = if n.is_multiple_of(2) { username.clone() } else { format!("{:08x}:{:08x}", dice.next() as u32, n) };
        let guess = if n.is_multiple_of(4) {
            format!("{}!", &genuine[..genuine.len() - 1])
        } else {
            format!("{:024x}", dice.next())
        };
        check(&name, &guess, &NOMINATING).expect("a request can be built")
    };
    let sockets = sockets(&[ELSEWHERE, NEXT_DOOR], 4).await?;
    let report = Flood::begin(sockets, media_port(&meeting.app), (1_000, 4_000), Box::new(make)).end().await?;
    assert_eq!(report.answered_bytes, 0, "a guess was answered");
    meeting.has_counted(Some("stun_forged"), 1_800.0).await;
    meeting.has_counted(Some("stun_unknown"), 1_800.0).await;

    let old = viewer.check()?;
    assert!(answer_to(&meeting, &old, SILENCE).await?.is_some(), "the check was good before");
    viewer.restart().await?;
    assert_eq!(answer_to(&meeting, &old, SILENCE).await?, None, "old credentials live after a restart");
    viewer.prove().await?;
    viewer.drain().await?;
    let heard = viewer.listen(Duration::from_secs(1)).await?;
    assert!(heard.iter().any(|heard| matches!(heard, Heard::Rtp(_))), "pictures go on after the restart");

    let last = viewer.check()?;
    viewer.leave().await?;
    assert_eq!(answer_to(&meeting, &last, SILENCE).await?, None, "credentials live after leaving");
    meeting.is_unharmed_since(&before).await
}
