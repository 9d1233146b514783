//! Who holds the floor, and the one queue of those who asked for it, in the order the server received them.

use crate::clock::{Now, UtcMs};
use crate::id::ParticipantId;
use crate::meeting::mode::{ModeRules, WhenFull};
use crate::wire::{FloorHolder, FloorView, QueueEntry};

/// A turn can be extended to this many seconds; a lecture of a whole morning is not a turn.
const TURN_SECONDS_MAX: u32 = 4 * 60 * 60;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Floor {
    holders: Vec<Holder>,
    queue: Vec<Request>,
    revision: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Holder {
    pub participant: ParticipantId,
    pub since: Now,
    pub limit_seconds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Request {
    pub participant: ParticipantId,
    pub asked_at: UtcMs,
    pub note: Option<String>,
    pub agenda_item: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FloorRefused {
    AlreadyAsked,
    AlreadyHolds,
    NotAsked,
    NotHolding,
    Full,
    OutOfRange,
}

impl Floor {
    pub(super) fn holds(&self, who: ParticipantId) -> bool {
        self.holders.iter().any(|holder| holder.participant == who)
    }

    pub(super) fn is_queued(&self, who: ParticipantId) -> bool {
        self.queue.iter().any(|request| request.participant == who)
    }

    /// In the order in which they were called.
    pub(super) fn holders(&self) -> &[Holder] {
        &self.holders
    }

    pub(super) fn queue(&self) -> &[Request] {
        &self.queue
    }

    /// Changes with every change.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    pub(super) fn ask(&mut self, request: Request) -> Result<(), FloorRefused> {
        if self.holds(request.participant) {
            return Err(FloorRefused::AlreadyHolds);
        }
        if self.is_queued(request.participant) {
            return Err(FloorRefused::AlreadyAsked);
        }
        self.queue.push(request);
        self.changed();
        Ok(())
    }

    pub(super) fn withdraw(&mut self, who: ParticipantId) -> Result<(), FloorRefused> {
        let before = self.queue.len();
        self.queue.retain(|request| request.participant != who);
        if self.queue.len() == before {
            return Err(FloorRefused::NotAsked);
        }
        self.changed();
        Ok(())
    }

    /// Gives the floor and takes him out of the queue. Answers whose turns ended by it.
    pub(super) fn give(&mut self, holder: Holder, rules: ModeRules) -> Result<Vec<Holder>, FloorRefused> {
        if self.holds(holder.participant) {
            return Err(FloorRefused::AlreadyHolds);
        }
        let ended = match rules.when_full {
            WhenFull::Refuse if self.holders.len() >= rules.holders_max => return Err(FloorRefused::Full),
            WhenFull::Refuse => Vec::new(),
            WhenFull::EndOthers => self.keep_newest(rules.holders_max.saturating_sub(1)),
        };
        self.queue.retain(|request| request.participant != holder.participant);
        self.holders.push(holder);
        self.changed();
        Ok(ended)
    }

    pub(super) fn end_turn(&mut self, who: ParticipantId) -> Result<Holder, FloorRefused> {
        let place = self.holders.iter().position(|holder| holder.participant == who).ok_or(FloorRefused::NotHolding)?;
        self.changed();
        Ok(self.holders.remove(place))
    }

    /// Ends turns beyond `count`, the longest-lasting first.
    pub(super) fn keep_newest(&mut self, count: usize) -> Vec<Holder> {
        let excess = self.holders.len().saturating_sub(count);
        if excess > 0 {
            self.changed();
        }
        self.holders.drain(..excess).collect()
    }

    pub(super) fn extend(&mut self, who: ParticipantId, seconds: u16) -> Result<(), FloorRefused> {
        let holder =
            self.holders.iter_mut().find(|holder| holder.participant == who).ok_or(FloorRefused::NotHolding)?;
        let limit = holder.limit_seconds.saturating_add(u32::from(seconds));
        if seconds == 0 || limit > TURN_SECONDS_MAX {
            return Err(FloorRefused::OutOfRange);
        }
        holder.limit_seconds = limit;
        self.changed();
        Ok(())
    }

    /// `place` counts from 0 in the queue as it will be.
    pub(super) fn move_to(&mut self, who: ParticipantId, place: usize) -> Result<(), FloorRefused> {
        let from = self.queue.iter().position(|request| request.participant == who).ok_or(FloorRefused::NotAsked)?;
        if place >= self.queue.len() {
            return Err(FloorRefused::OutOfRange);
        }
        let request = self.queue.remove(from);
        self.queue.insert(place, request);
        self.changed();
        Ok(())
    }

    /// Forgets him altogether. Answers his turn, if he had the floor.
    pub(super) fn forget(&mut self, who: ParticipantId) -> Option<Holder> {
        if self.is_queued(who) {
            self.queue.retain(|request| request.participant != who);
            self.changed();
        }
        self.end_turn(who).ok()
    }

    pub(super) fn view(&self) -> FloorView {
        FloorView {
            holders: self
                .holders
                .iter()
                .map(|holder| FloorHolder {
                    participant: holder.participant.0,
                    since: holder.since.utc.0,
                    limit_seconds: holder.limit_seconds,
                })
                .collect(),
            queue: self
                .queue
                .iter()
                .map(|request| QueueEntry {
                    participant: request.participant.0,
                    asked_at: request.asked_at.0,
                    note: request.note.clone(),
                    agenda_item: request.agenda_item,
                })
                .collect(),
        }
    }

    fn changed(&mut self) {
        self.revision = self.revision.wrapping_add(1);
    }
}
