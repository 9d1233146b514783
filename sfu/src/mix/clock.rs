//! Where on our timeline does a moment of a sender's RTP clock lie?
//!
//! A packet's arrival is its moment plus the delay of the line, and only the delay varies quickly. So the least difference
//! (arrival - timestamp) of the last seconds is the sender's clock read through the line's constant delay: it follows drift, and
//! a jittering or briefly stalled line does not move it. (The same minimum filter as NTP's clock filter, RFC 5905 section 10.)

/// A moment this much later than the clock says is late. It is not counted: what is late cannot be the least delayed.
const LATE_MS: i64 = 500;

/// Lateness that lasts is the line's new delay (a longer route, a full buffer on a commune's line), or the sender was stopped
/// and went on: follow it. Shorter stalls are made up by the sender's burst and must not shift what comes after.
const LATE_FOR_MS: i64 = 1_000;

/// Further off than this is no delay of any line: the timestamps jumped (another encoder behind the same stream).
const JUMP_BACK_MS: i64 = 10_000;
const JUMP_AHEAD_MS: i64 = 2_000;

/// The minimum is taken over `BUCKETS` x `BUCKET_MS`: 100 ppm of drift move it by 1.6 ms in that time.
const BUCKETS: usize = 8;
const BUCKET_MS: i64 = 2_000;

#[derive(Clone, Debug)]
pub struct ArrivalClock {
    rate_hz: u32,
    /// The latest unwrapped timestamp.
    last: Option<i64>,
    /// Least (arrival - timestamp) of each stretch of time, newest first.
    least: [Option<i64>; BUCKETS],
    bucket_began: i64,
    late_since: Option<i64>,
}

/// What a packet's timestamp is, unwrapped to 64 bits, and how it fits to the ones before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrival {
    OnTime(i64),
    Late(i64),
    /// The clock starts anew at this packet: nothing before it can be compared with it.
    Restarted(i64),
}

impl ArrivalClock {
    #[must_use]
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz, last: None, least: [None; BUCKETS], bucket_began: 0, late_since: None }
    }

    /// `arrived` in ticks of this clock since the timeline's origin.
    pub fn observe(&mut self, arrived: i64, timestamp: u32) -> Arrival {
        let Some(last) = self.last else {
            return self.restart(arrived, i64::from(timestamp));
        };
        let ext = unwrap_timestamp(last, timestamp);
        let delta = arrived.saturating_sub(ext);
        let Some(expected) = self.offset() else {
            return self.restart(arrived, ext);
        };
        let later = delta.saturating_sub(expected);
        if later > self.ms(JUMP_BACK_MS) || later < -self.ms(JUMP_AHEAD_MS) {
            return self.restart(arrived, ext);
        }
        if later > self.ms(LATE_MS) {
            let since = *self.late_since.get_or_insert(arrived);
            if arrived - since >= self.ms(LATE_FOR_MS) {
                return self.restart(arrived, ext);
            }
            return Arrival::Late(ext);
        }
        self.late_since = None;
        self.last = Some(last.max(ext));
        self.note(arrived, delta);
        Arrival::OnTime(ext)
    }

    /// What to add to an unwrapped timestamp to get its place on the timeline.
    #[must_use]
    pub fn offset(&self) -> Option<i64> {
        self.least.iter().flatten().min().copied()
    }

    fn restart(&mut self, arrived: i64, ext: i64) -> Arrival {
        self.last = Some(ext);
        self.least = [None; BUCKETS];
        self.bucket_began = arrived;
        self.late_since = None;
        self.note(arrived, arrived.saturating_sub(ext));
        Arrival::Restarted(ext)
    }

    fn note(&mut self, arrived: i64, delta: i64) {
        let passed = (arrived - self.bucket_began).max(0) / self.ms(BUCKET_MS);
        if passed > 0 {
            let shift = usize::try_from(passed).unwrap_or(BUCKETS).min(BUCKETS);
            self.least.rotate_right(shift);
            self.least.iter_mut().take(shift).for_each(|bucket| *bucket = None);
            self.bucket_began += passed * self.ms(BUCKET_MS);
        }
        if let Some(newest) = self.least.first_mut() {
            *newest = Some(newest.map_or(delta, |least| least.min(delta)));
        }
    }

    fn ms(&self, ms: i64) -> i64 {
        ms * i64::from(self.rate_hz) / 1_000
    }
}

/// The 64-bit number nearest to `last` whose low 32 bits are `timestamp`.
fn unwrap_timestamp(last: i64, timestamp: u32) -> i64 {
    let low = (last & 0xffff_ffff) as u32;
    last + i64::from(timestamp.wrapping_sub(low) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KHZ: i64 = 48;

    #[test]
    fn the_least_delayed_packet_sets_the_clock_and_jitter_does_not_move_it() {
        let mut clock = ArrivalClock::new(48_000);
        for (index, delay_ms) in [120, 40, 180, 41, 90].into_iter().enumerate() {
            let sent = 20 * index as i64;
            clock.observe((sent + delay_ms) * KHZ, (sent * KHZ) as u32);
        }
        assert_eq!(clock.offset(), Some(40 * KHZ));
    }

    #[test]
    fn a_clock_that_drifts_is_followed() {
        let mut clock = ArrivalClock::new(48_000);
        // The sender counts 48,000 while we count 48,048: one in a thousand, over a minute.
        for index in 0..3_000_i64 {
            clock.observe(index * 961 + 500, (index * 960) as u32);
        }
        let now = clock.offset().expect("observed");
        let (true_now, oldest) = (2_999 + 500, 2_999 - 16 * 50 + 500);
        assert!((oldest..=true_now).contains(&now), "{now} is outside {oldest}..={true_now}");
    }

    #[test]
    fn timestamps_go_on_over_the_wrap_of_32_bits() {
        let mut clock = ArrivalClock::new(48_000);
        clock.observe(1_000, u32::MAX - 959);
        assert_eq!(clock.observe(1_960, 0), Arrival::OnTime(1 << 32));
        assert_eq!(clock.offset(), Some(1_000 - (i64::from(u32::MAX) - 959)));
    }

    #[test]
    fn a_burst_after_a_stall_is_late_and_moves_nothing() {
        let mut clock = ArrivalClock::new(48_000);
        clock.observe(0, 0);
        for index in 0..100_u32 {
            assert!(matches!(clock.observe(3_000 * KHZ, index * 960), Arrival::Late(_)));
        }
        assert_eq!(clock.observe(3_001 * KHZ, 3_000 * 48), Arrival::OnTime(3_000 * KHZ));
        assert_eq!(clock.offset(), Some(0));
    }

    #[test]
    fn a_delay_that_lasts_becomes_the_lines_delay() {
        let mut clock = ArrivalClock::new(48_000);
        clock.observe(0, 0);
        let restarted = (1..=60_i64)
            .filter(|index| {
                let sent = index * 20 * KHZ;
                matches!(clock.observe(sent + 900 * KHZ, sent as u32), Arrival::Restarted(_))
            })
            .count();
        assert_eq!(restarted, 1);
        assert_eq!(clock.offset(), Some(900 * KHZ));
    }

    #[test]
    fn a_jump_of_the_timestamps_starts_the_clock_anew() {
        let mut clock = ArrivalClock::new(48_000);
        clock.observe(0, 5_000);
        assert_eq!(clock.observe(960, 9_000_000), Arrival::Restarted(9_000_000));
        assert_eq!(clock.offset(), Some(960 - 9_000_000));
    }
}
