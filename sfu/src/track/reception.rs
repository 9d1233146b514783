//! Receiving one RTP stream: sequence numbers without wrap, and the figures of a reception report (RFC 3550, appendix A).

use std::time::Instant;

use crate::id::SeqNo;

/// A jump forward beyond this many packets is no loss but another stream under the same SSRC (RFC 3550, appendix A.1).
const DROPOUT_MAX: u16 = 3_000;
/// How far behind the newest a packet may be: more than the largest history holds, so that no repair is refused here.
const MISORDER_MAX: u16 = 2_048;
/// Unwrapped numbers start here, so that packets from before the first one have a number too.
const START: u64 = 1 << 16;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arrival {
    /// The newest so far; `skipped` packets before it have not come.
    Newest { seq: u64, skipped: u64 },
    /// Older than the newest.
    Late { seq: u64 },
    /// The source has begun again at another place: whatever was kept of it is void.
    Restarted { seq: u64 },
    /// Far from everything else. Believed only when the next packet continues it.
    Stray,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Reception {
    first: u64,
    newest: Option<u64>,
    /// The successor of a stray packet.
    expected_after_stray: Option<u16>,
    received: u64,
    jitter: Jitter,
    reported: Tally,
    measured: Tally,
}

/// What had been expected and received when a figure was last taken.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    expected: u64,
    received: u64,
}

impl Reception {
    /// Places a packet that came on the stream itself (not as a repair).
    pub(crate) fn arrived(&mut self, seq: SeqNo) -> Arrival {
        let Some(newest) = self.newest else {
            self.start(START + u64::from(seq.0));
            return Arrival::Newest { seq: START + u64::from(seq.0), skipped: 0 };
        };
        let ahead = seq.0.wrapping_sub(newest as u16);
        let behind = (newest as u16).wrapping_sub(seq.0);
        if (1..DROPOUT_MAX).contains(&ahead) {
            let seq = newest + u64::from(ahead);
            self.newest = Some(seq);
            self.received += 1;
            self.expected_after_stray = None;
            Arrival::Newest { seq, skipped: u64::from(ahead) - 1 }
        } else if behind <= MISORDER_MAX {
            self.received += 1;
            Arrival::Late { seq: newest.saturating_sub(u64::from(behind)) }
        } else if self.expected_after_stray == Some(seq.0) {
            // Far above everything that was, so that nothing old can be mistaken for new.
            let seq = ((newest >> 16) + 2) << 16 | u64::from(seq.0);
            self.start(seq);
            Arrival::Restarted { seq }
        } else {
            self.expected_after_stray = Some(seq.0.wrapping_add(1));
            Arrival::Stray
        }
    }

    /// The full number of a repaired packet; `None` when nothing near it has been seen. A repair counts as lost all the same:
    /// reports speak of the line before repair.
    pub(crate) fn place(&self, seq: SeqNo) -> Option<u64> {
        let newest = self.newest?;
        let behind = (newest as u16).wrapping_sub(seq.0);
        let ahead = seq.0.wrapping_sub(newest as u16);
        if behind <= MISORDER_MAX {
            newest.checked_sub(u64::from(behind))
        } else if ahead < MISORDER_MAX {
            Some(newest + u64::from(ahead))
        } else {
            None
        }
    }

    fn start(&mut self, seq: u64) {
        *self = Self { first: seq, newest: Some(seq), received: 1, ..Self::default() };
    }

    pub(crate) fn newest(&self) -> Option<u64> {
        self.newest
    }

    pub(crate) fn timed(&mut self, now: Instant, timestamp: u32, clock_rate_hz: u32) {
        self.jitter.add(now, timestamp, clock_rate_hz);
    }

    /// In units of the stream's clock.
    pub(crate) fn jitter(&self) -> u32 {
        self.jitter.scaled >> 4
    }

    /// 256ths lost since the previous call, for a reception report.
    pub(crate) fn fraction_lost(&mut self) -> u8 {
        let now = self.tally();
        let (lost, expected) = now.since(self.reported);
        self.reported = now;
        lost.saturating_mul(256).checked_div(expected).map_or(0, |share| u8::try_from(share).unwrap_or(u8::MAX))
    }

    /// Packets lost and expected since the previous call, for the technician's wall.
    pub(crate) fn loss(&mut self) -> (u64, u64) {
        let now = self.tally();
        let since = now.since(self.measured);
        self.measured = now;
        since
    }

    /// As RFC 3550 wants it: 24 bits, never negative here.
    pub(crate) fn total_lost(&self) -> u32 {
        let Tally { expected, received } = self.tally();
        u32::try_from(expected.saturating_sub(received)).unwrap_or(u32::MAX).min(0x007F_FFFF)
    }

    /// Cycles and highest number.
    pub(crate) fn extended_highest(&self) -> u32 {
        self.newest.unwrap_or(START).saturating_sub(START) as u32
    }

