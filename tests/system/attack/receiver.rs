//! A participant that only watches, was let in, and asks for more than anybody needs or says what is not true. It may harm its own
//! picture; the publishers and the other viewers must not notice.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use tests::insider::media::{Camera, compound, split};
use tests::insider::negotiate::{CAMERA_SSRC, Line};
use tests::insider::srtp::header_len;
use tests::insider::{Heard, Insider};

use super::flood::Dice;
use super::{Meeting, WHEP, WHIP};

const PAYLOAD_FEEDBACK: u8 = 206;
const TRANSPORT_FEEDBACK: u8 = 205;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;
const NACK: u8 = 1;
const APPLICATION: u8 = 15;

/// Every slot may have this much before it has earned anything.
const REPAIRS_IN_ADVANCE: usize = 16 * 1024;

/// Of one stream as the receiver saw it.
#[derive(Default)]
struct Seen {
    bytes: usize,
    newest: u16,
    /// By original number, if it is a repair stream.
    times: HashMap<u16, usize>,
}

/// NACK pairs for the hundred numbers up to `newest`.
fn lost(newest: u16) -> Vec<u8> {
    (1..=6_u16).flat_map(|back| [newest.wrapping_sub(17 * back).to_be_bytes(), [0xff; 2]].concat()).collect()
}

fn key_frame_requests(heard: &[Heard]) -> usize {
    let packets = heard.iter().filter_map(|heard| match heard {
        Heard::Rtcp(compound) => Some(split(compound)),
        Heard::Rtp(_) | Heard::Stun(_) | Heard::Closed | Heard::Other => None,
    });
    let asked = |(kind, format, _): &(u8, u8, Vec<u8>)| {
        *kind == PAYLOAD_FEEDBACK && [PICTURE_LOSS, FULL_INTRA].contains(format)
    };
    packets.flatten().filter(|packet| asked(packet)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_asks_a_thousand_times_a_second_costs_the_publisher_two_key_frames_and_gets_a_tenth_again()
-> anyhow::Result<()> {
    const ROUNDS: u32 = 200;
    let meeting = Meeting::of(1).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let mut publisher = Insider::join(&meeting.app, &format!("{WHIP}?as=asked"), &pool, &[Line::Camera]).await?;
    let mut camera = Camera::default();
    for packet in camera.key_frame() {
        publisher.rtp(&packet).await?;
    }
    let slots = [Line::VideoSlot, Line::VideoSlot];
    let mut greedy = Insider::join(&meeting.app, &format!("{WHEP}?as=greedy"), &pool, &slots).await?;
    let before = meeting.before();

    let (mut requests, mut seen) = (0, HashMap::<u32, Seen>::new());
    let began = Instant::now();
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            let frame = if round % 50 == 0 { camera.key_frame() } else { camera.delta_frame() };
            for packet in frame {
                publisher.rtp(&packet).await?;
            }
        }
        requests += key_frame_requests(&publisher.drain().await?);
        for heard in greedy.listen(Duration::from_millis(20)).await? {
            let Heard::Rtp(packet) = heard else { continue };
            let ssrc = u32::from_be_bytes([packet[8], packet[9], packet[10], packet[11]]);
            let stream = seen.entry(ssrc).or_default();
            stream.bytes += packet.len();
            stream.newest = u16::from_be_bytes([packet[2], packet[3]]);
            if let Some(&[high, low]) =
                header_len(&packet).and_then(|len| packet.get(len..)).and_then(<[u8]>::first_chunk::<2>)
            {
                *stream.times.entry(u16::from_be_bytes([high, low])).or_default() += 1;
            }
        }
        let answered: Vec<u32> = greedy.lines.iter().filter_map(|line| line.ssrc).collect();
        for media in answered {
            let newest = seen.get(&media).map_or(0, |stream| stream.newest);
            let (full, lost) = ([media.to_be_bytes(), [round as u8, 0, 0, 0]].concat(), lost(newest));
            for _ in 0..10 {
                let asked = compound(&[
                    (PAYLOAD_FEEDBACK, PICTURE_LOSS, media, &[]),
                    (PAYLOAD_FEEDBACK, FULL_INTRA, 0, &full),
                    (TRANSPORT_FEEDBACK, NACK, media, &lost),
                ]);
                greedy.rtcp(&asked).await?;
            }
        }
    }
    let lasted = began.elapsed();
    requests += key_frame_requests(&publisher.drain().await?);

    assert!(requests > 0, "the publisher was never asked: the receiver does not see it");
    let allowed = 2 * (lasted.as_secs() as usize + 1) + 1;
    assert!(requests <= allowed, "{requests} requests for key frames in {lasted:?}");
    for line in &greedy.lines {
        let media = line.ssrc.and_then(|ssrc| seen.get(&ssrc)).map_or(0, |stream| stream.bytes);
        let Some(repair) = line.repair_ssrc.and_then(|ssrc| seen.get(&ssrc)) else { continue };
        assert!(repair.bytes <= media / 8 + REPAIRS_IN_ADVANCE, "{} bytes again of {media}", repair.bytes);
        let most = repair.times.values().max().copied().unwrap_or(0);
        assert!(most <= 3, "one packet came {most} times again");
    }
    let repaired = greedy.lines.iter().any(|line| line.repair_ssrc.is_some_and(|ssrc| seen.contains_key(&ssrc)));
    assert!(repaired, "nothing was repaired, so nothing was tried");
    meeting.is_unharmed_since(&before).await
}

