//! Coming in: over the WebSocket or by WHIP and WHEP.

use super::interface::{Audience, Join, Output, Path, Ticket, Welcome};
use super::presence::{Arrival, Connection, GoneWhy, Presence};
use super::roster::{Participant, PathState};
use super::{MediaOrder, Meeting, Reply, SourceSet};
use crate::clock::Now;
use crate::id::{ConnectionId, ParticipantId};
use crate::mark::{MarkedFact, MarkedIdentity};
use crate::role;
use crate::token::{Identity, Lineage, Occupant};
use crate::wire::{Action, ByeReason, RefusalCode, ServerMessage, Via};

/// The largest hall there is; above it somebody leant on the keyboard.
pub(super) const HEADCOUNT_MAX: u16 = 5000;

/// Somebody without a WebSocket whose offer is being answered: he has a seat only when it was.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Knocking {
    pub identity: Identity,
}

/// What a `hello` is to the seat.
enum Claim {
    /// A page that lost its connection, and keeps everything.
    Resumed(Lineage),
    /// A new page, which takes the seat from any other.
    Fresh,
    /// A page whose seat was taken by a newer one.
    Stale,
}

impl Meeting {
    pub(super) fn join(&mut self, now: Now, join: Join) {
        let Join { connection, re, identity, lineage, headcount } = join;
        let headcount = match self.admission(&identity).and_then(|()| headcount_of(&identity, headcount)) {
            Ok(headcount) => headcount,
            Err(code) => return self.refuse_join(connection, re, code),
        };
        let known = self.roster.find(identity.participant).and_then(|participant| participant.lineage);
        let lineage = match claim(known, lineage) {
            Claim::Stale => {
                let why = ByeReason::Replaced;
                return self.out.push_back(Output::Bye { connection, why, retry_after_ms: None, reason: None });
            }
            Claim::Resumed(lineage) => {
                self.take_connection_away(identity.participant, Replacement::SamePage);
                lineage
            }
            Claim::Fresh => {
                self.take_connection_away(identity.participant, Replacement::OtherPage);
                self.forget_page(identity.participant);
                Lineage(known.map_or(now.utc.0, |known| now.utc.0.max(known.0 + 1)))
            }
        };
        self.take_seat(now, &identity, Some(connection), Via::Browser);
        if let Some(participant) = self.roster.find_mut(identity.participant) {
            participant.lineage = Some(lineage);
        }
        if let Some(count) = headcount {
            self.note_headcount(now, identity.participant, count);
        }
        self.connections.insert(connection, identity.participant);
        self.replies.push(Reply::Welcome { connection, re, you: identity.participant, lineage });
    }

    /// Whether somebody with a verified token may have a seat now.
    pub(super) fn admission(&self, identity: &Identity) -> Result<(), RefusalCode> {
        if identity.session != self.basics.session {
            return Err(RefusalCode::SessionUnknown);
        }
        let known = self.roster.find(identity.participant);
        match known.map(|participant| participant.presence) {
            Some(Presence::Gone { why: GoneWhy::Removed, .. }) => return Err(RefusalCode::NotAllowed),
            // Whoever has a seat keeps it: a full meeting does not lock out those whose line drops.
            Some(presence) if presence.is_seated() => return Ok(()),
            Some(_) | None => {}
        }
        if self.seats_taken() >= usize::try_from(self.basics.limits.participants_max).unwrap_or(usize::MAX) {
            return Err(RefusalCode::SessionFull);
        }
        if let Some((pool, admits)) = identity.pool {
            let members = self.roster.seated().filter(|participant| participant.pool == Some(pool)).count();
            let knocking =
                self.knocking.values().filter(|one| one.identity.pool.is_some_and(|(of, _)| of == pool)).count();
            if members + knocking >= usize::try_from(admits).unwrap_or(usize::MAX) {
                return Err(RefusalCode::SessionFull);
            }
        }
        Ok(())
    }

    fn seats_taken(&self) -> usize {
        self.roster.seated().count() + self.knocking.len()
    }

    /// Sits down; marks it unless he sat there already.
    fn take_seat(&mut self, now: Now, identity: &Identity, connection: Option<ConnectionId>, via: Via) {
        let ping_due = now.instant + self.basics.timers.ping_every;
        let participant = self.roster.of_identity(identity);
        if connection.is_some() || participant.connection().is_none() {
            participant.via = via;
        }
        match participant.presence.arrive(now, connection.map(|id| Connection { id, ping_due })) {
            Arrival::WasHere => {}
            Arrival::CameIn => {
                let fact = joined(participant);
                self.mark(now.utc, fact);
            }
        }
    }

    /// Somebody away of whom packets come again, although his page has not come back (yet).
    pub(super) fn heard_again(&mut self, now: Now, who: ParticipantId) {
        let Some(participant) = self.roster.find_mut(who) else { return };
        match participant.presence {
            Presence::Here(_) => {
                participant.presence.arrive(now, None);
            }
            Presence::Away { .. } if participant.paths.any_open() => {
                participant.presence.arrive(now, None);
                let fact = joined(participant);
                self.mark(now.utc, fact);
            }
            Presence::Away { .. } | Presence::Expected | Presence::Gone { .. } => {}
        }
    }

