//! How many connections are let in. Who has proven to be one of our peers is welcome; strangers are few, and a crowd of them from
//! one place closes the door for that place only.

use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv6Addr};

use crate::transport::ConnectionId;

/// All connections: two for each of two thousand participants (browsers open one for each of their networks until they have chosen).
/// Each takes a file of the process's allowance.
const CONNECTIONS_MAX: usize = 4_096;

/// From one source: a whole office behind one address. What comes beyond stays outside until others leave.
const OF_ONE_SOURCE_MAX: usize = 1_024;

/// Connections that have proven nothing yet. A genuine one is among them for a round trip or two. The oldest makes room, so that whoever
/// holds connections open without a word cannot keep others out.
const STRANGERS_MAX: usize = 512;

/// The same for one source: a site whose participants all come at once over a satellite.
const STRANGERS_OF_ONE_SOURCE_MAX: usize = 64;

#[derive(Default)]
pub(super) struct Guests {
    sources: HashMap<Source, Count>,
    all: usize,
    /// In the order of their coming.
    strangers: BTreeSet<ConnectionId>,
}

/// Where a connection comes from: an IPv4 address, or the network that one IPv6 subscriber has at least.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Source(IpAddr);

#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    strangers: usize,
}

/// Turned away, and nobody else has to go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct TurnedAway;

impl Source {
    pub(super) fn of(ip: IpAddr) -> Self {
        Self(match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::from(u64::MAX)).into(),
        })
    }
}

impl Guests {
    /// Lets a stranger in. Tells which other stranger has to go for it.
    pub(super) fn enter(&mut self, id: ConnectionId, from: Source) -> Result<Option<ConnectionId>, TurnedAway> {
        let count = self.sources.get(&from).copied().unwrap_or_default();
        if count.all >= OF_ONE_SOURCE_MAX || count.strangers >= STRANGERS_OF_ONE_SOURCE_MAX {
            return Err(TurnedAway);
        }
        let is_crowded = self.all >= CONNECTIONS_MAX || self.strangers.len() >= STRANGERS_MAX;
        let oldest = if is_crowded { Some(*self.strangers.first().ok_or(TurnedAway)?) } else { None };
        let count = self.sources.entry(from).or_default();
        count.all += 1;
        count.strangers += 1;
        self.all += 1;
        self.strangers.insert(id);
        Ok(oldest)
    }

    /// It is a peer's.
    pub(super) fn recognise(&mut self, id: ConnectionId, from: Source) {
        if self.strangers.remove(&id)
            && let Some(count) = self.sources.get_mut(&from)
        {
            count.strangers = count.strangers.saturating_sub(1);
        }
    }

    pub(super) fn leave(&mut self, id: ConnectionId, from: Source) {
        self.recognise(id, from);
        self.all = self.all.saturating_sub(1);
        if let Some(count) = self.sources.get_mut(&from) {
            count.all = count.all.saturating_sub(1);
            if count.all == 0 {
                self.sources.remove(&from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(last: u32) -> Source {
        Source::of(IpAddr::V4((0x0a00_0000 + last).into()))
    }

    #[test]
    fn a_crowd_of_strangers_from_one_place_closes_the_door_for_that_place() {
        let mut guests = Guests::default();
        let entered = (0..200).filter(|&id| guests.enter(ConnectionId(id), source(1)).is_ok()).count();
        assert_eq!(entered, STRANGERS_OF_ONE_SOURCE_MAX);
        assert_eq!(guests.enter(ConnectionId(500), source(2)), Ok(None));
    }

    #[test]
    fn who_has_proven_himself_is_no_stranger_and_makes_room_for_the_next() {
        let mut guests = Guests::default();
        for id in (0..OF_ONE_SOURCE_MAX as u64).map(ConnectionId) {
            assert_eq!(guests.enter(id, source(1)), Ok(None));
            guests.recognise(id, source(1));
        }
        assert_eq!(guests.enter(ConnectionId(9_999), source(1)), Err(TurnedAway));
        guests.leave(ConnectionId(0), source(1));
        assert_eq!(guests.enter(ConnectionId(9_999), source(1)), Ok(None));
    }

    #[test]
    fn many_silent_strangers_from_everywhere_keep_nobody_out() {
        let mut guests = Guests::default();
        for id in 0..STRANGERS_MAX as u32 {
            assert_eq!(guests.enter(ConnectionId(id.into()), source(id)), Ok(None));
        }
        for id in STRANGERS_MAX as u32..10_000 {
            let oldest = guests.enter(ConnectionId(id.into()), source(id)).unwrap().unwrap();
            assert_eq!(oldest, ConnectionId(u64::from(id) - STRANGERS_MAX as u64));
            guests.leave(oldest, source(oldest.0 as u32));
        }
        assert_eq!((guests.all, guests.sources.len()), (STRANGERS_MAX, STRANGERS_MAX));
    }

    #[test]
    fn a_full_house_of_peers_turns_away_and_nothing_is_left_when_all_have_gone() {
        let mut guests = Guests::default();
        for id in 0..CONNECTIONS_MAX as u32 {
            assert_eq!(guests.enter(ConnectionId(id.into()), source(id)), Ok(None));
            guests.recognise(ConnectionId(id.into()), source(id));
        }
        assert_eq!(guests.enter(ConnectionId(99_999), source(99_999)), Err(TurnedAway));
        (0..CONNECTIONS_MAX as u32).for_each(|id| guests.leave(ConnectionId(id.into()), source(id)));
        assert!(guests.all == 0 && guests.sources.is_empty() && guests.strangers.is_empty());
    }

    #[test]
    fn one_ipv6_subscriber_is_one_source() {
        let of = |ip: &str| Source::of(ip.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    }
}
