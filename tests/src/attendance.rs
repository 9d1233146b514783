//! Who was really there: what arrived from each site, as the world saw it, held against the list that is folded from the marks.

use std::collections::BTreeMap;
use std::time::Duration;

use scheduler::admission::MeetingRole;
use scheduler::attendance::{Attendance, AttendanceRow, Record, fold};
use scheduler::id as office;
use scheduler::mark::{self, Mark};
use scheduler::policy::Policies;
use scheduler::session;
use scheduler::time::UtcTime;
use signaling::clock::UtcMs;
use signaling::id::ParticipantId;
use signaling::mark as live;
use signaling::mark::MarkedFact;
use signaling::token::Occupant;
use signaling::wire::{Mode, Role, Via};
use uuid::Uuid;

use crate::world::office::{START, utc};

/// An edge of an interval may lie this far from the truth: a second between two figures of the engine, and the age at which a packet
/// still counts as life.
const EDGE: Duration = Duration::from_millis(3_500);

/// A silence shorter than this must go unnoticed: the line counts as lost after six seconds, and what was heard last may be known a
/// second late.
const UNNOTICED: Duration = Duration::from_millis(4_500);

/// A silence longer than this must be noticed.
const NOTICED: Duration = Duration::from_millis(9_500);

/// What one site was heard of.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// Ascending; a new one begins after a silence of [`UNNOTICED`], or when the seat was given up between.
    spans: Vec<Span>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    from: Duration,
    to: Duration,
    seat: Seat,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Seat {
    Kept,
    /// After this span he left, was removed, or everything ended.
    GivenUp,
}

impl Heard {
    pub fn note(&mut self, now: Duration) {
        match self.spans.last_mut() {
            Some(span) if span.seat == Seat::Kept && now <= span.to + UNNOTICED => span.to = now,
            _ => self.spans.push(Span { from: now, to: now, seat: Seat::Kept }),
        }
    }

    #[must_use]
    pub fn last(&self) -> Option<Duration> {
        self.spans.last().map(|span| span.to)
    }

    /// He left, was removed, or everything ended.
    pub fn end(&mut self) {
        if let Some(span) = self.spans.last_mut() {
            span.seat = Seat::GivenUp;
        }
    }

    /// Whether he was there at `at`; nothing when it is too close to call.
    #[must_use]
    fn was_there(&self, at: Duration) -> Option<bool> {
        if self.spans.iter().any(|span| span.from + EDGE <= at && at + EDGE <= span.to) {
            return Some(true);
        }
        let next_after = |span: &Span| self.spans.iter().map(|next| next.from).find(|from| *from > span.to);
        let is_near = |span: &Span| {
            // Who is silent and is sent away before it was noticed was there until then, as far as anybody can know.
            let short = next_after(span).is_some_and(|next| next <= span.to + NOTICED && at < next);
            let until = span.to + if span.seat == Seat::GivenUp { NOTICED } else { EDGE };
            at + EDGE > span.from && (at < until || short)
        };
        if self.spans.iter().any(is_near) { None } else { Some(false) }
    }
}

/// `ended_by_office`: when somebody of the office ended it, who marks that himself.
///
/// # Errors
/// Where the list and the truth part.
pub fn check(
    marks: &[live::Mark],
    ended_by_office: Option<Duration>,
    heard: &BTreeMap<ParticipantId, Heard>,
    ended: Duration,
) -> Result<Attendance, String> {
    let mut marks: Vec<Mark> = marks.iter().map(to_office).collect();
    marks.extend(ended_by_office.zip(marks.first().map(|mark| mark.session)).map(|(at, session)| Mark {
        id: office::MarkId::from_uuid(Uuid::from_u128(0x0ff1_ce00)),
        session,
        at: UtcTime::from_millis(utc(at).0),
        fact: mark::Fact::Ended { by: mark::EndedBy::Person { person: office::PersonId::from_uuid(Uuid::nil()) } },
    }));
    let list = folded(&marks, ended);
    for row in &list.rows {
        well_formed(row)?;
    }
    for (who, heard) in heard {
        let row = list.rows.iter().find(|row| row.participant.uuid() == who.0);
        compare(*who, row, heard, ended)?;
    }
    // Marks may come in any order and more than once: it must not matter.
    let mut shuffled: Vec<Mark> = marks.iter().rev().cloned().collect();
    shuffled.extend(marks.iter().step_by(3).cloned());
    if folded(&shuffled, ended).rows != list.rows {
        return Err(String::from("the same marks in another order give another list"));
    }
    Ok(list)
}

fn folded(marks: &[Mark], ended: Duration) -> Attendance {
    let record = Record {
        seats: &[],
        agenda: &[],
        marks,
        quorum: Policies::default().quorum,
        ended_at: None,
        now: UtcTime::from_millis(utc(ended).0),
    };
    fold(record, |_| None)
}

