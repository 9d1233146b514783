//! Where datagrams come from and go to, and the addresses we tell peers to try.

use std::net::{IpAddr, SocketAddr};

/// One way to a peer. What came in by a path is answered by the same one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Path {
    pub remote: SocketAddr,
    /// Our own address matters when the socket listens on all of them: an answer from another one than was asked is refused by
    /// the peer. A TCP connection has its own for as long as it lives.
    pub local: Option<IpAddr>,
    pub via: Via,
}

/// What carries a path's datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Via {
    Udp,
    /// One connection, never another one from the same address: what was proven ends with it.
    Tcp(ConnectionId),
}

/// A TCP connection of the shell's. Never used twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ConnectionId(pub u64);

/// What carries a peer's media, for those who watch its line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carrier {
    Udp,
    Tcp,
}

impl Path {
    #[must_use]
    pub fn udp(remote: SocketAddr, local: Option<IpAddr>) -> Self {
        Self { remote, local, via: Via::Udp }
    }

    #[must_use]
    pub fn tcp(remote: SocketAddr, connection: ConnectionId) -> Self {
        Self { remote, local: None, via: Via::Tcp(connection) }
    }

    #[must_use]
    pub fn carrier(&self) -> Carrier {
        match self.via {
            Via::Udp => Carrier::Udp,
            Via::Tcp(_) => Carrier::Tcp,
        }
    }
}

/// An address peers can reach us at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Candidate {
    pub address: SocketAddr,
    /// By TCP we are passive (RFC 6544 section 4.1): peers connect, we never do.
    pub carrier: Carrier,
}

impl Candidate {
    #[must_use]
    pub fn udp(address: SocketAddr) -> Self {
        Self { address, carrier: Carrier::Udp }
    }

    #[must_use]
    pub fn tcp(address: SocketAddr) -> Self {
        Self { address, carrier: Carrier::Tcp }
    }
}
