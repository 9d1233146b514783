//! One DTLS 1.2 association (RFC 6347), always as the server, and the SRTP keys that come out of it (RFC 5764).
//!
//! Each association has an endpoint of its own: the library keys them by address, and ours outlive addresses.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use rtc_dtls::cipher_suite::CipherSuiteId;
use rtc_dtls::config::{ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::TransportProtocol;
use rtc_shared::error::Error;

use super::certificate::{Certificate, Fingerprint, provider};
use super::srtp::{EXPORTER_LABEL, Profile, Srtp};

/// The address by which the endpoint knows its only association.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

/// Bytes of handshake one peer may send. A browser's whole handshake is under 6 KB; with every flight repeated seven times it
/// stays below this. More is somebody filling our buffers: the rest is ignored and the handshake runs into its deadline.
const HANDSHAKE_MAX: usize = 64 * 1024;

/// Bytes of handshake read after the handshake: repeats of the peer's last flight, when ours was lost. Anybody who can forge the
/// peer's address can send them, and the library keeps every handshake message that a genuine peer may go on encrypting, so they
/// are few.
const REPEATS_MAX: usize = 16 * 1024;

/// What one handshake fragment costs of the allowance at least, however small it is. The library puts a message together by looking
/// through all its fragments for each of them: thousands of one byte each would keep the media thread busy for seconds.
const FRAGMENT_COST_MIN: usize = 256;

/// DTLS records of what we say fit into any path: IPv6's minimum of 1280 less headers.
const MTU: usize = 1200;

/// What our side of every handshake looks like; made once.
#[derive(Clone)]
pub(crate) struct DtlsConfig {
    gcm: Arc<HandshakeConfig>,
    cm: Arc<HandshakeConfig>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("DTLS cannot be set up: {0}")]
pub struct DtlsUnusable(String);

impl DtlsConfig {
    pub(crate) fn new(certificate: &Certificate) -> Result<Self, DtlsUnusable> {
        let config = |profile| {
            ConfigBuilder::default()
                .with_crypto_provider(provider())
                .with_certificates(vec![certificate.inner.clone()])
                .with_cipher_suites(vec![
                    CipherSuiteId::Tls_Ecdhe_Ecdsa_With_Aes_128_Gcm_Sha256,
                    CipherSuiteId::Tls_Ecdhe_Ecdsa_With_ChaCha20_Poly1305_Sha256,
                ])
                .with_srtp_protection_profiles(vec![profile])
                // The peer's certificate is asked for and compared with the offer's fingerprint after the handshake: there is
                // no chain to verify.
                .with_client_auth(ClientAuthType::RequireAnyClientCert)
                .with_insecure_skip_verify(true)
                // Without it keys exported from two handshakes can be made equal (RFC 7627).
                .with_extended_master_secret(ExtendedMasterSecretType::Require)
                .with_mtu(MTU)
                .build(false, None)
                .map(Arc::new)
                .map_err(|error| DtlsUnusable(error.to_string()))
        };
        Ok(Self {
            gcm: config(SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm)?,
            cm: config(SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80)?,
        })
    }
}

pub(crate) struct Dtls {
    endpoint: Endpoint,
    stage: Stage,
    /// What the peer may still send before we stop reading.
    allowance: usize,
    fingerprints: Vec<Fingerprint>,
}

enum Stage {
    /// Until the ClientHello has been understood. It may come in several datagrams, kept to be replayed when the client turns
    /// out not to know GCM: the library follows the client's order of profiles, so we offer one at a time.
    Hello {
        datagrams: Vec<BytesMut>,
        fallback: Option<Arc<HandshakeConfig>>,
    },
    Handshake,
    Established,
    Over,
}

pub(crate) enum DtlsEvent {
    /// The peer is the one of the offer; these are its media keys.
    Established(Box<Srtp>),
    /// The other side said goodbye.
    Closed,
    /// Application data, which has no reader here: data channels are not offered.
    Unread,
    Failed(DtlsFailed),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DtlsFailed {
    /// An alert, ours or theirs, or seven repeats without an answer.
    Handshake,
    /// The certificate is not the one of the offer: somebody is in the middle.
    WrongFingerprint,
    /// No SRTP profile in common.
    NoProfile,
}

impl Dtls {
    /// `fingerprints` are the offer's: any of them may fit.
    pub(crate) fn new(config: &DtlsConfig, fingerprints: Vec<Fingerprint>) -> Self {
        let fallback = Some(Arc::clone(&config.cm));
        Self {
            endpoint: Endpoint::new(PEER, TransportProtocol::UDP, Some(Arc::clone(&config.gcm))),
            stage: Stage::Hello { datagrams: Vec::new(), fallback },
            allowance: HANDSHAKE_MAX,
            fingerprints,
        }
    }

    pub(crate) fn fingerprints(&self) -> &[Fingerprint] {
        &self.fingerprints
    }

    pub(crate) fn is_established(&self) -> bool {
        matches!(self.stage, Stage::Established)
    }

    /// `false`: the datagram was not read, because it is no DTLS or the peer has used up its allowance.
    pub(crate) fn is_readable(&mut self, datagram: &[u8]) -> bool {
        let cost = match (&self.stage, Cost::of(datagram)) {
            (Stage::Over, _) | (_, None) => return false,
            (Stage::Established, Some(cost)) => cost.handshake,
            (Stage::Hello { .. } | Stage::Handshake, Some(cost)) => cost.handshake + cost.rest,
        };
        match self.allowance.checked_sub(cost) {
            Some(rest) => {
                self.allowance = rest;
                true
            }
            None => false,
        }
    }

    /// Reads a datagram for which [`Dtls::is_readable`] holds.
    pub(crate) fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) -> Option<DtlsEvent> {
        let bytes = BytesMut::from(datagram);
        if let Stage::Hello { datagrams, .. } = &mut self.stage {
            datagrams.push(bytes.clone());
        }
        match self.endpoint.read(now, PEER, None, bytes) {
            Err(Error::ErrServerNoMatchingSrtpProfile) => self.fall_back(now),
            read => self.after_read(now, read),
        }
    }

    /// Forgets the failed association and its alerts, and plays the client's datagrams to the other configuration.
    fn fall_back(&mut self, now: Instant) -> Option<DtlsEvent> {
        let Stage::Hello { datagrams, fallback: Some(config) } = std::mem::replace(&mut self.stage, Stage::Handshake)
        else {
            return Some(self.fail(now, DtlsFailed::NoProfile));
        };
        self.endpoint.stop(now, PEER);
        while self.endpoint.poll_transmit().is_some() {}
        self.endpoint.set_server_config(Some(config));
        self.stage = Stage::Hello { datagrams: Vec::new(), fallback: None };
        datagrams.into_iter().find_map(|datagram| match self.endpoint.read(now, PEER, None, datagram) {
            Err(Error::ErrServerNoMatchingSrtpProfile) => Some(self.fail(now, DtlsFailed::NoProfile)),
            read => self.after_read(now, read),
        })
    }

    fn after_read(&mut self, now: Instant, read: Result<Vec<EndpointEvent>, Error>) -> Option<DtlsEvent> {
        let events = match read {
            Ok(events) => events,
            // After the handshake only authenticated records are acted on; a fatal alert among them ends the association.
            Err(Error::ErrAlertFatalOrClose) if self.is_established() => return Some(self.over(DtlsEvent::Closed)),
            Err(_) if self.is_established() => return None,
            Err(_) => return Some(self.fail(now, DtlsFailed::Handshake)),
        };
        let mut unread = None;
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => return Some(self.establish(now)),
                EndpointEvent::PeerClosed => return Some(self.over(DtlsEvent::Closed)),
                EndpointEvent::ApplicationData(_) => unread = Some(DtlsEvent::Unread),
                _ => {}
            }
        }
        unread
    }

    fn establish(&mut self, now: Instant) -> DtlsEvent {
        let Some(state) = self.endpoint.get_connection_state(PEER) else {
            return self.fail(now, DtlsFailed::Handshake);
        };
        let is_the_offers = state
            .peer_certificates
            .first()
            .is_some_and(|der| self.fingerprints.iter().any(|fingerprint| fingerprint.fits(der)));
        if !is_the_offers {
            return self.fail(now, DtlsFailed::WrongFingerprint);
        }
        let profile = match state.srtp_protection_profile() {
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm => Profile::Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80 => Profile::Cm,
            _ => return self.fail(now, DtlsFailed::NoProfile),
        };
        let srtp = state
            .export_keying_material(EXPORTER_LABEL, &[], profile.exported_len())
            .ok()
            .and_then(|exported| Srtp::new(profile, exported.as_ref()).ok());
        match srtp {
            Some(srtp) => {
                self.stage = Stage::Established;
                self.allowance = REPEATS_MAX;
                DtlsEvent::Established(Box::new(srtp))
            }
            None => self.fail(now, DtlsFailed::NoProfile),
        }
    }

    /// An association that is not stopped answers alerts with alerts for ever.
    fn fail(&mut self, now: Instant, why: DtlsFailed) -> DtlsEvent {
        self.endpoint.stop(now, PEER);
        self.over(DtlsEvent::Failed(why))
    }

    fn over(&mut self, event: DtlsEvent) -> DtlsEvent {
        self.stage = Stage::Over;
        event
    }

    /// Says goodbye: close_notify is among the next transmits.
    pub(crate) fn close(&mut self, now: Instant) {
        self.endpoint.stop(now, PEER);
        self.stage = Stage::Over;
    }

    pub(crate) fn poll_transmit(&mut self) -> Option<BytesMut> {
        let datagram = self.endpoint.poll_transmit()?.message;
        if matches!(self.stage, Stage::Hello { .. }) {
            // We answered, so the hello was understood and need not be kept.
            self.stage = Stage::Handshake;
        }
        Some(datagram)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.stage {
            Stage::Hello { .. } | Stage::Handshake => self.endpoint.poll_timeout(&PEER),
            Stage::Established | Stage::Over => None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Option<DtlsEvent> {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return None;
        }
        match self.endpoint.handle_timeout(PEER, now) {
            Ok(()) => None,
            Err(_) => Some(self.fail(now, DtlsFailed::Handshake)),
        }
    }
}

