//! A client without sockets, and the network between clients and the engine.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;

use super::super::*;
use crate::command::{Command, CommandRefused, Purpose, Reply, Rights};
use crate::transport::certificate::provider;
use crate::transport::srtp::EXPORTER_LABEL;
use crate::transport::stun::tests::check;

const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7000);

pub(super) struct Client {
    certificate: Certificate,
    dtls: Endpoint,
    /// (fragment, password) of the engine's answer.
    remote: (String, String),
    ufrag: String,
    port: u16,
    stage: Stage,
    keys: Option<(Context, Context)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    New,
    Connected,
    Goodbye,
}

impl Client {
    pub(super) fn new(port: u16) -> Self {
        let (dtls, remote) = (Endpoint::new(SERVER, TransportProtocol::UDP, None), (String::new(), String::new()));
        let certificate = Certificate::generate().unwrap();
        Self { certificate, dtls, remote, ufrag: "them".into(), port, stage: Stage::New, keys: None }
    }

    pub(super) fn offer(&self) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{}{}",
            self.line(0, "sendonly"),
            self.line(1, "recvonly")
        )
    }

    fn line(&self, mid: u8, direction: &str) -> String {
        format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\n\
             a=ice-ufrag:{}\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:{}\r\na=setup:actpass\r\n\
             a=rtpmap:111 opus/48000/2\r\na=ssrc:1001 cname:x\r\n",
            self.ufrag,
            self.certificate.fingerprint()
        )
    }

    pub(super) fn restart_offer(&mut self) -> String {
        self.ufrag = "them2".into();
        self.offer()
    }

    pub(super) fn take_answer(&mut self, answer: &str) {
        let value = |key: &str| answer.lines().find_map(|line| line.strip_prefix(key)).expect(key).to_owned();
        self.remote = (value("a=ice-ufrag:"), value("a=ice-pwd:"));
    }

    pub(super) fn take_restart(&mut self, ufrag: &str, fragment: &str) {
        self.ufrag = ufrag.to_owned();
        self.take_answer(fragment);
    }

    pub(super) fn ufrag(&self) -> &str {
        &self.ufrag
    }

    pub(super) fn check(&self) -> Vec<u8> {
        self.check_signed_with(&self.remote.1)
    }

    pub(super) fn check_signed_with(&self, password: &str) -> Vec<u8> {
        Self::check_for(&format!("{}:{}", self.remote.0, self.ufrag), password)
    }

    /// As a browser sends it when it has nominated, and some do from the beginning.
    pub(super) fn plain_check(&self) -> Vec<u8> {
        check(&format!("{}:{}", self.remote.0, self.ufrag)).signed(&self.remote.1)
    }

    pub(super) fn check_for(username: &str, password: &str) -> Vec<u8> {
        check(username).nominating().signed(password)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.stage == Stage::Connected
    }

    pub(super) fn was_told_goodbye(&self) -> bool {
        self.stage == Stage::Goodbye
    }

    pub(super) fn close(&mut self) {
        self.dtls.stop(Instant::now(), SERVER);
    }

    /// Starts DTLS, and what it sends first.
    pub(super) fn first_flight(&mut self) -> Vec<Vec<u8>> {
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider())
            .with_certificates(vec![self.certificate.inner.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_insecure_skip_verify(true)
            .build(true, None)
            .unwrap();
        self.dtls.connect(Instant::now(), SERVER, Arc::new(config), None).unwrap();
        self.take_transmits()
    }

    fn take_transmits(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.dtls.poll_transmit()).map(|transmit| transmit.message.to_vec()).collect()
    }

    /// What the client says to a datagram of the engine's.
    fn receive(&mut self, datagram: &[u8]) -> Vec<Vec<u8>> {
        if datagram[0] < 4 {
            let is_first = self.stage == Stage::New && self.dtls.get_connection_state(SERVER).is_none();
            return if is_first { self.first_flight() } else { Vec::new() };
        }
        if !(20..64).contains(&datagram[0]) {
            return Vec::new();
        }
        for event in self.dtls.read(Instant::now(), SERVER, None, datagram.into()).unwrap_or_default() {
            match event {
                EndpointEvent::HandshakeComplete => {
                    self.stage = Stage::Connected;
                    self.keys = Some(self.export_keys());
                }
                EndpointEvent::PeerClosed => self.stage = Stage::Goodbye,
                _ => {}
            }
        }
        self.take_transmits()
    }

    fn export_keys(&self) -> (Context, Context) {
        let state = self.dtls.get_connection_state(SERVER).unwrap();
        let exported = state.export_keying_material(EXPORTER_LABEL, &[], 56).unwrap();
        let (keys, salts) = exported.as_ref().split_at(32);
        let provider = provider();
        let context = |key: &[u8], salt: &[u8]| {
            Context::new(key, salt, ProtectionProfile::AeadAes128Gcm, None, None, provider.crypto()).unwrap()
        };
        (context(&keys[..16], &salts[..12]), context(&keys[16..], &salts[12..]))
    }

    pub(super) fn sealed_rtp(&mut self, ssrc: u32, seq: u16) -> Vec<u8> {
        let mut packet = vec![0x80, 111];
        packet.extend(seq.to_be_bytes());
        packet.extend(0u32.to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(b"sound");
        self.keys.as_mut().unwrap().0.encrypt_rtp(&packet).unwrap().to_vec()
    }

    pub(super) fn open_rtp(&mut self, sealed: &[u8]) -> Vec<u8> {
        self.keys.as_mut().unwrap().1.decrypt_rtp(sealed).unwrap().to_vec()
    }
}

