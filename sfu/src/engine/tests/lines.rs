//! What becomes of a peer whose line changes: another address, another connection, silence.

use super::*;
use crate::egress::Egress;
use crate::transport::{Carrier, ConnectionId};

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn connection(id: u64) -> Path {
    Path::tcp((std::net::Ipv4Addr::LOCALHOST, 40_000 + id as u16).into(), ConnectionId(id))
}

/// One connected client at 5000.
fn connected() -> (Net, usize) {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    assert_eq!(net.facts(), [Fact::Connected { peer: PEER }]);
    (net, client)
}

/// Where the next packet to the peer goes.
fn next_goes(net: &mut Net, seq: u16) -> Option<Path> {
    net.take_sent();
    let [high, low] = seq.to_be_bytes();
    net.engine.wire.rtp(PEER, &[0x80, 111, high, low, 0, 0, 0, 1, 0, 0, 0, 42], b"", b"sound");
    net.take_sent_by().first().map(|(path, _)| *path)
}

fn lost_or_back(net: &mut Net) -> usize {
    let facts = net.facts();
    facts.iter().filter(|fact| matches!(fact, Fact::PathLost { .. } | Fact::PathBack { .. })).count()
}

fn send_voice(net: &mut Net, client: usize, from: u16, seq: u16) {
    let packet = net.client_mut(client).sealed_rtp(1001, seq);
    net.deliver(from, &packet);
}

#[test]
fn behind_a_rebound_nat_media_is_back_both_ways_without_signaling() {
    let (mut net, client) = connected();
    let (check, mut seq) = (net.client(client).plain_check(), 0);
    let voice = |net: &mut Net, from: u16, seq: &mut u16| {
        *seq += 1;
        send_voice(net, client, from, *seq);
        net.pass(ms(20));
    };
    (0..100).for_each(|_| voice(&mut net, 5000, &mut seq));
    let unproven = net.engine.drops().of(Dropped::NotValidated);
    // The browser's next check comes when it comes; until then its packets from nowhere are nobody's.
    (0..60).for_each(|_| voice(&mut net, 6000, &mut seq));
    assert_eq!(net.engine.drops().of(Dropped::NotValidated) - unproven, 60);
    assert_eq!(next_goes(&mut net, 1), Some(Net::path(5000)));
    net.deliver(6000, &check);
    voice(&mut net, 6000, &mut seq);
    assert_eq!(net.engine.drops().of(Dropped::NotValidated) - unproven, 60);
    assert_eq!(next_goes(&mut net, 2), Some(Net::path(6000)));
    assert_eq!(lost_or_back(&mut net), 0, "nobody was told that he is away");
}

#[test]
fn an_attacker_with_media_alone_moves_nothing_and_gets_nothing() {
    let (mut net, client) = connected();
    send_voice(&mut net, client, 5000, 1);
    net.pass(secs(2));
    net.take_sent();
    for seq in 2..100 {
        send_voice(&mut net, client, 6666, seq);
    }
    let forged = net.client(client).check_signed_with("a guess at the password");
    net.deliver(6666, &forged);
    assert_eq!(net.sent_by_engine(), 0);
    assert_eq!(next_goes(&mut net, 1), Some(Net::path(5000)));
    net.pass(secs(10));
    send_voice(&mut net, client, 6666, 100);
    assert_eq!(next_goes(&mut net, 2), None);
}

#[test]
fn nothing_is_sent_to_a_peer_that_has_not_been_heard_for_six_seconds() {
    let (mut net, client) = connected();
    net.deliver_check(client);
    let mut last = 0;
    for tenth in 1..200u16 {
        net.pass(ms(100));
        if next_goes(&mut net, tenth).is_some() {
            last = tenth;
        }
    }
    assert!((58..=61).contains(&last), "the last packet left after {last} tenths of a second");
    // Neither a goodbye nor a report goes where nobody has agreed to receive.
    net.take_sent();
    net.pass(secs(30));
    assert_eq!(net.command(Command::Leave { peer: PEER }), Ok(Reply::Done));
    assert_eq!(net.sent_by_engine(), 0);
}

#[test]
fn media_moves_to_a_tcp_connection_when_the_peer_nominates_it_and_back() {
    let (mut net, client) = connected();
    let check = net.client(client).check();
    net.deliver_by(connection(1), &check);
    let answer = net.take_sent_by();
    assert!(
        matches!(answer.as_slice(), [(path, _)] if *path == connection(1)),
        "the answer goes where the check came from"
    );
    assert!(net.engine.is_proven(connection(1)) && !net.engine.is_proven(connection(2)));
    assert_eq!(next_goes(&mut net, 1).map(|path| path.carrier()), Some(Carrier::Tcp));
    net.deliver(5000, &check);
    assert_eq!(next_goes(&mut net, 2), Some(Net::path(5000)));
}