/// What reading a datagram takes of the allowance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Cost {
    /// What can be forged or is kept: everything unencrypted, and handshake messages in any case.
    handshake: usize,
    /// Encrypted alerts and application data, acted on at once or thrown away.
    rest: usize,
}

const RECORD_HEADER: usize = 13;
const FRAGMENT_HEADER: usize = 12;
const HANDSHAKE: u8 = 22;

impl Cost {
    /// `None` when the datagram is not a whole number of DTLS 1.x records (RFC 6347 section 4.1).
    fn of(datagram: &[u8]) -> Option<Self> {
        let mut cost = Self::default();
        let mut rest = datagram;
        while !rest.is_empty() {
            let [kind, major, _, e0, e1, _, _, _, _, _, _, l0, l1] = *rest.first_chunk::<RECORD_HEADER>()?;
            let len = RECORD_HEADER + usize::from(u16::from_be_bytes([l0, l1]));
            if !(20..=24).contains(&kind) || major != 0xfe {
                return None;
            }
            let (record, after) = rest.split_at_checked(len)?;
            rest = after;
            match (kind, [e0, e1] == [0, 0]) {
                (HANDSHAKE, true) => cost.handshake += fragments_cost(record.get(RECORD_HEADER..)?),
                (HANDSHAKE, false) | (_, true) => cost.handshake += len.max(FRAGMENT_COST_MIN),
                (_, false) => cost.rest += len,
            }
        }
        Some(cost)
    }
}

/// Of the fragments in one unencrypted record. The library takes a fragment to be as long as its whole message (RFC 6347 section
/// 4.2.2), or to reach the record's end.
fn fragments_cost(mut body: &[u8]) -> usize {
    let mut cost = 0;
    loop {
        let whole = match body.first_chunk::<FRAGMENT_HEADER>() {
            Some(&[_, l0, l1, l2, ..]) => FRAGMENT_HEADER + u32::from_be_bytes([0, l0, l1, l2]) as usize,
            None => body.len(),
        };
        let len = whole.min(body.len());
        cost += len.max(FRAGMENT_COST_MIN);
        match body.split_at_checked(len) {
            Some((_, after)) if !after.is_empty() => body = after,
            _ => return cost,
        }
    }
}

#[cfg(test)]
#[path = "dtls_tests.rs"]
mod tests;
