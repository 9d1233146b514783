//! What stands in a booking's way, and when nothing does. That two sessions never share a site or a person is kept by the database;
//! here is what the refusal says.

use std::time::Duration;

use chrono::{Datelike, Days, NaiveTime, Weekday};
use serde::Serialize;
use uuid::Uuid;

use crate::id::SessionId;
use crate::role::words;
use crate::time::{Span, UtcTime};

words! {
    ClashWhat {
        Site = "site",
        Chair = "chair",
        Secretary = "secretary",
        Technician = "technician",
        /// More sites at once than the bridge carries.
        Capacity = "capacity",
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Clash {
    pub what: ClashWhat,
    /// The site or person; absent for the bridge's capacity.
    pub id: Option<Uuid>,
    pub name: String,
    /// Who holds it. For capacity, the largest of the sessions at that time.
    pub session_id: SessionId,
    pub session_title: String,
    pub starts_at: UtcTime,
    pub ends_at: UtcTime,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ClashReport {
    pub clashes: Vec<Clash>,
    /// The next span of the same length in which everything asked for is free.
    pub free_slot: Option<Span>,
}

/// When meetings are held: proposals stay within, wishes need not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WorkingHours {
    pub start: NaiveTime,
    pub end: NaiveTime,
}

/// How many days are searched for a free slot; after two months without one a person must decide what gives way.
const SEARCH_DAYS: u64 = 62;
/// Proposals begin on the quarter hour.
const GRID: Duration = Duration::from_secs(15 * 60);

/// The first span of `length` at or after `not_before` that is free of all `busy` spans, within working hours of a working day.
///
/// Only two kinds of beginnings can be the first: the earliest of a day, and the end of something busy.
pub fn next_free(length: Duration, not_before: UtcTime, busy: &[Span], hours: WorkingHours) -> Option<Span> {
    let mut busy: Vec<Span> = busy.iter().copied().filter(|span| span.to() > not_before).collect();
    busy.sort();
    let first_day = not_before.office_date();
    (0..SEARCH_DAYS).find_map(|ahead| {
        let day = first_day.checked_add_days(Days::new(ahead))?;
        if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            return None;
        }
        let opens = UtcTime::of_office(day, hours.start);
        let closes = UtcTime::of_office(day, hours.end);
        let mut start = on_grid(opens.max(not_before));
        for span in &busy {
            if span.from() < start.plus(length) && start < span.to() {
                start = on_grid(span.to());
            }
        }
        Span::new(start, start.plus(length)).filter(|slot| slot.to() <= closes)
    })
}

fn on_grid(time: UtcTime) -> UtcTime {
    let grid = GRID.as_millis() as i64;
    // Vietnam is a whole number of hours from UTC, so quarters agree.
    UtcTime::from_millis(time.millis().saturating_add(grid - 1).div_euclid(grid).saturating_mul(grid))
}

/// How far ahead the calendar is read for a proposal.
pub const SEARCH_SPAN: Duration = Duration::from_secs((SEARCH_DAYS + 1) * 86_400);

/// Something a booking asks for, as it would be named in a refusal. People and sites have ids of one space: UUIDs never meet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    pub what: ClashWhat,
    pub id: Uuid,
    pub name: String,
}

/// Something another session holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    pub resource: Uuid,
    pub session: SessionId,
    pub title: String,
    pub span: Span,
}

/// What others hold, read at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Calendar {
    pub held: Vec<Held>,
    pub demands: Vec<Demand>,
    /// Sites the bridge carries at once.
    pub limit: u32,
}

impl Calendar {
    /// Everything in the way of these resources at that time, in their order; capacity last.
    pub fn clashes(&self, wanted: &[Resource], span: Span) -> Vec<Clash> {
        let mut clashes: Vec<Clash> = wanted
            .iter()
            .flat_map(|resource| self.holding(resource.id, span).map(|held| clash(resource, held)))
            .collect();
        let sites = sites_of(wanted);
        let blamed = largest(&self.demands, span);
        if let Some(blamed) =
            blamed.filter(|_| sites > 0 && peak(&self.demands, span).saturating_add(sites) > self.limit)
        {
            clashes.push(Clash {
                what: ClashWhat::Capacity,
                id: None,
                name: String::new(),
                session_id: blamed.session,
                session_title: blamed.title.clone(),
                starts_at: blamed.span.from(),
                ends_at: blamed.span.to(),
            });
        }
        clashes
    }

