//! At which addresses peers can reach the bridge.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// The configured public addresses, or what this machine would answer with, each with the one port.
pub(super) fn candidates(bound: SocketAddr, public_ips: &[IpAddr]) -> Vec<SocketAddr> {
    let mut ips: Vec<IpAddr> = Vec::new();
    let reachable = match (public_ips, bound.ip()) {
        ([], ip) if !ip.is_unspecified() => vec![ip],
        ([], ip) => own_addresses(ip),
        (configured, _) => configured.to_vec(),
    };
    for ip in reachable {
        if !ips.contains(&ip) {
            ips.push(ip);
        }
    }
    ips.into_iter().map(|ip| SocketAddr::new(ip, bound.port())).collect()
}

/// The addresses packets to the world leave from, and the loopback for browsers on this machine.
fn own_addresses(listening_on: IpAddr) -> Vec<IpAddr> {
    let v4 = [outgoing(Ipv4Addr::UNSPECIFIED.into(), DOCUMENTATION_V4), Some(Ipv4Addr::LOCALHOST.into())];
    let v6 = [outgoing(Ipv6Addr::UNSPECIFIED.into(), DOCUMENTATION_V6)];
    match listening_on {
        IpAddr::V4(_) => v4.into_iter().flatten().collect(),
        IpAddr::V6(_) => v4.into_iter().chain(v6).flatten().collect(),
    }
}

/// Addresses nobody has (RFC 5737, RFC 3849): nothing is ever sent to them.
const DOCUMENTATION_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const DOCUMENTATION_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// Connecting a UDP socket sends nothing, but makes the kernel choose a route and with it our address.
fn outgoing(from: IpAddr, towards: IpAddr) -> Option<IpAddr> {
    let socket = UdpSocket::bind((from, 0)).ok()?;
    socket.connect((towards, 9)).ok()?;
    socket.local_addr().ok().map(|address| address.ip()).filter(|ip| !ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_addresses_come_first_and_each_once() {
        let bound = "0.0.0.0:7000".parse().unwrap();
        let ips = ["192.0.2.7", "2001:db8::7", "192.0.2.7"].map(|ip| ip.parse().unwrap());
        let expected: Vec<SocketAddr> =
            ["192.0.2.7:7000", "[2001:db8::7]:7000"].map(|address| address.parse().unwrap()).to_vec();
        assert_eq!(candidates(bound, &ips), expected);
    }

    #[test]
    fn without_configuration_the_bound_address_is_it() {
        let bound = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(candidates(bound, &[]), [bound]);
    }

    #[test]
    fn a_bridge_that_listens_everywhere_is_at_least_on_this_machine() {
        let addresses = candidates("0.0.0.0:7000".parse().unwrap(), &[]);
        assert!(addresses.contains(&"127.0.0.1:7000".parse().unwrap()));
        assert!(addresses.iter().all(|address| !address.ip().is_unspecified()));
    }
}
