//! What becomes of each packet, and when it leaves: pure, told the time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Way;
use super::change::{Change, Stop};
use crate::link::{DatagramLine, Weather};

/// Packets under way in both directions: 100 Mbit/s of full packets for 1.5 s. What comes on top is lost, and counted as such: a test
/// that needs more asks too much of one line.
const UNDER_WAY_MAX: usize = 16_384;

/// Both ways of one line.
pub struct Impaired {
    up: Half,
    down: Half,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    /// Breaks ties: what came first leaves first.
    next: u64,
}

struct Half {
    line: DatagramLine,
    stop: Stop,
    counts: Counts,
}

/// What became of the packets of one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    pub came: u64,
    pub left: u64,
    /// By the weather: losses and a full queue.
    pub lost: u64,
    /// TCP or UDP that may not pass.
    pub stopped: u64,
    /// More was under way than this tool holds.
    pub overrun: u64,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    leaves: Duration,
    number: u64,
    is_down: bool,
    packet: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Tcp,
    Udp,
    Other,
}

/// By the protocol of the IP header; extension headers are not followed, no system here sends any.
fn kind(packet: &[u8]) -> Kind {
    let protocol = match packet.first().map(|first| first >> 4) {
        Some(4) => packet.get(9),
        Some(6) => packet.get(6),
        _ => None,
    };
    match protocol {
        Some(6) => Kind::Tcp,
        Some(17) => Kind::Udp,
        _ => Kind::Other,
    }
}

impl Stop {
    fn holds(self, kind: Kind) -> bool {
        match self {
            Self::Nothing => false,
            Self::Tcp => kind == Kind::Tcp,
            Self::Udp => kind == Kind::Udp,
            Self::Everything => true,
        }
    }
}

