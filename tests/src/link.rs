//! Lines between a site and the bridge, by seed and told the time: one that loses, delays, reorders, repeats and queues datagrams, and
//! one that delivers everything in order as long as it is not cut.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// How much later a datagram comes that others overtake: more than one packet of sound, less than two.
const HELD_BACK: Duration = Duration::from_millis(25);

/// What a line does to datagrams.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Weather {
    /// One way.
    pub delay: Duration,
    /// Added at random to each datagram on its own, evenly from nothing to this.
    pub jitter: Duration,
    /// What becomes of datagrams whose jitter differs by more than their distance.
    pub order: Order,
    /// 0 to 1, the share lost in the long run whatever the bursts.
    pub loss: f64,
    /// How many datagrams in a row are lost together, on average: the sojourn in the bad state of a Gilbert-Elliott chain that loses
    /// everything there and nothing in the good state. 1 or less: each is lost on its own.
    pub burst: f64,
    /// 0 to 1.
    pub repeat: f64,
    /// 0 to 1: the share that is held back and overtaken by those behind it, whatever the jitter.
    pub overtaken: f64,
    /// The narrowest place of the line; without one everything passes at once.
    pub bottleneck: Option<Bottleneck>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Jitter overtakes, as over several paths.
    Free,
    /// A late datagram holds up those behind it, as a queue or a radio link does.
    Kept,
}

/// Where datagrams wait for one another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bottleneck {
    pub bps: u64,
    pub queue: Queue,
}

/// What may wait before a bottleneck; what comes on top is lost (drop tail).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Queue {
    /// As RFC 8867 gives it: so much that it takes this long to leave.
    Time(Duration),
    Bytes(u32),
}

impl Bottleneck {
    /// How long `bytes` take to pass.
    fn passing(self, bytes: u64) -> Duration {
        let nanos = u128::from(bytes) * 8 * 1_000_000_000 / u128::from(self.bps.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }

    fn longest_wait(self) -> Duration {
        match self.queue {
            Queue::Time(time) => time,
            Queue::Bytes(bytes) => self.passing(u64::from(bytes)),
        }
    }
}

impl Weather {
    /// Nothing happens to a datagram, at once.
    pub const NONE: Self = Self {
        delay: Duration::ZERO,
        jitter: Duration::ZERO,
        order: Order::Free,
        loss: 0.0,
        burst: 1.0,
        repeat: 0.0,
        overtaken: 0.0,
        bottleneck: None,
    };

    /// Fibre inside a province.
    pub const CLEAR: Self = Self { delay: Duration::from_millis(8), jitter: Duration::from_millis(2), ..Self::NONE };

    /// A commune behind a mountain: everything a line can do short of failing.
    pub const ROUGH: Self = Self {
        delay: Duration::from_millis(45),
        jitter: Duration::from_millis(30),
        loss: 0.05,
        repeat: 0.01,
        ..Self::NONE
    };

    /// Round trips of 600 ms over a satellite.
    pub const SATELLITE: Self =
        Self { delay: Duration::from_millis(290), jitter: Duration::from_millis(20), loss: 0.01, ..Self::NONE };

    /// An island's radio link: round trips of 600 +- 60 ms, losses in bursts, `kbps` and half a second of queue.
    #[must_use]
    pub fn island(kbps: u64) -> Self {
        Self {
            delay: Duration::from_millis(270),
            jitter: Duration::from_millis(60),
            order: Order::Kept,
            loss: 0.02,
            burst: 4.0,
            bottleneck: Some(Bottleneck { bps: kbps * 1_000, queue: Queue::Time(Duration::from_millis(500)) }),
            ..Self::NONE
        }
    }
}

/// One direction of a line for datagrams.
#[derive(Clone, Debug)]
pub struct DatagramLine {
    weather: Weather,
    state: LineState,
    fading: Fading,
    /// When the bottleneck has let pass everything it was given so far.
    idle_at: Duration,
    /// The latest arrival so far, for [`Order::Kept`].
    last: Duration,
    dice: ChaCha8Rng,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LineState {
    Up,
    Cut,
}

/// The states of the Gilbert-Elliott chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fading {
    Good,
    Bad,
}

/// When a datagram arrives: never, once or twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arrivals {
    pub first: Option<Duration>,
    pub again: Option<Duration>,
}

impl Arrivals {
    const NEVER: Self = Self { first: None, again: None };
}

