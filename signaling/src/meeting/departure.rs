//! Going: a line that drops, a seat that is given up, somebody turned out, the end for all.

use super::interface::{Audience, Output};
use super::presence::{GoneWhy, Here, Presence};
use super::roster::{PATHS, Participant, PathState};
use super::{MediaOrder, Meeting, SourceSet};
use crate::clock::Now;
use crate::id::{ConnectionId, ParticipantId};
use crate::mark::MarkedFact;
use crate::text::{Line, REASON_MAX};
use crate::wire::{ByeReason, Phase, RefusalCode, Role, ServerMessage};

/// What the clock asks for at one participant.
enum Due {
    Ping(ConnectionId),
    Silent,
    SeatFree,
}

impl Meeting {
    pub(super) fn presence_timers(&mut self, now: Now) {
        let timers = self.basics.timers;
        let due: Vec<(ParticipantId, Due)> = self
            .roster
            .all()
            .iter()
            .filter_map(|who| Some((who.id, due(&who.presence, now, timers.away_after)?)))
            .collect();
        for (who, due) in due {
            match due {
                Due::Ping(connection) => self.ping(now, who, connection),
                Due::Silent => self.line_lost(now, who),
                Due::SeatFree => self.give_up_seat(now, who, GoneWhy::Expired),
            }
        }
    }

    fn ping(&mut self, now: Now, who: ParticipantId, connection: ConnectionId) {
        self.nonce = self.nonce.wrapping_add(1);
        let message = Box::new(ServerMessage::Ping { nonce: self.nonce });
        self.out.push_back(Output::Send { to: Audience::One(connection), message });
        let ping_due = now.instant + self.basics.timers.ping_every;
        let here = self.roster.find_mut(who).and_then(|who| who.presence.here_mut());
        if let Some(connection) = here.and_then(|here| here.connection.as_mut()) {
            connection.ping_due = ping_due;
        }
    }

    /// The socket broke. He counts as here until he has been silent for long enough: a page that is back at once was never away.
    pub(super) fn connection_lost(&mut self, connection: ConnectionId) {
        let Some(who) = self.connections.remove(&connection) else { return };
        if let Some(here) = self.roster.find_mut(who).and_then(|who| who.presence.here_mut()) {
            here.connection = None;
        }
    }

    pub(super) fn pardon_silence(&mut self, now: Now) {
        for who in self.roster.all_mut() {
            if let Some(here) = who.presence.here_mut() {
                here.heard = now;
            }
        }
    }

    fn line_lost(&mut self, now: Now, who: ParticipantId) {
        let Some(participant) = self.roster.find_mut(who) else { return };
        let Some(&Here { heard, connection, .. }) = participant.presence.here() else { return };
        let grace = self.basics.timers.grace(participant.profile.occupant);
        let until = Now { instant: heard.instant + grace, utc: heard.utc.plus(grace) };
        participant.presence = Presence::Away { since: heard.utc, until };
        if let Some(connection) = connection {
            self.connections.remove(&connection.id);
            self.out.push_back(Output::Discard { connection: connection.id });
        }
        self.mark(heard.utc, MarkedFact::Lost { participant: who });
        // A seat shorter than the silence that was noticed is free at once.
        if until.instant <= now.instant {
            self.give_up_seat(now, who, GoneWhy::Expired);
        }
    }

    pub(super) fn leave(&mut self, now: Now, who: ParticipantId) {
        self.mark(now.utc, MarkedFact::Left { participant: who });
        self.bye(who, ByeReason::Left, None);
        self.give_up_seat(now, who, GoneWhy::Left);
    }

    pub(super) fn remove(
        &mut self,
        now: Now,
        by: ParticipantId,
        who: ParticipantId,
        reason: &str,
    ) -> Result<(), RefusalCode> {
        let participant = self.roster.known(who)?;
        if participant.role() == Role::Chair || by == who {
            return Err(RefusalCode::NotAllowed);
        }
        if !participant.presence.is_seated() {
            return Err(RefusalCode::NotHere);
        }
        let reason = Line::parse(reason, REASON_MAX).map_err(|_| RefusalCode::TextInvalid)?.into_string();
        self.mark(now.utc, MarkedFact::Removed { participant: who, by, reason: reason.clone() });
        self.bye(who, ByeReason::Removed, Some(reason));
        self.give_up_seat(now, who, GoneWhy::Removed);
        Ok(())
    }

