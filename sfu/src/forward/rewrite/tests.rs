use proptest::prelude::*;

use super::*;
use crate::packet::descriptor::Descriptor;
use crate::packet::vp8::Vp8Descriptor;
use crate::slab::{Place, TrackAt};

const SSRC: Ssrc = Ssrc(0xDEAD_BEEF);
const STEP: u32 = 90;

fn key(layer: u8) -> LayerKey {
    LayerKey { track: TrackAt::of(0), layer, epoch: u64::from(layer) }
}

fn meta(seq: u64, timestamp: u32, picture_id: u16, tl0: u8) -> PacketMeta {
    let [high, low] = picture_id.to_be_bytes();
    let vp8 = Vp8Descriptor::parse(&[0x90, 0xC0, high | 0x80, low, tl0, 0x01]).unwrap();
    let (frame, descriptor) = (vp8.frame(), Descriptor::Vp8(vp8));
    PacketMeta { seq, timestamp, marker: true, level: 127, opens: false, frame, descriptor }
}

fn picture(rewritten: &Rewritten) -> (u16, u8) {
    let mut bytes = rewritten.descriptor().to_vec();
    bytes.push(1);
    let vp8 = Vp8Descriptor::parse(&bytes).unwrap();
    (vp8.picture_id().unwrap(), vp8.tl0().unwrap())
}

#[test]
fn a_switch_continues_every_number() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(700, 5_000, 30, 9), Opening::Live { ticks: 0 });
    let before = rewriter.rewrite(&meta(700, 5_000, 30, 9)).unwrap();
    rewriter.begin(key(1), &meta(9, 1_000_000, 32_000, 200), Opening::Live { ticks: 3_000 });
    let after = rewriter.rewrite(&meta(9, 1_000_000, 32_000, 200)).unwrap();
    assert_eq!(after.seq, before.seq + 1);
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(3_000));
    let ((id, tl0), (next_id, next_tl0)) = (picture(&before), picture(&after));
    assert_eq!(next_id, (id + 1) & 0x7FFF);
    assert_eq!(next_tl0, tl0.wrapping_add(1));
    assert!(after.opens_era);
}

#[test]
fn two_layers_of_the_same_moment_never_share_a_timestamp() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(1), &meta(1, 0, 0, 0), Opening::Live { ticks: 0 });
    let before = rewriter.rewrite(&meta(1, 0, 0, 0)).unwrap();
    rewriter.begin(key(0), &meta(1, 77, 0, 0), Opening::Live { ticks: -200 });
    let after = rewriter.rewrite(&meta(1, 77, 0, 0)).unwrap();
    assert_eq!(after.timestamp, before.timestamp.wrapping_add(STEP));
}

#[test]
fn what_came_before_the_switch_has_no_place_after_it() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(100, 0, 0, 0), Opening::Live { ticks: 0 });
    assert!(rewriter.rewrite(&meta(99, 0, 0, 0)).is_none());
    assert!(rewriter.rewrite(&meta(100, 0, 0, 0)).is_some());
}

#[test]
fn a_replay_is_squeezed_and_then_runs_in_step() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(10, 90_000, 1, 1), Opening::Replay { ticks: 0 });
    let first = rewriter.rewrite(&meta(10, 90_000, 1, 1)).unwrap();
    let last = rewriter.rewrite(&meta(39, 180_000, 30, 30)).unwrap();
    assert_eq!(last.timestamp.wrapping_sub(first.timestamp), 90_000 / SQUEEZE);
    rewriter.catch_up(39);
    let rest_of_the_frame = rewriter.rewrite(&meta(40, 180_000, 30, 30)).unwrap();
    assert_eq!(rest_of_the_frame.timestamp, last.timestamp);
    assert_eq!(rest_of_the_frame.seq, last.seq + 1);
    let next = rewriter.rewrite(&meta(41, 183_000, 31, 31)).unwrap();
    assert_eq!(next.timestamp, last.timestamp.wrapping_add(3_000));
    assert_eq!(picture(&next).0, picture(&last).0 + 1);
    let (origin, _) = rewriter.origin(first.seq as u16).unwrap();
    assert_eq!(rewriter.again(origin, &meta(10, 90_000, 1, 1)).unwrap(), first);
}

