//! From the marks of one participant to the intervals in which he was here.
//!
//! Joined and Left come in pairs only when nothing goes wrong. A mark may be missing at either end; then the interval ends (or begins)
//! where the evidence does, and says that it is estimated. Whatever the marks, the intervals are in order, apart and not empty.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Interval, IntervalEnd};
use crate::id::{MarkId, ParticipantId, SessionId, derived};
use crate::mark::{EndedBy, Fact, Mark};
use crate::time::UtcTime;

/// How long one sign of life speaks for: leases are renewed more often than this, and a dead line is noted within it.
pub const LEASE: Duration = Duration::from_secs(10);

/// The marks in the one order in which they are read, whatever order they came in. Repetitions are dropped.
///
/// Within one millisecond arrivals come first and ends last: a line that was lost right after joining is noted with the time at which
/// it was last heard, which is that of joining. (For somebody already here it is the other way round, see [`Presence::take_moment`].)
pub(super) fn in_order(marks: &[Mark]) -> Vec<&Mark> {
    let mut ordered: Vec<&Mark> = marks.iter().collect();
    ordered.sort_by_key(|mark| (mark.at, rank(&mark.fact), mark.id));
    ordered.dedup_by_key(|mark| mark.id);
    ordered
}

fn rank(fact: &Fact) -> u8 {
    match fact {
        Fact::Started { .. } | Fact::Joined { .. } => 0,
        Fact::Seen { .. }
        | Fact::Declared { .. }
        | Fact::Asked { .. }
        | Fact::RequestWithdrawn { .. }
        | Fact::FloorTaken { .. }
        | Fact::ModeSet { .. }
        | Fact::AgendaItem { .. }
        | Fact::Speaking { .. }
        | Fact::RecordingStarted {}
        | Fact::Edited { .. } => 1,
        Fact::FloorLeft { .. } | Fact::RecordingStopped {} => 2,
        Fact::Left { .. } | Fact::Removed { .. } | Fact::Lost { .. } => 3,
        Fact::Interrupted {} => 4,
        Fact::Ended { .. } => 5,
    }
}

/// A presence whose end is not known yet.
#[derive(Clone, Copy, Debug)]
struct Running {
    from: UtcTime,
    began: Edge,
    last_evidence: UtcTime,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Edge {
    Noted,
    Estimated,
}

#[derive(Debug, Default)]
struct Presence {
    done: Vec<Interval>,
    running: Option<Running>,
}

/// The intervals of one participant; `ordered` as [`in_order`] gives it. `now` ends a presence that still runs.
pub(super) fn intervals(ordered: &[&Mark], who: ParticipantId, now: UtcTime) -> Vec<Interval> {
    let mut presence = Presence::default();
    for moment in ordered.chunk_by(|before, after| before.at == after.at) {
        if moment.first().is_some_and(|mark| mark.at <= now) {
            presence.take_moment(moment, who);
        }
    }
    presence.close(now, IntervalEnd::StillHere, Edge::Noted);
    presence.done
}

impl Presence {
    /// The marks of one millisecond. Who was here can only have gone and come back in it; who was not, only have come and gone.
    fn take_moment(&mut self, moment: &[&Mark], who: ParticipantId) {
        let departs = |mark: &&&Mark| {
            matches!(mark.fact, Fact::Left { .. } | Fact::Removed { .. } | Fact::Lost { .. })
                && mark.fact.participant() == Some(who)
        };
        if self.running.is_some() {
            moment.iter().filter(departs).for_each(|mark| self.take(mark, who));
            moment.iter().filter(|mark| !departs(mark)).for_each(|mark| self.take(mark, who));
        } else {
            moment.iter().for_each(|mark| self.take(mark, who));
        }
    }

    fn take(&mut self, mark: &Mark, who: ParticipantId) {
        let at = mark.at;
        match &mark.fact {
            Fact::Interrupted {} => self.close_by_evidence(at, IntervalEnd::Lost),
            Fact::Ended { by: EndedBy::Clock {} } => self.close_by_evidence(at, IntervalEnd::SessionEnd),
            Fact::Ended { by: EndedBy::Participant { .. } | EndedBy::Person { .. } } => {
                self.close(at, IntervalEnd::SessionEnd, Edge::Noted);
            }
            fact if fact.participant() != Some(who) => {}
            Fact::Joined { .. } => self.join(at),
            Fact::Left { .. } | Fact::Removed { .. } => self.leave(at, IntervalEnd::Left),
            Fact::Lost { .. } => self.leave(at, IntervalEnd::Lost),
            Fact::Seen { .. } | Fact::Declared { .. } | Fact::Asked { .. } | Fact::FloorTaken { .. } => self.notice(at),
            // Losing the floor or a turn, being the last who was heard, and being edited happen to absent people too.
            Fact::FloorLeft { .. }
            | Fact::RequestWithdrawn { .. }
            | Fact::Speaking { .. }
            | Fact::Edited { .. }
            | Fact::Started { .. }
            | Fact::ModeSet { .. }
            | Fact::AgendaItem { .. }
            | Fact::RecordingStarted {}
            | Fact::RecordingStopped {} => {}
        }
    }

