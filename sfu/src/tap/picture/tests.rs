use proptest::prelude::*;

use super::*;

/// A frame of `size` bytes that says whether it is a key frame; the last bytes tell which one it is.
fn frame(index: u32, key: bool, size: usize) -> Vec<u8> {
    let mut data = if key { vec![0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01] } else { vec![0x01] };
    data.resize(size.max(16), index as u8);
    let end = data.len() - 4;
    data[end..].copy_from_slice(&index.to_be_bytes());
    data
}

#[derive(Clone, Debug)]
struct Sent {
    at_ms: u64,
    seq: u16,
    timestamp: u32,
    marker: bool,
    payload: Bytes,
}

/// Packets of frames 33 ms apart, as a browser would cut them.
fn packets(frames: &[Vec<u8>], first_seq: u16, first_timestamp: u32) -> Vec<Sent> {
    let mut seq = first_seq;
    let mut sent = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        let chunks: Vec<&[u8]> = frame.chunks(1_000).collect();
        for (piece, chunk) in chunks.iter().enumerate() {
            let descriptor: &[u8] = if piece == 0 { &[0x90, 0x80, 0x11] } else { &[0x80, 0x80, 0x11] };
            sent.push(Sent {
                at_ms: index as u64 * 33,
                seq,
                timestamp: first_timestamp.wrapping_add(index as u32 * 33 * 90),
                marker: piece + 1 == chunks.len(),
                payload: [descriptor, chunk].concat().into(),
            });
            seq = seq.wrapping_add(1);
        }
    }
    sent
}

fn run(packets: &[Sent]) -> Vec<PictureEvent> {
    let mut stream = PictureStream::new();
    let mut events = Vec::new();
    for packet in packets {
        let at = Duration::from_millis(packet.at_ms);
        stream.push(at, packet.seq, packet.timestamp, packet.marker, packet.payload.clone());
        events.extend(std::iter::from_fn(|| stream.poll(at)));
    }
    events.extend(std::iter::from_fn(|| stream.poll_last()));
    events
}

fn shown(events: &[PictureEvent]) -> Vec<Vec<u8>> {
    events
        .iter()
        .filter_map(|event| match event {
            PictureEvent::Frame { data, .. } => Some(data.to_vec()),
            PictureEvent::KeyFrameWanted => None,
        })
        .collect()
}

/// Key frames at every 15th place.
fn film(length: u32) -> Vec<Vec<u8>> {
    (0..length).map(|index| frame(index, index % 15 == 0, 700 + 397 * (index as usize % 7))).collect()
}

#[test]
fn frames_of_one_and_of_many_packets_come_out_whole_at_their_time() {
    let film = film(40);
    let events = run(&packets(&film, 100, 5_000));
    assert_eq!(shown(&events), film);
    let times: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            PictureEvent::Frame { at_ms, .. } => Some(*at_ms),
            PictureEvent::KeyFrameWanted => None,
        })
        .collect();
    assert_eq!(times, (0..40).map(|index| index * 33).collect::<Vec<_>>());
}

#[test]
fn sequence_numbers_and_timestamps_go_on_over_their_wraps() {
    let film = film(60);
    assert_eq!(shown(&run(&packets(&film, 65_500, u32::MAX - 50_000))), film);
}

#[test]
fn a_retransmission_within_the_wait_heals_the_frame() {
    let film = film(30);
    let mut sent = packets(&film, 0, 0);
    let index = sent.iter().position(|packet| packet.at_ms > 100 && !packet.marker).expect("a long frame");
    let mut missed = sent.remove(index);
    missed.at_ms += 390;
    let place = sent.partition_point(|packet| packet.at_ms <= missed.at_ms);
    sent.insert(place, missed);
    assert_eq!(shown(&run(&sent)), film);
}