fn well_formed(row: &AttendanceRow) -> Result<(), String> {
    let name = &row.name;
    for interval in &row.intervals {
        if interval.from >= interval.to {
            return Err(format!("{name}: an interval that is empty or runs backwards: {interval:?}"));
        }
        if interval.estimated {
            return Err(format!("{name}: estimated although nothing was lost: {interval:?}"));
        }
    }
    match row.intervals.windows(2).find(|pair| pair[0].to > pair[1].from) {
        Some(pair) => Err(format!("{name}: intervals overlap: {pair:?}")),
        None => Ok(()),
    }
}

fn compare(who: ParticipantId, row: Option<&AttendanceRow>, heard: &Heard, ended: Duration) -> Result<(), String> {
    let listed = |at: Duration| {
        let at = UtcTime::from_millis(utc(at).0);
        row.is_some_and(|row| row.intervals.iter().any(|interval| interval.from <= at && at < interval.to))
    };
    let mut at = Duration::ZERO;
    while at < ended {
        if heard.was_there(at).is_some_and(|there| there != listed(at)) {
            let intervals: Vec<String> = row
                .map(|row| row.intervals.as_slice())
                .unwrap_or_default()
                .iter()
                .map(|one| format!("{}..{} {:?}", seconds(one.from), seconds(one.to), one.ended))
                .collect();
            return Err(format!("{who} at {at:?}: heard {:?}, listed {intervals:?}", heard.spans));
        }
        at += Duration::from_millis(500);
    }
    Ok(())
}

fn seconds(at: UtcTime) -> f64 {
    (at.millis() - START.0) as f64 / 1_000.0
}

/// One fact in the office's words, as far as attendance reads them.
fn to_office(mark: &live::Mark) -> Mark {
    Mark {
        id: office::MarkId::from_uuid(mark.id.0),
        session: office::SessionId::from_uuid(mark.session.0),
        at: at(mark.at),
        fact: fact(&mark.fact),
    }
}

fn at(at: UtcMs) -> UtcTime {
    UtcTime::from_millis(at.0)
}

fn who(who: ParticipantId) -> office::ParticipantId {
    office::ParticipantId::from_uuid(who.0)
}

fn fact(marked: &MarkedFact) -> mark::Fact {
    use mark::Fact;
    match marked {
        MarkedFact::Started { by } => Fact::Started { by: Some(who(*by)) },
        MarkedFact::Ended { by } => Fact::Ended {
            by: by.map_or(mark::EndedBy::Clock {}, |by| mark::EndedBy::Participant { participant: who(by) }),
        },
        MarkedFact::Interrupted => Fact::Interrupted {},
        MarkedFact::ModeSet { by, mode } => Fact::ModeSet { by: who(*by), mode: mode_of(*mode) },
        MarkedFact::AgendaItem { by, index } => Fact::AgendaItem { index: *index, by: Some(who(*by)) },
        MarkedFact::Joined { participant, who: identity } => {
            Fact::Joined { participant: who(*participant), identity: identity_of(identity) }
        }
        MarkedFact::Left { participant } => Fact::Left { participant: who(*participant) },
        MarkedFact::Lost { participant } => Fact::Lost { participant: who(*participant) },
        MarkedFact::Removed { participant, by, reason } => {
            Fact::Removed { participant: who(*participant), by: who(*by), reason: reason.clone() }
        }
        MarkedFact::Declared { participant, count } => Fact::Declared { participant: who(*participant), count: *count },
        MarkedFact::Asked { participant, note } => Fact::Asked { participant: who(*participant), note: note.clone() },
        MarkedFact::RequestWithdrawn { participant } => Fact::RequestWithdrawn { participant: who(*participant) },
        MarkedFact::FloorTaken { participant, by } => {
            Fact::FloorTaken { participant: who(*participant), by: Some(who(*by)) }
        }
        MarkedFact::FloorLeft { participant } => Fact::FloorLeft { participant: who(*participant) },
        MarkedFact::RecordingStarted => Fact::RecordingStarted {},
        MarkedFact::RecordingStopped => Fact::RecordingStopped {},
        MarkedFact::Speaking { participant } => Fact::Speaking { participant: participant.map(who) },
    }
}

fn mode_of(mode: Mode) -> session::Mode {
    match mode {
        Mode::Discussion => session::Mode::Discussion,
        Mode::Training => session::Mode::Training,
        Mode::Conference => session::Mode::Conference,
    }
}

fn identity_of(identity: &live::MarkedIdentity) -> mark::Identity {
    mark::Identity {
        name: identity.name.clone(),
        short_name: Some(identity.short_name.clone()),
        detail: identity.detail.clone(),
        group: identity.group.clone(),
        role: match identity.role {
            Role::Chair => MeetingRole::Chair,
            Role::Secretary => MeetingRole::Secretary,
            Role::Delegate => MeetingRole::Delegate,
            Role::Technician => MeetingRole::Technician,
            Role::Leader => MeetingRole::Leader,
        },
        site: identity.occupant == Occupant::Site,
        via: match identity.via {
            Via::Browser => Some(mark::Via::Browser),
            Via::Whip => Some(mark::Via::Whip),
            Via::Whep => None,
        },
    }
}
