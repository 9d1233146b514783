//! A participant that publishes, was let in, and sends what no client would: headers that lie, control that ends other people's
//! streams, data where none was agreed.

use std::time::Duration;

use tests::insider::media::{Camera, compound, rtp};
use tests::insider::negotiate::{CAMERA_REPAIR_SSRC, CAMERA_SSRC, Line};
use tests::insider::{Heard, Insider};

use super::flood::Dice;
use super::{Meeting, WHIP};

/// Memory that 12 MB of data must not take.
const SLACK_BYTES: u64 = 6 * 1024 * 1024;

/// A packet of the camera with an extension block of this profile.
fn extended(seq: u16, profile: u16, words: u16, block: &[u8]) -> Vec<u8> {
    let mut packet = rtp(96, true, seq, 0, CAMERA_SSRC, &[]);
    packet[0] |= 0x10;
    packet.extend(profile.to_be_bytes());
    packet.extend(words.to_be_bytes());
    packet.extend(block);
    packet.extend([0x90, 0xe0, 0x80, 1, 1, 0, 0x10, 2, 0]);
    packet
}

fn with_first_byte(bits: u8, mut packet: Vec<u8>) -> Vec<u8> {
    packet[0] |= bits;
    packet
}

/// One of each kind of lie.
fn malformed(seq: u16, dice: &mut Dice) -> Vec<Vec<u8>> {
    let picture = |payload: &[u8]| rtp(96, true, seq, 0, CAMERA_SSRC, payload);
    let repair = |payload: &[u8]| rtp(97, false, seq, 0, CAMERA_REPAIR_SSRC, payload);
    vec![
        // The extension reaches beyond the packet.
        extended(seq, 0xbede, 0xffff, &[0x10, 1, 0, 0]),
        extended(seq, 0xbede, 300, &[0; 1_100]),
        // Elements that reach beyond the block, the reserved ids, a block of nothing, the form nobody knows.
        extended(seq, 0xbede, 1, &[0x4f, b'0', 0, 0]),
        extended(seq, 0xbede, 2, &[0xf0, 1, 0x10, 2, 0x0f, 0, 0, 0]),
        extended(seq, 0x1000, 1, &[4, 255, b'0', 0]),
        extended(seq, 0x1005, 2, &[0, 0, 15, 0, 0, 0, 0, 0]),
        extended(seq, 0xbede, 0, &[]),
        extended(seq, 0xffff, 1, &[1, 2, 3, 4]),
        // A mid that is no text, and one that is not his.
        extended(seq, 0xbede, 1, &[0x41, 0xff, 0xfe, 0]),
        extended(seq, 0xbede, 1, &[0x40, b'7', 0, 0]),
        // More padding than payload; padding of nothing; nothing but padding.
        with_first_byte(0x20, picture(&[0x90, 0xe0, 255])),
        with_first_byte(0x20, picture(&[0x90, 0xe0, 0])),
        with_first_byte(0x20, picture(&[4, 4, 4, 4])),
        // Fifteen contributors that are not there.
        with_first_byte(0x0f, picture(&[1, 2, 3])),
        // No payload; descriptors that end in the middle; a key frame of no size and of the largest.
        picture(&[]),
        picture(&[0x90]),
        picture(&[0x90, 0xf0, 0x80]),
        picture(&[0x90, 0xe0, 0x80, 1, 1, 0, 0x10, 2, 0, 0x9d, 1, 0x2a, 0, 0, 0, 0]),
        picture(&[0x90, 0xe0, 0x80, 1, 1, 0, 0x10, 2, 0, 0x9d, 1, 0x2a, 0xff, 0xff, 0xff, 0xff]),
        // A payload type nobody agreed on; a stream nobody knows; repairs of nothing.
        rtp(45, true, seq, 0, CAMERA_SSRC, &[1; 20]),
        rtp(96, true, seq, 0, dice.next() as u32, &[1; 20]),
        repair(&[]),
        repair(&[1]),
        repair(&[0xff, 0xff, 0x90]),
        // Larger than any path carries.
        picture(&[0x10; 1_900]),
        picture(&[0x10; 8_000]),
    ]
}