#[test]
fn after_a_loss_nothing_is_shown_until_a_key_frame_and_one_is_asked_for() {
    let film: Vec<_> = (0..90).map(|index| frame(index, index == 0 || index == 60, 1_500)).collect();
    let mut sent = packets(&film, 0, 0);
    sent.retain(|packet| packet.at_ms != 10 * 33 || packet.marker);
    let events = run(&sent);
    assert_eq!(shown(&events), [&film[..10], &film[60..]].concat());
    let wanted = events.iter().filter(|event| **event == PictureEvent::KeyFrameWanted).count();
    assert!((1..=2).contains(&wanted), "asked {wanted} times in 1.6 s");
    let resumed = events.iter().find_map(|event| match event {
        PictureEvent::Frame { follows: Follows::Loss, at_ms, .. } => Some(*at_ms),
        PictureEvent::Frame { .. } | PictureEvent::KeyFrameWanted => None,
    });
    assert_eq!(resumed, Some(60 * 33));
}

#[test]
fn a_stream_that_begins_in_the_middle_waits_for_its_key_frame() {
    let film = film(40);
    let mut sent = packets(&film, 0, 0);
    sent.retain(|packet| packet.at_ms >= 5 * 33);
    let events = run(&sent);
    assert_eq!(events.first(), Some(&PictureEvent::KeyFrameWanted));
    assert_eq!(shown(&events), film[15..]);
}

#[test]
fn a_key_frame_is_asked_for_when_the_last_one_is_old() {
    let film: Vec<_> = (0..1_300).map(|index| frame(index, index == 0, 100)).collect();
    let events = run(&packets(&film, 0, 0));
    let first = events.iter().position(|event| *event == PictureEvent::KeyFrameWanted).expect("asked");
    assert!((600..=620).contains(&first), "after {first} frames");
    assert_eq!(shown(&events).len(), film.len(), "asking loses nothing");
}

#[test]
fn a_stream_that_starts_over_is_taken_up_at_its_key_frame() {
    let mut film = film(30);
    let mut sent = packets(&film, 40_000, 0);
    for mut packet in packets(&film, 20_000, 777_777_777) {
        packet.at_ms += 30 * 33;
        sent.push(packet);
    }
    // The second run is recognised after a hundred packets at the latest.
    let shown = shown(&run(&sent));
    assert_eq!(shown[..30], film[..]);
    film.drain(..15);
    assert!(shown.len() >= 30 && shown[30..].iter().all(|frame| film.contains(frame)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn in_any_order_within_the_wait_every_frame_comes_out_once_and_in_order(
        delays in prop::collection::vec(0_u64..350, 300),
        first_seq: u16,
        first_timestamp: u32,
    ) {
        let film = film(60);
        let mut sent = packets(&film, first_seq, first_timestamp);
        // At the beginning there is less time, because nobody knows that something is missing.
        for (packet, delay) in sent.iter_mut().zip(&delays) {
            packet.at_ms += if packet.at_ms < 350 { delay % 95 } else { *delay };
        }
        sent.sort_by_key(|packet| packet.at_ms);
        prop_assert_eq!(shown(&run(&sent)), film);
    }

    #[test]
    fn whatever_is_lost_only_whole_frames_come_out_and_each_can_be_decoded(
        kept in prop::collection::vec(prop::bool::weighted(0.9), 400),
        doubled in prop::collection::vec(any::<bool>(), 400),
    ) {
        let film = film(60);
        let mut sent = Vec::new();
        for ((packet, keep), double) in packets(&film, 65_000, 0).into_iter().zip(&kept).zip(&doubled) {
            if *keep {
                sent.extend(std::iter::repeat_n(packet, if *double { 2 } else { 1 }));
            }
        }
        let mut before: Option<u32> = None;
        for data in shown(&run(&sent)) {
            let index = u32::from_be_bytes(data[data.len() - 4..].try_into().expect("four bytes"));
            prop_assert_eq!(&data, &film[index as usize], "not whole");
            prop_assert!(index % 15 == 0 || before == Some(index - 1), "{} follows {:?}", index, before);
            before = Some(index);
        }
    }

    #[test]
    fn any_packets_are_taken_without_harm(
        junk in prop::collection::vec((any::<u16>(), any::<u32>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..40)), 0..300),
    ) {
        let mut stream = PictureStream::new();
        for (index, (seq, timestamp, marker, payload)) in junk.into_iter().enumerate() {
            let at = Duration::from_millis(index as u64 * 7);
            stream.push(at, seq, timestamp, marker, payload.into());
            while stream.poll(at).is_some() {}
        }
        while stream.poll_last().is_some() {}
    }
}
