//! A place that joins: who sits there, and the line it hangs on.

use std::time::Duration;

use signaling::id::ParticipantId;
use signaling::meeting::Invited;
use signaling::token::{MediaRights, Occupant};
use signaling::wire::Role;

use super::page::Manners;
use crate::link::{DatagramLine, LineState, Weather};

/// Who sits at a site, and with what.
#[derive(Clone, Debug)]
pub struct Profile {
    pub name: String,
    pub role: Role,
    pub occupant: Occupant,
    pub media: MediaRights,
    pub weather: Weather,
    pub manners: Manners,
    pub video_slots: u8,
    pub is_invited: bool,
}

impl Profile {
    fn of(name: &str, role: Role, occupant: Occupant) -> Self {
        Self {
            name: name.to_owned(),
            role,
            occupant,
            media: MediaRights::ALL,
            weather: Weather::CLEAR,
            manners: Manners::Polite,
            video_slots: 3,
            is_invited: true,
        }
    }

    /// The chair, alone at a desk.
    #[must_use]
    pub fn chair(name: &str) -> Self {
        Self::of(name, Role::Chair, Occupant::Person)
    }

    /// A commune's hall.
    #[must_use]
    pub fn site(name: &str) -> Self {
        Self::of(name, Role::Delegate, Occupant::Site)
    }

    /// Somebody else at a desk.
    #[must_use]
    pub fn person(name: &str, role: Role) -> Self {
        Self::of(name, role, Occupant::Person)
    }

    #[must_use]
    pub fn in_weather(self, weather: Weather) -> Self {
        Self { weather, ..self }
    }
}

/// What has failed of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    Everything,
    /// The socket's way; media goes on.
    Signalling,
    /// Datagrams.
    Media,
}

pub struct Site {
    pub profile: Profile,
    pub participant: ParticipantId,
    pub up: DatagramLine,
    pub down: DatagramLine,
    pub fault: Option<Fault>,
    pub cut_at: Duration,
    /// The last time the line failed, was mended or changed.
    pub restless: Duration,
    /// The page people here look at.
    pub page: Option<usize>,
}

impl Site {
    #[must_use]
    pub fn new(seed: u64, place: u64, participant: ParticipantId, profile: Profile) -> Self {
        let line =
            |direction: u64| DatagramLine::seeded(seed.rotate_left(17) ^ (place * 2 + direction), profile.weather);
        Self {
            up: line(0),
            down: line(1),
            participant,
            fault: None,
            cut_at: Duration::ZERO,
            restless: Duration::ZERO,
            page: None,
            profile,
        }
    }

    #[must_use]
    pub fn invited(&self) -> Invited {
        Invited {
            participant: self.participant,
            name: self.profile.name.clone(),
            short_name: self.profile.name.chars().take(14).collect(),
            detail: None,
            group: None,
            role: self.profile.role,
            occupant: self.profile.occupant,
        }
    }

    #[must_use]
    pub fn headcount(&self) -> Option<u16> {
        (self.profile.occupant == Occupant::Site).then_some(12)
    }

    /// The worst of it, as a page would measure it.
    #[must_use]
    pub fn round_trip(&self) -> Duration {
        2 * (self.up.weather().delay + self.up.weather().jitter)
    }

    /// One way of the socket.
    #[must_use]
    pub fn stream_delay(&self) -> Duration {
        self.up.weather().delay + Duration::from_millis(2)
    }

    pub fn cut(&mut self, now: Duration, fault: Fault) {
        self.fault = Some(fault);
        (self.cut_at, self.restless) = (now, now);
        if fault != Fault::Signalling {
            self.up.set(LineState::Cut);
            self.down.set(LineState::Cut);
        }
    }

    pub fn mend(&mut self, now: Duration) {
        self.fault = None;
        self.restless = now;
        self.up.set(LineState::Up);
        self.down.set(LineState::Up);
    }

    pub fn set_weather(&mut self, now: Duration, weather: Weather) {
        self.restless = now;
        self.up.set_weather(now, weather);
        self.down.set_weather(now, weather);
    }

    #[must_use]
    pub fn media_is_up(&self) -> bool {
        self.up.is_up()
    }

    #[must_use]
    pub fn sockets_are_up(&self) -> bool {
        !matches!(self.fault, Some(Fault::Everything | Fault::Signalling))
    }
}
