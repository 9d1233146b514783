//! A peer without a socket: it offers, proves its address, shakes hands, seals what it publishes, and reports what it received.
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rtc_dtls::config::{ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::crypto_provider::RTCCryptoProvider as _;
use rtc_dtls::crypto_provider::providers::AwsLcRsProvider;
use rtc_dtls::endpoint::{Endpoint, EndpointEvent};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_rtcp::transport_feedbacks::transport_layer_cc::{
    PacketStatusChunk, RecvDelta, RunLengthChunk, StatusChunkTypeTcc, SymbolTypeTcc, TransportLayerCc,
};
use rtc_shared::TransportProtocol;
use rtc_shared::marshal::Marshal as _;
use rtc_srtp::context::Context;
use rtc_srtp::protection_profile::ProtectionProfile;
use rtc_stun::attributes::AttrType;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, Message, Setter as _, TransactionId};

/// The engine, as DTLS knows it: any address will do.
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7_000);

const USERNAME: AttrType = AttrType(0x0006);
const PRIORITY: AttrType = AttrType(0x0024);
const USE_CANDIDATE: AttrType = AttrType(0x0025);
const ICE_CONTROLLING: AttrType = AttrType(0x802A);

pub(crate) const AUDIO: u8 = 111;
pub(crate) const VIDEO: u8 = 96;
pub(crate) const TRANSPORT_CC: u8 = 3;
pub(crate) const CAMERA_SSRC: u32 = 0x00CA_0000;
pub(crate) const VOICE_SSRC: u32 = 0x00A0_0000;

/// One certificate for all: only the bridge's part is measured.
pub(crate) struct Identity {
    certificate: Certificate,
    fingerprint: String,
    provider: AwsLcRsProvider,
}

impl Identity {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let provider = AwsLcRsProvider::new();
        let certificate = Certificate::generate_self_signed(["bench".to_owned()], provider.crypto())?;
        let der = certificate.certificate.first().expect("it was just made");
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, der.as_ref());
        let fingerprint = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":");
        Ok(Self { certificate, fingerprint, provider })
    }

    fn handshake(&self) -> anyhow::Result<Arc<HandshakeConfig>> {
        let config = ConfigBuilder::default()
            .with_crypto_provider(Arc::new(AwsLcRsProvider::new()))
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(vec![SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm])
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .with_insecure_skip_verify(true)
            .build(true, None)?;
        Ok(Arc::new(config))
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Publisher,
    Viewer,
}

pub(crate) struct Client {
    dtls: Endpoint,
    keys: Option<Context>,
    feedback_count: u8,
}

impl Client {
    pub(crate) fn new() -> Self {
        Self { dtls: Endpoint::new(SERVER, TransportProtocol::UDP, None), keys: None, feedback_count: 0 }
    }

    /// Sound and picture, one way.
    pub(crate) fn offer(identity: &Identity, part: Part) -> String {
        let (direction, audio_ssrc, video_ssrc) = match part {
            Part::Publisher => {
                ("sendonly", format!("a=ssrc:{VOICE_SSRC} cname:x\r\n"), format!("a=ssrc:{CAMERA_SSRC} cname:x\r\n"))
            }
            Part::Viewer => ("recvonly", String::new(), String::new()),
        };
        let line = |mid: u8, formats: &str, rest: &str| {
            format!(
                "m={formats}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na={direction}\r\na=rtcp-mux\r\na=ice-ufrag:them\r\n\
                 a=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:sha-256 {}\r\na=setup:actpass\r\n\
                 a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
                 a=extmap:{TRANSPORT_CC} http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n{rest}",
                identity.fingerprint
            )
        };
        let audio = format!(
            "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=rtpmap:{AUDIO} opus/48000/2\r\n\
             a=rtcp-fb:{AUDIO} transport-cc\r\n{audio_ssrc}"
        );
        let video = format!(
            "a=rtpmap:{VIDEO} VP8/90000\r\na=rtcp-fb:{VIDEO} transport-cc\r\na=rtcp-fb:{VIDEO} nack\r\n\
             a=rtcp-fb:{VIDEO} nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt={VIDEO}\r\n{video_ssrc}"
        );
        format!(
            "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n{}{}",
            line(0, &format!("audio 9 UDP/TLS/RTP/SAVPF {AUDIO}"), &audio),
            line(1, &format!("video 9 UDP/TLS/RTP/SAVPF {VIDEO} 97"), &video)
        )
    }

