//! What one client's stream of datagrams looks like from outside: its rate, its wait before the bottleneck, how soon it gives way.

use std::time::Duration;

use super::bench::Came;

#[derive(Clone, Copy, Debug)]
pub struct Flow<'a> {
    /// In the order of sending: when, and how many bytes.
    pub sent: &'a [(Duration, usize)],
    /// In the order of arrival.
    pub came: &'a [Came],
}

/// A rate is looked at over this long: several frames, and less than a sender has to change its mind.
const WINDOW: Duration = Duration::from_millis(500);
const STEP: Duration = Duration::from_millis(50);

impl Flow<'_> {
    /// Bits per second that arrived.
    #[must_use]
    pub fn rate_bps(&self, from: Duration, to: Duration) -> f64 {
        let place = |at: Duration| self.came.partition_point(|came| came.at < at);
        let bytes: usize = self.came[place(from)..place(to)].iter().map(|came| came.bytes).sum();
        bytes as f64 * 8.0 / (to - from).as_secs_f64()
    }

    /// Bits per second that were sent, arrived or not.
    #[must_use]
    pub fn sent_bps(&self, from: Duration, to: Duration) -> f64 {
        let place = |at: Duration| self.sent.partition_point(|(sent, _)| *sent < at);
        let bytes: usize = self.sent[place(from)..place(to)].iter().map(|(_, bytes)| bytes).sum();
        bytes as f64 * 8.0 / (to - from).as_secs_f64()
    }

    /// How long after `at` no more is sent than `bps` carry. `None`: not before `until`.
    #[must_use]
    pub fn gives_way(&self, at: Duration, bps: f64, until: Duration) -> Option<Duration> {
        let mut from = at;
        while from + WINDOW <= until {
            if self.sent_bps(from, from + WINDOW) <= bps {
                return Some(from + WINDOW - at);
            }
            from += STEP;
        }
        None
    }

    /// How long after `at` at least `bps` arrive.
    #[must_use]
    pub fn reaches(&self, at: Duration, bps: f64, until: Duration) -> Option<Duration> {
        let mut from = at;
        while from + WINDOW <= until {
            if self.rate_bps(from, from + WINDOW) >= bps {
                return Some(from + WINDOW - at);
            }
            from += STEP;
        }
        None
    }

    /// The delay beyond `base` that so many percent of what came from `from` to `to` did not exceed.
    #[must_use]
    pub fn wait(&self, base: Duration, from: Duration, to: Duration, percent: usize) -> Duration {
        let within = self.came.iter().filter(|came| (from..to).contains(&came.at));
        let mut waits: Vec<Duration> = within.map(|came| came.delay.saturating_sub(base)).collect();
        waits.sort_unstable();
        waits.get((waits.len() * percent / 100).min(waits.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

/// How evenly something is shared, 1 for quite evenly (R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984).
#[must_use]
pub fn fairness(shares: &[f64]) -> f64 {
    let sum: f64 = shares.iter().sum();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    if squares == 0.0 { 0.0 } else { sum * sum / (shares.len() as f64 * squares) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_waits_are_those_of_what_was_sent_and_came() {
        let ms = Duration::from_millis;
        let sent: Vec<_> = (0..200).map(|n| (ms(10 * n), if n < 100 { 2_500 } else { 1_250 })).collect();
        let came: Vec<_> =
            sent.iter().map(|(at, bytes)| Came { at: *at + ms(60), delay: ms(60), bytes: *bytes }).collect();
        let flow = Flow { sent: &sent, came: &came };
        assert_eq!(flow.rate_bps(ms(60), ms(560)), 2_000_000.0);
        assert_eq!(flow.sent_bps(ms(1_000), ms(2_000)), 1_000_000.0);
        assert_eq!(flow.gives_way(ms(900), 1_000_000.0, ms(2_000)), Some(ms(600)));
        assert_eq!(flow.gives_way(ms(900), 900_000.0, ms(2_000)), None);
        assert_eq!(flow.wait(ms(50), ms(0), ms(2_000), 95), ms(10));
        assert!((fairness(&[1.0, 1.0]) - 1.0).abs() < 1e-9 && (fairness(&[1.0, 0.0]) - 0.5).abs() < 1e-9);
    }
}
