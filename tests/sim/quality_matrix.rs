//! How a commune on a bad line is heard and hears: every combination of loss, round trip and jitter, with losses at random on a path that
//! lets packets overtake, and in bursts on one that keeps their order, as a radio link does. Sound counts when it can be played 400 ms
//! after it was spoken; beside it a small picture runs each way.

use std::time::Duration;

use tests::lab::bench::{Bench, Seat};
use tests::lab::camera::CameraProfile;
use tests::lab::ear::Heard;
use tests::lab::figures::{Section, Verdict};
use tests::lab::microphone::Sends;
use tests::link::{Order, Weather};

const ROUND_TRIPS_MS: [u32; 4] = [20, 100, 300, 600];
const JITTERS_MS: [u32; 3] = [0, 30, 100];

/// Until the reports have come in and what they bring about has begun; and what is measured.
const SETTLED: Duration = Duration::from_secs(10);
const MEASURED: Duration = Duration::from_secs(40);

/// A path that is silent for so long is given up.
const PATH_LOST: Duration = Duration::from_secs(6);
const FREEZE_MAX: Duration = Duration::from_secs(2);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Losses {
    AtRandom,
    InBursts,
}

/// Datagrams in a row that are lost together, on average.
const BURST: f64 = 4.0;

#[derive(Clone, Copy, Debug)]
struct Cell {
    loss_percent: u32,
    losses: Losses,
    rtt_ms: u32,
    jitter_ms: u32,
}

struct Measured {
    hears: Heard,
    is_heard: Heard,
    freeze: Duration,
    silence: Duration,
}

impl Cell {
    fn weather(self) -> Weather {
        let (burst, order) = match self.losses {
            Losses::AtRandom => (1.0, Order::Free),
            Losses::InBursts => (BURST, Order::Kept),
        };
        Weather {
            delay: Duration::from_millis(1) * self.rtt_ms / 2,
            jitter: Duration::from_millis(1) * self.jitter_ms,
            order,
            loss: f64::from(self.loss_percent) / 100.0,
            burst,
            ..Weather::NONE
        }
    }

    /// Percent of the sound that must be there in time.
    fn goal(self) -> f64 {
        match self.loss_percent {
            ..=5 if self.rtt_ms <= 100 => 99.9,
            ..=10 => 99.0,
            11..=20 => 97.0,
            _ => 92.0,
        }
    }

    fn measure(self) -> Measured {
        let bursts = u64::from(self.losses == Losses::InBursts);
        let seed = u64::from(self.loss_percent * 1_000_000 + self.rtt_ms * 1_000 + self.jitter_ms * 2) + bursts;
        let mut bench = Bench::seeded(seed);
        let site = Seat {
            microphone: Some(Sends::Redundant),
            camera: Some(CameraProfile::small(250_000, 15)),
            sound_slots: 1,
            picture_slots: 1,
            drawn: 180,
        };
        // The hall stands beside the bridge.
        let (up, down) = (bench.line(Weather::NONE), bench.line(Weather::NONE));
        let hall = bench.join(&site, up, down);
        let (up, down) = (bench.line(self.weather()), bench.line(self.weather()));
        let commune = bench.join(&site, up, down);
        let end = SETTLED + MEASURED;
        bench.run(end + Duration::from_secs(1));
        let heard = |by: u16, of: u16| {
            assert_eq!(bench.client(by).misplaced(), 0, "a copy under a wrong time");
            bench.client(by).ear(of).expect("something was heard").heard(SETTLED, end)
        };
        let freeze = |by: u16| {
            let eye = bench.client(by).eye(0).expect("there is a picture");
            eye.moved(SETTLED, end).longest_freeze
        };
        Measured {
            hears: heard(commune, hall),
            is_heard: heard(hall, commune),
            freeze: freeze(commune).max(freeze(hall)),
            silence: bench.longest_silence(commune),
        }
    }
}

fn row(losses: Losses, loss_percent: u32) {
    let (title, words) = match losses {
        Losses::AtRandom => ("at random", "Each datagram is lost on its own; jitter lets packets overtake."),
        Losses::InBursts => {
            ("in bursts", "Four datagrams in a row are lost together, on average; jitter keeps the order.")
        }
    };
    let title = format!("Sound and picture on a bad line: {loss_percent:02} % lost {title}");
    let columns = [
        "round trip ms",
        "jitter ms",
        "hears %",
        "is heard %",
        "goal %",
        "worst run of lost frames",
        "longest freeze s",
    ];
    let mut section = Section::new(&title, words, &columns);
    for (rtt_ms, jitter_ms) in ROUND_TRIPS_MS.iter().flat_map(|rtt| JITTERS_MS.map(|jitter| (*rtt, jitter))) {
        let cell = Cell { loss_percent, losses, rtt_ms, jitter_ms };
        let Measured { hears, is_heard, freeze, silence } = cell.measure();
        assert!(silence < PATH_LOST, "{cell:?}: the line was taken for dead");
        let sound = |heard: Heard| Verdict::of(heard.percent() >= cell.goal()).mark(&format!("{:.2}", heard.percent()));
        let still = if loss_percent < 10 { Verdict::of(freeze <= FREEZE_MAX) } else { Verdict::Told };
        section.row(&[
            rtt_ms.to_string(),
            jitter_ms.to_string(),
            sound(hears),
            sound(is_heard),
            format!("{:.1}", cell.goal()),
            hears.longest_run.max(is_heard.longest_run).to_string(),
            still.mark(&format!("{:.2}", freeze.as_secs_f64())),
        ]);
    }
    section.settle();
}

macro_rules! rows {
    ($($name:ident: $losses:ident $percent:literal;)+) => {$(
        #[test]
        fn $name() {
            row(Losses::$losses, $percent);
        }
    )+};
}

rows! {
    sound_without_loss: AtRandom 0;
    sound_at_1_percent_at_random: AtRandom 1;
    sound_at_2_percent_at_random: AtRandom 2;
    sound_at_5_percent_at_random: AtRandom 5;
    sound_at_10_percent_at_random: AtRandom 10;
    sound_at_15_percent_at_random: AtRandom 15;
    sound_at_20_percent_at_random: AtRandom 20;
    sound_at_30_percent_at_random: AtRandom 30;
    sound_without_loss_in_order: InBursts 0;
    sound_at_1_percent_in_bursts: InBursts 1;
    sound_at_2_percent_in_bursts: InBursts 2;
    sound_at_5_percent_in_bursts: InBursts 5;
    sound_at_10_percent_in_bursts: InBursts 10;
    sound_at_15_percent_in_bursts: InBursts 15;
    sound_at_20_percent_in_bursts: InBursts 20;
    sound_at_30_percent_in_bursts: InBursts 30;
}