    /// A page that is not the one before starts with nothing switched on and no media; what comes by WHIP goes on.
    fn forget_page(&mut self, who: ParticipantId) {
        let Some(participant) = self.roster.find_mut(who) else { return };
        let of_page = participant.paths.of(Path::Browser);
        participant.paths.set(Path::Browser, PathState::Closed);
        participant.slots = std::sync::Arc::default();
        participant.layers = std::sync::Arc::default();
        if !participant.paths.is_open(Path::Whip) {
            participant.on = SourceSet::NONE;
        }
        match of_page {
            PathState::Closed => {}
            PathState::Negotiating | PathState::Open(_) => {
                self.order(MediaOrder::Drop { participant: who, path: Path::Browser });
            }
        }
    }

    fn take_connection_away(&mut self, who: ParticipantId, by: Replacement) {
        let Some(old) = self.roster.find(who).and_then(Participant::connection) else { return };
        self.connections.remove(&old);
        self.out.push_back(match by {
            Replacement::SamePage => Output::Discard { connection: old },
            Replacement::OtherPage => {
                Output::Bye { connection: old, why: ByeReason::Replaced, retry_after_ms: None, reason: None }
            }
        });
    }

    pub(super) fn refuse_join(&mut self, connection: ConnectionId, re: u32, code: RefusalCode) {
        self.reply(connection, ServerMessage::Refused { re, code });
        let (why, retry_after_ms, reason) = (ByeReason::Refused, None, None);
        self.reply_with(Output::Bye { connection, why, retry_after_ms, reason });
    }

    /// What somebody who has just come in is told, once everything that came in with him is settled.
    pub(super) fn welcome(
        &self,
        connection: ConnectionId,
        re: u32,
        you: ParticipantId,
        lineage: Lineage,
    ) -> Vec<Output> {
        let Some(participant) = self.roster.find(you) else { return Vec::new() };
        let role = participant.role();
        let grace = self.basics.timers.grace(participant.profile.occupant);
        let media_kept = participant.paths.is_open(Path::Browser);
        let mut said = vec![Output::Welcome(Box::new(Welcome {
            connection,
            re,
            you,
            role,
            may: role::actions_of(role),
            lineage,
            seat_kept_seconds: u32::try_from(grace.as_secs()).unwrap_or(u32::MAX),
            media_kept,
            meeting: self.view(self.now),
        }))];
        let mut tell = |message| said.push(Output::Send { to: Audience::One(connection), message: Box::new(message) });
        if media_kept && !participant.slots.is_empty() {
            tell(ServerMessage::Slots { slots: participant.slots.to_vec() });
        }
        if media_kept && !participant.layers.is_empty() {
            tell(ServerMessage::Layers { layers: participant.layers.to_vec() });
        }
        if role::allows(role, Action::WatchLines) && !self.lines.is_empty() {
            tell(ServerMessage::Lines { lines: self.lines.all() });
        }
        said
    }

    /// An offer from somebody without a WebSocket. He gets his seat with the answer.
    pub(super) fn publish(&mut self, identity: Identity, path: Path, ticket: Ticket, offer: String) {
        let participant = identity.participant;
        let negotiating =
            self.roster.find(participant).is_some_and(|known| known.paths.of(path) == PathState::Negotiating);
        if negotiating || self.knocking.contains_key(&(participant, path)) {
            return self.answer(ticket, Err(RefusalCode::OutOfTurn));
        }
        if let Err(code) = self.admission(&identity) {
            return self.answer(ticket, Err(code));
        }
        self.knocking.insert((participant, path), Knocking { identity });
        if let Some(known) = self.roster.find_mut(participant) {
            known.paths.set(path, PathState::Closed);
        }
        self.order(MediaOrder::Negotiate { participant, path, ticket, offer });
    }

    /// The offer was answered. Whether he may come in is asked again: the meeting went on meanwhile.
    pub(super) fn let_in(
        &mut self,
        now: Now,
        knocking: &Knocking,
        path: Path,
        sources: SourceSet,
    ) -> Result<(), RefusalCode> {
        self.admission(&knocking.identity)?;
        let via = if path == Path::Whep { Via::Whep } else { Via::Whip };
        self.take_seat(now, &knocking.identity, None, via);
        if let Some(participant) = self.roster.find_mut(knocking.identity.participant) {
            participant.paths.set(path, PathState::Open(sources));
            if path == Path::Whip {
                participant.on = participant.on.union(sources);
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy)]
enum Replacement {
    /// The connection's own page came back by another: there is nobody to say bye to.
    SamePage,
    OtherPage,
}

fn claim(known: Option<Lineage>, given: Option<Lineage>) -> Claim {
    match (known, given) {
        (_, None) => Claim::Fresh,
        (Some(known), Some(given)) if given < known => Claim::Stale,
        (_, Some(given)) => Claim::Resumed(given),
    }
}

/// Every page sends what was typed; it is taken where it means something.
fn headcount_of(identity: &Identity, typed: Option<u16>) -> Result<Option<u16>, RefusalCode> {
    let counts = identity.occupant == Occupant::Site && role::allows(identity.role, Action::DeclareHeadcount);
    match typed.filter(|_| counts) {
        None => Ok(None),
        Some(count) => check_count(count).map(|()| Some(count)),
    }
}

pub(super) fn check_count(count: u16) -> Result<(), RefusalCode> {
    if (1..=HEADCOUNT_MAX).contains(&count) { Ok(()) } else { Err(RefusalCode::NumberOutOfRange) }
}

fn joined(participant: &Participant) -> MarkedFact {
    let profile = &participant.profile;
    MarkedFact::Joined {
        participant: participant.id,
        who: Box::new(MarkedIdentity {
            name: profile.name.clone(),
            short_name: profile.short_name.clone(),
            detail: profile.detail.clone(),
            group: profile.group.clone(),
            role: profile.role,
            occupant: profile.occupant,
            via: participant.via,
        }),
    }
}