#[test]
fn a_number_that_was_never_used_has_no_origin() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    assert!(rewriter.origin(0).is_none());
    rewriter.begin(key(0), &meta(10, 0, 1, 1), Opening::Live { ticks: 0 });
    let sent = rewriter.rewrite(&meta(10, 0, 1, 1)).unwrap();
    assert!(rewriter.origin(sent.seq as u16).is_some());
    assert!(rewriter.origin((sent.seq as u16).wrapping_add(1)).is_none());
    assert!(rewriter.origin((sent.seq as u16).wrapping_sub(1)).is_none());
}

#[test]
fn what_is_left_out_leaves_no_hole_in_any_number() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(10, 0, 100, 1), Opening::Live { ticks: 0 });
    let first = rewriter.rewrite(&meta(10, 0, 100, 1)).unwrap();
    assert_eq!(rewriter.refuse(&meta(11, 3_000, 101, 1)), None);
    assert_eq!(rewriter.refuse(&meta(12, 3_000, 101, 1)), None);
    let next = rewriter.rewrite(&meta(13, 6_000, 102, 2)).unwrap();
    assert_eq!((next.seq, picture(&next)), (first.seq + 1, (picture(&first).0 + 1, picture(&first).1 + 1)));
    let (origin, seq) = rewriter.origin(next.seq as u16).unwrap();
    assert_eq!((origin.source_seq, seq), (13, next.seq));
    assert_eq!(rewriter.again(origin, &meta(13, 6_000, 102, 2)), Some(next));
}

#[test]
fn what_comes_too_late_to_be_left_out_goes_out_without_content_and_comes_again_so() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(10, 0, 100, 1), Opening::Live { ticks: 0 });
    let first = rewriter.rewrite(&meta(10, 0, 100, 1)).unwrap();
    let third = rewriter.rewrite(&meta(12, 6_000, 102, 2)).unwrap();
    assert_eq!(third.seq, first.seq + 2, "nobody knew what the lost one was");
    let blank = rewriter.refuse(&meta(11, 3_000, 101, 1)).unwrap();
    assert_eq!((blank.seq, blank.content), (first.seq + 1, Content::Blank));
    assert!(blank.descriptor().is_empty());
    let (origin, _) = rewriter.origin(blank.seq as u16).unwrap();
    assert_eq!(rewriter.again(origin, &meta(11, 3_000, 101, 1)), Some(blank));
}

#[test]
fn numbers_of_packets_that_never_left_are_given_again() {
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &meta(10, 0, 100, 1), Opening::Live { ticks: 0 });
    let first = rewriter.rewrite(&meta(10, 0, 100, 1)).unwrap();
    rewriter.refuse(&meta(11, 3_000, 101, 1));
    let waits = rewriter.rewrite(&meta(12, 6_000, 102, 2)).unwrap();
    rewriter.rewind(waits.seq);
    assert_eq!(rewriter.next(), first.seq + 1);
    rewriter.begin(key(1), &meta(500, 0, 7, 1), Opening::Live { ticks: 3_000 });
    let next = rewriter.rewrite(&meta(500, 0, 7, 1)).unwrap();
    assert_eq!(next.seq, first.seq + 1);
    let (origin, _) = rewriter.origin(next.seq as u16).unwrap();
    assert_eq!((origin.layer, origin.source_seq), (key(1), 500));
    let (origin, _) = rewriter.origin(first.seq as u16).unwrap();
    assert_eq!((origin.layer, origin.source_seq), (key(0), 10));
}

