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

/// Unencrypted bytes read after the handshake: repeats of the peer's last flight, when ours was lost. Anybody who can forge the
/// peer's address can send them, so they are few.
const REPEATS_MAX: usize = 8 * 1024;

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
        let cost = match (&self.stage, Records(datagram).unencrypted_len()) {
            (Stage::Over, _) | (_, None) => return false,
            (Stage::Established, Some(unencrypted)) => unencrypted,
            (Stage::Hello { .. } | Stage::Handshake, Some(_)) => datagram.len(),
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
        for event in events {
            match event {
                EndpointEvent::HandshakeComplete => return Some(self.establish(now)),
                EndpointEvent::PeerClosed => return Some(self.over(DtlsEvent::Closed)),
                // Data channels are not offered; whatever is sent over DTLS itself has no reader.
                _ => {}
            }
        }
        None
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

/// DTLS records of one datagram (RFC 6347 section 4.1).
struct Records<'a>(&'a [u8]);

const RECORD_HEADER: usize = 13;

impl Records<'_> {
    /// Bytes in records of epoch 0, or `None` when the datagram is not a whole number of DTLS 1.x records.
    fn unencrypted_len(&self) -> Option<usize> {
        let mut unencrypted = 0;
        let mut rest = self.0;
        while !rest.is_empty() {
            let [kind, major, _, e0, e1, _, _, _, _, _, _, l0, l1] = *rest.first_chunk::<RECORD_HEADER>()?;
            let len = RECORD_HEADER + usize::from(u16::from_be_bytes([l0, l1]));
            if !(20..=24).contains(&kind) || major != 0xfe {
                return None;
            }
            rest = rest.get(len..)?;
            if [e0, e1] == [0, 0] {
                unencrypted += len;
            }
        }
        Some(unencrypted)
    }
}

#[cfg(test)]
#[path = "dtls_tests.rs"]
mod tests;
