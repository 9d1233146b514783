//! The figures of everybody's line, for those who watch them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::Meeting;
use super::interface::{Audience, Output};
use crate::clock::Now;
use crate::id::{ConnectionId, ParticipantId};
use crate::role;
use crate::wire::{Action, LineView, ServerMessage};

/// Figures are measured once a second; telling them oftener tells nothing new.
const TELL_EVERY: Duration = Duration::from_secs(1);

#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Lines {
    last: BTreeMap<ParticipantId, LineView>,
    changed: BTreeSet<ParticipantId>,
    due: Option<Instant>,
}

impl Lines {
    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    pub(super) fn all(&self) -> Vec<LineView> {
        self.last.values().cloned().collect()
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due
    }

    fn note(&mut self, now: Now, line: LineView) {
        let who = ParticipantId(line.participant);
        if self.last.get(&who) == Some(&line) {
            return;
        }
        self.last.insert(who, line);
        self.changed.insert(who);
        self.due.get_or_insert(now.instant + TELL_EVERY);
    }

    fn take_changed(&mut self, now: Now) -> Vec<LineView> {
        if self.due.is_none_or(|due| now.instant < due) {
            return Vec::new();
        }
        self.due = None;
        let changed = std::mem::take(&mut self.changed);
        changed.iter().filter_map(|who| self.last.get(who)).cloned().collect()
    }
}

impl Meeting {
    pub(super) fn line_measured(&mut self, now: Now, line: LineView) {
        let Some(participant) = self.roster.find_mut(ParticipantId(line.participant)) else { return };
        participant.line = line.quality;
        self.lines.note(now, line);
    }

    pub(super) fn line_timer(&mut self, now: Now) {
        let lines = self.lines.take_changed(now);
        let watchers = self.watchers();
        if !lines.is_empty() && !watchers.is_empty() {
            let message = Box::new(ServerMessage::Lines { lines });
            self.out.push_back(Output::Send { to: Audience::Some(watchers), message });
        }
    }

    fn watchers(&self) -> Vec<ConnectionId> {
        let watches = |who: &&super::roster::Participant| role::allows(who.role(), Action::WatchLines);
        self.roster.all().iter().filter(watches).filter_map(super::roster::Participant::connection).collect()
    }
}
