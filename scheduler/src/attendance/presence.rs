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

/// The marks in the one order in which they are read: by time; at one time by id, which grows as marks are made. Repetitions are dropped.
pub(super) fn in_order(marks: &[Mark]) -> Vec<&Mark> {
    let mut ordered: Vec<&Mark> = marks.iter().collect();
    ordered.sort_by_key(|mark| (mark.at, mark.id));
    ordered.dedup_by_key(|mark| mark.id);
    ordered
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
    for mark in ordered.iter().filter(|mark| mark.at <= now) {
        presence.take(mark, who);
    }
    presence.close(now, IntervalEnd::StillHere, Edge::Noted);
    presence.done
}

impl Presence {
    fn take(&mut self, mark: &Mark, who: ParticipantId) {
        let at = mark.at;
        match &mark.fact {
            Fact::Interrupted {} => self.close_by_evidence(at, IntervalEnd::Lost),
            Fact::Ended { by: EndedBy::Clock {} } => self.close_by_evidence(at, IntervalEnd::SessionEnd),
            Fact::Ended { by: EndedBy::Participant { .. } | EndedBy::Person { .. } } => {
                self.close(at, IntervalEnd::SessionEnd, Edge::Noted);
            }
            Fact::Joined { participant, .. } if *participant == who => self.join(at),
            Fact::Left { participant } if *participant == who => self.leave(at, IntervalEnd::Left),
            Fact::Lost { participant } if *participant == who => self.leave(at, IntervalEnd::Lost),
            Fact::Seen { participant } | Fact::Declared { participant, .. } | Fact::FloorTaken { participant }
                if *participant == who =>
            {
                self.notice(at);
            }
            // Losing the floor and being edited happen to absent people too; the rest is not about presence.
            Fact::FloorLeft { .. } | Fact::Edited { .. } | Fact::Started { .. } | Fact::AgendaItem { .. } => {}
            Fact::Joined { .. }
            | Fact::Left { .. }
            | Fact::Lost { .. }
            | Fact::Seen { .. }
            | Fact::Declared { .. }
            | Fact::FloorTaken { .. } => {}
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

/// Everybody of whom the marks speak.
pub(super) fn participants(marks: &[Mark]) -> BTreeSet<ParticipantId> {
    marks.iter().filter_map(|mark| mark.fact.participant()).collect()
}
