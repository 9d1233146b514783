//! How many there are of everything that comes and goes. Whoever watches a bridge over weeks sees by it whether something stays.

use super::Engine;
use crate::room::Room;

/// Sizes of the engine's tables at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Census {
    pub rooms: usize,
    pub peers: usize,
    /// Addresses that ICE has validated.
    pub paths: usize,
    /// ICE sessions that may be asked for.
    pub sessions: usize,
    /// Published sources.
    pub tracks: usize,
    /// TCP connections, strangers included. The engine has none: the shell counts its own.
    pub connections: usize,
}

impl Census {
    /// Each with its name, for a metric's label.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let Self { rooms, peers, paths, sessions, tracks, connections } = *self;
        [
            ("rooms", rooms),
            ("peers", peers),
            ("paths", paths),
            ("sessions", sessions),
            ("tracks", tracks),
            ("connections", connections),
        ]
        .into_iter()
    }
}

impl Engine {
    #[must_use]
    pub fn census(&self) -> Census {
        Census {
            rooms: self.rooms.len(),
            peers: self.wire.peers.len(),
            paths: self.paths.len(),
            sessions: self.ufrags.len(),
            tracks: self.rooms.values().map(Room::tracks).sum(),
            connections: 0,
        }
    }
}
