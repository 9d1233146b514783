//! Two questions about time: when was a packet with this RTP timestamp captured, and how does a publisher's clock run beside ours?
//!
//! Sender reports of one publisher tie all its streams to its own clock. We tie that clock to ours by the quickest report seen, so that
//! sound and picture which were captured together carry equal times in the reports we send on (RFC 3550, section 6.4.1).

use std::time::{Duration, Instant};

/// NTP time of a room's first moment. Receivers compare our reports among each other only, so any fixed day serves and the core needs
/// no calendar: 1 January 2020.
const NTP_BASE_S: u64 = 3_786_825_600;

/// The difference of two moments, either way round, in microseconds.
pub(crate) fn micros_since(later: Instant, earlier: Instant) -> i64 {
    if later >= earlier {
        i64::try_from(later.duration_since(earlier).as_micros()).unwrap_or(i64::MAX)
    } else {
        i64::try_from(earlier.duration_since(later).as_micros()).map_or(i64::MIN, |us| -us)
    }
}

fn moved(at: Instant, micros: i64) -> Option<Instant> {
    let by = Duration::from_micros(micros.unsigned_abs());
    if micros >= 0 { at.checked_add(by) } else { at.checked_sub(by) }
}

/// Our own clock as NTP, 32 bits of seconds and 32 of fractions.
pub(crate) fn ntp(epoch: Instant, now: Instant) -> u64 {
    let since = now.saturating_duration_since(epoch);
    let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
    ((NTP_BASE_S + since.as_secs()) << 32) | fraction
}

/// Bits 16 to 47: the short form in LSR fields, in 65536ths of a second.
pub(crate) fn middle(ntp: u64) -> u32 {
    (ntp >> 16) as u32
}

/// The clock of one publisher, as its sender reports show it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PublisherClock {
    /// Ours minus theirs, both in microseconds, as of the quickest report.
    offset_us: Option<i64>,
}

/// Two quartz clocks drift apart by at most about 100 parts in a million: one report a second may raise the offset by this.
const DRIFT_US: i64 = 100;
/// Somebody set the publisher's clock.
const STEP_US: i64 = 500_000;

impl PublisherClock {
    /// A report said `their_ntp` and arrived `now`. Returns when it was written, in our time.
    pub(crate) fn reported(&mut self, epoch: Instant, now: Instant, their_ntp: u64) -> Option<Instant> {
        let theirs_us = i64::try_from((u128::from(their_ntp) * 1_000_000) >> 32).ok()?;
        let sample = micros_since(now, epoch).checked_sub(theirs_us)?;
        let offset = match self.offset_us {
            Some(offset) if sample >= offset && sample - offset < STEP_US => offset + DRIFT_US.min(sample - offset),
            Some(offset) if sample < offset && offset - sample < STEP_US => sample,
            _ => sample,
        };
        self.offset_us = Some(offset);
        moved(epoch, theirs_us.checked_add(offset)?)
    }
}

/// One stream's RTP timestamps against our clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamClock {
    rate_hz: u32,
    reference: Option<Reference>,
}

#[derive(Clone, Copy, Debug)]
struct Reference {
    at: Instant,
    timestamp: u32,
    source: ReferenceSource,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ReferenceSource {
    /// The packet that needed the least time so far: until the first report that is the best guess.
    Arrival,
    Report,
}

impl StreamClock {
    pub(crate) fn new(rate_hz: u32) -> Self {
        Self { rate_hz: rate_hz.max(1), reference: None }
    }

    pub(crate) fn rate_hz(&self) -> u32 {
        self.rate_hz
    }

    pub(crate) fn heard(&mut self, now: Instant, timestamp: u32) {
        let quicker = match self.reference {
            None => true,
            Some(Reference { source: ReferenceSource::Report, .. }) => false,
            Some(_) => self.instant_of(timestamp).is_none_or(|captured| {
                // Late by more than a second: the source paused its clock.
                now < captured || now.saturating_duration_since(captured) > Duration::from_secs(1)
            }),
        };
        if quicker {
            self.reference = Some(Reference { at: now, timestamp, source: ReferenceSource::Arrival });
        }
    }

    pub(crate) fn reported(&mut self, at: Instant, timestamp: u32) {
        self.reference = Some(Reference { at, timestamp, source: ReferenceSource::Report });
    }

    pub(crate) fn instant_of(&self, timestamp: u32) -> Option<Instant> {
        let Reference { at, timestamp: reference, .. } = self.reference?;
        let ticks = i64::from(timestamp.wrapping_sub(reference) as i32);
        moved(at, ticks * 1_000_000 / i64::from(self.rate_hz))
    }

    pub(crate) fn timestamp_at(&self, now: Instant) -> Option<u32> {
        let Reference { at, timestamp, .. } = self.reference?;
        Some(timestamp.wrapping_add(ticks(micros_since(now, at), self.rate_hz) as u32))
    }
}

pub(crate) fn ticks(micros: i64, rate_hz: u32) -> i64 {
    (i128::from(micros) * i128::from(rate_hz) / 1_000_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn sound_and_picture_captured_together_get_the_same_time() {
        let epoch = Instant::now();
        let theirs = |at_ms: u64| (4_000_000_000u64 << 32) + ((at_ms << 32) / 1_000);
        let mut publisher = PublisherClock::default();
        let (mut sound, mut picture) = (StreamClock::new(48_000), StreamClock::new(90_000));
        // The sound's report travels 20 ms, the picture's 90 ms; both were written at 1,000 ms by the publisher.
        let at = publisher.reported(epoch, epoch + ms(1_020), theirs(1_000)).unwrap();
        sound.reported(at, 480_000);
        let at = publisher.reported(epoch, epoch + ms(1_090), theirs(1_000)).unwrap();
        picture.reported(at, 900_000);
        let (heard, seen) = (sound.instant_of(480_000 + 4_800).unwrap(), picture.instant_of(900_000 + 9_000).unwrap());
        assert!(micros_since(heard, seen).abs() <= DRIFT_US);
    }

    #[test]
    fn a_publisher_whose_clock_is_set_back_is_followed() {
        let epoch = Instant::now();
        let mut publisher = PublisherClock::default();
        publisher.reported(epoch, epoch + ms(5_000), 1_000 << 32).unwrap();
        let at = publisher.reported(epoch, epoch + ms(6_000), 10 << 32).unwrap();
        assert!(micros_since(at, epoch + ms(6_000)).abs() < 1_000);
    }

    #[test]
    fn without_reports_the_quickest_packet_is_the_reference() {
        let start = Instant::now();
        let mut clock = StreamClock::new(90_000);
        clock.heard(start + ms(50), 0);
        clock.heard(start + ms(60), 9_000);
        clock.heard(start + ms(300), 18_000);
        assert_eq!(clock.instant_of(18_000), Some(start + ms(160)));
        assert_eq!(clock.timestamp_at(start + ms(160)), Some(18_000));
    }

    #[test]
    fn our_ntp_counts_fractions() {
        let epoch = Instant::now();
        assert_eq!(ntp(epoch, epoch + ms(1_500)) - ntp(epoch, epoch), (1 << 32) + (1 << 31));
        assert_eq!(middle(ntp(epoch, epoch + ms(500))) & 0xFFFF, 0x8000);
    }
}