/// "REMB", one SSRC, and the rate as 18 bits times a power of two.
fn estimate(exponent: u32, mantissa: u32, media: u32) -> Vec<u8> {
    [b"REMB".as_slice(), &(1 << 24 | exponent << 18 | mantissa).to_be_bytes(), &media.to_be_bytes()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_lies_about_its_line_changes_nobody_elses_picture() -> anyhow::Result<()> {
    let meeting = Meeting::of(2).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let mut liar = Insider::join(&meeting.app, &format!("{WHEP}?as=liar"), &pool, &[Line::VideoSlot]).await?;
    let (media, _) = liar.slot(Line::VideoSlot).expect("the slot is answered");
    let before = meeting.before();
    let mut dice = Dice::seeded(8);
    for round in 0..150_u32 {
        let base = (dice.next() as u16).to_be_bytes();
        let estimates = [estimate(0, 0, media), estimate(13, 122_070, media), estimate(63, 0x3_ffff, CAMERA_SSRC)];
        let about = |count: u16, chunk: u16, rest: &[u8]| {
            let head = [base, count.to_be_bytes(), [0, 0], [1, round as u8], chunk.to_be_bytes()].concat();
            let mut body = [head.as_slice(), rest].concat();
            body.resize(body.len().next_multiple_of(4), 0);
            body
        };
        let mut noise = dice.bytes(64);
        noise.truncate(4 * (1 + dice.below(16)));
        let feedback = [
            // Fourteen packets a millisecond apart; 8,191 received without a word when; more than the chunks hold; two lost for ever.
            about(14, 0xbfff, &[4; 14]),
            about(8_191, 0x3fff, &[]),
            about(0xffff, 0xffff, &[0xff; 6]),
            about(2, 0x0002, &[]),
            noise,
        ];
        for body in feedback {
            liar.rtcp(&compound(&[(TRANSPORT_FEEDBACK, APPLICATION, media, &body)])).await?;
        }
        for body in estimates {
            liar.rtcp(&compound(&[(PAYLOAD_FEEDBACK, APPLICATION, 0, &body)])).await?;
        }
        // All lost, and a round trip of years.
        let blamed = [media.to_be_bytes(), [255; 4], [0xff; 4], [0xff; 4], [0, 0, 0, 1], [0xff; 4]].concat();
        let report = [&[0x81, 201, 0, 7, 0, 0, 0, 5], blamed.as_slice()].concat();
        liar.rtcp(&report).await?;
        liar.listen(Duration::from_millis(20)).await?;
    }
    meeting.is_unharmed_since(&before).await
}
