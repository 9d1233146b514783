//! UTC in milliseconds, half-open spans of it, and the office's clock on the wall.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The clock on the office's wall. Bookings, working hours and dates of units are meant in it.
pub const OFFICE_ZONE: Tz = chrono_tz::Asia::Ho_Chi_Minh;

/// Unix milliseconds. Not [`std::time::Instant`]: presence and media use that one, and the two never mix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcTime(i64);

impl UtcTime {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn millis(self) -> i64 {
        self.0
    }

    pub fn plus(self, length: Duration) -> Self {
        Self(self.0.saturating_add(millis_of(length)))
    }

    pub fn minus(self, length: Duration) -> Self {
        Self(self.0.saturating_sub(millis_of(length)))
    }

    /// Zero when `earlier` is in fact later.
    pub fn since(self, earlier: UtcTime) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The date on the office's calendar.
    pub fn office_date(self) -> NaiveDate {
        self.in_office().date_naive()
    }

    pub fn in_office(self) -> DateTime<Tz> {
        // Beyond, chrono has no date; such a time is not an office's, and the epoch stands for it.
        let shown = if self.0.unsigned_abs() <= SHOWABLE_MS { self.0 } else { 0 };
        DateTime::<Utc>::from_timestamp_millis(shown).unwrap_or_default().with_timezone(&OFFICE_ZONE)
    }

    /// The moment at which the office's clock shows `time` on `date`.
    pub fn of_office(date: NaiveDate, time: NaiveTime) -> Self {
        let local = date.and_time(time);
        match OFFICE_ZONE.from_local_datetime(&local).earliest() {
            Some(moment) => Self(moment.timestamp_millis()),
            // A clock that jumped over this time; Vietnam has had none since 1979. UTC+7 is what it keeps.
            None => Self(local.and_utc().timestamp_millis() - 7 * 3_600_000),
        }
    }
}

/// Some 120,000 years to either side: inside chrono's range with room for any zone.
const SHOWABLE_MS: u64 = 4_000_000_000_000_000;

fn millis_of(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Half-open: `from` belongs to it, `to` does not, so that a meeting may begin when another ends. Never empty.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
pub struct Span {
    from: UtcTime,
    to: UtcTime,
}

impl Span {
    /// `None` unless `from` is before `to`.
    pub fn new(from: UtcTime, to: UtcTime) -> Option<Self> {
        (from < to).then_some(Self { from, to })
    }

    pub const fn from(self) -> UtcTime {
        self.from
    }

    pub const fn to(self) -> UtcTime {
        self.to
    }

    pub fn length(self) -> Duration {
        self.to.since(self.from)
    }

    pub fn contains(self, moment: UtcTime) -> bool {
        self.from <= moment && moment < self.to
    }

    pub fn overlaps(self, other: Span) -> bool {
        self.from < other.to && other.from < self.to
    }

    pub fn overlap(self, other: Span) -> Option<Span> {
        Span::new(self.from.max(other.from), self.to.min(other.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meeting_may_begin_in_the_very_millisecond_in_which_another_ends() {
        let at = UtcTime::from_millis;
        let first = Span::new(at(0), at(10)).unwrap();
        let second = Span::new(at(10), at(20)).unwrap();
        assert!(!first.overlaps(second) && !second.overlaps(first));
        assert!(!first.contains(at(10)) && second.contains(at(10)));
        assert_eq!(Span::new(at(10), at(10)), None);
    }

    #[test]
    fn the_most_extreme_times_anybody_can_send_are_calculated_with_like_any_other() {
        for extreme in [i64::MIN, i64::MIN + 1, -8_210_000_000_000_000, 8_210_000_000_000_000, i64::MAX - 1, i64::MAX] {
            let time = UtcTime::from_millis(extreme);
            assert!(time.plus(minutes(1)) >= time && time.minus(minutes(1)) <= time);
            let date = time.office_date();
            assert!(UtcTime::of_office(date, NaiveTime::MIN).since(time) >= Duration::ZERO);
        }
    }

    #[test]
    fn half_past_seven_in_the_office_is_half_past_midnight_utc() {
        let date = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        let time = UtcTime::of_office(date, NaiveTime::from_hms_opt(7, 30, 0).unwrap());
        assert_eq!(time.in_office().to_rfc3339(), "2026-12-01T07:30:00+07:00");
        assert_eq!(time.millis() % 86_400_000, 1_800_000);
        assert_eq!(time.office_date(), date);
    }
}
