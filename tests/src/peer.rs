//! A media client that we did not write: the `webrtc` crate. It publishes a tone and synthetic pictures, and counts what it receives.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use anyhow::Context;
use rtc::ice::mdns::MulticastDnsMode;
use rtc::ice::network_type::NetworkType;
use rtc::interceptor::Registry;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::interceptor_registry::register_default_interceptors;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_VP8, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::{SettingEngine, SettingEngineBuilder};
use rtc::peer_connection::configuration::{RTCConfigurationBuilder, RTCOfferOptions};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::RTCIceCandidateInit;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodingParameters, RTCRtpEncodingParameters, RTCRtpHeaderExtensionCapability, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use rtp::extension::HeaderExtension;
use rtp::extension::audio_level_extension::AudioLevelExtension;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
};
use webrtc::runtime::default_runtime;

use crate::eventually;
use crate::media::{Frame, OPUS_SAMPLES, Pictures, Tone, delay_us, stamped};
use crate::probe::{self, Heard, Probe, Voice};

const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const LOCALHOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const CONNECT_WITHIN: Duration = Duration::from_secs(20);
/// Ticks of 20 ms between two pictures: 25 a second.
const TICKS_PER_PICTURE: u64 = 2;
const TICKS_PER_KEY_FRAME: u64 = 50;

/// What arrived, by kind.
#[derive(Default)]
pub struct Received {
    pub audio_packets: AtomicU64,
    pub video_packets: AtomicU64,
    pub key_frames: AtomicU64,
    /// Sequence numbers of video that were skipped on a slot.
    pub video_gaps: AtomicU64,
    /// From the sender's `write` to our reading, of every video packet; microseconds.
    pub delays_us: Mutex<Vec<u64>>,
    /// Sound of [`Peer::speak`].
    pub heard: Mutex<Heard>,
}

/// Sender and receiver are in one process, so that one clock measures the way.
fn epoch() -> Instant {
    static EPOCH: OnceLock<Instant> = OnceLock::new();
    *EPOCH.get_or_init(Instant::now)
}

struct Handler {
    gathered: tokio::sync::mpsc::Sender<()>,
    state: Mutex<RTCPeerConnectionState>,
    received: Arc<Received>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Shared {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            // A second completion changes nothing.
            let _ = self.0.gathered.try_send(());
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        *self.0.state.lock().expect("nobody panics with it") = state;
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let received = Arc::clone(&self.0.received);
        tokio::spawn(async move { count(track, received).await });
    }
}

#[derive(Clone)]
struct Shared(Arc<Handler>);

async fn count(track: Arc<dyn TrackRemote>, received: Arc<Received>) {
    let kind = track.kind().await;
    let mut expected = None;
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        match kind {
            RtpCodecKind::Audio => {
                received.audio_packets.fetch_add(1, Ordering::Relaxed);
                if let Some(probe) = Probe::read(&packet.payload) {
                    received.heard.lock().expect("nobody panics with it").note(probe, probe::now());
                }
            }
            RtpCodecKind::Video if packet.payload.len() > 6 => {
                received.video_packets.fetch_add(1, Ordering::Relaxed);
                if let Some(delay) = delay_us(&packet.payload, epoch()) {
                    received.delays_us.lock().expect("nobody panics with it").push(delay);
                }
                let seq = packet.header.sequence_number;
                if expected.is_some_and(|expected| expected != seq) {
                    received.video_gaps.fetch_add(1, Ordering::Relaxed);
                }
                expected = Some(seq.wrapping_add(1));
                if packet.payload.windows(3).take(16).any(|bytes| bytes == [0x9d, 0x01, 0x2a]) {
                    received.key_frames.fetch_add(1, Ordering::Relaxed);
                }
            }
            _ => {}
        }
    }
}

/// What a client wants to do.
#[derive(Clone, Copy)]
pub struct Wanted {
    pub publish: bool,
    pub audio_slots: usize,
    pub video_slots: usize,
}

/// What the client's line lets through.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    Udp,
    Tcp,
}

pub struct Peer {
    line: Line,
    connection: Box<dyn PeerConnection>,
    shared: Shared,
    gathered: tokio::sync::mpsc::Receiver<()>,
    audio: Option<(Arc<TrackLocalStaticRTP>, u32)>,
    video: Option<(Arc<TrackLocalStaticRTP>, u32)>,
    pub received: Arc<Received>,
}

