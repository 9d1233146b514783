//! A DTLS association under a client that is genuine, broken and hostile by turns.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rtc_dtls::config::{ConfigBuilder, HandshakeConfig};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;

use super::{Script, certificate};
use crate::transport::certificate::provider;
use crate::transport::dtls::{Dtls, DtlsConfig};

const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// A handshake has about ten datagrams.
const STEPS_MAX: usize = 200;

/// A flight with all its repeats; more in answer to one datagram is two sides that talk for ever.
const ANSWERS_MAX: usize = 64;

fn ours() -> &'static DtlsConfig {
    static CONFIG: OnceLock<DtlsConfig> = OnceLock::new();
    CONFIG.get_or_init(|| DtlsConfig::new(certificate()).expect("the certificate is usable"))
}

fn theirs() -> &'static Arc<HandshakeConfig> {
    static CONFIG: OnceLock<Arc<HandshakeConfig>> = OnceLock::new();
    CONFIG.get_or_init(|| {
        let config = ConfigBuilder::default()
            .with_crypto_provider(provider())
            .with_certificates(vec![certificate().inner.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_insecure_skip_verify(true)
            .build(true, None);
        Arc::new(config.expect("a client of the family's"))
    })
}

struct Association {
    client: Endpoint,
    server: Dtls,
    now: Instant,
    connected: bool,
}

impl Association {
    fn new() -> Self {
        let now = Instant::now();
        let mut client = Endpoint::new(SERVER, TransportProtocol::UDP, None);
        client.connect(now, SERVER, Arc::clone(theirs()), None).expect("nothing is connected yet");
        let server = Dtls::new(ours(), vec![certificate().fingerprint().clone()]);
        Self { client, server, now, connected: false }
    }

    fn deliver(&mut self, datagram: &[u8]) {
        if self.server.is_readable(datagram) {
            let _ = self.server.handle_datagram(self.now, datagram);
        }
        self.answers();
    }

    fn answers(&mut self) {
        for answers in 0.. {
            let Some(datagram) = self.server.poll_transmit() else { return };
            assert!(answers < ANSWERS_MAX, "both sides talk for ever");
            let events = self.client.read(self.now, SERVER, None, datagram).unwrap_or_default();
            self.connected |= events.iter().any(|event| matches!(event, EndpointEvent::HandshakeComplete));
        }
    }

    /// What the client has to say next, changed on its way.
    fn carry(&mut self, change: impl FnOnce(&mut BytesMut)) {
        let Some(transmit) = self.client.poll_transmit() else { return };
        let mut datagram = transmit.message;
        change(&mut datagram);
        self.deliver(&datagram);
    }

    fn shake_hands(&mut self) {
        for _ in 0..STEPS_MAX {
            self.carry(|_| {});
        }
    }
}

/// The first byte tells whether hands are shaken before; each further step begins with a byte that tells what it is.
pub fn dtls(bytes: &[u8]) {
    let mut script = Script(bytes);
    let mut association = Association::new();
    if script.byte().is_some_and(|first| first & 1 == 1) {
        association.shake_hands();
        assert!(association.connected, "a genuine client is let in");
    }
    for _ in 0..STEPS_MAX {
        let Some(step) = script.byte() else { return };
        match step % 8 {
            0 => association.carry(|_| {}),
            1 => {
                let Some(blob) = script.blob() else { return };
                association.deliver(blob);
            }
            2 => {
                let Some(changes) = script.blob() else { return };
                association.carry(|datagram| mangle(datagram, changes));
            }
            3 => {
                let Some(blob) = script.blob() else { return };
                // Application data, of which nothing must come; refused while hands are not shaken.
                let _ = association.client.write(association.now, SERVER, blob);
                association.carry(|_| {});
            }
            4 => {
                let Some(blob) = script.blob() else { return };
                association.carry(|datagram| datagram.extend_from_slice(blob));
            }
            5 => {
                association.now += Duration::from_millis(250) * u32::from(script.byte().unwrap_or(0));
                let now = association.now;
                let _ = association.server.handle_timeout(now);
                let _ = association.client.handle_timeout(SERVER, now);
                association.answers();
            }
            6 => {
                let _ = association.client.stop(association.now, SERVER);
            }
            _ => association.carry(BytesMut::clear),
        }
    }
}

/// Pairs of (where, what), then cut where an odd byte says.
fn mangle(datagram: &mut BytesMut, changes: &[u8]) {
    let len = datagram.len().max(1);
    let mut triples = changes.chunks_exact(3);
    for change in triples.by_ref() {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % len;
        if let Some(byte) = datagram.get_mut(at) {
            *byte ^= change[2];
        }
    }
    if let &[keep, ..] = triples.remainder() {
        datagram.truncate(len * usize::from(keep) / 255);
    }
}
