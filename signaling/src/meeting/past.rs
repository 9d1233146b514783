//! Taking up a session that was cut off: the marks say what was true, the rest begins anew.
//!
//! Chair and sites come back by themselves, and a recording goes on in another file. What a mark does not tell (what was on stage, whose microphone was open) is not guessed:
//! everybody is back in his seat, muted, and the chair goes on.

use super::Meeting;
use super::floor::{Holder, Request};
use super::presence::{GoneWhy, Presence};
use super::roster::Profile;
use crate::clock::{Now, UtcMs};
use crate::id::ParticipantId;
use crate::mark::{Mark, MarkedFact, MarkedIdentity};
use crate::wire::Phase;

/// After a break a recording that nobody stopped goes on, for whoever asked for it relies on it. After a longer one nobody expects to be
/// recorded who was not asked again.
const GOES_ON_S: u32 = 15 * 60;

fn was_recorded(marks: &[&Mark]) -> bool {
    let last = marks.iter().rev().find_map(|mark| match mark.fact {
        MarkedFact::RecordingStarted => Some(true),
        MarkedFact::RecordingStopped | MarkedFact::Ended { .. } => Some(false),
        _ => None,
    });
    last == Some(true)
}

impl Meeting {
    /// Repeated marks do no harm; their order is that of their times.
    pub(super) fn take_up(&mut self, past: &[Mark], now: Now) {
        if past.is_empty() {
            return;
        }
        let mut marks: Vec<&Mark> = past.iter().collect();
        marks.sort_by_key(|mark| mark.at);
        for mark in &marks {
            self.recall(now, mark.at, &mark.fact);
        }
        if self.roster.seated().next().is_none() {
            return;
        }
        self.mark(now.utc, MarkedFact::Interrupted);
        if was_recorded(&marks) && marks.last().is_some_and(|last| now.utc.seconds_since(last.at) <= GOES_ON_S) {
            // The first part was finished when the server started; what follows is a second file.
            if self.start_recording().is_err() {
                tracing::debug!("the recording has been asked for already");
            }
        }
    }

    fn recall(&mut self, now: Now, at: UtcMs, fact: &MarkedFact) {
        match fact {
            MarkedFact::Started { .. } => self.phase = Phase::InSession { since: at.0 },
            // Opened again after it was ended (the demonstration): what was before has nothing to say.
            MarkedFact::Ended { .. } => self.forget_past(),
            MarkedFact::ModeSet { mode, .. } => {
                self.mode = *mode;
                self.floor.keep_newest(self.rules().holders_max);
            }
            MarkedFact::AgendaItem { index, .. } => {
                // The agenda may have been cut since.
                if self.agenda.turn_to(*index, at).is_err() {
                    tracing::debug!(index, "a marked agenda item is not on the agenda any more");
                }
            }
            MarkedFact::Joined { participant, who } => self.recall_joined(now, at, *participant, who),
            MarkedFact::Left { participant } => self.recall_gone(*participant, at, GoneWhy::Left),
            MarkedFact::Removed { participant, .. } => self.recall_gone(*participant, at, GoneWhy::Removed),
            MarkedFact::Lost { participant } => self.recall_away(now, at, *participant),
            MarkedFact::Declared { participant, count } => {
                if let Some(known) = self.roster.find_mut(*participant) {
                    known.headcount = Some(*count);
                }
            }
            MarkedFact::Asked { participant, note } => self.recall_asked(*participant, at, note.as_ref()),
            MarkedFact::RequestWithdrawn { participant } => {
                // Repeated marks: he may not be waiting any more.
                if self.floor.is_queued(*participant) {
                    self.floor.forget(*participant);
                }
            }
            MarkedFact::FloorTaken { participant, .. } => self.recall_floor_taken(now, at, *participant),
            MarkedFact::FloorLeft { participant } => self.recall_floor_left(at, *participant),
            MarkedFact::Interrupted
            | MarkedFact::RecordingStarted
            | MarkedFact::RecordingStopped
            | MarkedFact::Speaking { .. } => {}
        }
    }

    fn forget_past(&mut self) {
        self.phase = Phase::Gathering;
        self.floor.keep_newest(0);
        let waiting: Vec<ParticipantId> = self.floor.queue().iter().map(|request| request.participant).collect();
        for who in waiting {
            self.floor.forget(who);
        }
        self.agenda.start_over();
        for who in self.roster.all_mut() {
            who.presence = Presence::Expected;
            who.headcount = None;
            who.spoken = std::time::Duration::ZERO;
        }
    }

    fn recall_joined(&mut self, now: Now, at: UtcMs, id: ParticipantId, who: &MarkedIdentity) {
        let profile = Profile {
            name: who.name.clone(),
            short_name: who.short_name.clone(),
            detail: who.detail.clone(),
            group: who.group.clone(),
            role: who.role,
            occupant: who.occupant,
        };
        self.roster.of_past(id, profile, who.via);
        self.recall_away(now, at, id);
    }

    /// The seat is kept from now on, not from when the server died: that was not the site's fault.
    fn recall_away(&mut self, now: Now, at: UtcMs, id: ParticipantId) {
        let timers = self.basics.timers;
        let Some(participant) = self.roster.find_mut(id) else { return };
        let grace = timers.grace(participant.profile.occupant);
        let until = Now { instant: now.instant + grace, utc: now.utc.plus(grace) };
        participant.presence = Presence::Away { since: at, until };
    }

    fn recall_gone(&mut self, id: ParticipantId, at: UtcMs, why: GoneWhy) {
        self.floor.forget(id);
        if let Some(participant) = self.roster.find_mut(id) {
            participant.presence = Presence::Gone { at, why };
        }
    }

    fn recall_asked(&mut self, id: ParticipantId, at: UtcMs, note: Option<&String>) {
        let agenda_item = self.agenda.current();
        let request = Request { participant: id, asked_at: at, note: note.cloned(), agenda_item };
        let seated = self.roster.find(id).is_some_and(|known| known.presence.is_seated());
        if seated && self.floor.ask(request).is_err() {
            tracing::debug!("a mark of asking to speak is repeated");
        }
    }

    /// His turn goes on, and its time is counted from now: how long the outage lasted is nobody's speaking time.
    fn recall_floor_taken(&mut self, now: Now, at: UtcMs, id: ParticipantId) {
        let limit_seconds = self.basics.limits.turn_seconds;
        let since = Now { instant: now.instant, utc: at };
        let holder = Holder { participant: id, since, limit_seconds };
        let seated = self.roster.find(id).is_some_and(|known| known.presence.is_seated());
        if seated && self.floor.give(holder, self.rules()).is_err() {
            tracing::debug!("a mark of the floor is repeated");
        }
    }

    fn recall_floor_left(&mut self, at: UtcMs, id: ParticipantId) {
        let Ok(holder) = self.floor.end_turn(id) else { return };
        if let Some(participant) = self.roster.find_mut(id) {
            participant.spoken += std::time::Duration::from_secs(u64::from(at.seconds_since(holder.since.utc)));
        }
    }
}