/// Datagrams arrive at once and in order; time passes when told to.
pub(super) struct Net {
    pub(super) engine: Engine,
    clients: Vec<Client>,
    now: Instant,
}

impl Net {
    pub(super) fn open(room: RoomId) -> Self {
        let config = EngineConfig {
            candidates: vec![Candidate::udp(SERVER)],
            certificate: Certificate::generate().unwrap(),
            seed: [5; 32],
        };
        let mut net = Self { engine: Engine::new(config).unwrap(), clients: Vec::new(), now: Instant::now() };
        assert_eq!(net.command(Command::OpenRoom { room }), Ok(Reply::Done));
        net
    }

    pub(super) fn now(&self) -> Instant {
        self.now
    }

    pub(super) fn path(port: u16) -> Path {
        Path::udp((Ipv4Addr::LOCALHOST, port).into(), None)
    }

    pub(super) fn command(&mut self, command: Command) -> Result<Reply, CommandRefused> {
        self.engine.handle_command(self.now, command)
    }

    pub(super) fn join(&mut self, room: RoomId, peer: PeerId, port: u16) -> usize {
        let client = Client::new(port);
        let offer = client.offer();
        self.admit(room, peer, client, offer)
    }

    pub(super) fn join_with_somebody_elses_fingerprint(&mut self, room: RoomId, peer: PeerId, port: u16) {
        let offer = Client::new(port).offer();
        self.admit(room, peer, Client::new(port), offer);
    }

    fn admit(&mut self, room: RoomId, peer: PeerId, mut client: Client, offer: String) -> usize {
        let joined =
            self.command(Command::Join { room, peer, purpose: Purpose::Conversation, rights: Rights::ALL, offer });
        let Ok(Reply::Answer(answer)) = joined else { panic!("no answer: {joined:?}") };
        client.take_answer(&answer);
        self.clients.push(client);
        self.clients.len() - 1
    }

    pub(super) fn client(&self, at: usize) -> &Client {
        &self.clients[at]
    }

    pub(super) fn client_mut(&mut self, at: usize) -> &mut Client {
        &mut self.clients[at]
    }

    pub(super) fn move_client(&mut self, at: usize, port: u16) {
        self.clients[at].port = port;
    }

    pub(super) fn deliver(&mut self, from: u16, datagram: &[u8]) {
        self.deliver_by(Self::path(from), datagram);
    }

    pub(super) fn deliver_by(&mut self, from: Path, datagram: &[u8]) {
        self.engine.handle_datagram(self.now, from, datagram);
    }

    pub(super) fn deliver_check(&mut self, client: usize) {
        let (port, check) = (self.clients[client].port, self.clients[client].check());
        self.deliver(port, &check);
    }

    pub(super) fn take_sent(&mut self) -> Vec<(u16, Vec<u8>)> {
        self.take_sent_by().into_iter().map(|(path, datagram)| (path.remote.port(), datagram)).collect()
    }

    pub(super) fn take_sent_by(&mut self) -> Vec<(Path, Vec<u8>)> {
        let mut sent = Vec::new();
        while let Some(transmit) = self.engine.poll_transmit() {
            sent.push((transmit.path, transmit.bytes.to_vec()));
        }
        sent
    }

    pub(super) fn sent_by_engine(&mut self) -> usize {
        self.take_sent().len()
    }

    pub(super) fn facts(&mut self) -> Vec<Fact> {
        // What the room says about slots and figures is tested with the room.
        std::iter::from_fn(|| self.engine.poll_fact())
            .filter(|fact| !matches!(fact, Fact::Stats { .. } | Fact::Slots { .. } | Fact::Speaker { .. }))
            .collect()
    }

    /// Every client sends a check, and all that follows is carried both ways.
    pub(super) fn run_until_quiet(&mut self) {
        let mut inbound: VecDeque<(u16, Vec<u8>)> = VecDeque::new();
        for client in &mut self.clients {
            if client.stage == Stage::New {
                inbound.push_back((client.port, client.check()));
            }
            inbound.extend(client.take_transmits().into_iter().map(|datagram| (client.port, datagram)));
        }
        loop {
            while let Some((from, datagram)) = inbound.pop_front() {
                self.deliver(from, &datagram);
            }
            let sent = self.take_sent();
            if sent.is_empty() {
                return;
            }
            for (to, datagram) in sent {
                let Some(client) = self.clients.iter_mut().find(|client| client.port == to) else { continue };
                let port = client.port;
                inbound.extend(client.receive(&datagram).into_iter().map(|datagram| (port, datagram)));
            }
        }
    }

    /// Time goes by; timers fire when they are due.
    pub(super) fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.engine.poll_timeout().filter(|&at| at <= end) {
            self.now = at.max(self.now);
            self.engine.handle_timeout(self.now);
        }
        self.now = end;
    }
}
