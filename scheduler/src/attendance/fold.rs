//! The whole list: rows, agenda and quorum.

use std::collections::BTreeMap;

use super::presence::{in_order, intervals, participants};
use super::{AgendaRow, Attendance, AttendanceRow, Editing, Interval, Quorum, Record};
use crate::agenda;
use crate::id::ParticipantId;
use crate::mark::{AttendanceEdit, AttendanceStatus, Fact, Identity, Mark};
use crate::session::{Invited, Seat};
use crate::time::{Span, UtcTime};

/// Pure, and the same for any order and repetition of the marks.
pub fn fold(record: Record<'_>, name_of: impl Fn(crate::id::PersonId) -> Option<String>) -> Attendance {
    let ordered = in_order(record.marks);
    // A mark from a clock ahead of ours is still a mark.
    let latest = ordered.last().map_or(record.now, |mark| mark.at.max(record.now));
    let until = record.ended_at.unwrap_or(latest);
    let (opened_at, closed_at) = opened_and_closed(&ordered);
    let rows = rows(&record, &ordered, until, name_of);
    Attendance { opened_at, closed_at, agenda: agenda_rows(&record, until), quorum: quorum(&record, &rows), rows }
}

/// The first beginning; the last end, unless it began again.
fn opened_and_closed(ordered: &[&Mark]) -> (Option<UtcTime>, Option<UtcTime>) {
    let mut opened = None;
    let mut closed = None;
    for mark in ordered {
        match mark.fact {
            Fact::Started { .. } => {
                opened = opened.or(Some(mark.at));
                closed = None;
            }
            Fact::Ended { .. } => closed = Some(mark.at),
            _ => {}
        }
    }
    (opened, closed)
}

fn rows(
    record: &Record<'_>,
    ordered: &[&Mark],
    until: UtcTime,
    name_of: impl Fn(crate::id::PersonId) -> Option<String>,
) -> Vec<AttendanceRow> {
    let seated = record.seats.iter().map(|seat| (seat.participant, Some(seat)));
    let known: Vec<ParticipantId> = record.seats.iter().map(|seat| seat.participant).collect();
    let others = participants(record.marks).into_iter().filter(|who| !known.contains(who)).map(|who| (who, None));
    let mut rows: Vec<(bool, AttendanceRow)> = seated
        .chain(others)
        .map(|(who, seat)| {
            let own = Own::gather(ordered, who);
            let site = seat.map_or(own.identity.as_ref().is_some_and(|identity| identity.site), |seat| {
                seat.sitter.site().is_some()
            });
            (site, row(who, seat, own, intervals(ordered, who, until), &name_of))
        })
        .collect();
    // Stable: inside each half the order of the invitation stays.
    rows.sort_by_key(|(site, _)| !site);
    rows.into_iter().map(|(_, row)| row).collect()
}

/// What the marks say of one participant apart from his presence.
#[derive(Debug, Default)]
struct Own {
    identity: Option<Identity>,
    declared: Option<u16>,
    status: Option<AttendanceStatus>,
    reason: Option<String>,
    confirmed: Option<u16>,
    edited: Option<(crate::id::PersonId, UtcTime)>,
    floor: Vec<Span>,
}

impl Own {
    fn gather(ordered: &[&Mark], who: ParticipantId) -> Self {
        let mut own = Own::default();
        let mut floor_since: Option<UtcTime> = None;
        for mark in ordered {
            let about_him = mark.fact.participant() == Some(who);
            match &mark.fact {
                Fact::FloorTaken { .. } if about_him => {
                    floor_since.get_or_insert(mark.at);
                }
                Fact::FloorLeft { .. } if about_him => own.end_floor(floor_since.take(), mark.at),
                Fact::Ended { .. } | Fact::Interrupted {} => own.end_floor(floor_since.take(), mark.at),
                Fact::Joined { identity, .. } if about_him => own.identity = Some(identity.clone()),
                Fact::Declared { count, .. } if about_him => own.declared = Some(*count),
                Fact::Edited { by, edit, .. } if about_him => {
                    own.edit(edit);
                    own.edited = Some((*by, mark.at));
                }
                _ => {}
            }
        }
        // Still speaking: up to whatever his presence reaches to.
        own.end_floor(floor_since, UtcTime::from_millis(i64::MAX));
        own
    }