    fn tally(&self) -> Tally {
        let expected = self.newest.map_or(0, |newest| newest.saturating_sub(self.first) + 1);
        Tally { expected, received: self.received }
    }
}

impl Tally {
    fn since(self, before: Self) -> (u64, u64) {
        let expected = self.expected.saturating_sub(before.expected);
        (expected.saturating_sub(self.received.saturating_sub(before.received)), expected)
    }
}

/// Interarrival jitter, RFC 3550 section 6.4.1 and appendix A.8.
#[derive(Clone, Copy, Debug, Default)]
struct Jitter {
    last: Option<(Instant, u32)>,
    /// Times 16, as in the RFC's integer form.
    scaled: u32,
}

impl Jitter {
    fn add(&mut self, now: Instant, timestamp: u32, clock_rate_hz: u32) {
        if let Some((before, earlier)) = self.last {
            let elapsed_us = now.saturating_duration_since(before).as_micros();
            let elapsed = (elapsed_us * u128::from(clock_rate_hz) / 1_000_000) as i64;
            let sent = i64::from(timestamp.wrapping_sub(earlier) as i32);
            // A source that was switched off and on again says nothing about the line.
            let off = u32::try_from((elapsed - sent).unsigned_abs()).unwrap_or(u32::MAX);
            if off < clock_rate_hz {
                self.scaled = self.scaled.saturating_add(off).saturating_sub((self.scaled + 8) >> 4);
            }
        }
        self.last = Some((now, timestamp));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn received(numbers: impl IntoIterator<Item = u16>) -> Reception {
        let mut reception = Reception::default();
        for seq in numbers {
            reception.arrived(SeqNo(seq));
        }
        reception
    }

    #[test]
    fn numbers_run_on_over_the_wrap() {
        let mut reception = received([65_534, 65_535]);
        assert_eq!(reception.arrived(SeqNo(1)), Arrival::Newest { seq: START + 65_537, skipped: 1 });
        assert_eq!(reception.arrived(SeqNo(0)), Arrival::Late { seq: START + 65_536 });
        assert_eq!(reception.place(SeqNo(65_535)), Some(START + 65_535));
        assert_eq!(reception.place(SeqNo(30_000)), None);
    }

    #[test]
    fn one_stray_packet_changes_nothing_and_two_in_a_row_are_a_new_stream() {
        let mut reception = received([10, 11]);
        assert_eq!(reception.arrived(SeqNo(30_000)), Arrival::Stray);
        assert_eq!(reception.arrived(SeqNo(12)), Arrival::Newest { seq: START + 12, skipped: 0 });
        assert_eq!(reception.arrived(SeqNo(30_000)), Arrival::Stray);
        let Arrival::Restarted { seq } = reception.arrived(SeqNo(30_001)) else { panic!("not believed") };
        assert_eq!(seq as u16, 30_001);
        assert!(seq > START + 65_536);
        assert_eq!(reception.total_lost(), 0);
    }

    #[test]
    fn a_report_speaks_of_the_time_since_the_previous_one() {
        let mut reception = received((0..100).filter(|n| n % 4 != 1));
        assert_eq!(reception.fraction_lost(), 64);
        assert_eq!(reception.fraction_lost(), 0);
        for seq in 100..200 {
            reception.arrived(SeqNo(seq));
        }
        assert_eq!(reception.fraction_lost(), 0);
        assert_eq!(reception.total_lost(), 25);
        assert_eq!(reception.loss(), (25, 200));
    }

    #[test]
    fn jitter_follows_the_deviation_and_ignores_a_pause() {
        let mut now = Instant::now();
        let mut reception = Reception::default();
        for n in 0..400u32 {
            now += Duration::from_millis(if n % 2 == 0 { 15 } else { 25 });
            reception.timed(now, n * 960, 48_000);
        }
        assert!((200..280).contains(&reception.jitter()), "5 ms are 240 ticks: {}", reception.jitter());
        let before = reception.jitter();
        reception.timed(now + Duration::from_secs(30), 401 * 960, 48_000);
        assert_eq!(reception.jitter(), before);
    }

    proptest! {
        #[test]
        fn every_packet_is_placed_where_its_number_says(start: u16, steps in proptest::collection::vec(1u16..200, 1..200)) {
            let mut reception = Reception::default();
            let mut seq = start;
            let mut expected = START + u64::from(start);
            reception.arrived(SeqNo(seq));
            for step in steps {
                seq = seq.wrapping_add(step);
                expected += u64::from(step);
                prop_assert_eq!(reception.arrived(SeqNo(seq)), Arrival::Newest { seq: expected, skipped: u64::from(step) - 1 });
                prop_assert_eq!(reception.place(SeqNo(seq)), Some(expected));
            }
        }
    }
}
