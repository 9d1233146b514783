//! A `webrtc` client: publishes Opus and VP8, or receives them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rtc::ice::network_type::NetworkType;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{RTCDtlsTransportState, RTCIceCandidateInit};
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtp::extension::HeaderExtension;
use rtp::extension::audio_level_extension::AudioLevelExtension;
use tokio::sync::{mpsc, watch};
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
};
use webrtc::runtime::default_runtime;

use crate::PATIENCE;

const SOUND: &[u8] = b"an opus packet";
const PICTURE: &[u8] = b"the rest of a VP8 frame";
const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const MICROPHONE: u32 = 1001;
const CAMERA: u32 = 2001;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Publisher,
    Viewer,
}

/// Which SRTP profiles the client knows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    Gcm,
    Cm,
}

/// What its line lets through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Line {
    Udp,
    Tcp,
}

pub(crate) async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} did not come in time"))
}

#[derive(Clone)]
struct Handler {
    gathered: mpsc::Sender<()>,
    state: watch::Sender<RTCPeerConnectionState>,
    packets: mpsc::Sender<(RtpCodecKind, Bytes)>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            // A second completion changes nothing.
            let _full = self.gathered.try_send(());
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let packets = self.packets.clone();
        tokio::spawn(async move {
            let kind = track.kind().await;
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    // A test that has seen enough does not read the rest.
                    let _full = packets.try_send((kind, packet.payload));
                }
            }
        });
    }
}

pub(crate) struct Client {
    line: Line,
    connection: Box<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
    packets: mpsc::Receiver<(RtpCodecKind, Bytes)>,
    microphone: Arc<TrackLocalStaticRTP>,
    camera: Arc<TrackLocalStaticRTP>,
}

impl Client {
    /// With its complete offer.
    pub(crate) async fn offering(role: Role, keys: Keys) -> (Self, String) {
        Self::offering_by(Line::Udp, role, keys).await
    }

    pub(crate) async fn offering_by(line: Line, role: Role, keys: Keys) -> (Self, String) {
        let (gathered_tx, mut gathered) = mpsc::channel(1);
        let (state_tx, state) = watch::channel(RTCPeerConnectionState::New);
        let (packets_tx, packets) = mpsc::channel(1024);
        let handler = Handler { gathered: gathered_tx, state: state_tx, packets: packets_tx };
        let connection = connection(handler, line, keys).await;
        let client = Self {
            line,
            connection,
            state,
            packets,
            microphone: track(RtpCodecKind::Audio, MICROPHONE),
            camera: track(RtpCodecKind::Video, CAMERA),
        };
        client.add_lines(role).await;
        let offer = client.connection.create_offer(None).await.unwrap();
        client.connection.set_local_description(offer).await.unwrap();
        within("the client's candidates", gathered.recv()).await;
        let offer = client.connection.local_description().await.unwrap().sdp;
        (client, offer)
    }

    async fn add_lines(&self, role: Role) {
        let init = |direction| Some(RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] });
        match role {
            Role::Publisher => {
                for track in [&self.microphone, &self.camera] {
                    let track = Arc::clone(track) as Arc<dyn TrackLocal>;
                    let sending = init(RTCRtpTransceiverDirection::Sendonly);
                    self.connection.add_transceiver_from_track(track, sending).await.unwrap();
                }
            }
            Role::Viewer => {
                for kind in [RtpCodecKind::Audio, RtpCodecKind::Video] {
                    let receiving = init(RTCRtpTransceiverDirection::Recvonly);
                    self.connection.add_transceiver_from_kind(kind, receiving).await.unwrap();
                }
            }
        }
    }

    pub(crate) async fn accept(&self, answer: String) {
        // This client calls a passive candidate only when it is told of it alone.
        let is_told = |line: &&str| !line.starts_with("a=candidate:");
        let (text, alone) = match self.line {
            Line::Udp => (answer, Vec::new()),
            Line::Tcp => {
                let alone = answer.lines().filter(|line| line.contains("tcptype passive"));
                let candidates = alone.filter_map(|line| line.strip_prefix("a=")).map(str::to_owned).collect();
                (answer.lines().filter(is_told).map(|line| format!("{line}\r\n")).collect(), candidates)
            }
        };
        let answer = RTCSessionDescription::answer(text).unwrap();
        self.connection.set_remote_description(answer).await.unwrap();
        for candidate in alone {
            let init = RTCIceCandidateInit { candidate, sdp_mid: Some("0".to_owned()), ..Default::default() };
            self.connection.add_ice_candidate(init).await.unwrap();
        }
    }

    pub(crate) async fn connected(&self) {
        self.in_state("the connection", |state| state == RTCPeerConnectionState::Connected).await;
    }

    /// The bridge said goodbye to a publisher: the client's DTLS is closed, long before its ICE would notice.
    pub(crate) async fn ended(&self) {
        let senders = self.connection.get_senders().await;
        let transport = senders.first().expect("a publisher").transport().await.unwrap().expect("a transport");
        within("the goodbye", async {
            let mut ticks = tokio::time::interval(Duration::from_millis(10));
            while transport.state().await.unwrap() != RTCDtlsTransportState::Closed {
                ticks.tick().await;
            }
        })
        .await;
    }

    async fn in_state(&self, what: &str, wanted: impl Fn(RTCPeerConnectionState) -> bool) {
        let mut state = self.state.clone();
        within(what, state.wait_for(|&state| wanted(state))).await.unwrap();
    }

    pub(crate) async fn close(&self) {
        self.connection.close().await.unwrap();
    }

    /// Sends sound and pictures until the handle is dropped.
    #[must_use]
    pub(crate) fn publish(&self) -> Publishing {
        let (microphone, camera) = (Arc::clone(&self.microphone), Arc::clone(&self.camera));
        Publishing(tokio::spawn(async move {
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            for tick in 1u16.. {
                ticks.tick().await;
                let level = HeaderExtension::AudioLevel(AudioLevelExtension { level: 20, voice: true });
                let sound = packet(111, MICROPHONE, tick, u32::from(tick) * 960, Bytes::from_static(SOUND));
                let picture = packet(96, CAMERA, tick, u32::from(tick) * 1800, frame(tick));
                let sent = [
                    microphone.write_rtp_with_extensions(sound, &[level]).await.is_ok(),
                    camera.write_rtp(picture).await.is_ok(),
                ];
                if sent != [true; 2] {
                    return;
                }
            }
        }))
    }

    pub(crate) async fn hears_and_sees(&mut self) {
        let (mut heard, mut seen) = (0, 0);
        within("sound and picture", async {
            while heard < 10 || seen < 10 {
                let (kind, payload) = self.packets.recv().await.expect("the client runs");
                match kind {
                    RtpCodecKind::Audio if payload == SOUND => heard += 1,
                    RtpCodecKind::Video if payload.ends_with(PICTURE) => seen += 1,
                    // Padding that the client's receiver lets through.
                    _ if payload.is_empty() => {}
                    _ => panic!("something else arrived: {kind:?} {payload:?}"),
                }
            }
        })
        .await;
    }
}

