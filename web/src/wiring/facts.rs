//! One fact of a meeting in the meeting's words and in the office's. Both directions, so that a meeting can be opened again from what
//! the office kept.

use scheduler::mark::{EndedBy, Fact, Identity, Mark, Via as OfficeVia};
use scheduler::time::UtcTime;
use scheduler::{id as office, mark};
use signaling::clock::UtcMs;
use signaling::id::{ParticipantId, SessionId};
use signaling::mark::{self as live, MarkId, MarkedFact, MarkedIdentity};
use signaling::token::Occupant;
use signaling::wire::Via;

use super::grant;

#[must_use]
pub fn to_office(mark: live::Mark) -> Mark {
    Mark {
        id: office::MarkId::from_uuid(mark.id.0),
        session: office::SessionId::from_uuid(mark.session.0),
        at: UtcTime::from_millis(mark.at.0),
        fact: fact_to_office(mark.fact),
    }
}

/// `None`: the office's own entry, which is no fact of the meeting.
#[must_use]
pub fn to_meeting(mark: Mark) -> Option<live::Mark> {
    Some(live::Mark {
        id: MarkId(mark.id.uuid()),
        session: SessionId(mark.session.uuid()),
        at: UtcMs(mark.at.millis()),
        fact: fact_to_meeting(mark.fact)?,
    })
}

fn theirs(id: ParticipantId) -> office::ParticipantId {
    office::ParticipantId::from_uuid(id.0)
}

fn ours(id: office::ParticipantId) -> ParticipantId {
    ParticipantId(id.uuid())
}

fn fact_to_office(fact: MarkedFact) -> Fact {
    match fact {
        MarkedFact::Started { by } => Fact::Started { by: Some(theirs(by)) },
        MarkedFact::Ended { by: Some(by) } => Fact::Ended { by: EndedBy::Participant { participant: theirs(by) } },
        MarkedFact::Ended { by: None } => Fact::Ended { by: EndedBy::Clock {} },
        MarkedFact::Interrupted => Fact::Interrupted {},
        MarkedFact::ModeSet { by, mode } => Fact::ModeSet { by: theirs(by), mode: grant::office_mode(mode) },
        MarkedFact::AgendaItem { by, index } => Fact::AgendaItem { index, by: Some(theirs(by)) },
        MarkedFact::Joined { participant, who } => {
            Fact::Joined { participant: theirs(participant), identity: identity_to_office(*who) }
        }
        MarkedFact::Left { participant } => Fact::Left { participant: theirs(participant) },
        MarkedFact::Lost { participant } => Fact::Lost { participant: theirs(participant) },
        MarkedFact::Removed { participant, by, reason } => {
            Fact::Removed { participant: theirs(participant), by: theirs(by), reason }
        }
        MarkedFact::Declared { participant, count } => Fact::Declared { participant: theirs(participant), count },
        MarkedFact::Asked { participant, note } => Fact::Asked { participant: theirs(participant), note },
        MarkedFact::RequestWithdrawn { participant } => Fact::RequestWithdrawn { participant: theirs(participant) },
        MarkedFact::FloorTaken { participant, by } => {
            Fact::FloorTaken { participant: theirs(participant), by: Some(theirs(by)) }
        }
        MarkedFact::FloorLeft { participant } => Fact::FloorLeft { participant: theirs(participant) },
        MarkedFact::RecordingStarted => Fact::RecordingStarted {},
        MarkedFact::RecordingStopped => Fact::RecordingStopped {},
        MarkedFact::Speaking { participant } => Fact::Speaking { participant: participant.map(theirs) },
    }
}

fn fact_to_meeting(fact: Fact) -> Option<MarkedFact> {
    Some(match fact {
        // Only the demonstration's made-up past has nobody who began.
        Fact::Started { by } => MarkedFact::Started { by: ours(by?) },
        Fact::Ended { by: EndedBy::Participant { participant } } => MarkedFact::Ended { by: Some(ours(participant)) },
        Fact::Ended { by: EndedBy::Person { .. } | EndedBy::Clock {} } => MarkedFact::Ended { by: None },
        Fact::Interrupted {} => MarkedFact::Interrupted,
        Fact::ModeSet { by, mode } => MarkedFact::ModeSet { by: ours(by), mode: grant::mode(mode) },
        Fact::AgendaItem { index, by } => MarkedFact::AgendaItem { by: ours(by?), index },
        Fact::Joined { participant, identity } => {
            MarkedFact::Joined { participant: ours(participant), who: Box::new(identity_to_meeting(identity)) }
        }
        Fact::Left { participant } => MarkedFact::Left { participant: ours(participant) },
        Fact::Lost { participant } => MarkedFact::Lost { participant: ours(participant) },
        Fact::Removed { participant, by, reason } => {
            MarkedFact::Removed { participant: ours(participant), by: ours(by), reason }
        }
        Fact::Declared { participant, count } => MarkedFact::Declared { participant: ours(participant), count },
        Fact::Asked { participant, note } => MarkedFact::Asked { participant: ours(participant), note },
        Fact::RequestWithdrawn { participant } => MarkedFact::RequestWithdrawn { participant: ours(participant) },
        Fact::FloorTaken { participant, by } => {
            MarkedFact::FloorTaken { participant: ours(participant), by: ours(by.unwrap_or(participant)) }
        }
        Fact::FloorLeft { participant } => MarkedFact::FloorLeft { participant: ours(participant) },
        Fact::RecordingStarted {} => MarkedFact::RecordingStarted,
        Fact::RecordingStopped {} => MarkedFact::RecordingStopped,
        Fact::Speaking { participant } => MarkedFact::Speaking { participant: participant.map(ours) },
        Fact::Seen { .. } | Fact::Edited { .. } => return None,
    })
}

fn identity_to_office(who: MarkedIdentity) -> Identity {
    Identity {
        name: who.name,
        detail: who.detail,
        role: grant::office_role(who.role),
        site: who.occupant == Occupant::Site,
        short_name: Some(who.short_name),
        group: who.group,
        via: Some(match who.via {
            Via::Browser => OfficeVia::Browser,
            Via::Whip => OfficeVia::Whip,
            Via::Whep => OfficeVia::Whep,
        }),
    }
}

fn identity_to_meeting(who: mark::Identity) -> MarkedIdentity {
    MarkedIdentity {
        short_name: who.short_name.unwrap_or_else(|| who.name.chars().take(14).collect()),
        name: who.name,
        detail: who.detail,
        group: who.group,
        role: grant::role(who.role),
        occupant: if who.site { Occupant::Site } else { Occupant::Person },
        via: match who.via {
            Some(OfficeVia::Whip) => Via::Whip,
            Some(OfficeVia::Whep) => Via::Whep,
            Some(OfficeVia::Browser) | None => Via::Browser,
        },
    }
}
