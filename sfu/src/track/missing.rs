//! Packets of a publisher that did not come, and when to ask for them again.

use std::time::{Duration, Instant};

/// A packet that is only out of order comes by itself within this time on nearly every path.
const REORDER_GRACE: Duration = Duration::from_millis(10);
/// Between two requests for the same packet there is at least one round trip, and at least this.
const RETRY_MIN: Duration = Duration::from_millis(40);
/// Beyond this age the receivers have given up the frame.
const GIVE_UP_AFTER: Duration = Duration::from_secs(1);
/// Requests for one packet. On a line that loses a third both ways, one packet in sixteen is still missing after six.
const TRIES_MAX: u8 = 6;
/// More holes than this at once is not loss to be repaired packet by packet: a key frame is cheaper for the line.
const MISSING_MAX: usize = 128;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gap {
    Repairable,
    /// Too much is gone; only a key frame helps.
    Hopeless,
}

#[derive(Debug, Default)]
pub(crate) struct Missing {
    /// Ascending by sequence number.
    holes: Vec<Hole>,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    seq: u64,
    since: Instant,
    tries: u8,
    ask_at: Instant,
}

impl Missing {
    /// `skipped` packets just before `newest` did not come.
    pub(crate) fn skipped(&mut self, now: Instant, newest: u64, skipped: u64) -> Gap {
        if self.holes.len() as u64 + skipped > MISSING_MAX as u64 {
            self.holes.clear();
            return Gap::Hopeless;
        }
        let ask_at = now + REORDER_GRACE;
        self.holes.extend((newest - skipped..newest).map(|seq| Hole { seq, since: now, tries: 0, ask_at }));
        Gap::Repairable
    }

    pub(crate) fn arrived(&mut self, seq: u64) {
        if let Ok(at) = self.holes.binary_search_by_key(&seq, |hole| hole.seq) {
            self.holes.remove(at);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.holes.clear();
    }

    pub(crate) fn next_request(&self) -> Option<Instant> {
        self.holes.iter().map(|hole| hole.ask_at).min()
    }

    /// Whether this packet has been asked for, or will be.
    pub(crate) fn awaits(&self, seq: u64) -> bool {
        self.holes.iter().any(|hole| hole.seq == seq)
    }

    /// Puts into `ask` the numbers that are due, ascending, and forgets those that are past help. Returns whether there were any of
    /// those: what comes after them cannot be decoded, and no viewer can ask for more than the key frame that will be.
    pub(crate) fn due(&mut self, now: Instant, rtt: Duration, ask: &mut Vec<u16>) -> Gap {
        ask.clear();
        let mut gap = Gap::Repairable;
        self.holes.retain_mut(|hole| {
            if hole.ask_at > now {
                return true;
            }
            if hole.tries >= TRIES_MAX || now.saturating_duration_since(hole.since) >= GIVE_UP_AFTER {
                gap = Gap::Hopeless;
                return false;
            }
            hole.tries += 1;
            hole.ask_at = now + RETRY_MIN.max(rtt + REORDER_GRACE);
            ask.push(hole.seq as u16);
            true
        });
        gap
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(100);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_packet_that_was_only_overtaken_is_never_asked_for() {
        let start = Instant::now();
        let mut missing = Missing::default();
        missing.skipped(start, 10, 1);
        missing.arrived(9);
        assert_eq!(missing.next_request(), None);
    }

    #[test]
    fn a_hole_is_asked_for_once_per_round_trip_and_then_given_up() {
        let start = Instant::now();
        let mut missing = Missing::default();
        assert_eq!(missing.skipped(start, 10, 2), Gap::Repairable);
        let mut asked = Vec::new();
        let mut ask = Vec::new();
        let mut given_up = false;
        for step in 0..200 {
            given_up |= missing.due(start + ms(step * 10), RTT, &mut ask) == Gap::Hopeless;
            if !ask.is_empty() {
                assert_eq!(ask, [8, 9]);
                asked.push(step * 10);
            }
        }
        assert!(given_up);
        assert_eq!(asked, [10, 120, 230, 340, 450, 560]);
        assert_eq!(missing.next_request(), None);
    }

    #[test]
    fn a_long_outage_is_left_to_a_key_frame() {
        let mut missing = Missing::default();
        assert_eq!(missing.skipped(Instant::now(), 1_000, 100), Gap::Repairable);
        assert_eq!(missing.skipped(Instant::now(), 1_200, 29), Gap::Hopeless);
        assert_eq!(missing.next_request(), None);
    }
}
