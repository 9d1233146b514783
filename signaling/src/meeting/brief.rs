//! What a meeting is told when it opens.

use std::time::Duration;

use crate::clock::UtcMs;
use crate::id::{ParticipantId, SessionId};
use crate::mark::Mark;
use crate::token::Occupant;
use crate::wire::{AgendaItem, Mode, Role};

#[derive(Clone, PartialEq, Debug)]
pub struct SessionBrief {
    pub session: SessionId,
    pub title: String,
    /// At most 20 characters.
    pub short_title: String,
    pub starts_at: UtcMs,
    pub ends_at: UtcMs,
    pub mode: Mode,
    pub agenda: Vec<AgendaItem>,
    /// In the order of the invitation. Whoever holds a token and is not here comes as a walk-in.
    pub roster: Vec<Invited>,
    pub limits: Limits,
    pub timers: Timers,
    /// What was marked in this session before, when the server comes back in the middle of it.
    pub past: Vec<Mark>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invited {
    pub participant: ParticipantId,
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    pub role: Role,
    pub occupant: Occupant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Participants here or away at once. Above it newcomers are refused and those inside notice nothing (Decision 157: the bridge
    /// refuses above its threshold rather than become unstable).
    pub participants_max: u32,
    /// Holders of the floor at once where the chair lets several speak: as many as people can follow.
    pub holders_max: u8,
    /// The time limit a turn begins with, in seconds.
    pub turn_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { participants_max: 600, holders_max: 4, turn_seconds: 300 }
    }
}

/// Times chosen for satellite lines: round trips of 600 ms and outages of some seconds are ordinary there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    pub ping_every: Duration,
    /// Neither a message nor a packet for this long: away.
    pub away_after: Duration,
    /// How long the seat of a site is kept.
    pub site_grace: Duration,
    pub person_grace: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            ping_every: Duration::from_secs(2),
            away_after: Duration::from_secs(6),
            site_grace: Duration::from_secs(300),
            person_grace: Duration::from_secs(120),
        }
    }
}

impl Timers {
    #[must_use]
    pub fn grace(&self, occupant: Occupant) -> Duration {
        match occupant {
            Occupant::Site => self.site_grace,
            Occupant::Person => self.person_grace,
        }
    }
}