    fn edit(&mut self, edit: &AttendanceEdit) {
        let absent = AttendanceStatus::Absent;
        if self.status == Some(absent) && edit.status.is_some_and(|status| status != absent) {
            // Why he was not there, and that nobody was, are not said of somebody who was.
            (self.reason, self.confirmed) = (None, None);
        }
        self.status = edit.status.or(self.status);
        if let Some(reason) = &edit.reason {
            self.reason = Some(reason.clone()).filter(|reason| !reason.is_empty());
        }
        self.confirmed = edit.confirmed.or(self.confirmed);
    }

    fn end_floor(&mut self, since: Option<UtcTime>, at: UtcTime) {
        self.floor.extend(since.and_then(|since| Span::new(since, at)));
    }

    /// The floor of somebody whose line is down is not speaking.
    fn spoken_seconds(&self, here: &[Interval]) -> u32 {
        let here = here.iter().filter_map(|interval| Span::new(interval.from, interval.to));
        let spoken = here.flat_map(|here| self.floor.iter().filter_map(move |floor| floor.overlap(here)));
        let millis: u128 = spoken.map(|span| span.length().as_millis()).sum();
        u32::try_from(millis / 1_000).unwrap_or(u32::MAX)
    }
}

fn row(
    participant: ParticipantId,
    seat: Option<&Seat>,
    own: Own,
    intervals: Vec<Interval>,
    name_of: impl Fn(crate::id::PersonId) -> Option<String>,
) -> AttendanceRow {
    let seen = if intervals.is_empty() { AttendanceStatus::NotCalled } else { AttendanceStatus::Online };
    let spoken_seconds = own.spoken_seconds(&intervals);
    let (name, detail) = match (seat, &own.identity) {
        (Some(seat), _) => (seat.name.clone(), seat.detail.clone()),
        (None, Some(identity)) => (identity.name.clone(), identity.detail.clone()),
        // His joining was lost and he was on no list: the beginning of his id is all there is to call him by.
        (None, None) => (participant.to_string().chars().take(8).collect(), None),
    };
    AttendanceRow {
        participant,
        site_id: seat.and_then(|seat| seat.sitter.site()).map(|site| site.id),
        name,
        detail,
        group: seat.and_then(|seat| seat.group.clone()),
        intervals,
        status: own.status.unwrap_or(seen),
        reason: own.reason,
        declared: own.declared,
        confirmed: own.confirmed,
        edited: own.edited.map(|(by, at)| Editing { by, by_name: name_of(by).unwrap_or_else(|| by.to_string()), at }),
        spoken_seconds,
    }
}

fn agenda_rows(record: &Record<'_>, until: UtcTime) -> Vec<AgendaRow> {
    let mut taken: BTreeMap<u16, (UtcTime, UtcTime)> = BTreeMap::new();
    for item in agenda::spans(record.marks, until) {
        let reach = taken.entry(item.index).or_insert((item.span.from(), item.span.to()));
        reach.1 = item.span.to();
    }
    let items = record.agenda.iter().zip(0_u16..);
    items
        .map(|(item, index)| {
            let reach = taken.get(&index);
            AgendaRow { title: item.title.clone(), from: reach.map(|reach| reach.0), to: reach.map(|reach| reach.1) }
        })
        .collect()
}

fn quorum(record: &Record<'_>, rows: &[AttendanceRow]) -> Quorum {
    let invited_sites: Vec<ParticipantId> = record
        .seats
        .iter()
        .filter(|seat| seat.invited == Invited::AtBooking && seat.sitter.site().is_some())
        .map(|seat| seat.participant)
        .collect();
    let present = |row: &&AttendanceRow| {
        invited_sites.contains(&row.participant)
            && matches!(row.status, AttendanceStatus::Online | AttendanceStatus::InPerson)
    };
    let sites_invited = u32::try_from(invited_sites.len()).unwrap_or(u32::MAX);
    Quorum {
        sites_invited,
        sites_present: u32::try_from(rows.iter().filter(present).count()).unwrap_or(u32::MAX),
        sites_needed: record.quorum.needed(sites_invited),
        people_declared: rows.iter().filter_map(|row| row.declared).map(u32::from).sum(),
        people_confirmed: rows.iter().filter_map(|row| row.confirmed).map(u32::from).sum(),
    }
}
