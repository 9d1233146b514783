//! The engine against a client made of the family's DTLS, STUN and SRTP, in virtual time.

mod client;
mod lines;

use std::time::Duration;

use client::{Client, Net};
use proptest::prelude::*;

use super::*;
use crate::command::{Command, CommandRefused, Purpose, Reply, Rights};

const ROOM: RoomId = RoomId(1);
const PEER: PeerId = PeerId(10);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_peer_connects_by_check_handshake_and_keys() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    assert_eq!(net.facts(), [Fact::Connected { peer: PEER }]);
    assert!(net.client(client).is_connected());
}

#[test]
fn nothing_is_answered_to_an_address_that_has_not_proven_itself() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    for datagram in net.client_mut(client).first_flight() {
        net.deliver(5000, &datagram);
    }
    net.deliver(5000, &[0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 9]);
    net.deliver(5000, &[0x81, 200, 0, 1, 0, 0, 0, 1]);
    net.deliver(5000, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(net.sent_by_engine(), 0);
    assert!(net.engine.drops().of(Dropped::NotValidated) >= 3);
    assert_eq!(net.engine.drops().of(Dropped::NotOurs), 1);
    assert!(net.engine.paths.is_empty());
}

#[test]
fn stun_that_is_unsigned_forged_or_for_nobody_gets_no_answer() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    let good = net.client(client).check();
    let forged = net.client(client).check_signed_with("not the password of the answer");
    net.deliver(5000, &forged);
    net.deliver(5000, &Client::check_for("nobody:them", "whatever"));
    net.deliver(5000, &good[..good.len() - 8]);
    assert_eq!(net.sent_by_engine(), 0);
    let drops = net.engine.drops();
    assert_eq!(drops.of(Dropped::StunForged), 1);
    assert_eq!(drops.of(Dropped::StunUnknown), 1);
    assert_eq!(drops.of(Dropped::StunMalformed), 1);
    net.deliver(5000, &good);
    assert_eq!(net.sent_by_engine(), 1);
}

#[test]
fn a_peer_that_signs_checks_without_end_reflects_few_answers_and_stays() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    (0..1_000).for_each(|_| net.deliver_check(client));
    assert!(net.sent_by_engine() <= 200);
    assert!(net.engine.drops().of(Dropped::StunTooOften) >= 800);
    net.pass(secs(5));
    net.deliver_check(client);
    assert_eq!(net.sent_by_engine(), 1);
    assert_eq!(net.facts(), [Fact::Connected { peer: PEER }]);
}

#[test]
fn a_wrong_fingerprint_ends_the_peer_before_media() {
    let mut net = Net::open(ROOM);
    net.join_with_somebody_elses_fingerprint(ROOM, PEER, 5000);
    net.run_until_quiet();
    let disconnected = Fact::Disconnected { peer: PEER, why: DisconnectReason::HandshakeFailed };
    assert_eq!(net.facts(), [disconnected]);
    assert_eq!(net.engine.drops().of(Dropped::DtlsWrongCertificate), 1);
    assert!(net.engine.wire.peers.is_empty() && net.engine.paths.is_empty() && net.engine.ufrags.is_empty());
}

#[test]
fn who_is_removed_hears_it_and_his_credentials_are_dead() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    assert_eq!(net.command(Command::Leave { peer: PEER }), Ok(Reply::Done));
    net.run_until_quiet();
    assert!(net.client(client).was_told_goodbye());
    assert_eq!(net.facts()[1..], [Fact::Disconnected { peer: PEER, why: DisconnectReason::Left }]);
    let check = net.client(client).check();
    net.deliver(5000, &check);
    assert_eq!(net.sent_by_engine(), 0);
    assert_eq!(net.engine.drops().of(Dropped::StunUnknown), 1);
}

#[test]
fn a_client_that_closes_is_gone_at_once() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    net.client_mut(client).close();
    net.run_until_quiet();
    assert_eq!(net.facts()[1..], [Fact::Disconnected { peer: PEER, why: DisconnectReason::Closed }]);
}

#[test]
fn a_silent_path_is_lost_after_six_seconds_and_back_with_the_next_check() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    for _ in 0..4 {
        net.pass(secs(4));
        net.deliver_check(client);
    }
    net.pass(secs(7));
    net.deliver_check(client);
    let facts = net.facts();
    assert_eq!(facts[1..], [Fact::PathLost { peer: PEER }, Fact::PathBack { peer: PEER }]);
    net.pass(secs(400));
    let given_up = [Fact::PathLost { peer: PEER }, Fact::Disconnected { peer: PEER, why: DisconnectReason::Expired }];
    assert_eq!(net.facts(), given_up);
    assert_eq!(net.engine.poll_timeout(), None);
}

#[test]
fn who_never_comes_is_forgotten() {
    let mut net = Net::open(ROOM);
    net.join(ROOM, PEER, 5000);
    net.pass(secs(31));
    assert_eq!(net.facts(), [Fact::Disconnected { peer: PEER, why: DisconnectReason::HandshakeFailed }]);
    assert!(net.engine.wire.peers.is_empty() && net.engine.ufrags.is_empty());
}