fn track(kind: RtpCodecKind, mime: &str, clock_rate: u32, channels: u16) -> (Arc<TrackLocalStaticRTP>, u32) {
    let ssrc = rand::random::<u32>();
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
        codec: RTCRtpCodec {
            mime_type: mime.to_owned(),
            clock_rate,
            channels,
            sdp_fmtp_line: String::new(),
            rtcp_feedback: vec![],
        },
        ..Default::default()
    };
    let name = format!("{kind}-{ssrc}");
    let track = MediaStreamTrack::new("site".to_owned(), name.clone(), name, kind, vec![encoding]);
    (Arc::new(TrackLocalStaticRTP::new(track)), ssrc)
}

fn one_way(direction: RTCRtpTransceiverDirection) -> RTCRtpTransceiverInit {
    RTCRtpTransceiverInit { direction, streams: vec![], send_encodings: vec![] }
}

/// A restart looks for the addresses that the machine has then, as a browser's does. Names of the local network are no concern of a client
/// whose bridge has addresses, and asking for them needs a network with multicast.
fn settings(line: Line) -> SettingEngine {
    let settings = match line {
        Line::Udp => SettingEngineBuilder::new(),
        Line::Tcp => SettingEngineBuilder::new().with_network_types(vec![NetworkType::Tcp4]),
    };
    settings
        .with_discard_local_candidates_during_ice_restart(true)
        .with_multicast_dns_mode(MulticastDnsMode::Disabled)
        .build()
}

impl Peer {
    /// A client and its complete offer, candidates inline.
    pub async fn offer(wanted: Wanted) -> anyhow::Result<(Self, String)> {
        Self::offer_from(wanted, &[LOCALHOST]).await
    }

    /// The same with sockets at these addresses of this machine; of those that it does not have now, a restart looks again.
    pub async fn offer_from(wanted: Wanted, addresses: &[IpAddr]) -> anyhow::Result<(Self, String)> {
        Self::offer_by(Line::Udp, wanted, addresses).await
    }

    /// The same over what the line lets through.
    pub async fn offer_by(line: Line, wanted: Wanted, addresses: &[IpAddr]) -> anyhow::Result<(Self, String)> {
        let mut peer = Self::build(line, addresses).await?;
        if wanted.publish {
            let microphone = track(RtpCodecKind::Audio, MIME_TYPE_OPUS, 48_000, 2);
            let camera = track(RtpCodecKind::Video, MIME_TYPE_VP8, 90_000, 0);
            for (track, _) in [&microphone, &camera] {
                let track = Arc::clone(track) as Arc<dyn TrackLocal>;
                peer.connection
                    .add_transceiver_from_track(track, Some(one_way(RTCRtpTransceiverDirection::Sendonly)))
                    .await?;
            }
            (peer.audio, peer.video) = (Some(microphone), Some(camera));
        }
        for (kind, slots) in [(RtpCodecKind::Audio, wanted.audio_slots), (RtpCodecKind::Video, wanted.video_slots)] {
            for _ in 0..slots {
                let init = one_way(RTCRtpTransceiverDirection::Recvonly);
                peer.connection.add_transceiver_from_kind(kind, Some(init)).await?;
            }
        }
        let offer = peer.connection.create_offer(None).await?;
        let offer = peer.complete(offer).await?;
        Ok((peer, offer))
    }

    /// An offer with new credentials and new sockets for the same media.
    pub async fn restart(&mut self) -> anyhow::Result<String> {
        let offer = self.connection.create_offer(Some(RTCOfferOptions { ice_restart: true })).await?;
        self.complete(offer).await
    }

    /// A client that receives what another offers, without any bridge between them, and its answer.
    pub async fn answer(offer: String) -> anyhow::Result<(Self, String)> {
        let mut peer = Self::build(Line::Udp, &[LOCALHOST]).await?;
        peer.connection.set_remote_description(RTCSessionDescription::offer(offer)?).await?;
        let answer = peer.connection.create_answer(None).await?;
        let answer = peer.complete(answer).await?;
        Ok((peer, answer))
    }

