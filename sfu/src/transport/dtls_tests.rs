//! Against the family's own DTLS client.

use std::time::Duration;

use rtc_shared::error::Result as DtlsResult;

use super::super::srtp::Parts;
use super::*;

struct Client {
    endpoint: Endpoint,
    certificate: Certificate,
    connected: bool,
}

const SERVER: SocketAddr = PEER;

impl Client {
    fn offering(profiles: &[SrtpProtectionProfile], now: Instant) -> Self {
        let certificate = Certificate::generate().unwrap();
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider())
            .with_certificates(vec![certificate.inner.clone()])
            .with_srtp_protection_profiles(profiles.to_vec())
            .with_insecure_skip_verify(true)
            .build(true, None)
            .unwrap();
        let mut endpoint = Endpoint::new(PEER, TransportProtocol::UDP, None);
        endpoint.connect(now, SERVER, Arc::new(config), None).unwrap();
        Self { endpoint, certificate, connected: false }
    }

    fn read(&mut self, now: Instant, datagram: BytesMut) -> DtlsResult<Vec<EndpointEvent>> {
        let events = self.endpoint.read(now, SERVER, None, datagram)?;
        self.connected |= events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete));
        Ok(events)
    }
}

fn bridge() -> (DtlsConfig, Certificate) {
    let certificate = Certificate::generate().unwrap();
    (DtlsConfig::new(&certificate).unwrap(), certificate)
}

/// Carries datagrams both ways until neither side has any, and returns what the server reported.
fn run(client: &mut Client, server: &mut Dtls, now: Instant) -> Vec<DtlsEvent> {
    let mut events = Vec::new();
    loop {
        let mut moved = 0;
        while let Some(transmit) = client.endpoint.poll_transmit() {
            moved += 1;
            if server.is_readable(&transmit.message) {
                events.extend(server.handle_datagram(now, &transmit.message));
            }
        }
        while let Some(datagram) = server.poll_transmit() {
            moved += 1;
            let _ = client.read(now, datagram);
        }
        if moved == 0 {
            return events;
        }
    }
}

fn established(events: Vec<DtlsEvent>) -> Option<Box<Srtp>> {
    events.into_iter().find_map(|event| match event {
        DtlsEvent::Established(srtp) => Some(srtp),
        DtlsEvent::Closed | DtlsEvent::Unread | DtlsEvent::Failed(_) => None,
    })
}

fn overhead(srtp: &mut Srtp) -> usize {
    let nothing = Parts { header: &[], prefix: &[], payload: &[] };
    srtp.tx().rtp_len(nothing)
}

const GCM: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm;
const CM: SrtpProtectionProfile = SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80;

#[test]
fn a_client_that_prefers_the_old_profile_still_gets_gcm() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[CM, GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    let mut srtp = established(run(&mut client, &mut server, now)).expect("no keys");
    assert!(client.connected);
    assert_eq!(overhead(&mut srtp), 16);
}

#[test]
fn a_client_without_gcm_falls_back_without_seeing_an_alert() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[CM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    let mut srtp = established(run(&mut client, &mut server, now)).expect("no keys");
    assert!(client.connected);
    assert_eq!(overhead(&mut srtp), 10);
}

#[test]
fn a_client_with_neither_profile_is_refused_and_both_sides_fall_silent() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    let events = run(&mut client, &mut server, now);
    assert!(matches!(events.as_slice(), [DtlsEvent::Failed(DtlsFailed::NoProfile)]));
    assert!(!client.connected);
}

#[test]
fn another_certificate_than_the_offers_is_refused_before_any_key_is_exported() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let other = Certificate::generate().unwrap();
    let mut server = Dtls::new(&config, vec![other.fingerprint().clone()]);
    let events = run(&mut client, &mut server, now);
    assert!(matches!(events.as_slice(), [DtlsEvent::Failed(DtlsFailed::WrongFingerprint)]));
    assert!(!server.is_established());
    assert!(client.endpoint.get_connection_state(SERVER).is_none(), "the client was not told");
}

#[test]
fn whoever_is_removed_hears_a_close_notify_and_who_leaves_is_noticed() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let fingerprint = client.certificate.fingerprint().clone();
    let mut server = Dtls::new(&config, vec![fingerprint.clone()]);
    assert!(established(run(&mut client, &mut server, now)).is_some());
    server.close(now);
    let goodbye = server.poll_transmit().expect("no close_notify");
    let events = client.read(now, goodbye).unwrap();
    assert!(events.iter().any(|event| matches!(event, EndpointEvent::PeerClosed)));

    let mut leaving = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![leaving.certificate.fingerprint().clone()]);
    assert!(established(run(&mut leaving, &mut server, now)).is_some());
    leaving.endpoint.stop(now, SERVER);
    assert!(matches!(run(&mut leaving, &mut server, now).as_slice(), [DtlsEvent::Closed]));
}