#[test]
fn a_restart_by_offer_moves_the_peer_to_a_new_address_with_the_same_keys() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    let (old, offer) = (net.client(client).check(), net.client_mut(client).restart_offer());
    let Ok(Reply::Answer(answer)) = net.command(Command::Restart { peer: PEER, offer }) else { panic!("no answer") };
    net.client_mut(client).take_answer(&answer);
    net.deliver(5000, &old);
    assert_eq!(net.sent_by_engine(), 0);
    net.move_client(client, 6000);
    net.deliver_check(client);
    assert_eq!(net.engine.wire.peers[&PEER].ice.route.chosen(), Some(Net::path(6000)));
    assert_eq!(net.facts(), [Fact::Connected { peer: PEER }]);
}

#[test]
fn a_restart_with_other_lines_or_another_certificate_is_refused() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    let offer = net.client_mut(client).restart_offer();
    let refused = Err(CommandRefused::Offer(crate::transport::OfferRefused::ChangedMedia));
    let other_lines = offer.replace("sendonly", "recvonly");
    assert_eq!(net.command(Command::Restart { peer: PEER, offer: other_lines }), refused);
    let other_certificate = Client::new(1).offer();
    assert_eq!(net.command(Command::Restart { peer: PEER, offer: other_certificate }), refused);
}

#[test]
fn a_fragment_with_new_credentials_restarts_and_one_with_the_old_does_not() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    let ufrag = net.client(client).ufrag().to_owned();
    let fragment = |ufrag: &str| format!("a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdefghijkl\r\n");
    let trickled = net.command(Command::Trickle { peer: PEER, fragment: fragment(&ufrag) });
    assert_eq!(trickled, Ok(Reply::Done));
    let restarted = net.command(Command::Trickle { peer: PEER, fragment: fragment("another") });
    let Ok(Reply::Fragment(text)) = restarted else { panic!("no fragment: {restarted:?}") };
    assert!(text.contains("a=ice-ufrag:") && text.contains("a=candidate:1 "));
    net.client_mut(client).take_restart("another", &text);
    net.deliver_check(client);
    assert_eq!(net.sent_by_engine(), 1);
}

#[test]
fn a_peer_cannot_take_anothers_address_by_forging_it() {
    let mut net = Net::open(ROOM);
    net.join(ROOM, PEER, 5000);
    let thief = net.join(ROOM, PeerId(11), 5001);
    net.run_until_quiet();
    let check = net.client(thief).check();
    net.deliver(5000, &check);
    assert_eq!(net.sent_by_engine(), 0);
    assert_eq!(net.engine.drops().of(Dropped::StunAddressTaken), 1);
    assert_eq!(net.engine.paths[&Net::path(5000)], PEER);
}

#[test]
fn closing_a_room_says_goodbye_to_all_and_leaves_nothing() {
    let mut net = Net::open(ROOM);
    let clients = [10, 11, 12].map(|id| net.join(ROOM, PeerId(id), 5000 + id as u16));
    net.run_until_quiet();
    assert_eq!(net.command(Command::CloseRoom { room: ROOM }), Ok(Reply::Done));
    net.run_until_quiet();
    assert!(clients.iter().all(|&client| net.client(client).was_told_goodbye()));
    let engine = &net.engine;
    assert!(engine.rooms.is_empty() && engine.wire.peers.is_empty() && engine.paths.is_empty());
    assert_eq!(net.command(Command::CloseRoom { room: ROOM }), Err(CommandRefused::NoSuchRoom));
}

#[test]
fn orders_about_what_does_not_exist_are_refused() {
    let mut net = Net::open(ROOM);
    let offer = Client::new(2).offer();
    let join = |room, peer| Command::Join {
        room,
        peer,
        purpose: Purpose::Conversation,
        rights: Rights::ALL,
        offer: offer.clone(),
    };
    assert_eq!(net.command(join(RoomId(9), PEER)), Err(CommandRefused::NoSuchRoom));
    assert!(net.command(join(ROOM, PEER)).is_ok());
    assert_eq!(net.command(join(ROOM, PEER)), Err(CommandRefused::PeerExists));
    assert_eq!(net.command(Command::OpenRoom { room: ROOM }), Err(CommandRefused::RoomExists));
    assert_eq!(net.command(Command::Leave { peer: PeerId(99) }), Err(CommandRefused::NoSuchPeer));
    assert_eq!(
        net.command(Command::SetRights { peer: PeerId(99), rights: Rights::NONE }),
        Err(CommandRefused::NoSuchPeer)
    );
    assert_eq!(net.command(Command::StartTap { room: RoomId(9) }), Err(CommandRefused::NoSuchRoom));
}