impl Impaired {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        let half = |way| Half {
            line: DatagramLine::seeded(seed ^ way, Weather::NONE),
            stop: Stop::Nothing,
            counts: Counts::default(),
        };
        Self { up: half(0), down: half(1 << 63), under_way: BinaryHeap::new(), next: 0 }
    }

    pub fn handle_change(&mut self, now: Duration, change: &Change) {
        for (way, half) in [(Way::Up, &mut self.up), (Way::Down, &mut self.down)] {
            let (weather, stop) = change.applied(way, half.line.weather(), half.stop);
            half.line.set_weather(now, weather);
            half.stop = stop;
        }
    }

    pub fn handle_packet(&mut self, now: Duration, way: Way, packet: &[u8]) {
        let half = match way {
            Way::Up => &mut self.up,
            Way::Down => &mut self.down,
        };
        half.counts.came += 1;
        if half.stop.holds(kind(packet)) {
            half.counts.stopped += 1;
            return;
        }
        let arrivals = half.line.send(now, packet.len());
        if arrivals.first.is_none() {
            half.counts.lost += 1;
        }
        for leaves in [arrivals.first, arrivals.again].into_iter().flatten() {
            if self.under_way.len() >= UNDER_WAY_MAX {
                half.counts.overrun += 1;
                continue;
            }
            self.next += 1;
            let is_down = way == Way::Down;
            self.under_way.push(Reverse(UnderWay { leaves, number: self.next, is_down, packet: packet.to_vec() }));
        }
    }

    /// The next packet that has arrived at its end.
    pub fn poll_output(&mut self, now: Duration) -> Option<(Way, Vec<u8>)> {
        if self.poll_timeout()? > now {
            return None;
        }
        let Reverse(UnderWay { is_down, packet, .. }) = self.under_way.pop()?;
        let (way, half) = if is_down { (Way::Down, &mut self.down) } else { (Way::Up, &mut self.up) };
        half.counts.left += 1;
        Some((way, packet))
    }

    /// When [`Self::poll_output`] has something next.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.under_way.peek().map(|Reverse(first)| first.leaves)
    }

    #[must_use]
    pub fn counts(&self, way: Way) -> Counts {
        match way {
            Way::Up => self.up.counts,
            Way::Down => self.down.counts,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn packet(protocol: u8, bytes: usize) -> Vec<u8> {
        let mut packet = vec![0; bytes.max(20)];
        (packet[0], packet[9]) = (0x45, protocol);
        packet
    }

    fn changed(text: &str) -> Impaired {
        let mut impaired = Impaired::seeded(7);
        impaired.handle_change(Duration::ZERO, &text.parse().expect("a change"));
        impaired
    }

    fn leaves(impaired: &mut Impaired, until: Duration) -> Vec<(Duration, Way, Vec<u8>)> {
        let mut left = Vec::new();
        while let Some(at) = impaired.poll_timeout().filter(|at| *at <= until) {
            let (way, packet) = impaired.poll_output(at).expect("it said so");
            left.push((at, way, packet));
        }
        left
    }

    #[test]
    fn each_way_has_its_own_delay_and_its_own_rate() {
        let mut impaired = changed("delay=100ms up delay=20ms down rate=100k");
        for n in 0..3 {
            impaired.handle_packet(n * MS, Way::Up, &packet(17, 125));
            impaired.handle_packet(n * MS, Way::Down, &packet(17, 125));
        }
        let left = leaves(&mut impaired, 1_000 * MS);
        let at = |way| left.iter().filter(|left| left.1 == way).map(|left| left.0.as_millis()).collect::<Vec<_>>();
        assert_eq!(at(Way::Up), [20, 21, 22]);
        assert_eq!(at(Way::Down), [110, 120, 130]);
    }

    #[test]
    fn tcp_is_stopped_while_udp_passes_and_comes_through_again_after() {
        let mut impaired = changed("stop=tcp");
        impaired.handle_packet(Duration::ZERO, Way::Up, &packet(6, 40));
        impaired.handle_packet(Duration::ZERO, Way::Up, &packet(17, 40));
        let mut six = packet(0, 60);
        (six[0], six[6]) = (0x60, 6);
        impaired.handle_packet(Duration::ZERO, Way::Down, &six);
        assert_eq!(leaves(&mut impaired, MS).len(), 1);
        impaired.handle_change(MS, &"stop=none".parse().expect("a change"));
        impaired.handle_packet(MS, Way::Up, &packet(6, 40));
        assert_eq!(leaves(&mut impaired, MS).len(), 1);
        assert_eq!((impaired.counts(Way::Up).stopped, impaired.counts(Way::Down).stopped), (1, 1));
    }

    proptest! {
        #[test]
        fn every_packet_is_counted_once_and_leaves_unchanged_on_its_own_way(
            seed in any::<u64>(), loss in 0..60_u32, repeat in 0..30_u32, jitter in 0..50_u32,
            sent in prop::collection::vec((0..20_u32, any::<bool>(), prop::collection::vec(any::<u8>(), 0..80)), 0..100),
        ) {
            let mut impaired = Impaired::seeded(seed);
            let change = format!("delay=30ms jitter={jitter}ms loss={loss}% repeat={repeat}%");
            impaired.handle_change(Duration::ZERO, &change.parse().expect("a change"));
            let mut now = Duration::ZERO;
            for (gap, up, packet) in &sent {
                now += *gap * MS;
                impaired.handle_packet(now, if *up { Way::Up } else { Way::Down }, packet);
            }
            let left = leaves(&mut impaired, now + 1_000 * MS);
            prop_assert!(left.windows(2).all(|pair| pair[0].0 <= pair[1].0));
            for way in [Way::Up, Way::Down] {
                let counts = impaired.counts(way);
                let of_way: Vec<_> = sent.iter().filter(|(_, up, _)| *up == (way == Way::Up)).collect();
                let distinct = counts.came - counts.lost - counts.stopped;
                prop_assert_eq!(counts.came, of_way.len() as u64);
                prop_assert!(counts.left >= distinct && counts.left <= 2 * distinct);
                for (_, _, packet) in left.iter().filter(|left| left.1 == way) {
                    prop_assert!(of_way.iter().any(|(_, _, sent)| sent == packet));
                }
            }
        }

        #[test]
        fn the_same_seed_gives_the_same_line(seed in any::<u64>()) {
            let run = || {
                let mut impaired = Impaired::seeded(seed);
                impaired.handle_change(Duration::ZERO, &"jitter=40ms loss=20% burst=3 rate=300k".parse().expect("a change"));
                for n in 0..200 {
                    impaired.handle_packet(n * MS, Way::Up, &packet(17, 300));
                }
                leaves(&mut impaired, 10_000 * MS).into_iter().map(|left| left.0).collect::<Vec<_>>()
            };
            prop_assert_eq!(run(), run());
        }
    }
}