    async fn build(line: Line, addresses: &[IpAddr]) -> anyhow::Result<Self> {
        let mut engine = MediaEngine::default();
        engine.register_default_codecs()?;
        let level = RTCRtpHeaderExtensionCapability { uri: AUDIO_LEVEL.to_owned() };
        engine.register_header_extension(level, RtpCodecKind::Audio, None)?;
        let registry = register_default_interceptors(Registry::new(), &mut engine)?;
        let (gathered_tx, gathered) = tokio::sync::mpsc::channel(1);
        let received = Arc::new(Received::default());
        let shared = Shared(Arc::new(Handler {
            gathered: gathered_tx,
            state: Mutex::new(RTCPeerConnectionState::New),
            received: Arc::clone(&received),
        }));
        let any_port: Vec<(IpAddr, u16)> = addresses.iter().map(|address| (*address, 0)).collect();
        let sockets = |of: Line| if of == line { any_port.clone() } else { Vec::new() };
        let building = PeerConnectionBuilder::new()
            .with_configuration(RTCConfigurationBuilder::new().build())
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_setting_engine(settings(line))
            .with_handler(Arc::new(shared.clone()))
            .with_runtime(default_runtime().context("the tokio runtime is compiled in")?)
            .with_udp_addrs(sockets(Line::Udp))
            .with_tcp_addrs(sockets(Line::Tcp))
            .build();
        // Twenty kilobytes of state that would otherwise sit in every caller's future.
        let connection = Box::pin(building).await?;
        Ok(Self { line, connection: Box::new(connection), shared, gathered, audio: None, video: None, received })
    }

    /// Sets our side and tells it once its candidates are in it.
    async fn complete(&mut self, ours: RTCSessionDescription) -> anyhow::Result<String> {
        self.connection.set_local_description(ours).await?;
        tokio::time::timeout(CONNECT_WITHIN, self.gathered.recv()).await.context("candidates are gathered")?;
        Ok(self.connection.local_description().await.context("our side was set")?.sdp)
    }

    pub async fn accept(&self, answer: String) -> anyhow::Result<()> {
        self.answered(answer).await?;
        self.connected().await;
        Ok(())
    }

    /// The bridge's answer to an offer; does not wait for the connection.
    pub async fn answered(&self, answer: String) -> anyhow::Result<()> {
        match self.line {
            Line::Udp => Ok(self.connection.set_remote_description(RTCSessionDescription::answer(answer)?).await?),
            Line::Tcp => self.answered_by_tcp(&answer).await,
        }
    }

    /// This client calls a passive candidate only when it is told of it alone.
    async fn answered_by_tcp(&self, answer: &str) -> anyhow::Result<()> {
        let (candidates, others): (Vec<&str>, Vec<&str>) =
            answer.lines().partition(|line| line.starts_with("a=candidate:"));
        let others = others.into_iter().map(|line| format!("{line}\r\n")).collect::<String>();
        self.connection.set_remote_description(RTCSessionDescription::answer(others)?).await?;
        let by_tcp = candidates.iter().filter(|line| line.ends_with("tcptype passive"));
        for candidate in by_tcp.filter_map(|line| line.strip_prefix("a=")).map(str::to_owned) {
            let init = RTCIceCandidateInit { candidate, sdp_mid: Some("0".to_owned()), ..Default::default() };
            self.connection.add_ice_candidate(init).await?;
        }
        Ok(())
    }

    /// What was heard so far of those who [`Self::speak`].
    #[must_use]
    pub fn heard(&self) -> Heard {
        self.received.heard.lock().expect("nobody panics with it").clone()
    }

    pub async fn connected(&self) {
        let shared = self.shared.clone();
        eventually("media is connected", CONNECT_WITHIN, || {
            let state = *shared.0.state.lock().expect("nobody panics with it");
            async move { (state == RTCPeerConnectionState::Connected).then_some(()) }
        })
        .await;
    }

    #[must_use]
    pub fn is_connected(&self) -> bool {
        *self.shared.0.state.lock().expect("nobody panics with it") == RTCPeerConnectionState::Connected
    }

