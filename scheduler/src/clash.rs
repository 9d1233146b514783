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
    UtcTime::from_millis(time.millis().saturating_add(grid - 1).div_euclid(grid) * grid)
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