    /// Joining while here: the mark that he had left is missing, unless he was seen so lately that he was never away.
    fn join(&mut self, at: UtcTime) {
        if let Some(running) = &mut self.running {
            if at <= running.last_evidence.plus(LEASE) {
                running.last_evidence = at;
                if running.from == at {
                    running.began = Edge::Noted;
                }
                return;
            }
            self.close_by_evidence(at, IntervalEnd::Lost);
        }
        self.running = Some(Running { from: at, began: Edge::Noted, last_evidence: at });
    }

    /// Leaving without being here is the usual second word on a lost line and says nothing new, unless it is the very first word: then
    /// the mark of joining is missing, and he was here just before.
    fn leave(&mut self, at: UtcTime, how: IntervalEnd) {
        if self.running.is_none() && self.done.is_empty() {
            self.running = Some(Running { from: at.minus(LEASE), began: Edge::Estimated, last_evidence: at });
        }
        self.close(at, how, Edge::Noted);
    }

    /// A sign of life; of somebody who never joined it is the only trace of a lost mark.
    fn notice(&mut self, at: UtcTime) {
        match &mut self.running {
            Some(running) => running.last_evidence = at,
            None if self.done.is_empty() => {
                self.running = Some(Running { from: at, began: Edge::Estimated, last_evidence: at });
            }
            None => {}
        }
    }

    fn close_by_evidence(&mut self, at: UtcTime, how: IntervalEnd) {
        if let Some(running) = self.running {
            self.close(running.last_evidence.plus(LEASE).min(at), how, Edge::Estimated);
        }
    }

    fn close(&mut self, at: UtcTime, how: IntervalEnd, ended: Edge) {
        let Some(running) = self.running.take() else { return };
        let estimated = running.began == Edge::Estimated || ended == Edge::Estimated;
        match self.done.last_mut() {
            // He came back in the very moment in which he went: to the eye, and to the law, he was here throughout.
            Some(last) if last.to >= running.from => {
                if at > last.to {
                    *last = Interval { from: last.from, to: at, ended: how, estimated: last.estimated || estimated };
                }
            }
            Some(_) | None if at > running.from => {
                self.done.push(Interval { from: running.from, to: at, ended: how, estimated });
            }
            Some(_) | None => {}
        }
    }
}

/// The marks that end what a crash left open: for each presence still running, when it was last known, and then that the bridge had
/// died. Their ids follow from the session and the moment, so that mending twice mends once.
pub fn close_unfinished(
    session: SessionId,
    marks: &[Mark],
    leases: &BTreeMap<ParticipantId, UtcTime>,
    now: UtcTime,
) -> Vec<Mark> {
    let ordered = in_order(marks);
    let running: Vec<ParticipantId> = participants(marks)
        .into_iter()
        .filter(|who| intervals(&ordered, *who, now).last().is_some_and(|last| last.ended == IntervalEnd::StillHere))
        .collect();
    if running.is_empty() {
        return Vec::new();
    }
    let last_mark = ordered.last().map_or(now, |mark| mark.at);
    let seen = running.iter().filter_map(|who| leases.get(who).map(|at| (*who, (*at).min(now))));
    let mut mended: Vec<Mark> = seen
        .map(|(participant, at)| Mark {
            id: closing_id(session, participant.uuid().as_bytes(), at),
            session,
            at,
            fact: Fact::Seen { participant },
        })
        .collect();
    let at = mended.iter().map(|mark| mark.at).max().unwrap_or(last_mark).max(last_mark).min(now);
    // One millisecond later, so that it is read after everything it ends.
    let at = at.plus(Duration::from_millis(1));
    mended.push(Mark { id: closing_id(session, b"interrupted", at), session, at, fact: Fact::Interrupted {} });
    mended
}

fn closing_id(session: SessionId, what: &[u8], at: UtcTime) -> MarkId {
    MarkId::from_uuid(derived("closing mark", &[session.uuid().as_bytes(), what, &at.millis().to_be_bytes()]))
}

/// The marks of the last time a session was held that is held again and again: from the last end before anybody came in again.
pub fn latest_holding(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_by_key(|mark| (mark.at, rank(&mark.fact), mark.id));
    let came = marks.iter().rposition(|mark| matches!(mark.fact, Fact::Joined { .. })).unwrap_or(0);
    let ended = marks.iter().take(came).rposition(|mark| matches!(mark.fact, Fact::Ended { .. }));
    marks.split_off(ended.map_or(0, |index| index + 1))
}

/// Everybody of whom the marks speak.
pub(super) fn participants(marks: &[Mark]) -> BTreeSet<ParticipantId> {
    marks.iter().filter_map(|mark| mark.fact.participant()).collect()
}