    /// The next span as long as the one asked for, not before it and not in the past, in which nothing is in the way.
    pub fn free_slot(&self, wanted: &[Resource], asked: Span, now: UtcTime, hours: WorkingHours) -> Option<Span> {
        let mine = |held: &&Held| wanted.iter().any(|resource| resource.id == held.resource);
        let mut busy: Vec<Span> = self.held.iter().filter(mine).map(|held| held.span).collect();
        let sites = sites_of(wanted);
        if sites > 0 {
            busy.extend(full_spans(&self.demands, sites, self.limit));
        }
        next_free(asked.length(), asked.from().max(now), &busy, hours)
    }

    /// What holds one resource during a span.
    pub fn holding(&self, resource: Uuid, during: Span) -> impl Iterator<Item = &Held> {
        self.held.iter().filter(move |held| held.resource == resource && held.span.overlaps(during))
    }
}

fn sites_of(wanted: &[Resource]) -> u32 {
    u32::try_from(wanted.iter().filter(|resource| resource.what == ClashWhat::Site).count()).unwrap_or(u32::MAX)
}

fn clash(resource: &Resource, held: &Held) -> Clash {
    Clash {
        what: resource.what,
        id: Some(resource.id),
        name: resource.name.clone(),
        session_id: held.session,
        session_title: held.title.clone(),
        starts_at: held.span.from(),
        ends_at: held.span.to(),
    }
}

/// Sites held by one other session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Demand {
    pub session: SessionId,
    pub title: String,
    pub span: Span,
    pub sites: u32,
}

/// The most sites held at one moment of `during`.
pub fn peak(demands: &[Demand], during: Span) -> u32 {
    moments(demands, during).map(|moment| held_at(demands, moment)).max().unwrap_or(0)
}

/// The stretches in which `sites` more would be too many.
pub fn full_spans(demands: &[Demand], sites: u32, limit: u32) -> Vec<Span> {
    let mut edges: Vec<UtcTime> = demands.iter().flat_map(|demand| [demand.span.from(), demand.span.to()]).collect();
    edges.sort();
    edges.dedup();
    let next = edges.iter().skip(1);
    let pieces = edges.iter().zip(next).filter_map(|(from, to)| Span::new(*from, *to));
    pieces.filter(|piece| held_at(demands, piece.from()).saturating_add(sites) > limit).collect()
}

/// The demand that is most to blame for a lack of capacity in `during`.
pub fn largest(demands: &[Demand], during: Span) -> Option<&Demand> {
    demands.iter().filter(|demand| demand.span.overlaps(during)).max_by_key(|demand| (demand.sites, demand.session))
}

fn moments(demands: &[Demand], during: Span) -> impl Iterator<Item = UtcTime> {
    let starts = demands.iter().map(|demand| demand.span.from()).filter(move |from| during.contains(*from));
    std::iter::once(during.from()).chain(starts)
}

