//! The bridge on real sockets, with a client that is not ours: the `webrtc` crate.
#![allow(clippy::large_futures, reason = "the client's futures are large, and few")]

mod client;

use std::net::Ipv4Addr;
use std::time::Duration;

use client::{Client, Keys, Line, Role, within};
use sfu::command::{Command, CommandRefused, Purpose, Reply, Rights};
use sfu::engine::Dropped;
use sfu::fact::{Carrier, DisconnectReason, Fact};
use sfu::id::{PeerId, RoomId, Source};
use sfu::net::{Bridge, BridgeConfig, FactReceiver, TapSender};
use sfu::tap::TapEvent;

const ROOM: RoomId = RoomId(1);

async fn open() -> (Bridge, FactReceiver) {
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let config = BridgeConfig { udp: any, tcp: Some(any), public_ips: vec![] };
    let (bridge, facts) = Bridge::start(config).unwrap();
    assert_eq!(bridge.command(Command::OpenRoom { room: ROOM }).await, Ok(Reply::Done));
    (bridge, facts)
}

async fn join(bridge: &Bridge, peer: PeerId, offer: String) -> String {
    let command = Command::Join { room: ROOM, peer, purpose: Purpose::Conversation, rights: Rights::ALL, offer };
    match bridge.command(command).await {
        Ok(Reply::Answer(answer)) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

async fn connect(bridge: &Bridge, peer: PeerId, role: Role, keys: Keys) -> Client {
    connect_by(Line::Udp, bridge, peer, role, keys).await
}

async fn connect_by(line: Line, bridge: &Bridge, peer: PeerId, role: Role, keys: Keys) -> Client {
    let (client, offer) = Client::offering_by(line, role, keys).await;
    client.accept(join(bridge, peer, offer).await).await;
    client.connected().await;
    client
}

async fn fact(facts: &mut FactReceiver, wanted: impl Fn(&Fact) -> bool) -> Fact {
    within("a fact", async {
        loop {
            let fact = facts.recv().await.expect("the bridge runs");
            if wanted(&fact) {
                return fact;
            }
        }
    })
    .await
}

#[tokio::test]
async fn what_one_publishes_another_receives_decrypted() {
    let (bridge, mut facts) = open().await;
    let publisher = connect(&bridge, PeerId(1), Role::Publisher, Keys::Gcm).await;
    let mut viewer = connect(&bridge, PeerId(2), Role::Viewer, Keys::Gcm).await;
    let sending = publisher.publish();
    viewer.hears_and_sees().await;
    fact(&mut facts, |fact| matches!(fact, Fact::Flowing { track } if track.source == Source::Camera)).await;
    drop(sending);
    bridge.shutdown().await;
}

#[tokio::test]
async fn who_has_only_tcp_publishes_and_receives_like_the_others() {
    let (bridge, mut facts) = open().await;
    let publisher = connect_by(Line::Tcp, &bridge, PeerId(1), Role::Publisher, Keys::Gcm).await;
    let mut viewer = connect_by(Line::Tcp, &bridge, PeerId(2), Role::Viewer, Keys::Gcm).await;
    let mut other = connect(&bridge, PeerId(3), Role::Viewer, Keys::Gcm).await;
    let _sending = publisher.publish();
    viewer.hears_and_sees().await;
    other.hears_and_sees().await;
    assert_eq!(bridge.census().await.connections, 2);
    let by_tcp = |fact: &Fact| match fact {
        Fact::Stats { peer: PeerId(2), stats } => stats.carrier == Some(Carrier::Tcp),
        _ => false,
    };
    fact(&mut facts, by_tcp).await;
    assert_eq!(bridge.command(Command::Leave { peer: PeerId(1) }).await, Ok(Reply::Done));
    publisher.ended().await;
    bridge.shutdown().await;
}

#[tokio::test]
async fn clients_with_and_without_gcm_understand_each_other() {
    let (bridge, _facts) = open().await;
    let publisher = connect(&bridge, PeerId(1), Role::Publisher, Keys::Cm).await;
    let _sending = publisher.publish();
    let mut old_viewer = connect(&bridge, PeerId(2), Role::Viewer, Keys::Cm).await;
    let mut new_viewer = connect(&bridge, PeerId(3), Role::Viewer, Keys::Gcm).await;
    old_viewer.hears_and_sees().await;
    new_viewer.hears_and_sees().await;
}

#[tokio::test]
async fn somebody_with_another_certificate_than_the_offers_is_refused() {
    let (bridge, mut facts) = open().await;
    let (client, offer) = Client::offering(Role::Publisher, Keys::Gcm).await;
    let (_, other_offer) = Client::offering(Role::Publisher, Keys::Gcm).await;
    let line = |sdp: &str| sdp.lines().find(|line| line.starts_with("a=fingerprint:")).unwrap().to_owned();
    let forged = offer.replace(&line(&offer), &line(&other_offer));
    client.accept(join(&bridge, PeerId(1), forged).await).await;
    let disconnected = fact(&mut facts, |fact| matches!(fact, Fact::Disconnected { .. })).await;
    assert_eq!(disconnected, Fact::Disconnected { peer: PeerId(1), why: DisconnectReason::HandshakeFailed });
}

#[tokio::test]
async fn strangers_get_no_answer_and_are_counted() {
    let (bridge, _facts) = open().await;
    let stranger = tokio::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let binding_without_integrity = [&[0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42][..], &[7; 12]].concat();
    let client_hello_record = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4][..], &[1, 0, 0, 0]].concat();
    let rtp = [0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 1, 2, 3];
    for datagram in [&binding_without_integrity[..], &client_hello_record, &rtp, b"hello"] {
        stranger.send_to(datagram, bridge.local_addr()).await.unwrap();
    }
    within("the counters", async {
        loop {
            let drops = bridge.drops();
            let counted = [Dropped::StunMalformed, Dropped::NotValidated, Dropped::NotOurs].map(|kind| drops.of(kind));
            if counted == [1, 2, 1] {
                return;
            }
            // The counters are published while the thread works: give it something to do.
            let _no_such_room = bridge.command(Command::StopTap { room: RoomId(99) }).await;
        }
    })
    .await;
    let mut answer = [0; 100];
    let nothing = stranger.try_recv(&mut answer).map_err(|error| error.kind());
    assert_eq!(nothing, Err(std::io::ErrorKind::WouldBlock));
}