#[test]
fn a_lost_flight_is_repeated_and_a_silent_client_ends_in_failure() {
    let mut now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    // Hello, cookie, hello again; then the server's long flight is lost.
    for arrives in [true, false] {
        while let Some(transmit) = client.endpoint.poll_transmit() {
            assert!(server.is_readable(&transmit.message));
            assert!(server.handle_datagram(now, &transmit.message).is_none());
        }
        while let Some(datagram) = server.poll_transmit() {
            if arrives {
                client.read(now, datagram).unwrap();
            }
        }
    }
    let mut repeated = 0;
    let mut failed = None;
    for _ in 0..20 {
        now = server.poll_timeout().expect("no timer").max(now + Duration::from_millis(1));
        let event = server.handle_timeout(now);
        repeated += usize::from(server.poll_transmit().is_some());
        while server.poll_transmit().is_some() {}
        if event.is_some() {
            failed = event;
            break;
        }
    }
    assert!(repeated >= 3, "repeated {repeated} times");
    assert!(matches!(failed, Some(DtlsEvent::Failed(DtlsFailed::Handshake))));
    assert_eq!(server.poll_timeout(), None);
}

#[test]
fn who_sends_handshakes_without_end_is_no_longer_read() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    let hello = client.endpoint.poll_transmit().unwrap().message;
    let mut read = 0;
    while server.is_readable(&hello) {
        read += hello.len();
    }
    assert!(read <= HANDSHAKE_MAX);
}

/// A record of `kind` in `epoch` with `body`.
fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
    let len = u16::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0], len.as_slice(), body].concat()
}

#[test]
fn a_handshake_in_a_thousand_crumbs_is_not_put_together() {
    let (config, certificate) = bridge();
    let mut server = Dtls::new(&config, vec![certificate.fingerprint().clone()]);
    // One byte each of a message that would have 5,000: the library looks through all it has for every one of them.
    let crumb = |at: u16| [&[1, 0, 0x13, 0x88, 0, 0, 0], at.to_be_bytes().as_slice(), &[0, 0, 1, 7]].concat();
    let read = (0..5_000).filter(|at| server.is_readable(&record(22, 0, &crumb(*at)))).count();
    assert!(read <= HANDSHAKE_MAX / FRAGMENT_COST_MIN, "{read} were read");

    // The same with as many messages as fit into each record.
    let mut server = Dtls::new(&config, vec![certificate.fingerprint().clone()]);
    let small = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 7].repeat(80);
    let read = (0..100).filter(|_| server.is_readable(&record(22, 0, &small))).count();
    assert!(80 * read <= HANDSHAKE_MAX / FRAGMENT_COST_MIN, "{read} records of 80 were read");
}

#[test]
fn who_is_connected_and_goes_on_shaking_hands_is_no_longer_read_but_its_goodbye_is() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    assert!(established(run(&mut client, &mut server, now)).is_some());
    // Encrypted handshake messages would be kept for ever, so they are counted like the plain ones.
    for epoch in [0, 1] {
        let message = record(22, epoch, &[7; 100]);
        let read = (0..10_000).filter(|_| server.is_readable(&message)).count();
        assert!(read <= REPEATS_MAX / FRAGMENT_COST_MIN, "{read} of epoch {epoch} were read");
    }
    client.endpoint.stop(now, SERVER);
    assert!(matches!(run(&mut client, &mut server, now).as_slice(), [DtlsEvent::Closed]));
}

#[test]
fn data_over_dtls_itself_has_no_reader_and_no_answer() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    assert!(established(run(&mut client, &mut server, now)).is_some());
    for len in [0, 1, 12, 1_100] {
        client.endpoint.write(now, SERVER, &vec![1; len]).unwrap();
        assert!(matches!(run(&mut client, &mut server, now).as_slice(), [DtlsEvent::Unread]), "{len} bytes");
    }
    assert!(server.is_established());
}

#[test]
fn after_the_handshake_plaintext_from_a_forged_address_changes_nothing() {
    let now = Instant::now();
    let (config, _) = bridge();
    let mut client = Client::offering(&[GCM], now);
    let mut server = Dtls::new(&config, vec![client.certificate.fingerprint().clone()]);
    assert!(established(run(&mut client, &mut server, now)).is_some());
    let fatal_alert = [21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 99, 0, 2, 2, 40];
    for _ in 0..10_000 {
        if server.is_readable(&fatal_alert) {
            assert!(server.handle_datagram(now, &fatal_alert).is_none());
        }
    }
    assert!(server.is_established());
    assert!(server.poll_transmit().is_none(), "an answer went to a forger");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..100)) {
        let (config, certificate) = bridge();
        let mut server = Dtls::new(&config, vec![certificate.fingerprint().clone()]);
        let record = [&[22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, bytes.len() as u8], bytes.as_slice()].concat();
        for datagram in [&bytes, &record] {
            if server.is_readable(datagram) {
                let _ = server.handle_datagram(Instant::now(), datagram);
            }
        }
    }
}