    /// The check that opens the address for everything else.
    pub(crate) fn check(identity: &Identity, answer: &str) -> anyhow::Result<Vec<u8>> {
        let value = |key: &str| answer.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        let mut message = Message::new();
        message.build(&[Box::new(BINDING_REQUEST), Box::new(TransactionId([9; 12]))])?;
        message.add(USERNAME, format!("{}:them", value("a=ice-ufrag:")).as_bytes());
        message.add(ICE_CONTROLLING, &[1; 8]);
        message.add(PRIORITY, &[0x6E, 0, 1, 0xFF]);
        message.add(USE_CANDIDATE, &[]);
        let password = value("a=ice-pwd:").to_owned();
        MessageIntegrity::new_short_term_integrity_with_provider(password, identity.provider.crypto())
            .add_to(&mut message)?;
        FINGERPRINT.add_to(&mut message)?;
        Ok(message.raw)
    }

    pub(crate) fn shake_hands(&mut self, identity: &Identity) -> anyhow::Result<Vec<Vec<u8>>> {
        self.dtls.connect(Instant::now(), SERVER, identity.handshake()?, None)?;
        Ok(self.transmits())
    }

    fn transmits(&mut self) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| self.dtls.poll_transmit()).map(|transmit| transmit.message.to_vec()).collect()
    }

    /// What the client answers to a datagram of the handshake.
    pub(crate) fn receive(&mut self, identity: &Identity, datagram: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
        if !datagram.first().is_some_and(|first| (20..64).contains(first)) {
            return Ok(Vec::new());
        }
        for event in self.dtls.read(Instant::now(), SERVER, None, datagram.into())? {
            if matches!(event, EndpointEvent::HandshakeComplete) {
                let state = self.dtls.get_connection_state(SERVER).expect("it has just been completed");
                let exported = state.export_keying_material("EXTRACTOR-dtls_srtp", &[], 56)?;
                let (key, salt) = (&exported.as_ref()[..16], &exported.as_ref()[32..44]);
                let profile = ProtectionProfile::AeadAes128Gcm;
                self.keys = Some(Context::new(key, salt, profile, None, None, identity.provider.crypto())?);
            }
        }
        Ok(self.transmits())
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.keys.is_some()
    }

    pub(crate) fn seal(&mut self, packet: &[u8]) -> anyhow::Result<Vec<u8>> {
        let keys = self.keys.as_mut().expect("the handshake is over");
        Ok(keys.encrypt_rtp(packet)?.to_vec())
    }

    /// Transport-wide feedback: `count` packets from `first` on have all come, one every `apart_us` microseconds.
    pub(crate) fn feedback(&mut self, first: u16, count: u16, at_64ms: u32, apart_us: i64) -> anyhow::Result<Vec<u8>> {
        let run = RunLengthChunk {
            type_tcc: StatusChunkTypeTcc::RunLengthChunk,
            packet_status_symbol: SymbolTypeTcc::PacketReceivedSmallDelta,
            run_length: count,
        };
        let delta = RecvDelta { type_tcc_packet: SymbolTypeTcc::PacketReceivedSmallDelta, delta: apart_us };
        let report = TransportLayerCc {
            sender_ssrc: 1,
            media_ssrc: 1,
            base_sequence_number: first,
            packet_status_count: count,
            reference_time: at_64ms,
            fb_pkt_count: self.feedback_count,
            packet_chunks: vec![PacketStatusChunk::RunLengthChunk(run)],
            recv_deltas: vec![delta; usize::from(count)],
        };
        self.feedback_count = self.feedback_count.wrapping_add(1);
        let keys = self.keys.as_mut().expect("the handshake is over");
        Ok(keys.encrypt_rtcp(&report.marshal()?)?.to_vec())
    }
}
