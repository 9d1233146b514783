//! Lines between a site and the bridge, in virtual time and by seed: one that loses, delays, reorders and repeats datagrams, and one that
//! delivers everything in order as long as it is not cut.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a line does to datagrams.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weather {
    /// One way.
    pub delay: Duration,
    /// Added at random to each datagram on its own: more than the distance between two datagrams reorders them.
    pub jitter: Duration,
    /// 0 to 1.
    pub loss: f64,
    /// 0 to 1.
    pub repeat: f64,
}

impl Weather {
    /// Fibre inside a province.
    pub const CLEAR: Self =
        Self { delay: Duration::from_millis(8), jitter: Duration::from_millis(2), loss: 0.0, repeat: 0.0 };

    /// A commune behind a mountain: everything a line can do short of failing.
    pub const ROUGH: Self =
        Self { delay: Duration::from_millis(45), jitter: Duration::from_millis(30), loss: 0.05, repeat: 0.01 };

    /// Round trips of 600 ms over a satellite.
    pub const SATELLITE: Self =
        Self { delay: Duration::from_millis(290), jitter: Duration::from_millis(20), loss: 0.01, repeat: 0.0 };
}

/// One direction of a line for datagrams.
#[derive(Clone, Debug)]
pub struct DatagramLine {
    pub weather: Weather,
    state: LineState,
    dice: ChaCha8Rng,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineState {
    Up,
    Cut,
}

/// When a datagram arrives: never, once or twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrivals {
    pub first: Option<Duration>,
    pub again: Option<Duration>,
}

impl DatagramLine {
    #[must_use]
    pub fn seeded(seed: u64, weather: Weather) -> Self {
        Self { weather, state: LineState::Up, dice: ChaCha8Rng::seed_from_u64(seed) }
    }

    pub fn set(&mut self, state: LineState) {
        self.state = state;
    }

    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == LineState::Up
    }

    /// A datagram is sent at `now`.
    pub fn send(&mut self, now: Duration) -> Arrivals {
        let never = Arrivals { first: None, again: None };
        if self.state == LineState::Cut || self.happens(self.weather.loss) {
            return never;
        }
        let first = Some(self.arrival(now));
        let again = if self.happens(self.weather.repeat) { Some(self.arrival(now)) } else { None };
        Arrivals { first, again }
    }

    fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.dice.random_bool(chance)
    }

    fn arrival(&mut self, now: Duration) -> Duration {
        let jitter = self.weather.jitter.as_micros() as u64;
        let late = if jitter == 0 { 0 } else { self.dice.random_range(0..=jitter) };
        now + self.weather.delay + Duration::from_micros(late)
    }
}

/// One direction of a reliable connection: in order, nothing lost, and what is sent into a cut waits for its end.
#[derive(Clone, Debug)]
pub struct StreamLine<T> {
    delay: Duration,
    last: Duration,
    state: LineState,
    held: Vec<T>,
}

impl<T> StreamLine<T> {
    #[must_use]
    pub fn new(delay: Duration) -> Self {
        Self { delay, last: Duration::ZERO, state: LineState::Up, held: Vec::new() }
    }

    /// When it arrives; `None` while the line is cut: then it is kept and comes out of [`Self::mend`].
    pub fn send(&mut self, now: Duration, message: T) -> Option<(Duration, T)> {
        if self.state == LineState::Cut {
            self.held.push(message);
            return None;
        }
        self.last = self.last.max(now + self.delay);
        Some((self.last, message))
    }

    pub fn cut(&mut self) {
        self.state = LineState::Cut;
    }

    /// What was held arrives now, in order.
    pub fn mend(&mut self, now: Duration) -> Vec<(Duration, T)> {
        self.state = LineState::Up;
        let held = std::mem::take(&mut self.held);
        held.into_iter().filter_map(|message| self.send(now, message)).collect()
    }

    #[must_use]
    pub fn held(&self) -> usize {
        self.held.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rough_line_loses_repeats_and_reorders_about_as_much_as_it_says_and_always_the_same() {
        let run = || {
            let mut line = DatagramLine::seeded(7, Weather::ROUGH);
            (0..10_000_u64).map(|n| line.send(Duration::from_millis(5 * n))).collect::<Vec<_>>()
        };
        let sent = run();
        assert_eq!(sent, run());
        let lost = sent.iter().filter(|arrivals| arrivals.first.is_none()).count();
        let repeated = sent.iter().filter(|arrivals| arrivals.again.is_some()).count();
        let reordered = sent.windows(2).filter(|pair| pair[0].first > pair[1].first && pair[1].first.is_some()).count();
        assert!((400..600).contains(&lost), "{lost}");
        assert!((60..140).contains(&repeated), "{repeated}");
        assert!(reordered > 1_000, "{reordered}");
    }

    #[test]
    fn a_cut_line_delivers_nothing_and_a_mended_one_everything_in_order() {
        let mut line = StreamLine::new(Duration::from_millis(10));
        assert_eq!(line.send(Duration::from_millis(5), 'a'), Some((Duration::from_millis(15), 'a')));
        line.cut();
        assert_eq!(line.send(Duration::from_millis(6), 'b'), None);
        assert_eq!(line.send(Duration::from_millis(7), 'c'), None);
        let late = Duration::from_millis(1_010);
        assert_eq!(line.mend(Duration::from_secs(1)), [(late, 'b'), (late, 'c')]);
        let mut datagrams = DatagramLine::seeded(1, Weather::CLEAR);
        datagrams.set(LineState::Cut);
        assert_eq!(datagrams.send(Duration::ZERO), Arrivals { first: None, again: None });
    }
}