    /// Seat, hand, floor, stage and media are free. Attendance has been marked by who calls this.
    fn give_up_seat(&mut self, now: Now, who: ParticipantId, why: GoneWhy) {
        if self.floor.is_queued(who) {
            self.mark(now.utc, MarkedFact::RequestWithdrawn { participant: who });
        }
        if let Some(holder) = self.floor.forget(who) {
            self.turn_over(now, holder);
        }
        self.clear_stage_of(who);
        let Some(participant) = self.roster.find_mut(who) else { return };
        participant.presence = Presence::Gone { at: now.utc, why };
        participant.on = SourceSet::NONE;
        participant.slots = std::sync::Arc::default();
        participant.layers = std::sync::Arc::default();
        let open: Vec<_> = PATHS.into_iter().filter(|path| participant.paths.of(*path) != PathState::Closed).collect();
        for path in &open {
            participant.paths.set(*path, PathState::Closed);
        }
        for path in open {
            self.order(MediaOrder::Drop { participant: who, path });
        }
        if self.speaker == Some(who) {
            self.speaking(now, None);
        }
    }

    /// The session ends for all.
    pub(super) fn end(&mut self, now: Now, by: Option<ParticipantId>) {
        for holder in self.floor.keep_newest(0) {
            self.turn_over(now, holder);
        }
        self.agenda.close(now.utc);
        self.mark(now.utc, MarkedFact::Ended { by });
        self.stop_recording_at_once(now);
        self.phase = Phase::Ended { at: now.utc.0 };
        // While there still is somebody to tell.
        self.tell_course();
        let seated: Vec<ParticipantId> = self.roster.seated().map(|who| who.id).collect();
        for who in seated {
            self.bye(who, ByeReason::SessionEnded, None);
            self.give_up_seat(now, who, GoneWhy::Left);
        }
        self.reply_with(Output::Over);
    }

    /// The server stops; the meeting goes on when it is back. Whoever is here was here until now.
    pub(super) fn stop(&mut self, now: Now, retry_ms: u32) {
        let here: Vec<(ParticipantId, Option<ConnectionId>)> = self
            .roster
            .all()
            .iter()
            .filter(|who| who.presence.here().is_some())
            .map(|who| (who.id, who.connection()))
            .collect();
        for (who, connection) in here {
            self.mark(now.utc, MarkedFact::Lost { participant: who });
            if let Some(connection) = connection {
                self.connections.remove(&connection);
                let retry_after_ms = Some(spread(who, retry_ms));
                let why = ByeReason::ServerStopping;
                self.reply_with(Output::Bye { connection, why, retry_after_ms, reason: None });
            }
            if let Some(participant) = self.roster.find_mut(who) {
                let grace = self.basics.timers.grace(participant.profile.occupant);
                let until = Now { instant: now.instant + grace, utc: now.utc.plus(grace) };
                participant.presence = Presence::Away { since: now.utc, until };
            }
        }
        // Nobody asked for the recording to stop, so no mark says so: whoever takes the session up goes on with it.
        self.speaking(now, None);
        if self.recording.ask_stop(now.utc).is_ok() {
            self.out.push_back(Output::Recording(super::RecordingOrder::Stop));
        }
        self.reply_with(Output::Over);
    }

    /// There will be nobody to hear the recorder's answer.
    fn stop_recording_at_once(&mut self, now: Now) {
        let ran = self.recording.is_running();
        if self.recording.ask_stop(now.utc).is_ok() {
            self.out.push_back(Output::Recording(super::RecordingOrder::Stop));
        }
        if ran {
            self.mark(now.utc, MarkedFact::RecordingStopped);
        }
    }

    fn bye(&mut self, who: ParticipantId, why: ByeReason, reason: Option<String>) {
        let Some(connection) = self.roster.find(who).and_then(Participant::connection) else { return };
        self.connections.remove(&connection);
        if let Some(here) = self.roster.find_mut(who).and_then(|who| who.presence.here_mut()) {
            here.connection = None;
        }
        self.reply_with(Output::Bye { connection, why, retry_after_ms: None, reason });
    }
}

fn due(presence: &Presence, now: Now, away_after: std::time::Duration) -> Option<Due> {
    match presence {
        Presence::Expected | Presence::Gone { .. } => None,
        Presence::Away { until, .. } => (until.instant <= now.instant).then_some(Due::SeatFree),
        Presence::Here(here) if here.heard.instant + away_after <= now.instant => Some(Due::Silent),
        Presence::Here(here) => {
            here.connection.filter(|connection| connection.ping_due <= now.instant).map(|found| Due::Ping(found.id))
        }
    }
}

/// From `least` to twice that, spread evenly over the participants and the same for one at each call: two hundred sites that come
/// back in the same second would be the next outage.
fn spread(who: ParticipantId, least: u32) -> u32 {
    let (_, low) = who.0.as_u64_pair();
    // Fibonacci hashing: ids made one after the other still spread.
    let share = u32::try_from(low.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32).unwrap_or(0);
    let part = (u64::from(least) * u64::from(share)) >> 32;
    least.saturating_add(u32::try_from(part).unwrap_or(0))
}
