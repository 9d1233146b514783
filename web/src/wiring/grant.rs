//! The office's grant as the token that opens the live meeting's door, and the office's words as the meeting's.

use scheduler::{admission, session};
use signaling::clock::UtcMs;
use signaling::id::{ParticipantId, SessionId};
use signaling::token::{GRANT_LIFE_MAX, Grant, MediaRights, Occupant, Seat};
use signaling::wire::{Mode, Role};

/// What the token says. It lives as long as the seat may be taken, but never longer than a token may.
#[must_use]
pub fn to_token(grant: &admission::Grant, now: UtcMs) -> Grant {
    Grant {
        session: SessionId(grant.session.uuid()),
        seat: Seat::One(ParticipantId(grant.participant.uuid())),
        role: role(grant.role),
        media: MediaRights::ALL,
        name: grant.name.clone(),
        short_name: grant.short_name.clone(),
        detail: grant.detail.clone(),
        group: grant.group.clone(),
        occupant: if grant.site { Occupant::Site } else { Occupant::Person },
        expires: UtcMs(grant.until.millis()).min(now.plus(GRANT_LIFE_MAX)),
    }
}

#[must_use]
pub fn role(role: admission::MeetingRole) -> Role {
    match role {
        admission::MeetingRole::Chair => Role::Chair,
        admission::MeetingRole::Secretary => Role::Secretary,
        admission::MeetingRole::Delegate => Role::Delegate,
        admission::MeetingRole::Technician => Role::Technician,
        admission::MeetingRole::Leader => Role::Leader,
    }
}

#[must_use]
pub fn office_role(role: Role) -> admission::MeetingRole {
    match role {
        Role::Chair => admission::MeetingRole::Chair,
        Role::Secretary => admission::MeetingRole::Secretary,
        Role::Delegate => admission::MeetingRole::Delegate,
        Role::Technician => admission::MeetingRole::Technician,
        Role::Leader => admission::MeetingRole::Leader,
    }
}

#[must_use]
pub fn mode(mode: session::Mode) -> Mode {
    match mode {
        session::Mode::Discussion => Mode::Discussion,
        session::Mode::Training => Mode::Training,
        session::Mode::Conference => Mode::Conference,
    }
}

#[must_use]
pub fn office_mode(mode: Mode) -> session::Mode {
    match mode {
        Mode::Discussion => session::Mode::Discussion,
        Mode::Training => session::Mode::Training,
        Mode::Conference => session::Mode::Conference,
    }
}