fn held_at(demands: &[Demand], moment: UtcTime) -> u32 {
    demands.iter().filter(|demand| demand.span.contains(moment)).map(|demand| demand.sites).sum()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::*;
    use crate::time::minutes;

    const HOURS: WorkingHours = WorkingHours {
        start: NaiveTime::from_hms_opt(7, 30, 0).unwrap(),
        end: NaiveTime::from_hms_opt(17, 0, 0).unwrap(),
    };

    /// Of December 2026, whose first is a Tuesday.
    fn at(day: u32, hour: u32, minute: u32) -> UtcTime {
        let date = NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        UtcTime::of_office(date, NaiveTime::from_hms_opt(hour, minute, 0).unwrap())
    }

    fn span(from: UtcTime, to: UtcTime) -> Span {
        Span::new(from, to).unwrap()
    }

    fn demand(number: u128, from: UtcTime, to: UtcTime, sites: u32) -> Demand {
        let session = SessionId::from_uuid(Uuid::from_u128(number));
        Demand { session, title: format!("Phiên {number}"), span: span(from, to), sites }
    }

    #[test]
    fn the_next_free_time_begins_where_the_last_of_them_ends_on_a_quarter_hour() {
        let busy = [span(at(1, 8, 0), at(1, 9, 30)), span(at(1, 9, 20), at(1, 9, 40))];
        let found = next_free(minutes(150), at(1, 8, 0), &busy, HOURS);
        assert_eq!(found, Some(span(at(1, 9, 45), at(1, 12, 15))));
    }

    #[test]
    fn a_gap_that_is_long_enough_is_used_and_a_shorter_one_is_not() {
        let busy = [span(at(1, 7, 0), at(1, 9, 0)), span(at(1, 10, 0), at(1, 15, 0))];
        assert_eq!(next_free(minutes(60), at(1, 7, 30), &busy, HOURS), Some(span(at(1, 9, 0), at(1, 10, 0))));
        assert_eq!(next_free(minutes(75), at(1, 7, 30), &busy, HOURS), Some(span(at(1, 15, 0), at(1, 16, 15))));
    }

    #[test]
    fn what_does_not_fit_before_five_begins_the_next_working_morning() {
        assert_eq!(next_free(minutes(120), at(1, 15, 30), &[], HOURS), Some(span(at(2, 7, 30), at(2, 9, 30))));
        // Friday evening: Monday.
        assert_eq!(next_free(minutes(60), at(4, 18, 0), &[], HOURS), Some(span(at(7, 7, 30), at(7, 8, 30))));
        assert_eq!(next_free(minutes(60), at(5, 9, 0), &[], HOURS), Some(span(at(7, 7, 30), at(7, 8, 30))));
        assert_eq!(next_free(minutes(600), at(1, 7, 30), &[], HOURS), None, "longer than a working day");
    }

    #[test]
    fn capacity_is_the_highest_sum_at_any_moment_not_the_sum_of_all() {
        let demands = [demand(1, at(1, 8, 0), at(1, 9, 0), 30), demand(2, at(1, 9, 0), at(1, 10, 0), 40)];
        assert_eq!(peak(&demands, span(at(1, 8, 0), at(1, 10, 0))), 40);
        assert_eq!(peak(&demands, span(at(1, 10, 0), at(1, 11, 0))), 0);
        assert_eq!(full_spans(&demands, 25, 60), [span(at(1, 9, 0), at(1, 10, 0))]);
        assert_eq!(largest(&demands, span(at(1, 8, 0), at(1, 10, 0))).map(|demand| demand.sites), Some(40));
    }

    proptest! {
        #[test]
        fn a_proposal_is_free_within_hours_and_no_earlier_one_would_do(
            busy in prop::collection::vec((0_u64..4_000, 1_u64..400), 0..30),
            length in 1_u64..570,
            from in 0_u64..2_000,
        ) {
            let zero = at(1, 0, 0);
            let busy: Vec<Span> = busy
                .into_iter()
                .map(|(start, length)| span(zero.plus(minutes(start)), zero.plus(minutes(start + length))))
                .collect();
            let not_before = zero.plus(minutes(from));
            let slot = next_free(minutes(length), not_before, &busy, HOURS).unwrap();
            let fits = |slot: Span| {
                let (from, to) = (slot.from().in_office(), slot.to().in_office());
                !busy.iter().any(|span| span.overlaps(slot))
                    && from.time() >= HOURS.start && to.time() <= HOURS.end && from.date_naive() == to.date_naive()
                    && !matches!(from.weekday(), Weekday::Sat | Weekday::Sun)
            };
            prop_assert!(fits(slot) && slot.from() >= not_before && slot.length() == minutes(length));
            let mut earlier = on_grid(not_before);
            while earlier < slot.from() {
                prop_assert!(!fits(span(earlier, earlier.plus(minutes(length)))), "{:?} was free", earlier);
                earlier = earlier.plus(GRID);
            }
        }
    }
}