#[test]
fn a_closed_connection_is_left_at_once_and_the_next_one_carries_on_with_the_same_keys() {
    let (mut net, client) = connected();
    let check = net.client(client).check();
    net.pass(secs(1));
    net.deliver_by(connection(1), &check);
    let now = net.now() + secs(8);
    net.pass(secs(5));
    net.deliver_by(connection(1), &check);
    net.pass(secs(3));
    net.engine.handle_path_closed(now, connection(1));
    assert!(!net.engine.is_proven(connection(1)));
    assert_eq!(next_goes(&mut net, 1), None, "the UDP path has been silent for too long");
    let voice = net.client_mut(client).sealed_rtp(1001, 1);
    net.deliver_by(connection(1), &voice);
    assert_eq!(net.engine.drops().of(Dropped::NotValidated), 1);
    net.deliver_by(connection(2), &check);
    net.deliver_by(connection(2), &voice);
    assert_eq!(next_goes(&mut net, 2), Some(connection(2)));
    assert_eq!(net.engine.drops().of(Dropped::NotValidated), 1);
    assert_eq!(lost_or_back(&mut net), 0);
}

#[test]
fn a_connection_is_of_no_use_any_more_when_its_peer_has_left() {
    let (mut net, client) = connected();
    let check = net.client(client).check();
    net.deliver_by(connection(1), &check);
    net.take_sent();
    assert_eq!(net.command(Command::Leave { peer: PEER }), Ok(Reply::Done));
    let goodbye = net.take_sent_by();
    assert!(!goodbye.is_empty() && goodbye.iter().all(|(path, _)| *path == connection(1)));
    assert_eq!(net.engine.poll_abandoned(), Some(connection(1)));
    assert_eq!(net.engine.poll_abandoned(), None, "UDP paths need no closing");
    net.deliver_by(connection(1), &check);
    assert_eq!(net.sent_by_engine(), 0);
}

#[test]
fn one_peer_holds_a_few_connections_and_no_more() {
    let (mut net, client) = connected();
    let check = net.client(client).plain_check();
    for id in 0..50 {
        net.pass(ms(30));
        net.deliver_by(connection(id), &check);
    }
    let abandoned = std::iter::from_fn(|| net.engine.poll_abandoned()).count();
    let open = (0..50).filter(|&id| net.engine.is_proven(connection(id))).count();
    assert_eq!((abandoned + open, open), (50, 8));
}

#[test]
fn after_a_restart_the_old_credentials_are_dead_on_both_transports_and_the_new_ones_work_on_both() {
    let (mut net, client) = connected();
    let (old, offer) = (net.client(client).check(), net.client_mut(client).restart_offer());
    net.deliver_by(connection(1), &old);
    let Ok(Reply::Answer(answer)) = net.command(Command::Restart { peer: PEER, offer }) else { panic!("no answer") };
    net.client_mut(client).take_answer(&answer);
    net.take_sent();
    for path in [connection(1), connection(2), Net::path(5000), Net::path(6000)] {
        net.deliver_by(path, &old);
    }
    assert_eq!(net.sent_by_engine(), 0);
    assert_eq!(net.engine.drops().of(Dropped::StunUnknown), 4);
    assert_eq!(next_goes(&mut net, 1), Some(connection(1)), "media stays until the peer has chosen again");
    let new = net.client(client).check();
    net.deliver_by(connection(3), &new);
    assert_eq!(next_goes(&mut net, 2), Some(connection(3)));
    net.deliver(7000, &new);
    assert_eq!(next_goes(&mut net, 3), Some(Net::path(7000)));
    assert_eq!(lost_or_back(&mut net), 0);
}

#[test]
fn a_handshake_is_answered_on_the_path_it_comes_by() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    let check = net.client(client).plain_check();
    // The line lets UDP out and nothing in: the client has proven itself here, and can only go on by TCP.
    net.deliver(5000, &check);
    net.deliver_by(connection(1), &check);
    net.take_sent();
    for datagram in net.client_mut(client).first_flight() {
        net.deliver_by(connection(1), &datagram);
    }
    let sent = net.take_sent_by();
    assert!(!sent.is_empty() && sent.iter().all(|(path, _)| *path == connection(1)));
}
