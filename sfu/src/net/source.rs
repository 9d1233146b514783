//! From which of our addresses the kernel would answer somebody. A socket that listens on all addresses must answer from the one that was
//! asked, or the answer is refused; naming it costs a message of its own, so it is named only where the kernel would choose another.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// Remembered pairs of addresses. Only paths that ICE has validated are asked about, so strangers cannot fill it; a province has some
/// hundred networks.
const KNOWN_MAX: usize = 4_096;

/// Routes change when an administrator changes them.
const KNOWN_FOR: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Sources {
    known: HashMap<(IpAddr, IpAddr), Chosen>,
    forget_at: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Chosen {
    ByTheKernel,
    MustBeNamed,
}

impl Sources {
    pub(super) fn new(now: Instant) -> Self {
        Self { known: HashMap::new(), forget_at: now + KNOWN_FOR }
    }

    /// Forgets what may have changed since.
    pub(super) fn refresh(&mut self, now: Instant) {
        if now >= self.forget_at || self.known.len() >= KNOWN_MAX {
            self.known.clear();
            self.forget_at = now + KNOWN_FOR;
        }
    }

    /// Whether datagrams to `remote` leave from `local` by themselves.
    pub(super) fn of(&mut self, remote: SocketAddr, local: IpAddr) -> Chosen {
        *self.known.entry((remote.ip(), local)).or_insert_with(|| {
            let by_itself = default_source(remote);
            if by_itself == Some(local) { Chosen::ByTheKernel } else { Chosen::MustBeNamed }
        })
    }
}

/// Connecting a UDP socket sends nothing: it only looks up the route.
fn default_source(remote: SocketAddr) -> Option<IpAddr> {
    let unspecified: IpAddr = if remote.is_ipv4() { [0; 4].into() } else { [0; 16].into() };
    let socket = UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect(remote).ok()?;
    Some(socket.local_addr().ok()?.ip().to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_answers_from_the_address_that_was_asked_only_if_it_is_the_first() {
        let now = Instant::now();
        let mut sources = Sources::new(now);
        let remote: SocketAddr = ([127, 0, 0, 1], 9).into();
        assert_eq!(sources.of(remote, [127, 0, 0, 1].into()), Chosen::ByTheKernel);
        assert_eq!(sources.of(remote, [127, 0, 0, 77].into()), Chosen::MustBeNamed);
        assert_eq!(sources.known.len(), 2);
        sources.refresh(now);
        assert_eq!(sources.known.len(), 2);
        sources.refresh(now + KNOWN_FOR);
        assert_eq!(sources.known.len(), 0);
    }
}
