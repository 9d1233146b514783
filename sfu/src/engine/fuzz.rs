//! A meeting of two whose datagrams, orders and hours a fuzzer makes up. Keys are agreed on beforehand: what lies behind the SRTP
//! tag is reached by every run, and the handshake has a target of its own.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "it plays the clock and the other side, and is in no binary that serves"
)]

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rtc_stun::attributes::AttrType;
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, Message, Setter, TransactionId};

use super::{Engine, EngineConfig};
use crate::command::{Command, Purpose, Reply, Right, Rights, SlotSize, View};
use crate::fuzz::{Script, certificate};
use crate::id::{PeerId, RoomId, Source, TrackRef};
use crate::transport::certificate::provider;
use crate::transport::dtls::DtlsEvent;
use crate::transport::srtp::{Parts, Profile, Srtp, rtp_header_len};
use crate::transport::{Candidate, Path};

const ROOM: RoomId = RoomId(1);

/// Orders and datagrams of one run. What goes wrong goes wrong earlier, and a run has to end.
const STEPS_MAX: usize = 400;

/// One peer of the meeting, from his own side.
struct Guest {
    id: PeerId,
    port: u16,
    ufrag: String,
    pwd: String,
    /// SSRCs of his slots, as our answer names them.
    slots: Vec<u32>,
    srtp: Srtp,
    /// The newest sequence number of each of his streams; those that share an SSRC share the first one's.
    seqs: [u16; STREAMS.len()],
}

/// Payload type, SSRC, mid, and (extension id, rid) where a rid names the layer.
type Published = (u8, u32, &'static str, Option<(u8, &'static str)>);

/// Everything a guest of these tests publishes.
const STREAMS: [Published; 16] = [
    (111, 1001, "0", None),
    (96, 3001, "1", Some((10, "q"))),
    (96, 3002, "1", Some((10, "h"))),
    (96, 3003, "1", Some((10, "f"))),
    (97, 3011, "1", Some((11, "q"))),
    (97, 3013, "1", Some((11, "f"))),
    (96, 2001, "2", None),
    (97, 2002, "2", None),
    (96, 4001, "9", None),
    (63, 1001, "0", None),
    // The same pictures as VP9, AV1 and H.264.
    (98, 3001, "1", Some((10, "q"))),
    (100, 3001, "1", Some((10, "q"))),
    (102, 3001, "1", Some((10, "q"))),
    (98, 2001, "2", None),
    (100, 2001, "2", None),
    (102, 2001, "2", None),
];

const AV1: u8 = 100;
const DEPENDENCY_DESCRIPTOR: u8 = 12;

struct Meeting {
    engine: Engine,
    now: Instant,
    guests: [Guest; 2],
    /// Addresses that somebody has proven with a signed check.
    proven: HashSet<SocketAddr>,
}

fn path(port: u16) -> Path {
    Path::udp((Ipv4Addr::LOCALHOST, port).into(), None)
}

fn offer() -> String {
    let transport = format!(
        "c=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=ice-ufrag:them\r\na=ice-pwd:0123456789abcdefghijkl\r\na=fingerprint:{}\r\n\
         a=setup:actpass\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
         a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
         a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
         a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n\
         a=extmap:12 https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension\r\n",
        certificate().fingerprint()
    );
    let sound = "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
                 a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";
    let mut picture = "m=video 9 UDP/TLS/RTP/SAVPF 96 97 98 99 100 101 102 103\r\n".to_owned();
    for (payload_type, codec) in [(96, "VP8"), (98, "VP9"), (100, "AV1"), (102, "H264")] {
        let repair = payload_type + 1;
        picture += &format!(
            "a=rtpmap:{payload_type} {codec}/90000\r\na=rtcp-fb:{payload_type} transport-cc\r\n\
             a=rtcp-fb:{payload_type} ccm fir\r\na=rtcp-fb:{payload_type} nack\r\na=rtcp-fb:{payload_type} nack pli\r\n\
             a=rtpmap:{repair} rtx/90000\r\na=fmtp:{repair} apt={payload_type}\r\n"
        );
    }
    picture += "a=fmtp:102 packetization-mode=1;profile-level-id=42001f\r\n";
    let picture = picture.as_str();
    let lines = [
        (sound, "sendonly\r\na=ssrc:1001 cname:x"),
        (picture, "sendonly\r\na=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f"),
        (picture, "sendonly\r\na=ssrc-group:FID 2001 2002\r\na=ssrc:2001 cname:x\r\na=ssrc:2002 cname:x"),
        (sound, "recvonly"),
        (sound, "recvonly"),
        (picture, "recvonly"),
        (picture, "recvonly"),
        (picture, "recvonly"),
    ];
    let mut sdp = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1 2 3 4 5 6 7\r\n\
                   a=extmap-allow-mixed\r\n"
        .to_owned();
    for (mid, (line, way)) in lines.into_iter().enumerate() {
        sdp += &format!("{line}{transport}a=mid:{mid}\r\na={way}\r\n");
    }
    sdp
}

