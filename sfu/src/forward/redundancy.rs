//! How much redundancy the sound for one receiver needs, decided from what it reports to have lost.
//!
//! Each generation costs as much as the voice itself. On a clean line there is none: a line of 64 kbit/s carries one voice and no more.

use std::time::{Duration, Instant};

use crate::track::redundant::Redundancy;

/// One copy makes one loss in a hundred one in ten thousand. From the smallest loss a report can state.
const ONE_FROM: f32 = 1.0 / 256.0;
/// Above this a single copy lets more than one packet in a thousand through.
const TWO_FROM: f32 = 0.025;
/// A line is better only when it has stayed so for this long: a report speaks of a few hundred packets, and one that lost three of
/// them again comes soon.
const LOWER_AFTER: Duration = Duration::from_secs(20);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Need {
    now: Redundancy,
    /// Since when less would have been enough, and how much at the worst in that time.
    less: Option<(Instant, Redundancy)>,
}

impl Need {
    pub(crate) fn redundancy(&self) -> Redundancy {
        self.now
    }

    /// `loss` is the worst share that the receiver has lately reported of any of its streams.
    pub(crate) fn judge(&mut self, now: Instant, loss: f32) {
        let needed = needed(loss);
        if needed >= self.now {
            *self = Self { now: needed, less: None };
            return;
        }
        let (since, worst) = self.less.map_or((now, needed), |(since, worst)| (since, worst.max(needed)));
        self.less = Some((since, worst));
        if now.saturating_duration_since(since) >= LOWER_AFTER {
            *self = Self { now: worst, less: None };
        }
    }
}

fn needed(loss: f32) -> Redundancy {
    if loss >= TWO_FROM {
        Redundancy::Two
    } else if loss >= ONE_FROM {
        Redundancy::One
    } else {
        Redundancy::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_clean_line_gets_no_copies_and_a_bad_one_at_once() {
        let start = Instant::now();
        let mut need = Need::default();
        need.judge(start, 0.0);
        assert_eq!(need.redundancy(), Redundancy::None);
        need.judge(start, 0.01);
        assert_eq!(need.redundancy(), Redundancy::One);
        need.judge(start, 0.2);
        assert_eq!(need.redundancy(), Redundancy::Two);
    }

    #[test]
    fn a_line_must_stay_better_before_it_gets_less() {
        let start = Instant::now();
        let mut need = Need::default();
        need.judge(start, 0.1);
        for second in 0..20 {
            need.judge(start + seconds(second), if second == 7 { 0.01 } else { 0.0 });
            assert_eq!(need.redundancy(), Redundancy::Two);
        }
        need.judge(start + seconds(20), 0.0);
        assert_eq!(need.redundancy(), Redundancy::One, "the worst of the time decides");
        for second in 21..=41 {
            need.judge(start + seconds(second), 0.0);
        }
        assert_eq!(need.redundancy(), Redundancy::None);
    }

    #[test]
    fn a_loss_that_returns_begins_the_wait_anew() {
        let start = Instant::now();
        let mut need = Need::default();
        for second in 0..200 {
            need.judge(start + seconds(second), if second % 15 == 0 { 0.05 } else { 0.0 });
            assert_eq!(need.redundancy(), Redundancy::Two);
        }
    }
}
