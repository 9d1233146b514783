//! At which addresses peers can reach the bridge.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use crate::transport::Candidate;

/// The configured public addresses, or what this machine would answer with, each with the one port.
pub(super) fn candidates(bound: SocketAddr, public_ips: &[IpAddr]) -> Vec<Candidate> {
    reachable(bound, public_ips).into_iter().map(Candidate::udp).collect()
}

/// The same for those whose line lets no UDP through. Nobody is cut off from his own machine, so the loopback is left out where there
/// are others: every browser would only knock at itself.
pub(super) fn tcp_candidates(bound: SocketAddr, public_ips: &[IpAddr]) -> Vec<Candidate> {
    let all = reachable(bound, public_ips);
    let is_elsewhere = |address: &&SocketAddr| !address.ip().is_loopback();
    let elsewhere: Vec<SocketAddr> = all.iter().filter(is_elsewhere).copied().collect();
    let offered = if elsewhere.is_empty() { all } else { elsewhere };
    offered.into_iter().map(Candidate::tcp).collect()
}

fn reachable(bound: SocketAddr, public_ips: &[IpAddr]) -> Vec<SocketAddr> {
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

/// Each address is a line of every answer and something every client tries; a machine with more of them is told which to use.
const OWN_ADDRESSES_MAX: usize = 8;

fn own_addresses(listening_on: IpAddr) -> Vec<IpAddr> {
    let routed = [
        outgoing(Ipv4Addr::UNSPECIFIED.into(), DOCUMENTATION_V4),
        outgoing(Ipv6Addr::UNSPECIFIED.into(), DOCUMENTATION_V6),
    ];
    let interfaces = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces.iter().filter(|one| one.is_oper_up()).map(if_addrs::Interface::ip).collect(),
        Err(why) => {
            tracing::warn!(%why, "the addresses of this machine's interfaces are not known");
            Vec::new()
        }
    };
    in_order(listening_on, routed.into_iter().flatten().chain(interfaces))
}

/// First the address packets to the world leave from, then those of the other networks this machine is in (a closed network has no way
/// to the world, and a server may stand in two), last the loopback for browsers on this machine.
fn in_order(listening_on: IpAddr, known: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let mut ips: Vec<IpAddr> = Vec::new();
    for ip in known {
        let speaks = ip.is_ipv4() || listening_on.is_ipv6();
        if speaks && reaches_others(ip) && !ips.contains(&ip) && ips.len() < OWN_ADDRESSES_MAX {
            ips.push(ip);
        }
    }
    ips.push(Ipv4Addr::LOCALHOST.into());
    ips
}

fn reaches_others(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        // A link-local address means nothing without its interface, which a candidate cannot name.
        IpAddr::V6(ip) => !ip.is_loopback() && !ip.is_unicast_link_local() && !ip.is_unspecified(),
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
        assert_eq!(reachable(bound, &ips), expected);
    }

    #[test]
    fn without_configuration_the_bound_address_is_it() {
        let bound = "127.0.0.1:7000".parse().unwrap();
        assert_eq!(reachable(bound, &[]), [bound]);
        assert_eq!(tcp_candidates(bound, &[]), [Candidate::tcp(bound)]);
    }

    #[test]
    fn a_machine_in_two_closed_networks_is_reached_in_both() {
        let found = |known: &[&str], listening: &str| -> Vec<String> {
            let known: Vec<IpAddr> = known.iter().map(|ip| ip.parse().unwrap()).collect();
            in_order(listening.parse().unwrap(), known.into_iter()).iter().map(ToString::to_string).collect()
        };
        let known =
            ["10.1.0.5", "127.0.0.1", "10.1.0.5", "169.254.3.4", "192.168.7.5", "::1", "fe80::1", "2001:db8::5"];
        assert_eq!(found(&known, "0.0.0.0"), ["10.1.0.5", "192.168.7.5", "127.0.0.1"]);
        assert_eq!(found(&known, "::"), ["10.1.0.5", "192.168.7.5", "2001:db8::5", "127.0.0.1"]);
    }

    #[test]
    fn a_machine_with_many_addresses_does_not_make_every_answer_longer() {
        let many = (0..200).map(|last| IpAddr::from([10, 1, 0, last]));
        assert_eq!(in_order(Ipv4Addr::UNSPECIFIED.into(), many).len(), OWN_ADDRESSES_MAX + 1);
    }

    #[test]
    fn a_bridge_that_listens_everywhere_is_at_least_on_this_machine() {
        let addresses = reachable("0.0.0.0:7000".parse().unwrap(), &[]);
        assert!(addresses.contains(&"127.0.0.1:7000".parse().unwrap()));
        assert!(addresses.iter().all(|address| !address.ip().is_unspecified()));
    }

    #[test]
    fn nobody_is_told_to_try_his_own_machine_by_tcp_when_there_is_another_address() {
        let ips = ["127.0.0.1", "192.0.2.7"].map(|ip| ip.parse().unwrap());
        let expected = [Candidate::tcp("192.0.2.7:7000".parse().unwrap())];
        assert_eq!(tcp_candidates("0.0.0.0:7000".parse().unwrap(), &ips), expected);
    }
}
