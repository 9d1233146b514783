//! What a line should do from now on, as one line of text: `delay=300ms jitter=60ms loss=2% burst=4 up rate=256k down rate=512k/300ms`.

use std::str::FromStr;
use std::time::Duration;

use super::Way;
use crate::link::{Bottleneck, Order, Queue, Weather};

/// The queue of a bottleneck for which none is given: RFC 8867, section 4.3.
const QUEUE: Queue = Queue::Time(Duration::from_millis(300));

/// Settings in their order; what is not named stays as it was.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Change(Vec<(Scope, Setting)>);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Scope {
    Both,
    Only(Way),
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Setting {
    /// As if the line had just been laid.
    Clear,
    Delay(Duration),
    Jitter(Duration),
    Order(Order),
    Loss(f64),
    Burst(f64),
    Repeat(f64),
    Overtaken(f64),
    Rate(Option<Bottleneck>),
    Stop(Stop),
}

/// What does not pass at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stop {
    #[default]
    Nothing,
    Tcp,
    Udp,
    Everything,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChangeRefused {
    NoSetting(String),
    NoTime(String),
    NoShare(String),
    NoNumber(String),
    NoRate(String),
    NoQueue(String),
    NoOrder(String),
    NoStop(String),
}

impl std::fmt::Display for ChangeRefused {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoSetting(word) => write!(
                out,
                "{word:?}: write clear, up, down, both, or delay, jitter, order, loss, burst, repeat, overtaken, rate, stop with =value"
            ),
            Self::NoTime(word) => write!(out, "{word:?} is no time: write 300ms or 1.5s"),
            Self::NoShare(word) => write!(out, "{word:?} is no share: write 2% or 0.02"),
            Self::NoNumber(word) => write!(out, "{word:?} is no number of datagrams"),
            Self::NoRate(word) => write!(out, "{word:?} is no rate: write 512k or 2.5M bits a second, or none"),
            Self::NoQueue(word) => write!(out, "{word:?} is no queue: write 300ms or 20000B behind the rate"),
            Self::NoOrder(word) => write!(out, "{word:?} is no order: write free or kept"),
            Self::NoStop(word) => write!(out, "{word:?} cannot be stopped: write tcp, udp, all or none"),
        }
    }
}

impl std::error::Error for ChangeRefused {}

impl FromStr for Change {
    type Err = ChangeRefused;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut scope = Scope::Both;
        let mut settings = Vec::new();
        for word in text.split_whitespace() {
            match word {
                "up" => scope = Scope::Only(Way::Up),
                "down" => scope = Scope::Only(Way::Down),
                "both" => scope = Scope::Both,
                _ => settings.push((scope, setting(word)?)),
            }
        }
        Ok(Self(settings))
    }
}

fn setting(word: &str) -> Result<Setting, ChangeRefused> {
    let Some((name, value)) = word.split_once('=') else {
        return if word == "clear" { Ok(Setting::Clear) } else { Err(ChangeRefused::NoSetting(word.to_owned())) };
    };
    Ok(match name {
        "delay" => Setting::Delay(time(value)?),
        "jitter" => Setting::Jitter(time(value)?),
        "order" => Setting::Order(match value {
            "free" => Order::Free,
            "kept" => Order::Kept,
            _ => return Err(ChangeRefused::NoOrder(value.to_owned())),
        }),
        "loss" => Setting::Loss(share(value)?),
        "burst" => Setting::Burst(
            positive(value).filter(|n| *n >= 1.0).ok_or_else(|| ChangeRefused::NoNumber(value.to_owned()))?,
        ),
        "repeat" => Setting::Repeat(share(value)?),
        "overtaken" => Setting::Overtaken(share(value)?),
        "rate" => Setting::Rate(rate(value)?),
        "stop" => Setting::Stop(match value {
            "none" => Stop::Nothing,
            "tcp" => Stop::Tcp,
            "udp" => Stop::Udp,
            "all" => Stop::Everything,
            _ => return Err(ChangeRefused::NoStop(value.to_owned())),
        }),
        _ => return Err(ChangeRefused::NoSetting(word.to_owned())),
    })
}

fn positive(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0)
}

/// An hour is more than any line; it keeps sums of times far from overflow.
fn time(text: &str) -> Result<Duration, ChangeRefused> {
    let seconds = match text.strip_suffix("ms") {
        Some(ms) => positive(ms).map(|ms| ms / 1_000.0),
        None => text.strip_suffix('s').and_then(positive),
    };
    let seconds = seconds.filter(|seconds| *seconds <= 3_600.0);
    seconds.map(Duration::from_secs_f64).ok_or_else(|| ChangeRefused::NoTime(text.to_owned()))
}

fn share(text: &str) -> Result<f64, ChangeRefused> {
    let share = match text.strip_suffix('%') {
        Some(percent) => positive(percent).map(|percent| percent / 100.0),
        None => positive(text),
    };
    share.filter(|share| *share <= 1.0).ok_or_else(|| ChangeRefused::NoShare(text.to_owned()))
}