/// Ends the publishing when dropped.
pub(crate) struct Publishing(tokio::task::JoinHandle<()>);

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn connection(handler: Handler, line: Line, keys: Keys) -> Box<dyn PeerConnection> {
    let mut engine = MediaEngine::default();
    engine.register_default_codecs().unwrap();
    let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.to_owned() };
    engine.register_header_extension(level, RtpCodecKind::Audio, None).unwrap();
    let registry = register_default_interceptors(Registry::new(), &mut engine).unwrap();
    let profiles = match keys {
        Keys::Gcm => {
            vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80, SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm]
        }
        Keys::Cm => vec![SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80],
    };
    let (udp, tcp, networks) = match line {
        Line::Udp => (vec!["127.0.0.1:0"], vec![], vec![NetworkType::Udp4]),
        Line::Tcp => (vec![], vec!["127.0.0.1:0"], vec![NetworkType::Tcp4]),
    };
    let settings =
        SettingEngineBuilder::new().with_srtp_protection_profiles(profiles).with_network_types(networks).build();
    let connection = PeerConnectionBuilder::new()
        .with_media_engine(engine)
        .with_interceptor_registry(registry)
        .with_setting_engine(settings)
        .with_handler(Arc::new(handler))
        .with_runtime(default_runtime().unwrap())
        .with_udp_addrs(udp)
        .with_tcp_addrs(tcp)
        .build()
        .await
        .unwrap();
    Box::new(connection)
}

fn track(kind: RtpCodecKind, ssrc: u32) -> Arc<TrackLocalStaticRTP> {
    let (mime, clock_rate, channels) = match kind {
        RtpCodecKind::Audio => (MIME_TYPE_OPUS, 48_000, 2),
        _ => (MIME_TYPE_VP8, 90_000, 0),
    };
    let codec = RTCRtpCodec {
        mime_type: mime.to_owned(),
        clock_rate,
        channels,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: vec![],
    };
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec,
        ..Default::default()
    };
    let name = format!("{kind}-{ssrc}");
    let track = MediaStreamTrack::new("site".to_owned(), name.clone(), name, kind, vec![encoding]);
    Arc::new(TrackLocalStaticRTP::new(track))
}

fn packet(payload_type: u8, ssrc: u32, seq: u16, timestamp: u32, payload: Bytes) -> rtp::Packet {
    let header = rtp::Header {
        version: 2,
        marker: true,
        payload_type,
        sequence_number: seq,
        timestamp,
        ssrc,
        ..Default::default()
    };
    rtp::Packet { header, payload }
}

/// One VP8 frame in one packet: descriptor (RFC 7741) with a 15-bit picture id; every 25th is a key frame of 640 by 360.
fn frame(tick: u16) -> Bytes {
    let picture_id = (0x8000 | tick).to_be_bytes();
    let mut payload = vec![0x90, 0x80, picture_id[0], picture_id[1]];
    if tick % 25 == 1 {
        payload.extend([0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x01]);
    } else {
        payload.extend([0x11, 0x02, 0x00]);
    }
    payload.extend(PICTURE);
    payload.into()
}