/// Of an AV1 packet: so many bytes as its first one tells are the descriptor.
fn descriptor_of(payload_type: u8, payload: &[u8]) -> (&[u8], &[u8]) {
    match payload.split_first() {
        Some((&len, rest)) if payload_type == AV1 => rest.split_at(usize::from(len).min(rest.len())),
        Some(_) | None => (&[], payload),
    }
}

/// The exported block has the client's key and salt first in either pair; seen from the other side they change places.
fn exported(side: u8) -> [u8; 56] {
    let [ours, theirs] = if side == 0 { [7, 9] } else { [9, 7] };
    let mut block = [ours; 56];
    block[16..32].fill(theirs);
    block[44..].fill(theirs);
    block
}

impl Guest {
    fn new(id: PeerId, answer: &str) -> Self {
        let value = |key: &str| answer.lines().find_map(|line| line.strip_prefix(key)).expect(key).to_owned();
        let ssrcs = answer.lines().filter_map(|line| line.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok());
        Self {
            id,
            port: 5000 + u16::try_from(id.0).expect("two guests"),
            ufrag: value("a=ice-ufrag:"),
            pwd: value("a=ice-pwd:"),
            slots: ssrcs.collect(),
            srtp: Srtp::new(Profile::Gcm, &exported(1)).expect("this is how long the keys are"),
            seqs: [0; STREAMS.len()],
        }
    }

    fn check(&self) -> Vec<u8> {
        let mut message = Message::new();
        let asked = message.build(&[Box::new(BINDING_REQUEST), Box::new(TransactionId([9; 12]))]);
        asked.expect("a request can be built");
        message.add(AttrType(0x0006), format!("{}:them", self.ufrag).as_bytes());
        message.add(AttrType(0x802a), &[1; 8]);
        message.add(AttrType(0x0024), &[0x6e, 0, 1, 0xff]);
        message.add(AttrType(0x0025), &[]);
        let (pwd, provider) = (self.pwd.clone(), provider());
        let integrity = MessageIntegrity::new_short_term_integrity_with_provider(pwd, provider.crypto());
        integrity.add_to(&mut message).expect("the message has room");
        FINGERPRINT.add_to(&mut message).expect("the message has room");
        message.raw
    }

    /// As he would send it; a number that he has used already, or what is no RTP, goes out as it is.
    fn sealed_rtp(&mut self, plain: &[u8]) -> Vec<u8> {
        let Some((header, payload)) = rtp_header_len(plain).and_then(|len| plain.split_at_checked(len)) else {
            return plain.to_vec();
        };
        let parts = Parts { header, prefix: &[], payload };
        let mut out = vec![0; self.srtp.tx().rtp_len(parts)];
        if self.srtp.tx().rtp(parts, &mut out).is_ok() { out } else { plain.to_vec() }
    }

    fn sealed_rtcp(&mut self, plain: &[u8]) -> Vec<u8> {
        let mut out = vec![0; self.srtp.tx().rtcp_len(plain)];
        if self.srtp.tx().rtcp(plain, &mut out).is_ok() { out } else { plain.to_vec() }
    }