#[test]
fn media_is_opened_once_and_forgeries_of_a_proven_address_are_counted() {
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    let packet = net.client_mut(client).sealed_rtp(1001, 1);
    net.deliver(5000, &packet);
    net.deliver(5000, &packet);
    let mut forged = net.client_mut(client).sealed_rtp(1001, 2);
    forged[20] ^= 1;
    net.deliver(5000, &forged);
    let drops = net.engine.drops();
    assert_eq!((drops.of(Dropped::SrtpReplayed), drops.of(Dropped::SrtpForged)), (1, 1));
    // From another address, nothing of it even reaches the keys.
    let next = net.client_mut(client).sealed_rtp(1001, 3);
    net.deliver(5999, &next);
    assert_eq!(net.engine.drops().of(Dropped::NotValidated), 1);
}

#[test]
fn what_is_sealed_for_a_peer_goes_to_its_address_only_and_opens_there() {
    use crate::egress::Egress;
    let mut net = Net::open(ROOM);
    let client = net.join(ROOM, PEER, 5000);
    net.join(ROOM, PeerId(11), 5001);
    net.run_until_quiet();
    let header = [0x80, 111, 0, 7, 0, 0, 0, 1, 0, 0, 0, 42];
    net.engine.wire.rtp(PEER, &header, b"pre", b"payload");
    let (to, sealed) = net.take_sent().pop().expect("nothing was sent");
    assert_eq!(to, 5000);
    assert_eq!(net.client_mut(client).open_rtp(&sealed), [&header[..], b"prepayload"].concat());
    net.pass(secs(7));
    net.take_sent();
    net.engine.wire.rtp(PEER, &header, b"", b"to nobody");
    assert_eq!(net.take_sent(), []);
}

#[test]
fn sealing_for_a_receiver_allocates_nothing_once_the_buffers_have_grown() {
    use crate::egress::Egress;
    let mut net = Net::open(ROOM);
    net.join(ROOM, PEER, 5000);
    net.run_until_quiet();
    let mut seq = 0u16;
    let mut round = |net: &mut Net| {
        for _ in 0..100 {
            seq += 1;
            let [high, low] = seq.to_be_bytes();
            let header = [0x80, 96, high, low, 0, 0, 0, 1, 0, 0, 0, 42];
            net.engine.wire.rtp(PEER, &header, b"prefix", &[7; 1100]);
        }
        while net.engine.poll_transmit().is_some() {}
    };
    round(&mut net);
    let allocated = allocation_counter::measure(|| (0..10).for_each(|_| round(&mut net)));
    assert_eq!(allocated.count_total, 0);
}

#[test]
fn after_a_panic_over_a_peer_only_that_peer_is_gone() {
    let mut net = Net::open(ROOM);
    net.join(ROOM, PEER, 5000);
    net.join(ROOM, PeerId(11), 5001);
    net.run_until_quiet();
    net.facts();
    net.engine.busy = Busy::Peer(PEER);
    let now = net.now();
    net.engine.recover(now);
    assert_eq!(net.facts(), [Fact::Disconnected { peer: PEER, why: DisconnectReason::Closed }]);
    net.engine.busy = Busy::Room(ROOM);
    net.engine.recover(now);
    assert_eq!(net.facts(), [Fact::Disconnected { peer: PeerId(11), why: DisconnectReason::Closed }]);
    assert!(net.engine.rooms.is_empty());
}

#[test]
fn the_same_seed_gives_the_same_answers() {
    let offer = Client::new(2).offer();
    let answer = || {
        let mut net = Net::open(ROOM);
        let join = Command::Join {
            room: ROOM,
            peer: PEER,
            purpose: Purpose::Conversation,
            rights: Rights::ALL,
            offer: offer.clone(),
        };
        match net.command(join) {
            // The certificate is made by the library, from the system's randomness.
            Ok(Reply::Answer(text)) => text.lines().filter(|line| !line.contains("fingerprint")).collect::<String>(),
            other => panic!("no answer: {other:?}"),
        }
    };
    assert_eq!(answer(), answer());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_datagrams_from_anywhere_change_nothing_and_get_no_answer(
        datagrams in proptest::collection::vec((5000u16..5003, proptest::collection::vec(any::<u8>(), 0..120)), 0..50),
    ) {
        let mut net = Net::open(ROOM);
        net.join(ROOM, PEER, 6000);
        for (port, datagram) in datagrams {
            net.deliver(port, &datagram);
        }
        prop_assert_eq!(net.sent_by_engine(), 0);
        prop_assert!(net.engine.paths.is_empty());
        net.run_until_quiet();
        prop_assert_eq!(net.facts(), vec![Fact::Connected { peer: PEER }]);
    }

    #[test]
    fn garbage_from_a_proven_address_does_not_disconnect(
        datagrams in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..200), 0..50),
    ) {
        let mut net = Net::open(ROOM);
        net.join(ROOM, PEER, 6000);
        net.run_until_quiet();
        for datagram in datagrams {
            net.deliver(6000, &datagram);
        }
        prop_assert_eq!(net.facts(), vec![Fact::Connected { peer: PEER }]);
    }
}