#[tokio::test]
async fn who_is_removed_is_told_and_a_closed_client_is_noticed() {
    let (bridge, mut facts) = open().await;
    let removed = connect(&bridge, PeerId(1), Role::Publisher, Keys::Gcm).await;
    assert_eq!(bridge.command(Command::Leave { peer: PeerId(1) }).await, Ok(Reply::Done));
    removed.ended().await;
    let leaving = connect(&bridge, PeerId(2), Role::Viewer, Keys::Gcm).await;
    leaving.close().await;
    let gone = Fact::Disconnected { peer: PeerId(2), why: DisconnectReason::Closed };
    fact(&mut facts, |fact| *fact == gone).await;
}

#[tokio::test]
async fn a_tapped_room_reaches_its_recorder_until_the_end() {
    let (bridge, _facts) = open().await;
    let publisher = connect(&bridge, PeerId(1), Role::Publisher, Keys::Gcm).await;
    let _sending = publisher.publish();
    let (events, mut recorder) = tokio::sync::mpsc::channel(1024);
    bridge.start_tap(ROOM, TapSender::new(events)).await.unwrap();
    let (mut heard, mut seen) = (false, false);
    within("sound and picture", async {
        while !(heard && seen) {
            match recorder.recv().await.expect("the tap is open") {
                TapEvent::Audio { .. } => heard = true,
                TapEvent::Video { .. } => seen = true,
                _ => {}
            }
        }
    })
    .await;
    bridge.stop_tap(ROOM).await.unwrap();
    within("the end", async {
        let mut last = None;
        while let Some(event) = recorder.recv().await {
            last = Some(event);
        }
        assert!(matches!(last, Some(TapEvent::End { .. })));
    })
    .await;
}

#[tokio::test]
async fn after_shutdown_everybody_has_been_told_and_orders_are_refused() {
    let (bridge, mut facts) = open().await;
    let clients = [
        connect(&bridge, PeerId(1), Role::Publisher, Keys::Gcm).await,
        connect(&bridge, PeerId(2), Role::Publisher, Keys::Gcm).await,
    ];
    bridge.shutdown().await;
    for client in &clients {
        client.ended().await;
    }
    assert_eq!(bridge.command(Command::OpenRoom { room: RoomId(2) }).await, Err(CommandRefused::Stopped));
    within("the last facts", async { while facts.recv().await.is_some() {} }).await;
}

#[tokio::test]
async fn a_port_in_use_is_a_typed_refusal_to_start() {
    let (bridge, _facts) = open().await;
    let taken = bridge.local_addr();
    let config = BridgeConfig { udp: taken, tcp: None, public_ips: vec![] };
    let Err(error) = Bridge::start(config) else { panic!("two bridges on one port") };
    assert!(error.to_string().contains(&taken.to_string()), "{error}");
}

/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);