    /// A packet of one of his streams whose header is in order, `skipped` numbers behind the last.
    fn packet(&mut self, stream: usize, skipped: u8, payload: &[u8]) -> Vec<u8> {
        let (payload_type, ssrc, mid, rid) = STREAMS[stream];
        let counter = STREAMS.iter().position(|(_, known, ..)| *known == ssrc).unwrap_or(stream);
        let seq = self.seqs[counter].wrapping_add(1 + u16::from(skipped >> 3));
        self.seqs[counter] = seq;
        let marker = skipped & 1 << 7;
        let (descriptor, payload) = descriptor_of(payload_type, payload);
        let is_long = !descriptor.is_empty();
        let mut extensions = Vec::new();
        let mut extend = |id: u8, value: &[u8]| {
            let len = u8::try_from(value.len()).expect("a short value");
            // One byte or two in front of the value (RFC 8285).
            if is_long {
                extensions.extend([id, len]);
            } else {
                extensions.push(id << 4 | (len - 1));
            }
            extensions.extend(value);
        };
        extend(1, &[skipped & 0x7f]);
        extend(3, &seq.to_be_bytes());
        extend(4, mid.as_bytes());
        rid.into_iter().for_each(|(id, rid)| extend(id, rid.as_bytes()));
        if is_long {
            extend(DEPENDENCY_DESCRIPTOR, descriptor);
        }
        extensions.resize(extensions.len().next_multiple_of(4), 0);
        let mut packet = vec![0x90, marker | payload_type];
        packet.extend(seq.to_be_bytes());
        packet.extend((u32::from(seq) * 960).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(if is_long { [0x10, 0] } else { [0xbe, 0xde] });
        packet.extend(u16::try_from(extensions.len() / 4).expect("a short block").to_be_bytes());
        packet.extend(extensions);
        packet.extend(payload);
        packet
    }

    /// A feedback packet about one of his slots, or with `kind` a sender report about one of his streams.
    fn feedback(&self, kind: u8, format: u8, slot: u8, body: &[u8]) -> Vec<u8> {
        let media = self.slots.get(usize::from(slot) % self.slots.len().max(1)).copied().unwrap_or(0);
        let mut body = body.to_vec();
        body.resize(body.len().next_multiple_of(4).min(1000), 0);
        let words = u16::try_from(body.len() / 4 + 2).expect("a short body");
        let mut packet = vec![0x80 | (format & 0x1f), 200 + kind % 8];
        packet.extend(words.to_be_bytes());
        packet.extend(STREAMS[usize::from(slot) % STREAMS.len()].1.to_be_bytes());
        packet.extend(media.to_be_bytes());
        packet.extend(body);
        packet
    }
}

impl Meeting {
    fn open() -> Self {
        let config = EngineConfig {
            candidates: vec![Candidate::udp((Ipv4Addr::LOCALHOST, 7000).into())],
            certificate: certificate().clone(),
            seed: [5; 32],
        };
        let (mut engine, now) = (Engine::new(config).expect("the certificate is usable"), Instant::now());
        engine.handle_command(now, Command::OpenRoom { room: ROOM }).expect("no room is open yet");
        let guests = [PeerId(1), PeerId(2)].map(|peer| {
            let (purpose, rights, offer) = (Purpose::Conversation, Rights::ALL, offer());
            let joined = engine.handle_command(now, Command::Join { room: ROOM, peer, purpose, rights, offer });
            let Ok(Reply::Answer(answer)) = joined else { panic!("no answer: {joined:?}") };
            Guest::new(peer, &answer)
        });
        let mut meeting = Self { engine, now, guests, proven: HashSet::new() };
        for guest in 0..meeting.guests.len() {
            meeting.check(guest, None);
            let id = meeting.guests[guest].id;
            let keys = Srtp::new(Profile::Gcm, &exported(0)).expect("this is how long the keys are");
            meeting.engine.dtls_event(now, id, DtlsEvent::Established(Box::new(keys)));
        }
        meeting.settle();
        meeting
    }

    fn check(&mut self, guest: usize, from: Option<u16>) {
        let port = from.unwrap_or(self.guests[guest].port);
        let check = self.guests[guest].check();
        self.proven.insert(path(port).remote);
        self.deliver(port, &check);
    }

    fn deliver(&mut self, from: u16, datagram: &[u8]) {
        self.engine.handle_datagram(self.now, path(from), datagram);
    }

    fn order(&mut self, command: Command) {
        // That a peer or a room is gone by now is one of the things that happen.
        let _ = self.engine.handle_command(self.now, command);
    }

