//! What a seated page asks: one line a request. What a request *does* stands in the file of its subject, whether the role allows it
//! in the one table.

use super::Meeting;
use super::arrival::check_count;
use super::interface::Ticket;
use crate::clock::Now;
use crate::id::{ConnectionId, ParticipantId};
use crate::mark::MarkedFact;
use crate::role;
use crate::token::Occupant;
use crate::wire::{Action, ClientMessage, RefusalCode, ServerMessage};

/// How a request that was not refused is answered.
enum Settled {
    Done,
    /// The engine will answer.
    Later,
    /// It is itself an answer.
    Unanswered,
}

impl Meeting {
    pub(super) fn request(&mut self, now: Now, connection: ConnectionId, re: u32, request: ClientMessage) {
        let Some(&who) = self.connections.get(&connection) else { return };
        if let Some(here) = self.roster.find_mut(who).and_then(|who| who.presence.here_mut()) {
            here.heard = now;
        }
        match self.carry_out(now, who, Ticket::Request { connection, re }, request) {
            Ok(Settled::Done) => self.reply(connection, ServerMessage::Done { re }),
            Ok(Settled::Later | Settled::Unanswered) => {}
            Err(code) => self.reply(connection, ServerMessage::Refused { re, code }),
        }
    }

    fn carry_out(
        &mut self,
        now: Now,
        who: ParticipantId,
        ticket: Ticket,
        request: ClientMessage,
    ) -> Result<Settled, RefusalCode> {
        if let Some(action) = action_of(&request)
            && !role::allows(self.roster.known(who)?.role(), action)
        {
            return Err(RefusalCode::NotAllowed);
        }
        match request {
            ClientMessage::Hello { .. } => return Err(RefusalCode::OutOfTurn),
            ClientMessage::Pong { .. } => return Ok(Settled::Unanswered),
            ClientMessage::Offer { sdp } => return self.offer(who, ticket, sdp).map(|()| Settled::Later),
            ClientMessage::Restart { sdp } => return self.restart(who, ticket, sdp).map(|()| Settled::Later),
            ClientMessage::SwitchSource { source, state } => self.switch_source(who, source, state)?,
            ClientMessage::SetView { pinned, slots } => self.set_view(who, &pinned, slots)?,
            ClientMessage::DeclareHeadcount { count } => self.declare_headcount(now, who, count)?,
            ClientMessage::AskToSpeak { note } => self.ask_to_speak(now, who, note)?,
            ClientMessage::WithdrawRequest {} => self.withdraw_request(now, who)?,
            ClientMessage::FinishSpeaking {} => self.finish_speaking(now, who)?,
            ClientMessage::GiveFloor { participant } => self.give_floor(now, who, ParticipantId(participant))?,
            ClientMessage::WithdrawFloor { participant } => {
                self.withdraw_floor(now, who, ParticipantId(participant))?;
            }
            ClientMessage::ExtendFloor { participant, seconds } => {
                self.extend_floor(ParticipantId(participant), seconds)?;
            }
            ClientMessage::MoveInQueue { participant, place } => {
                self.move_in_queue(ParticipantId(participant), place)?;
            }
            ClientMessage::Mute { participant, source } => self.mute(who, ParticipantId(participant), source)?,
            ClientMessage::MuteAll {} => self.mute_all(who),
            ClientMessage::SetStage { stage } => self.set_stage(stage)?,
            ClientMessage::SetMode { mode } => self.set_mode(now, who, mode),
            ClientMessage::SetAgendaItem { index } => self.set_agenda_item(now, who, index)?,
            ClientMessage::StartRecording {} => self.start_recording()?,
            ClientMessage::StopRecording {} => self.stop_recording(now)?,
            ClientMessage::StartSession {} => self.start_session(now, who)?,
            ClientMessage::EndSession {} => {
                self.done_before_bye(ticket);
                self.end(now, Some(who));
                return Ok(Settled::Unanswered);
            }
            ClientMessage::RemoveParticipant { participant, reason } => {
                self.remove(now, who, ParticipantId(participant), &reason)?;
            }
            ClientMessage::Leave {} => {
                self.done_before_bye(ticket);
                self.leave(now, who);
                return Ok(Settled::Unanswered);
            }
        }
        Ok(Settled::Done)
    }

    /// `bye` is the last message of a connection.
    fn done_before_bye(&mut self, ticket: Ticket) {
        if let Ticket::Request { connection, re } = ticket {
            self.reply(connection, ServerMessage::Done { re });
        }
    }

    fn declare_headcount(&mut self, now: Now, who: ParticipantId, count: u16) -> Result<(), RefusalCode> {
        if self.roster.known(who)?.profile.occupant != Occupant::Site {
            return Err(RefusalCode::NotAllowed);
        }
        check_count(count)?;
        self.note_headcount(now, who, count);
        Ok(())
    }

    pub(super) fn note_headcount(&mut self, now: Now, who: ParticipantId, count: u16) {
        let Some(participant) = self.roster.find_mut(who) else { return };
        if participant.headcount != Some(count) {
            participant.headcount = Some(count);
            self.mark(now.utc, MarkedFact::Declared { participant: who, count });
        }
    }
}

/// What the role must allow. `None`: everybody with a seat may, about himself.
fn action_of(request: &ClientMessage) -> Option<Action> {
    match request {
        ClientMessage::Hello { .. }
        | ClientMessage::Pong { .. }
        // Receiving needs no right beyond the seat; what is sent is judged source by source.
        | ClientMessage::Offer { .. }
        | ClientMessage::Restart { .. }
        | ClientMessage::SwitchSource { .. }
        | ClientMessage::SetView { .. }
        | ClientMessage::WithdrawRequest {}
        | ClientMessage::FinishSpeaking {}
        | ClientMessage::Leave {} => None,
        ClientMessage::DeclareHeadcount { .. } => Some(Action::DeclareHeadcount),
        ClientMessage::AskToSpeak { .. } => Some(Action::AskToSpeak),
        ClientMessage::GiveFloor { .. }
        | ClientMessage::WithdrawFloor { .. }
        | ClientMessage::ExtendFloor { .. }
        | ClientMessage::MoveInQueue { .. } => Some(Action::GiveFloor),
        ClientMessage::Mute { .. } | ClientMessage::MuteAll {} => Some(Action::Mute),
        ClientMessage::SetStage { .. } => Some(Action::SetStage),
        ClientMessage::SetMode { .. } => Some(Action::SetMode),
        ClientMessage::SetAgendaItem { .. } => Some(Action::SetAgenda),
        ClientMessage::StartRecording {} | ClientMessage::StopRecording {} => Some(Action::Record),
        ClientMessage::StartSession {} => Some(Action::StartSession),
        ClientMessage::EndSession {} => Some(Action::EndSession),
        ClientMessage::RemoveParticipant { .. } => Some(Action::Remove),
    }
}