    /// The SSRC of the camera, for whoever forges its packets.
    #[must_use]
    pub fn camera_ssrc(&self) -> Option<u32> {
        self.video.as_ref().map(|(_, ssrc)| *ssrc)
    }

    /// Sends a tone and 25 pictures a second until the handle is dropped.
    #[must_use]
    pub fn publish(&self, hz: f32) -> Publishing {
        let audio = self.audio.clone().expect("the client negotiated a microphone");
        let video = self.video.clone().expect("the client negotiated a camera");
        Publishing(tokio::spawn(async move {
            let mut tone = Tone::new(hz);
            let mut pictures = Pictures::new(640, 360);
            let mut sender = Sender::default();
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            for tick in 0_u64.. {
                ticks.tick().await;
                if sender.sound(&audio, tone.packet(), tick).await.is_err() {
                    return;
                }
                if tick % TICKS_PER_PICTURE == 0 {
                    let frame = if tick % TICKS_PER_KEY_FRAME == 0 {
                        pictures.key_frame(6_000)
                    } else {
                        pictures.delta_frame(1_800)
                    };
                    if sender.picture(&video, frame, tick).await.is_err() {
                        return;
                    }
                }
            }
        }))
    }

    /// Sends sound that says who sent it and when, until the handle is dropped.
    #[must_use]
    pub fn speak(&self, voice: Voice) -> Speaking {
        let audio = self.audio.clone().expect("the client negotiated a microphone");
        let sent = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&sent);
        let task = tokio::spawn(async move {
            let mut sender = Sender::default();
            let mut ticks = tokio::time::interval(Duration::from_millis(20));
            for number in 0_u32.. {
                ticks.tick().await;
                let probe = Probe { voice, number, sent: probe::now() };
                noted.lock().expect("nobody panics with it").push(probe.sent);
                if sender.sound(&audio, probe.payload(), u64::from(number)).await.is_err() {
                    return;
                }
            }
        });
        Speaking { voice, sent, _task: Publishing(task) }
    }

    pub async fn close(&self) -> anyhow::Result<()> {
        Ok(self.connection.close().await?)
    }
}

/// Ends the publishing when dropped.
pub struct Publishing(tokio::task::JoinHandle<()>);

impl Drop for Publishing {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Ends the speech when dropped.
pub struct Speaking {
    pub voice: Voice,
    sent: Arc<Mutex<Vec<Duration>>>,
    _task: Publishing,
}

impl Speaking {
    /// When each sound was sent, by its number.
    #[must_use]
    pub fn sent(&self) -> Vec<Duration> {
        self.sent.lock().expect("nobody panics with it").clone()
    }
}

#[derive(Default)]
struct Sender {
    audio_seq: u16,
    video_seq: u16,
}

impl Sender {
    async fn sound(
        &mut self,
        to: &(Arc<TrackLocalStaticRTP>, u32),
        payload: bytes::Bytes,
        tick: u64,
    ) -> anyhow::Result<()> {
        self.audio_seq = self.audio_seq.wrapping_add(1);
        let header = rtp::Header {
            version: 2,
            payload_type: 111,
            sequence_number: self.audio_seq,
            timestamp: (tick as u32).wrapping_mul(OPUS_SAMPLES),
            ssrc: to.1,
            ..Default::default()
        };
        let level = HeaderExtension::AudioLevel(AudioLevelExtension { level: 20, voice: true });
        to.0.write_rtp_with_extensions(rtp::Packet { header, payload }, &[level]).await?;
        Ok(())
    }

    async fn picture(&mut self, to: &(Arc<TrackLocalStaticRTP>, u32), frame: Frame, tick: u64) -> anyhow::Result<()> {
        let last = frame.payloads.len() - 1;
        for (index, payload) in frame.payloads.into_iter().enumerate() {
            self.video_seq = self.video_seq.wrapping_add(1);
            let header = rtp::Header {
                version: 2,
                payload_type: 96,
                marker: index == last,
                sequence_number: self.video_seq,
                timestamp: (tick as u32).wrapping_mul(90_000 / 50),
                ssrc: to.1,
                ..Default::default()
            };
            let payload = stamped(&payload, epoch());
            to.0.write_rtp(rtp::Packet { header, payload }).await?;
        }
        Ok(())
    }
}