fn rate(text: &str) -> Result<Option<Bottleneck>, ChangeRefused> {
    if text == "none" {
        return Ok(None);
    }
    let (rate, queue) = text.split_once('/').map_or((text, None), |(rate, queue)| (rate, Some(queue)));
    let (number, unit) = match rate.strip_suffix('k') {
        Some(number) => (number, 1e3),
        None => rate.strip_suffix('M').map_or((rate, 1.0), |number| (number, 1e6)),
    };
    // Below a bit a second and above 100 Gbit/s is a slip of the pen.
    let bps = positive(number).map(|number| number * unit).filter(|bps| (1.0..=1e11).contains(bps));
    let bps = bps.ok_or_else(|| ChangeRefused::NoRate(text.to_owned()))? as u64;
    let queue = match queue {
        None => QUEUE,
        Some(text) => match text.strip_suffix('B') {
            Some(bytes) => Queue::Bytes(bytes.parse().map_err(|_| ChangeRefused::NoQueue(text.to_owned()))?),
            None => Queue::Time(time(text).map_err(|_| ChangeRefused::NoQueue(text.to_owned()))?),
        },
    };
    Ok(Some(Bottleneck { bps, queue }))
}

impl Change {
    /// Weather and stop of one way after the change.
    #[must_use]
    pub fn applied(&self, way: Way, weather: &Weather, stop: Stop) -> (Weather, Stop) {
        let (mut weather, mut stop) = (*weather, stop);
        for (scope, setting) in &self.0 {
            if *scope != Scope::Both && *scope != Scope::Only(way) {
                continue;
            }
            match *setting {
                Setting::Clear => (weather, stop) = (Weather::NONE, Stop::Nothing),
                Setting::Delay(delay) => weather.delay = delay,
                Setting::Jitter(jitter) => weather.jitter = jitter,
                Setting::Order(order) => weather.order = order,
                Setting::Loss(loss) => weather.loss = loss,
                Setting::Burst(burst) => weather.burst = burst,
                Setting::Repeat(repeat) => weather.repeat = repeat,
                Setting::Overtaken(overtaken) => weather.overtaken = overtaken,
                Setting::Rate(bottleneck) => weather.bottleneck = bottleneck,
                Setting::Stop(what) => stop = what,
            }
        }
        (weather, stop)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn applied(text: &str, way: Way) -> (Weather, Stop) {
        text.parse::<Change>().expect(text).applied(way, &Weather::NONE, Stop::Nothing)
    }

    #[test]
    fn a_line_of_text_sets_both_ways_and_each_on_its_own() {
        let text = "delay=270ms jitter=60ms order=kept loss=2% burst=4 up rate=256k down rate=0.5M/20000B stop=udp";
        let (up, stopped_up) = applied(text, Way::Up);
        let (down, stopped_down) = applied(text, Way::Down);
        assert_eq!((up.delay, up.jitter), (Duration::from_millis(270), Duration::from_millis(60)));
        assert_eq!((up.order, up.loss, up.burst), (Order::Kept, 0.02, 4.0));
        assert_eq!(up.bottleneck, Some(Bottleneck { bps: 256_000, queue: QUEUE }));
        assert_eq!(down.bottleneck, Some(Bottleneck { bps: 500_000, queue: Queue::Bytes(20_000) }));
        assert_eq!((stopped_up, stopped_down), (Stop::Nothing, Stop::Udp));
    }

    #[test]
    fn what_is_not_named_stays_and_clear_takes_all_back() {
        let before = Weather { loss: 0.3, ..Weather::ROUGH };
        let (after, stop) =
            "delay=1.5s".parse::<Change>().expect("a change").applied(Way::Up, &before, Stop::Everything);
        assert_eq!((after, stop), (Weather { delay: Duration::from_millis(1_500), ..before }, Stop::Everything));
        let cleared = "clear".parse::<Change>().expect("a change").applied(Way::Up, &after, stop);
        assert_eq!(cleared, (Weather::NONE, Stop::Nothing));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_what_can() {
        for text in [
            "delay=5",
            "delay=-1ms",
            "delay=NaNs",
            "loss=101%",
            "loss=x",
            "burst=0.5",
            "rate=0",
            "rate=1k/x",
            "sleet=1",
        ] {
            let refused = text.parse::<Change>().expect_err(text).to_string();
            assert!(refused.contains("write") || refused.contains("number"), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _ = text.parse::<Change>();
        }

        #[test]
        fn any_words_of_the_language_give_a_weather_that_a_line_can_bear(
            words in prop::collection::vec("(up|down|(delay|jitter)=[0-9]{1,4}(ms|s)|(loss|repeat|overtaken)=[0-9]{1,3}%|burst=[0-9]|rate=[0-9]{1,4}(k|M)?(/[0-9]{1,5}(B|ms))?|stop=(tcp|udp|all|none))", 0..12),
        ) {
            if let Ok(change) = words.join(" ").parse::<Change>() {
                let (weather, _) = change.applied(Way::Up, &Weather::NONE, Stop::Nothing);
                prop_assert!((0.0..=1.0).contains(&weather.loss) && (0.0..=1.0).contains(&weather.repeat) && weather.burst >= 1.0);
                let mut line = crate::link::DatagramLine::seeded(1, weather);
                let mut now = Duration::ZERO;
                for _ in 0..50 {
                    now += Duration::from_millis(7);
                    line.send(now, 1_200);
                }
            }
        }
    }
}