impl DatagramLine {
    #[must_use]
    pub fn seeded(seed: u64, weather: Weather) -> Self {
        Self {
            weather,
            state: LineState::Up,
            fading: Fading::Good,
            idle_at: Duration::ZERO,
            last: Duration::ZERO,
            dice: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    pub fn set(&mut self, state: LineState) {
        self.state = state;
    }

    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == LineState::Up
    }

    #[must_use]
    pub fn weather(&self) -> &Weather {
        &self.weather
    }

    /// The weather changes. What waits before the bottleneck now delays what comes behind it at the new rate; the datagrams that wait
    /// themselves arrive when they were promised to.
    pub fn set_weather(&mut self, now: Duration, weather: Weather) {
        let waiting = self.waiting(now);
        self.idle_at = match (self.weather.bottleneck, weather.bottleneck) {
            (Some(before), Some(after)) => now + waiting.mul_f64(before.bps as f64 / after.bps.max(1) as f64),
            (None, _) | (_, None) => now,
        };
        self.weather = weather;
    }

    /// How long a datagram sent now would wait before the bottleneck.
    #[must_use]
    pub fn waiting(&self, now: Duration) -> Duration {
        self.idle_at.saturating_sub(now)
    }

    /// A datagram of `bytes`, IP and UDP headers included, is sent at `now`, which never goes back.
    pub fn send(&mut self, now: Duration, bytes: usize) -> Arrivals {
        if self.state == LineState::Cut {
            return Arrivals::NEVER;
        }
        let Some(passed) = self.pass(now, bytes) else { return Arrivals::NEVER };
        if self.is_lost() {
            return Arrivals::NEVER;
        }
        let first = Some(self.arrival(passed));
        let again = if self.happens(self.weather.repeat) { Some(self.arrival(passed)) } else { None };
        Arrivals { first, again }
    }

    /// When it is through the bottleneck; `None` when the queue is full. Losses come behind it: what the air loses used the air.
    fn pass(&mut self, now: Duration, bytes: usize) -> Option<Duration> {
        let Some(bottleneck) = self.weather.bottleneck else { return Some(now) };
        if self.waiting(now) > bottleneck.longest_wait() {
            return None;
        }
        self.idle_at = self.idle_at.max(now) + bottleneck.passing(bytes as u64);
        Some(self.idle_at)
    }

    fn is_lost(&mut self) -> bool {
        let Weather { loss, burst, .. } = self.weather;
        if burst <= 1.0 || loss <= 0.0 {
            self.fading = Fading::Good;
            return self.happens(loss);
        }
        // The stationary share of the bad state is `loss` when it is left with 1/burst and entered with this.
        let turns = match self.fading {
            Fading::Good => (loss / (burst * (1.0 - loss).max(f64::EPSILON))).min(1.0),
            Fading::Bad => 1.0 / burst,
        };
        if self.happens(turns) {
            self.fading = match self.fading {
                Fading::Good => Fading::Bad,
                Fading::Bad => Fading::Good,
            };
        }
        self.fading == Fading::Bad
    }

    fn happens(&mut self, chance: f64) -> bool {
        chance > 0.0 && self.dice.random_bool(chance.min(1.0))
    }

    fn arrival(&mut self, passed: Duration) -> Duration {
        let jitter = self.weather.jitter.as_micros() as u64;
        let late = if jitter == 0 { 0 } else { self.dice.random_range(0..=jitter) };
        let arrival = passed + self.weather.delay + Duration::from_micros(late);
        if self.happens(self.weather.overtaken) {
            return arrival + HELD_BACK;
        }
        match self.weather.order {
            Order::Free => arrival,
            Order::Kept => {
                self.last = self.last.max(arrival);
                self.last
            }
        }
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
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn narrow(bps: u64, queue: Queue) -> Weather {
        Weather { bottleneck: Some(Bottleneck { bps, queue }), ..Weather::NONE }
    }

    #[test]
    fn a_rough_line_loses_repeats_and_reorders_about_as_much_as_it_says_and_always_the_same() {
        let run = || {
            let mut line = DatagramLine::seeded(7, Weather::ROUGH);
            (0..10_000_u64).map(|n| line.send(Duration::from_millis(5 * n), 200)).collect::<Vec<_>>()
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
        assert_eq!(datagrams.send(Duration::ZERO, 200), Arrivals::NEVER);
    }

    #[test]
    fn losses_in_bursts_are_as_many_and_as_long_as_asked() {
        let weather = Weather { loss: 0.02, burst: 4.0, ..Weather::NONE };
        let mut line = DatagramLine::seeded(3, weather);
        let lost: Vec<bool> = (0..200_000).map(|n| line.send(n * 20 * MS, 200).first.is_none()).collect();
        let share = lost.iter().filter(|lost| **lost).count() as f64 / lost.len() as f64;
        let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        let length = share * lost.len() as f64 / bursts;
        assert!((0.017..0.023).contains(&share), "{share}");
        assert!((3.6..4.4).contains(&length), "{length}");
    }

    #[test]
    fn a_full_queue_loses_what_comes_on_top_and_the_bottleneck_passes_what_it_promised() {
        for queue in [Queue::Time(300 * MS), Queue::Bytes(37_500)] {
            let mut line = DatagramLine::seeded(1, narrow(1_000_000, queue));
            // Twice what fits, for ten seconds.
            let arrivals: Vec<_> = (0..2_000).filter_map(|n| line.send(n * 5 * MS, 1_250).first).collect();
            assert!((1_000..=1_032).contains(&arrivals.len()), "{}", arrivals.len());
            assert!(arrivals.windows(2).all(|pair| pair[1] - pair[0] == 10 * MS));
            assert_eq!(line.waiting(1_999 * 5 * MS).as_millis() / 10, 30);
        }
    }

    #[test]
    fn a_line_that_narrows_delays_what_comes_behind_its_queue_at_the_new_rate() {
        let mut line = DatagramLine::seeded(1, narrow(2_000_000, Queue::Time(Duration::from_secs(2))));
        for _ in 0..20 {
            line.send(Duration::ZERO, 1_250);
        }
        assert_eq!(line.waiting(Duration::ZERO), 100 * MS);
        line.set_weather(50 * MS, narrow(500_000, Queue::Time(Duration::from_secs(2))));
        assert_eq!(line.waiting(50 * MS), 200 * MS);
        assert_eq!(line.send(50 * MS, 1_250).first, Some(270 * MS));
        line.set_weather(50 * MS, Weather::NONE);
        assert_eq!(line.send(50 * MS, 1_250).first, Some(50 * MS));
    }

    #[test]
    fn who_is_overtaken_is_late_alone_on_a_line_that_keeps_the_order() {
        let weather = Weather { overtaken: 0.1, jitter: 30 * MS, order: Order::Kept, ..Weather::NONE };
        let mut line = DatagramLine::seeded(5, weather);
        let arrivals: Vec<_> = (0..10_000).filter_map(|n| line.send(n * 20 * MS, 200).first).collect();
        let overtaken = arrivals.windows(2).filter(|pair| pair[0] > pair[1]).count();
        assert!((300..1_000).contains(&overtaken), "{overtaken}");
    }

    prop_compose! {
        fn weathers()(
            delay in 0..400_u32, jitter in 0..100_u32, loss in 0.0..1.0_f64, burst in 0.0..10.0_f64, repeat in 0.0..0.2_f64,
            kbps in prop::option::of(10..5_000_u64), queue in 0..500_u32, kept in any::<bool>(),
        ) -> Weather {
            Weather {
                delay: delay * MS,
                jitter: jitter * MS,
                order: if kept { Order::Kept } else { Order::Free },
                loss,
                burst,
                repeat,
                overtaken: 0.0,
                bottleneck: kbps.map(|kbps| Bottleneck { bps: kbps * 1_000, queue: Queue::Time(queue * MS) }),
            }
        }
    }

    proptest! {
        #[test]
        fn nothing_arrives_before_its_delay_nor_later_than_queue_and_jitter_explain(
            weather in weathers(), seed in any::<u64>(), sent in prop::collection::vec((0..40_u32, 40..1_400_usize), 1..200),
        ) {
            let mut line = DatagramLine::seeded(seed, weather);
            let mut now = Duration::ZERO;
            let mut last = Duration::ZERO;
            for (gap, bytes) in sent {
                now += gap * MS;
                let wait = line.waiting(now);
                let passing = weather.bottleneck.map_or(Duration::ZERO, |bottleneck| bottleneck.passing(bytes as u64));
                let arrivals = line.send(now, bytes);
                for at in [arrivals.first, arrivals.again].into_iter().flatten() {
                    prop_assert!(at >= now + wait + passing + weather.delay);
                    prop_assert!(at <= now + wait + passing + weather.delay + weather.jitter || at == last);
                    if weather.order == Order::Kept {
                        prop_assert!(at >= last);
                        last = at;
                    }
                }
                prop_assert!(arrivals.again.is_none() || arrivals.first.is_some());
                if let Some(bottleneck) = weather.bottleneck {
                    // One whole datagram may begin to wait when the queue is all but full.
                    prop_assert!(line.waiting(now) <= bottleneck.longest_wait() + bottleneck.passing(1_400));
                }
            }
        }
    }
}
