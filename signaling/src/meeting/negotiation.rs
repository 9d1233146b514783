//! Media being negotiated: offers go to the engine, answers come back, paths open and close.

use super::interface::{MediaNews, Path, Ticket};
use super::roster::PathState;
use super::{MediaOrder, Meeting, SourceSet};
use crate::clock::Now;
use crate::id::ParticipantId;
use crate::wire::{RefusalCode, ServerMessage, SlotDrawn, SourceLayers, Via};

/// Slots of one view, and sites pinned in it: more than any screen shows.
const VIEW_MAX: usize = 64;

/// RFC 9143 sets no limit; the engine's is 16 bytes.
const MID_MAX: usize = 16;

impl Meeting {
    pub(super) fn offer(&mut self, who: ParticipantId, ticket: Ticket, offer: String) -> Result<(), RefusalCode> {
        let participant = self.roster.known_mut(who)?;
        if participant.paths.of(Path::Browser) == PathState::Negotiating {
            return Err(RefusalCode::OutOfTurn);
        }
        participant.paths.set(Path::Browser, PathState::Negotiating);
        // New senders begin with all their layers.
        participant.layers = std::sync::Arc::default();
        self.order(MediaOrder::Negotiate { participant: who, path: Path::Browser, ticket, offer });
        Ok(())
    }

    pub(super) fn restart(&mut self, who: ParticipantId, ticket: Ticket, offer: String) -> Result<(), RefusalCode> {
        if !self.roster.known(who)?.paths.is_open(Path::Browser) {
            return Err(RefusalCode::NoMedia);
        }
        self.order(MediaOrder::Restart { participant: who, path: Path::Browser, ticket, offer });
        Ok(())
    }

    pub(super) fn trickle(&mut self, who: ParticipantId, path: Path, ticket: Ticket, fragment: String) {
        if self.roster.find(who).is_some_and(|participant| participant.paths.is_open(path)) {
            self.order(MediaOrder::Trickle { participant: who, path, ticket, fragment });
        } else {
            self.answer(ticket, Err(RefusalCode::NoMedia));
        }
    }

    pub(super) fn set_view(
        &mut self,
        who: ParticipantId,
        pinned: &[uuid::Uuid],
        slots: Vec<SlotDrawn>,
    ) -> Result<(), RefusalCode> {
        if pinned.len() > VIEW_MAX || slots.len() > VIEW_MAX || slots.iter().any(|slot| slot.mid.len() > MID_MAX) {
            return Err(RefusalCode::NumberOutOfRange);
        }
        if !self.roster.known(who)?.paths.is_open(Path::Browser) {
            return Err(RefusalCode::NoMedia);
        }
        let pinned: Vec<ParticipantId> = pinned.iter().copied().map(ParticipantId).collect();
        for one in &pinned {
            self.roster.known(*one)?;
        }
        self.order(MediaOrder::View { participant: who, pinned, slots });
        Ok(())
    }

    pub(super) fn media_news(&mut self, now: Now, news: MediaNews) {
        match news {
            MediaNews::Negotiated { participant, path, ticket, answer, sources } => {
                self.negotiated(now, participant, path, ticket, answer, sources);
            }
            MediaNews::NegotiationFailed { participant, path, ticket, code } => {
                self.knocking.remove(&(participant, path));
                self.path_closed(participant, path);
                self.answer(ticket, Err(code));
            }
            MediaNews::Restarted { ticket, answer } => self.answer(ticket, Ok(answer)),
            MediaNews::RestartFailed { ticket, code } => self.answer(ticket, Err(code)),
            MediaNews::Heard { participant } => self.heard_again(now, participant),
            MediaNews::Ended { participant, path } => self.path_closed(participant, path),
            MediaNews::Speaker { participant } => self.speaking(now, participant),
            MediaNews::Slots { participant, slots } => {
                if let Some(known) = self.roster.find_mut(participant) {
                    known.slots = std::sync::Arc::new(slots.clone());
                    self.tell(participant, ServerMessage::Slots { slots });
                }
            }
            MediaNews::Layers { participant, wanted } => self.layers_wanted(participant, wanted),
            MediaNews::Line(line) => self.line_measured(now, *line),
        }
    }

    fn layers_wanted(&mut self, who: ParticipantId, wanted: SourceLayers) {
        let Some(known) = self.roster.find_mut(who) else { return };
        let mut layers = known.layers.to_vec();
        layers.retain(|known| known.source != wanted.source);
        layers.push(wanted);
        known.layers = std::sync::Arc::new(layers.clone());
        self.tell(who, ServerMessage::Layers { layers });
    }

    fn negotiated(
        &mut self,
        now: Now,
        who: ParticipantId,
        path: Path,
        ticket: Ticket,
        answer: String,
        sources: SourceSet,
    ) {
        if let Some(knocking) = self.knocking.remove(&(who, path)) {
            let entered = self.let_in(now, &knocking, path, sources);
            if entered.is_err() {
                self.order(MediaOrder::Drop { participant: who, path });
            }
            return self.answer(ticket, entered.map(|()| answer));
        }
        match self.roster.find_mut(who) {
            Some(participant) if participant.paths.of(path) == PathState::Negotiating => {
                participant.paths.set(path, PathState::Open(sources));
                self.answer(ticket, Ok(answer));
            }
            // He left, or a newer page took the seat, while the engine thought.
            Some(_) | None => {
                self.order(MediaOrder::Drop { participant: who, path });
                self.answer(ticket, Err(RefusalCode::OutOfTurn));
            }
        }
    }

    fn path_closed(&mut self, who: ParticipantId, path: Path) {
        if let Some(participant) = self.roster.find_mut(who) {
            participant.paths.set(path, PathState::Closed);
        }
    }

    /// Ended by its owner. With nothing else to be here by, he has left. (A page that is only away comes back.)
    pub(super) fn unpublish(&mut self, now: Now, who: ParticipantId, path: Path) {
        self.knocking.remove(&(who, path));
        let was_open = self.roster.find(who).is_some_and(|participant| participant.paths.is_open(path));
        self.path_closed(who, path);
        self.order(MediaOrder::Drop { participant: who, path });
        let Some(participant) = self.roster.find(who) else { return };
        let remains = participant.connection().is_some() || participant.paths.any_open();
        let lived_by_it = was_open || participant.via != Via::Browser;
        if participant.presence.is_seated() && lived_by_it && !remains {
            self.leave(now, who);
        }
    }
}
