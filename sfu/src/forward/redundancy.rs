//! How much redundancy the sound for one receiver needs, decided from what it reports to have lost and how far away it is.
//!
//! Each copy costs as much as the voice itself. On a clean line there is none: a line of 64 kbit/s carries one voice and no more.

use std::time::{Duration, Instant};

use crate::track::redundant::{Reach, Redundancy};

/// From the smallest loss a report can state: losses come in bursts as a rule, and of a burst the nearest copy saves one packet.
const TWO_FROM: f32 = 1.0 / 256.0;
/// Above this two copies let more than one packet in a thousand through when losses come in bursts of four.
const THREE_FROM: f32 = 0.03;
/// A line is better only when it has stayed so for this long: a report speaks of a few hundred packets, and one that lost three of
/// them again comes soon.
const LOWER_AFTER: Duration = Duration::from_secs(20);

/// Round trips up to which copies from further back come in time. From a publisher near the bridge: 400 ms less half of it, less the
/// jitter of such lines.
const LONG_UP_TO: Duration = Duration::from_millis(200);
const MIDDLE_UP_TO: Duration = Duration::from_millis(400);

/// How bad a line is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
enum Loss {
    #[default]
    None,
    Some,
    Much,
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need {
    loss: Loss,
    /// Since when the line has been better, and how bad at the worst in that time.
    better: Option<(Instant, Loss)>,
    redundancy: Redundancy,
}

impl Need {
    pub(crate) fn redundancy(&self) -> Redundancy {
        self.redundancy
    }

    /// `loss` is the worst share that the receiver has lately reported of any of its streams.
    pub(crate) fn judge(&mut self, now: Instant, loss: f32, rtt: Duration) {
        self.settle(now, Loss::of(loss));
        let reach = reach(rtt);
        self.redundancy = match self.loss {
            Loss::None => Redundancy::None,
            Loss::Some => Redundancy::Two(reach),
            Loss::Much => Redundancy::Three(reach),
        };
    }

    fn settle(&mut self, now: Instant, loss: Loss) {
        if loss >= self.loss {
            (self.loss, self.better) = (loss, None);
            return;
        }
        let (since, worst) = self.better.map_or((now, loss), |(since, worst)| (since, worst.max(loss)));
        self.better = Some((since, worst));
        if now.saturating_duration_since(since) >= LOWER_AFTER {
            (self.loss, self.better) = (worst, None);
        }
    }
}

impl Loss {
    fn of(share: f32) -> Self {
        if share >= THREE_FROM {
            Self::Much
        } else if share >= TWO_FROM {
            Self::Some
        } else {
            Self::None
        }
    }
}

fn reach(rtt: Duration) -> Reach {
    if rtt <= LONG_UP_TO {
        Reach::Long
    } else if rtt <= MIDDLE_UP_TO {
        Reach::Middle
    } else {
        Reach::Short
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEAR: Duration = Duration::from_millis(60);

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_clean_line_gets_no_copies_and_a_bad_one_at_once() {
        let start = Instant::now();
        let mut need = Need::default();
        need.judge(start, 0.0, NEAR);
        assert_eq!(need.redundancy(), Redundancy::None);
        need.judge(start, 0.01, NEAR);
        assert_eq!(need.redundancy(), Redundancy::Two(Reach::Long));
        need.judge(start, 0.2, NEAR);
        assert_eq!(need.redundancy(), Redundancy::Three(Reach::Long));
    }

    #[test]
    fn who_is_far_away_gets_copies_that_still_come_in_time() {
        let start = Instant::now();
        let mut need = Need::default();
        for (rtt_ms, reach) in [(20, Reach::Long), (300, Reach::Middle), (650, Reach::Short)] {
            need.judge(start, 0.05, Duration::from_millis(rtt_ms));
            assert_eq!(need.redundancy(), Redundancy::Three(reach));
        }
    }

    #[test]
    fn a_line_must_stay_better_before_it_gets_less() {
        let start = Instant::now();
        let mut need = Need::default();
        need.judge(start, 0.1, NEAR);
        for second in 0..20 {
            need.judge(start + seconds(second), if second == 7 { 0.01 } else { 0.0 }, NEAR);
            assert_eq!(need.redundancy(), Redundancy::Three(Reach::Long));
        }
        need.judge(start + seconds(20), 0.0, NEAR);
        assert_eq!(need.redundancy(), Redundancy::Two(Reach::Long), "the worst of the time decides");
        for second in 21..=41 {
            need.judge(start + seconds(second), 0.0, NEAR);
        }
        assert_eq!(need.redundancy(), Redundancy::None);
    }

    #[test]
    fn a_loss_that_returns_begins_the_wait_anew() {
        let start = Instant::now();
        let mut need = Need::default();
        for second in 0..200 {
            need.judge(start + seconds(second), if second % 15 == 0 { 0.05 } else { 0.0 }, NEAR);
            assert_eq!(need.redundancy(), Redundancy::Three(Reach::Long));
        }
    }
}
