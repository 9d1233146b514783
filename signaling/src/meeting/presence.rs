//! Is somebody there? The states of a participant and what moves him between them (drawn in `signaling/PROTOCOL.md`).

use std::time::{Duration, Instant};

use crate::clock::{Now, UtcMs};
use crate::id::ConnectionId;
use crate::wire::PresenceView;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Presence {
    /// Invited, not come yet.
    Expected,
    Here(Here),
    /// The line dropped; the seat is kept until the deadline.
    Away {
        since: UtcMs,
        until: Now,
    },
    Gone {
        at: UtcMs,
        why: GoneWhy,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Here {
    pub since: UtcMs,
    /// The last message or packet.
    pub heard: Now,
    /// Absent for those who came by WHIP, and for some seconds after a connection broke: a page that is back at once was never away.
    pub connection: Option<Connection>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Connection {
    pub id: ConnectionId,
    pub ping_due: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum GoneWhy {
    Left,
    /// Away for longer than the seat is kept.
    Expired,
    /// Never comes in again.
    Removed,
}

impl Presence {
    /// Takes part: has a seat that counts against the limit, keeps hand and floor.
    pub(super) fn is_seated(&self) -> bool {
        match self {
            Self::Here(_) | Self::Away { .. } => true,
            Self::Expected | Self::Gone { .. } => false,
        }
    }

    pub(super) fn here(&self) -> Option<&Here> {
        match self {
            Self::Here(here) => Some(here),
            Self::Expected | Self::Away { .. } | Self::Gone { .. } => None,
        }
    }

    pub(super) fn here_mut(&mut self) -> Option<&mut Here> {
        match self {
            Self::Here(here) => Some(here),
            Self::Expected | Self::Away { .. } | Self::Gone { .. } => None,
        }
    }

    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.here().and_then(|here| here.connection).map(|connection| connection.id)
    }

    /// Comes in or comes back. Somebody who is here already keeps the time he came.
    pub(super) fn arrive(&mut self, now: Now, connection: Option<Connection>) -> Arrival {
        match self {
            Self::Here(here) => {
                here.heard = now;
                here.connection = connection.or(here.connection);
                Arrival::WasHere
            }
            Self::Expected | Self::Away { .. } | Self::Gone { .. } => {
                *self = Self::Here(Here { since: now.utc, heard: now, connection });
                Arrival::CameIn
            }
        }
    }

    /// When something will have to be done about him, if nothing comes from him until then.
    pub(super) fn deadline(&self, away_after: Duration) -> Option<Instant> {
        match self {
            Self::Expected | Self::Gone { .. } => None,
            Self::Here(here) => {
                let silent = here.heard.instant + away_after;
                Some(here.connection.map_or(silent, |connection| connection.ping_due.min(silent)))
            }
            Self::Away { until, .. } => Some(until.instant),
        }
    }

    pub(super) fn view(&self) -> PresenceView {
        match *self {
            Self::Expected => PresenceView::Expected,
            Self::Here(Here { since, .. }) => PresenceView::Here { since: since.0 },
            Self::Away { since, until } => PresenceView::Away { since: since.0, until: until.utc.0 },
            Self::Gone { at, .. } => PresenceView::Gone { at: at.0 },
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Arrival {
    CameIn,
    WasHere,
}
