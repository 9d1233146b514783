//! Sound that says who sent it, as which, and when; and what somebody who hears it can tell about the line.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};

const MARK: [u8; 6] = *b"probe ";
const TAIL: usize = MARK.len() + 2 + 4 + 8;

/// A packet of Opus speech at 32 kbit/s and 20 ms.
const BYTES: usize = 80;

/// Of a publisher in a test.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Voice(pub u16);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Probe {
    pub voice: Voice,
    /// From 0, one more each 20 ms.
    pub number: u32,
    pub sent: Duration,
}

/// Sender and receiver are in one process, so that one clock measures the way.
#[must_use]
pub fn now() -> Duration {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    EPOCH.get_or_init(Instant::now).elapsed()
}

impl Probe {
    #[must_use]
    pub fn payload(&self) -> Bytes {
        let mut payload = BytesMut::with_capacity(BYTES);
        payload.put_bytes(0x78, BYTES - TAIL);
        payload.put_slice(&MARK);
        payload.put_u16(self.voice.0);
        payload.put_u32(self.number);
        payload.put_u64(u64::try_from(self.sent.as_micros()).unwrap_or(u64::MAX));
        payload.freeze()
    }

    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let (rest, sent) = payload.split_last_chunk::<8>()?;
        let (rest, number) = rest.split_last_chunk::<4>()?;
        let (rest, voice) = rest.split_last_chunk::<2>()?;
        rest.ends_with(&MARK).then(|| Self {
            voice: Voice(u16::from_be_bytes(*voice)),
            number: u32::from_be_bytes(*number),
            sent: Duration::from_micros(u64::from_be_bytes(*sent)),
        })
    }
}

/// What one receiver heard, in the order of arrival.
#[derive(Clone, Debug, Default)]
pub struct Heard(Vec<(Probe, Duration)>);

impl Heard {
    pub fn note(&mut self, probe: Probe, at: Duration) {
        self.0.push((probe, at));
    }

    /// The longest silence of a voice in this time, its edges included: of somebody who is not heard at all, all of it.
    #[must_use]
    pub fn longest_gap(&self, voice: Voice, from: Duration, until: Duration) -> Duration {
        let mut last = from;
        let mut longest = Duration::ZERO;
        for at in self.of(voice).map(|(_, at)| *at).filter(|at| (from..until).contains(at)) {
            longest = longest.max(at.saturating_sub(last));
            last = at;
        }
        longest.max(until.saturating_sub(last))
    }

    /// When the first sound arrived that was sent at or after `sent`.
    #[must_use]
    pub fn first_sent_after(&self, voice: Voice, sent: Duration) -> Option<Duration> {
        self.of(voice).filter(|(probe, _)| probe.sent >= sent).map(|(_, at)| *at).min()
    }

    /// Of the sounds that were sent in this time, the share that came within the budget, whatever their order; 1 of none. A sound that
    /// comes twice counts once.
    #[must_use]
    pub fn in_time(&self, voice: Voice, sent: &[Duration], from: Duration, until: Duration, budget: Duration) -> f64 {
        let asked = sent.iter().filter(|sent| (from..until).contains(*sent)).count();
        let came = self.of(voice).filter(|(probe, _)| (from..until).contains(&probe.sent));
        let mut came: Vec<u32> =
            came.filter(|(probe, at)| *at <= probe.sent + budget).map(|(probe, _)| probe.number).collect();
        came.sort_unstable();
        came.dedup();
        if asked == 0 { 1.0 } else { came.len() as f64 / asked as f64 }
    }

    /// How long each sound that was sent in this time was on its way, ascending.
    #[must_use]
    pub fn delays(&self, voice: Voice, from: Duration, until: Duration) -> Vec<Duration> {
        let in_time = self.of(voice).filter(|(probe, _)| (from..until).contains(&probe.sent));
        let mut delays: Vec<_> = in_time.map(|(probe, at)| at.saturating_sub(probe.sent)).collect();
        delays.sort_unstable();
        delays
    }

    fn of(&self, voice: Voice) -> impl Iterator<Item = &(Probe, Duration)> {
        self.0.iter().filter(move |(probe, _)| probe.voice == voice)
    }
}

/// The value below which this share of ascending values lies (nearest rank); `None` of none.
#[must_use]
pub fn percentile<T: Copy>(ascending: &[T], share: f64) -> Option<T> {
    let rank = (share * ascending.len() as f64).ceil() as usize;
    ascending.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn a_probe_is_read_as_it_was_written_and_other_sound_is_none() {
        let probe = Probe { voice: Voice(7), number: 1_234_567, sent: Duration::from_micros(98_765_432) };
        assert_eq!(Probe::read(&probe.payload()), Some(probe));
        assert_eq!(Probe::read(&[0x78; 80]), None);
        assert_eq!(Probe::read(b"short"), None);
    }

    #[test]
    fn gaps_and_shares_are_those_of_one_voice_in_the_time_asked_about() {
        let mut heard = Heard::default();
        let sent: Vec<Duration> = (0..50).map(|n| n * 20 * MS).collect();
        for (number, sent) in (0..).zip(&sent) {
            let probe = |voice| Probe { voice: Voice(voice), number, sent: *sent };
            heard.note(probe(1), *sent + 30 * MS);
            // The second voice is not heard from 400 to 600 ms, is late from 800 ms, and comes twice.
            if !(20..30).contains(&number) {
                let delay = if number < 40 { 30 * MS } else { 500 * MS };
                heard.note(probe(2), *sent + delay);
                heard.note(probe(2), *sent + delay);
            }
        }
        assert_eq!(heard.longest_gap(Voice(1), 100 * MS, 900 * MS), 20 * MS);
        assert_eq!(heard.longest_gap(Voice(2), 100 * MS, 800 * MS), 220 * MS);
        assert_eq!(heard.longest_gap(Voice(3), 100 * MS, 900 * MS), 800 * MS);
        let share = |voice, from, until| heard.in_time(Voice(voice), &sent, from * MS, until * MS, 400 * MS);
        assert!((share(1, 0, 1_000) - 1.0).abs() < 1e-9);
        assert!((share(2, 0, 1_000) - 0.6).abs() < 1e-9);
        assert_eq!(heard.first_sent_after(Voice(2), 400 * MS), Some(630 * MS));
        assert_eq!(percentile(&heard.delays(Voice(1), Duration::ZERO, 1_000 * MS), 0.95), Some(30 * MS));
        assert_eq!(percentile::<u8>(&[], 0.5), None);
    }
}