/// Compounds that lie.
fn miscounted(others: u32) -> Vec<Vec<u8>> {
    let bye = [&[0x81, 203, 0, 1], others.to_be_bytes().as_slice()].concat();
    let sender_report = |ssrc: u32| [&[0x80, 200, 0, 6], ssrc.to_be_bytes().as_slice(), &[0xff; 20]].concat();
    vec![
        vec![0x9f, 201, 0, 1, 0, 0, 0, 5],
        vec![0x81, 201, 0xff, 0xff, 0, 0, 0, 5],
        vec![0xbf, 201, 0, 1, 0, 0, 0, 255],
        vec![0x80, 202, 0, 2, 0, 0, 0, 5, 1, 255, b'x', b'y'],
        vec![0x80, 207, 0, 2, 0, 0, 0, 5, 4, 0, 0xff, 0xff],
        [compound(&[]), bye].concat(),
        [compound(&[]), vec![0x9f, 203, 0, 0]].concat(),
        sender_report(others),
        sender_report(CAMERA_SSRC),
        compound(&[(206, 1, others, &[]), (206, 1, CAMERA_SSRC, &[]), (205, 1, others, &[0xff; 800])]),
        vec![0x80, 201, 0, 0],
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_that_lie_are_dropped_by_name_and_nobody_else_notices() -> anyhow::Result<()> {
    const ROUNDS: u16 = 60;
    let meeting = Meeting::of(2).await?;
    let others = meeting.publisher.camera_ssrc().expect("the publisher has a camera");
    let pool = meeting.app.pool_token(1_000).await?;
    let mut liar = Insider::join(&meeting.app, &format!("{WHIP}?as=liar"), &pool, &[Line::Camera]).await?;
    let before = meeting.before();
    let mut dice = Dice::seeded(9);
    let mut seq = 0_u16;
    for _ in 0..ROUNDS {
        let lies = malformed(seq, &mut dice).len();
        for at in 0..lies {
            seq = seq.wrapping_add(1);
            let lie = malformed(seq, &mut dice).swap_remove(at);
            liar.rtp(&lie).await?;
        }
        for lie in miscounted(others) {
            liar.rtcp(&lie).await?;
        }
        liar.listen(Duration::from_millis(30)).await?;
    }
    let each = f64::from(ROUNDS) * 0.9;
    for (kind, lies) in [
        ("srtp_malformed", 2.0),
        ("srtp_too_many_streams", 0.0),
        ("rtp_malformed", 2.0),
        ("rtp_unknown_payload_type", 1.0),
        ("rtcp_malformed", 2.0),
    ] {
        meeting.has_counted(Some(kind), lies * each).await;
    }
    meeting.is_unharmed_since(&before).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_somebody_who_was_let_in_sends_between_good_packets_harms_only_himself() -> anyhow::Result<()> {
    const DATAGRAMS: usize = 8_000;
    let meeting = Meeting::of(2).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let mut villain = Insider::join(&meeting.app, &format!("{WHIP}?as=villain"), &pool, &[Line::Camera]).await?;
    let before = meeting.before();
    let (mut camera, mut dice) = (Camera::default(), Dice::seeded(38));
    let mut good = camera.key_frame();
    for n in 0..DATAGRAMS {
        if good.is_empty() {
            good = camera.delta_frame();
        }
        let mut plain = good.remove(0);
        let bad = n % 4 != 0;
        if bad {
            for _ in 0..1 + dice.below(6) {
                let at = dice.below(plain.len());
                plain[at] = dice.next() as u8;
            }
            plain.truncate(12 + dice.below(plain.len()));
        }
        match dice.below(8) {
            0 if bad => villain.rtcp(&[compound(&[]), plain].concat()).await?,
            1 if bad => {
                let mut check = villain.check()?;
                let at = dice.below(check.len());
                check[at] ^= dice.next() as u8;
                villain.write(&check).await?;
            }
            2 if bad => villain.write(&[&[22, 0xfe, 0xfd], plain.as_slice()].concat()).await?,
            3 if bad => {
                let mut sealed = villain.keys().seal_rtp(&plain);
                let at = dice.below(sealed.len());
                sealed[at] ^= 1 + dice.below(255) as u8;
                villain.write(&sealed).await?;
            }
            _ => villain.rtp(&plain).await?,
        }
        if n % 50 == 0 {
            villain.listen(Duration::from_millis(10)).await?;
        }
    }
    meeting.has_counted(None, DATAGRAMS as f64 / 4.0).await;
    meeting.is_unharmed_since(&before).await
}

/// Chunks that broke SCTP stacks: a length of nothing, a length beyond the packet, streams without end, a window of zero.
fn sctp(n: usize, dice: &mut Dice) -> Vec<u8> {
    let chunk: &[u8] = match n % 5 {
        0 => &[1, 0, 0, 0],
        1 => &[1, 0, 0xff, 0xff, 0, 0, 0, 1],
        2 => &[1, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1],
        3 => &[0, 3, 0, 17, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 50, 3],
        _ => &[130, 0, 0, 8, 0, 14, 0, 4],
    };
    let mut packet = [&[0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0, 0], chunk].concat();
    packet.extend(dice.bytes(8));
    packet.resize(1_000, 0);
    packet
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_channel_is_refused_and_what_is_sent_as_one_is_counted_and_kept_nowhere() -> anyhow::Result<()> {
    const MESSAGES: usize = 12_000;
    let meeting = Meeting::of(1).await?;
    let pool = meeting.app.pool_token(1_000).await?;
    let lines = [Line::Camera, Line::DataChannel];
    let mut sender = Insider::join(&meeting.app, &format!("{WHIP}?as=data"), &pool, &lines).await?;
    let [camera_line, data_line] = sender.lines.as_slice() else { panic!("{:?}", sender.lines) };
    assert!(!camera_line.refused && data_line.refused, "{:?}", sender.lines);
    sender.listen(Duration::from_millis(500)).await?;
    let (before, resident) = (meeting.before(), meeting.app.resident_bytes()?);

    let (mut dice, mut heard) = (Dice::seeded(11), Vec::new());
    for n in 0..MESSAGES {
        sender.data(&sctp(n, &mut dice)).await?;
        if n % 50 == 0 {
            heard.extend(sender.listen(Duration::from_millis(5)).await?);
        }
    }
    heard.extend(sender.listen(Duration::from_millis(300)).await?);
    assert!(!heard.contains(&Heard::Closed) && !heard.contains(&Heard::Other), "data was answered");
    meeting.has_counted(Some("dtls_unread"), MESSAGES as f64 * 0.9).await;
    let grown = meeting.app.resident_bytes()?.saturating_sub(resident);
    assert!(grown <= SLACK_BYTES, "{grown} bytes more than before");

    // His pictures are still taken.
    let mut camera = Camera::default();
    for packet in camera.key_frame() {
        sender.rtp(&packet).await?;
    }
    let heard = sender.listen(Duration::from_secs(2)).await?;
    assert!(heard.iter().any(|heard| matches!(heard, Heard::Rtcp(_))), "no report of his pictures came");
    meeting.is_unharmed_since(&before).await
}
