//! Asking to speak, being called, speaking, ending.

use super::Meeting;
use super::floor::{FloorRefused, Holder, Request};
use crate::clock::Now;
use crate::id::ParticipantId;
use crate::mark::MarkedFact;
use crate::role;
use crate::text::{Line, NOTE_MAX};
use crate::wire::{Action, Notice, RefusalCode, ServerMessage, SourceName};

impl Meeting {
    pub(super) fn ask_to_speak(
        &mut self,
        now: Now,
        who: ParticipantId,
        note: Option<String>,
    ) -> Result<(), RefusalCode> {
        let note = match note {
            None => None,
            Some(text) => Some(Line::parse(&text, NOTE_MAX).map_err(|_| RefusalCode::TextInvalid)?.into_string()),
        };
        let agenda_item = self.agenda.current();
        let request = Request { participant: who, asked_at: now.utc, note: note.clone(), agenda_item };
        self.floor.ask(request).map_err(code)?;
        self.mark(now.utc, MarkedFact::Asked { participant: who, note });
        Ok(())
    }

    pub(super) fn withdraw_request(&mut self, now: Now, who: ParticipantId) -> Result<(), RefusalCode> {
        self.floor.withdraw(who).map_err(code)?;
        self.mark(now.utc, MarkedFact::RequestWithdrawn { participant: who });
        Ok(())
    }

    /// Anybody who is here can be called, whether he asked or not.
    pub(super) fn give_floor(&mut self, now: Now, by: ParticipantId, who: ParticipantId) -> Result<(), RefusalCode> {
        if self.roster.known(who)?.presence.here().is_none() {
            return Err(RefusalCode::NotHere);
        }
        let limit_seconds = self.basics.limits.turn_seconds;
        let holder = Holder { participant: who, since: now, limit_seconds };
        let ended = self.floor.give(holder, self.rules()).map_err(code)?;
        for former in ended {
            self.turn_over(now, former);
            self.tell_withdrawn(former.participant, by);
        }
        self.mark(now.utc, MarkedFact::FloorTaken { participant: who, by });
        if by != who {
            let notice = Notice::CalledToSpeak { by: by.0, limit_seconds };
            self.tell(who, ServerMessage::Notice { notice });
        }
        if self.roster.known(who)?.is_unattended() {
            self.switch_on(who, SourceName::Microphone);
        }
        Ok(())
    }

    /// Ends a turn, or strikes a request that waits.
    pub(super) fn withdraw_floor(
        &mut self,
        now: Now,
        by: ParticipantId,
        who: ParticipantId,
    ) -> Result<(), RefusalCode> {
        self.roster.known(who)?;
        if self.floor.is_queued(who) {
            return self.withdraw_request(now, who);
        }
        let holder = self.floor.end_turn(who).map_err(code)?;
        self.turn_over(now, holder);
        if by != who {
            self.tell_withdrawn(who, by);
        }
        Ok(())
    }

    pub(super) fn finish_speaking(&mut self, now: Now, who: ParticipantId) -> Result<(), RefusalCode> {
        let holder = self.floor.end_turn(who).map_err(code)?;
        self.turn_over(now, holder);
        Ok(())
    }

    pub(super) fn extend_floor(&mut self, who: ParticipantId, seconds: u16) -> Result<(), RefusalCode> {
        self.roster.known(who)?;
        self.floor.extend(who, seconds).map_err(code)
    }

    pub(super) fn move_in_queue(&mut self, who: ParticipantId, place: u16) -> Result<(), RefusalCode> {
        self.roster.known(who)?;
        self.floor.move_to(who, usize::from(place)).map_err(code)
    }

    /// The bookkeeping of a turn that has ended: its time, its mark, and the microphone, which closes in every mode.
    pub(super) fn turn_over(&mut self, now: Now, holder: Holder) {
        let who = holder.participant;
        if let Some(participant) = self.roster.find_mut(who) {
            participant.spoken += now.instant.saturating_duration_since(holder.since.instant);
            if !role::allows(participant.role(), Action::SpeakFreely) {
                participant.on = participant.on.without(SourceName::Microphone);
            }
        }
        self.mark(now.utc, MarkedFact::FloorLeft { participant: who });
    }

    fn tell_withdrawn(&mut self, who: ParticipantId, by: ParticipantId) {
        self.tell(who, ServerMessage::Notice { notice: Notice::FloorWithdrawn { by: by.0 } });
    }
}

fn code(refused: FloorRefused) -> RefusalCode {
    match refused {
        FloorRefused::AlreadyAsked => RefusalCode::AlreadyAsked,
        FloorRefused::AlreadyHolds => RefusalCode::OutOfTurn,
        FloorRefused::NotAsked => RefusalCode::NotAsked,
        FloorRefused::NotHolding => RefusalCode::NotHoldingFloor,
        FloorRefused::Full => RefusalCode::FloorFull,
        FloorRefused::OutOfRange => RefusalCode::NumberOutOfRange,
    }
}