#[test]
fn short_picture_ids_count_on_over_their_end() {
    let short = |seq: u64, id: u8| {
        let vp8 = Vp8Descriptor::parse(&[0x90, 0x80, id & 0x7F, 0x01]).unwrap();
        let (frame, descriptor) = (vp8.frame(), Descriptor::Vp8(vp8));
        PacketMeta { seq, timestamp: seq as u32, marker: true, level: 127, opens: false, frame, descriptor }
    };
    let mut rewriter = Rewriter::new(SSRC, STEP);
    rewriter.begin(key(0), &short(1, 126), Opening::Live { ticks: 0 });
    let ids: Vec<u16> = (0..5u64)
        .map(|n| {
            let mut bytes = rewriter.rewrite(&short(1 + n, 126 + n as u8)).unwrap().descriptor().to_vec();
            bytes.push(1);
            Vp8Descriptor::parse(&bytes).unwrap().picture_id().unwrap()
        })
        .collect();
    assert!(ids.windows(2).all(|pair| pair[1] == (pair[0] + 1) & 0x7FFF), "{ids:?}");
}

/// What happens to one source packet on its way to the bridge.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Arrives,
    Lost,
    /// Comes this many packets later.
    Late(u8),
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![8 => Just(Fate::Arrives), 1 => Just(Fate::Lost), 1 => (1u8..6).prop_map(Fate::Late)]
}

proptest! {
    /// Under any loss, reordering and switching: numbers are never used twice, the order of the source is the order of the output,
    /// holes are exactly the packets the source lost, and every number leads back to its packet.
    #[test]
    fn the_stream_is_continuous_whatever_happens_to_its_sources(
        eras in proptest::collection::vec(
            (0u8..3, 100_000u64..200_000, any::<u32>(), any::<u16>(), any::<u8>(), -9_000i64..90_000, proptest::collection::vec(fate(), 1..40)),
            1..7,
        )
    ) {
        let mut rewriter = Rewriter::new(SSRC, STEP);
        let mut used = std::collections::BTreeMap::new();
        let mut previous_end: Option<(u64, u32)> = None;
        for (layer, first_seq, first_time, picture_id, tl0, ticks, fates) in eras {
            let packet = |n: u64| {
                let id = picture_id.wrapping_add(n as u16) & 0x7FFF;
                meta(first_seq + n, first_time.wrapping_add(n as u32 * 3_000), id, tl0.wrapping_add(n as u8))
            };
            rewriter.begin(key(layer), &packet(0), Opening::Live { ticks });
            let mut order: Vec<(u64, u64)> = vec![(0, 0)];
            for (n, fate) in (1u64..).zip(&fates) {
                match fate {
                    Fate::Arrives => order.push((n, n)),
                    Fate::Late(by) => order.push((n + u64::from(*by), n)),
                    Fate::Lost => {}
                }
            }
            order.sort();
            let mut newest = 0u64;
            let mut newest_out = None;
            for (_, n) in order {
                let rewritten = rewriter.rewrite(&packet(n)).unwrap();
                prop_assert!(used.insert(rewritten.seq, (layer, packet(n), rewritten)).is_none(), "a number was used twice");
                if n >= newest {
                    newest = n;
                    newest_out = Some((rewritten.seq, rewritten.timestamp));
                }
            }
            let (_, _, opening) = used.iter().rev().map(|(_, v)| v).find(|(_, m, _)| m.seq == first_seq).copied().unwrap();
            if let Some((seq, timestamp)) = previous_end {
                prop_assert_eq!(opening.seq, seq + 1);
                prop_assert!((opening.timestamp.wrapping_sub(timestamp) as i32) >= i32::try_from(STEP).unwrap());
            }
            let (last, _) = newest_out.unwrap();
            prop_assert_eq!(last, opening.seq + newest, "holes are what the source lost");
            previous_end = newest_out;
        }
        for (seq, (layer, meta, rewritten)) in used {
            if let Some((origin, found)) = rewriter.origin(seq as u16) {
                prop_assert_eq!(found, seq);
                prop_assert_eq!(origin.layer, key(layer));
                prop_assert_eq!(origin.source_seq, meta.seq);
                prop_assert_eq!(rewriter.again(origin, &meta).unwrap().timestamp, rewritten.timestamp);
            } else {
                prop_assert!(false, "a sent number has no origin");
            }
        }
    }
}