    /// Time passes, and timers fire when they are due.
    fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.engine.poll_timeout().filter(|&at| at <= end) {
            self.now = at.max(self.now);
            self.engine.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    /// Whatever comes out goes to an address that somebody has proven.
    fn settle(&mut self) {
        while let Some(transmit) = self.engine.poll_transmit() {
            assert!(self.proven.contains(&transmit.path.remote), "{} never proved itself", transmit.path.remote);
            assert!(transmit.bytes.len() <= crate::transport::DATAGRAM_MAX);
        }
        while self.engine.poll_fact().is_some() || self.engine.poll_tap().is_some() {}
    }

    fn command(&mut self, peer: PeerId, which: u8, value: u8) {
        let sources = [Source::Microphone, Source::Camera, Source::Screen];
        let track = TrackRef { peer: PeerId(1 + u64::from(value & 1)), source: sources[usize::from(value >> 1) % 3] };
        self.order(match which % 8 {
            0 => {
                let right = |bit: u8| if value & bit == 0 { Right::Held } else { Right::Forwarded };
                let rights = Rights::NONE.with(Source::Microphone, right(1)).with(Source::Camera, right(2));
                Command::SetRights { peer, rights: rights.with(Source::Screen, right(4)) }
            }
            1 => {
                let slot_sizes = vec![SlotSize { height: u16::from(value) * 8 }; usize::from(value % 4)];
                Command::SetView { peer, view: View { pinned: vec![track], own: vec![peer], slot_sizes } }
            }
            2 => Command::SetStage { room: ROOM, stage: vec![track] },
            3 => Command::StartTap { room: ROOM },
            4 => Command::StopTap { room: ROOM },
            5 => Command::RefreshTap { room: ROOM },
            6 => Command::Restart { peer, offer: offer() },
            _ if value == 0 => Command::Leave { peer },
            _ => Command::SetView { peer, view: View::default() },
        });
    }

    /// `None`: the script is at its end.
    fn step(&mut self, script: &mut Script<'_>) -> Option<()> {
        let step = script.byte()?;
        let guest = usize::from(step >> 7);
        let (id, port) = (self.guests[guest].id, self.guests[guest].port);
        match step % 12 {
            0 => self.deliver(port, script.blob()?),
            1 => self.deliver(6000 + u16::from(step >> 4), script.blob()?),
            2 => {
                let sealed = self.guests[guest].sealed_rtp(script.blob()?);
                self.deliver(port, &sealed);
            }
            3 => {
                let sealed = self.guests[guest].sealed_rtcp(script.blob()?);
                self.deliver(port, &sealed);
            }
            4 | 5 => {
                let (stream, skipped) = (usize::from(script.byte()?) % STREAMS.len(), script.byte()?);
                let packet = self.guests[guest].packet(stream, skipped, script.blob()?);
                let sealed = self.guests[guest].sealed_rtp(&packet);
                self.deliver(port, &sealed);
            }
            6 | 7 => {
                let (kind, format, slot) = (script.byte()?, script.byte()?, script.byte()?);
                let packet = self.guests[guest].feedback(kind, format, slot, script.blob()?);
                let sealed = self.guests[guest].sealed_rtcp(&packet);
                self.deliver(port, &sealed);
            }
            8 => self.pass(Duration::from_millis(u64::from(script.byte()?) * 8)),
            9 => {
                let (which, value) = (script.byte()?, script.byte()?);
                self.command(id, which, value);
            }
            10 => self.check(guest, Some(6000 + u16::from(script.byte()? % 12))),
            _ => {
                let fragment = String::from_utf8_lossy(script.blob()?).into_owned();
                self.order(Command::Trickle { peer: id, fragment });
            }
        }
        Some(())
    }
}

/// What must hold whatever the script says: no panic, and not a byte to an address that nobody has proven.
pub fn engine(bytes: &[u8]) {
    let (mut meeting, mut script) = (Meeting::open(), Script(bytes));
    for _ in 0..STEPS_MAX {
        if meeting.step(&mut script).is_none() {
            break;
        }
        meeting.settle();
    }
    // Whatever was left behind is worked off by the clock.
    meeting.pass(Duration::from_secs(3));
}
