//! One peer's transport: its m-lines, ICE session, DTLS association and media keys.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::time::{Duration, Instant};

use super::answers::Answers;
use crate::id::{PeerId, RoomId};
use crate::transport::PATH_LOST_AFTER;
use crate::transport::dtls::Dtls;
use crate::transport::ice::IceLite;
use crate::transport::sdp::plan::Plan;
use crate::transport::srtp::Srtp;

/// From the answer to the keys. A browser needs a tenth of a second; on a satellite line with lost flights, several seconds. Who takes
/// longer will not come.
const CONNECT_WITHIN: Duration = Duration::from_secs(30);

/// How long a silent peer is kept for an ICE restart: the default grace of a site's seat.
const KEPT_FOR: Duration = Duration::from_secs(300);

pub(super) struct Peer {
    pub(super) room: RoomId,
    pub(super) plan: Plan,
    pub(super) ice: IceLite,
    pub(super) answers: Answers,
    pub(super) dtls: Dtls,
    pub(super) srtp: Option<Box<Srtp>>,
    pub(super) link: Link,
    /// `o=` of the answers.
    pub(super) session: u64,
    pub(super) version: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Link {
    /// Until DTLS has finished.
    Connecting { since: Instant },
    /// Last authenticated datagram of any kind.
    Up { heard: Instant },
    /// Nothing authenticated for [`PATH_LOST_AFTER`].
    Down { heard: Instant },
}

/// What time did to a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Aged {
    /// DTLS did not finish in time.
    NeverConnected,
    Lost,
    GivenUp,
}

impl Link {
    /// Whether the peer is back after an absence.
    pub(super) fn hear(&mut self, now: Instant) -> bool {
        match self {
            Self::Connecting { .. } => false,
            Self::Up { heard } => {
                *heard = now;
                false
            }
            Self::Down { .. } => {
                *self = Self::Up { heard: now };
                true
            }
        }
    }

    pub(super) fn age(&mut self, now: Instant) -> Option<Aged> {
        let silent_for = |since: Instant| now.saturating_duration_since(since);
        match *self {
            Self::Connecting { since } => (silent_for(since) >= CONNECT_WITHIN).then_some(Aged::NeverConnected),
            Self::Up { heard } => (silent_for(heard) >= PATH_LOST_AFTER).then(|| {
                *self = Self::Down { heard };
                Aged::Lost
            }),
            Self::Down { heard } => (silent_for(heard) >= KEPT_FOR).then_some(Aged::GivenUp),
        }
    }

    pub(super) fn idle(self, now: Instant) -> Duration {
        match self {
            Self::Connecting { since: at } | Self::Up { heard: at } | Self::Down { heard: at } => {
                now.saturating_duration_since(at)
            }
        }
    }
}

/// Looked up once for every packet sent. The hasher is fixed, so a run with the same inputs visits the peers in the same order.
pub(super) type Peers = HashMap<PeerId, Box<Peer>, BuildHasherDefault<HandleHasher>>;

/// Handles are chosen by our own shell, never by a stranger: multiplying by the golden ratio spreads them well enough.
#[derive(Default)]
pub(super) struct HandleHasher(u64);

impl Hasher for HandleHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, handle: u64) {
        self.0 = (self.0.rotate_left(5) ^ handle).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_link_is_lost_then_given_up_and_a_sign_of_life_brings_it_back() {
        let start = Instant::now();
        let mut link = Link::Up { heard: start };
        assert_eq!(link.age(start + PATH_LOST_AFTER - Duration::from_millis(1)), None);
        assert_eq!(link.age(start + PATH_LOST_AFTER), Some(Aged::Lost));
        assert_eq!(link.age(start + PATH_LOST_AFTER), None);
        let back = start + Duration::from_secs(20);
        assert!(link.hear(back));
        assert!(!link.hear(back));
        assert_eq!(link.age(back + PATH_LOST_AFTER), Some(Aged::Lost));
        assert_eq!(link.age(back + KEPT_FOR), Some(Aged::GivenUp));
    }

    #[test]
    fn who_never_finishes_the_handshake_is_given_up() {
        let start = Instant::now();
        let mut link = Link::Connecting { since: start };
        assert!(!link.hear(start));
        assert_eq!(link.age(start + CONNECT_WITHIN - Duration::from_millis(1)), None);
        assert_eq!(link.age(start + CONNECT_WITHIN), Some(Aged::NeverConnected));
    }
}
