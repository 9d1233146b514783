//! One function for every reader of bytes from outside: what a fuzzer calls with whatever it makes up, and what the corpus in
//! `tests/fuzz` is replayed through. Each returns when the bytes were read or refused, and panics only over a mistake of ours.
//!
//! Compiled with the feature `fuzz`, which only that crate asks for.
#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "it plays the clock and the other side, and is in no binary that serves"
)]

mod dtls;

use std::io::Cursor;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use crate::command::Purpose;
pub use crate::engine::fuzz::engine;
use crate::id::PayloadType;
use crate::packet::av1::{self, Av1Descriptor, Av1Packet, Structure};
use crate::packet::h264::{self, H264Packet};
use crate::packet::red;
use crate::packet::rtcp::{self, Rtcp};
use crate::packet::rtp::RtpPacket;
use crate::packet::vp8::Vp8Descriptor;
use crate::packet::vp9::Vp9Descriptor;
use crate::tap::Survey;
use crate::transport::Candidate;
use crate::transport::certificate::{Certificate, provider};
use crate::transport::ice::Credentials;
use crate::transport::sdp::answer::Local;
use crate::transport::sdp::fragment::Fragment;
use crate::transport::sdp::offer::Offer;
use crate::transport::sdp::plan::Plan;
use crate::transport::srtp::{Profile, Srtp};
use crate::transport::stun;
pub use dtls::dtls;

const PASSWORD: &str = "0123456789abcdefghijklmn";

/// The bridge's, the same for all runs: making one costs more than most runs.
pub(crate) fn certificate() -> &'static Certificate {
    static CERTIFICATE: OnceLock<Certificate> = OnceLock::new();
    CERTIFICATE.get_or_init(|| Certificate::generate().expect("the system has randomness"))
}

/// Bytes that say what happens next: the fuzzer's handwriting.
pub(crate) struct Script<'a>(pub(crate) &'a [u8]);

impl<'a> Script<'a> {
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// Up to the length that the next two bytes tell, or to the script's end.
    pub(crate) fn blob(&mut self) -> Option<&'a [u8]> {
        let (&[high, low], rest) = self.0.split_first_chunk::<2>()?;
        let (blob, rest) = rest.split_at(usize::from(u16::from_be_bytes([high, low])).min(rest.len()));
        self.0 = rest;
        Some(blob)
    }
}

/// A datagram that may be a Binding request.
pub fn stun(datagram: &[u8]) {
    let crypto = provider();
    let believed = stun::verify(datagram, PASSWORD, crypto.crypto());
    let Some(request) = stun::peek(datagram) else { return };
    let seen: SocketAddr = (Ipv4Addr::LOCALHOST, 1).into();
    let answers = [
        stun::success(&request, seen, PASSWORD, crypto.crypto()),
        stun::role_conflict(&request, PASSWORD, crypto.crypto()),
    ];
    for answer in answers.iter().flatten() {
        assert!(answer.len() * 10 <= datagram.len() * 16, "an answer that is a lever");
    }
    assert!(!believed || request.local_ufrag.len() < datagram.len());
}

/// A datagram as media under keys it was not sealed with, by both profiles.
pub fn srtp(datagram: &[u8]) {
    let mut out = [0; 2048];
    for (profile, exported) in [(Profile::Gcm, &[7; 56][..]), (Profile::Cm, &[7; 60][..])] {
        let mut srtp = Srtp::new(profile, exported).expect("this is how long the keys are");
        for _twice in 0..2 {
            assert!(srtp.rx().rtp(datagram, &mut out).is_err(), "forged media was opened");
            assert!(srtp.rx().rtcp(datagram, &mut out).is_err(), "forged control was opened");
        }
    }
}

/// A plain RTP packet: header, extensions, and the inside of a repair.
pub fn rtp(packet: &[u8]) {
    let Some(read) = RtpPacket::parse(packet) else { return };
    assert!(read.payload.len() + 12 <= packet.len());
    for id in 0..=u8::MAX {
        let found = read.extensions.find(id);
        assert!(found.is_none_or(|value| value.len() < packet.len()));
        let (text, level) = (read.extensions.text(Some(id)), read.extensions.level(Some(id)));
        assert!(text.is_none_or(|text| Some(text.as_bytes()) == found) && level.is_none_or(|level| level < 128));
        let _ = read.extensions.transport_seq(Some(id));
    }
    if let Some((_, repaired)) = read.repaired() {
        assert_eq!(repaired.len() + 2, read.payload.len());
    }
}

/// A plain RTCP compound, with everything in it looked at.
pub fn rtcp(compound: &[u8]) {
    for packet in rtcp::parse(compound).into_iter().flatten() {
        let told = match packet {
            Rtcp::Sender { blocks, .. } | Rtcp::Receiver { blocks } => blocks.count(),
            Rtcp::Nack { lost, .. } => lost.count(),
            Rtcp::FullIntra { media } | Rtcp::Goodbye { sources: media } => media.count(),
            Rtcp::PictureLoss { .. } | Rtcp::Other => 0,
        };
        assert!(told <= compound.len() * 5, "{told} things in {} bytes", compound.len());
    }
}

/// The payload of a packet of redundant sound: what is read must be the same after it was written again.
pub fn red(payload: &[u8]) {
    let of = PayloadType(111);
    let Some(read) = red::Red::parse(payload, of) else { return };
    let blocks: Vec<red::Block<'_>> = read.redundant().collect();
    for block in &blocks {
        let lasts = red::opus_ticks(block.payload);
        assert!(lasts.is_none_or(|ticks| (1..=5_760).contains(&ticks)), "a packet of {lasts:?} ticks");
    }
    if !blocks.iter().all(|block| red::fits(block.offset, block.payload.len())) {
        return;
    }
    let mut out = vec![0; payload.len() + 1];
    let len = red::write(&mut out, of, &blocks).expect("it is no longer than it was");
    out.truncate(len);
    red::rename(&mut out, PayloadType(96));
    red::rename(&mut out, of);
    out.extend(read.primary);
    let again = red::Red::parse(&out, of).expect("what we write can be read");
    assert!(again.redundant().eq(blocks) && again.primary == read.primary);
}

/// The payload of a VP8 packet: what is read must be the same after it was written with other numbers.
pub fn vp8(payload: &[u8]) {
    let Some(descriptor) = Vp8Descriptor::parse(payload) else { return };
    let _ = descriptor.picture_size(payload);
    let (written, len) = descriptor.write(0x1234, 0x56);
    let mut again = written[..len].to_vec();
    again.extend(&payload[usize::from(descriptor.len)..]);
    let reread = Vp8Descriptor::parse(&again).expect("what we write can be read");
    assert_eq!(reread.starts_key_frame(), descriptor.starts_key_frame());
    assert_eq!(reread.picture_id(), descriptor.picture_id().map(|_| 0x1234));
    assert_eq!(reread.tl0(), descriptor.tl0().map(|_| 0x56));
}

/// The payload of a VP9 packet; the same holds as for VP8.
pub fn vp9(payload: &[u8]) {
    let Some(descriptor) = Vp9Descriptor::parse(payload) else { return };
    let (written, len) = descriptor.write(0x1234, 0x56);
    let again = [&written[..len], &payload[usize::from(descriptor.replaced)..]].concat();
    let reread = Vp9Descriptor::parse(&again).expect("what we write can be read");
    assert_eq!((reread.starts_key_frame(), reread.frame()), (descriptor.starts_key_frame(), descriptor.frame()));
    assert_eq!(reread.picture_id(), descriptor.picture_id().map(|_| 0x1234));
    assert_eq!(reread.tl0(), descriptor.tl0().map(|_| 0x56));
    assert_eq!(reread.sizes(&again), descriptor.sizes(payload));
}

/// The payload of an H.264 packet.
pub fn h264(payload: &[u8]) {
    let read = H264Packet::parse(payload);
    let size = h264::picture_size(payload);
    assert!(
        size.is_none() || matches!(read, Some(H264Packet::Parameters | H264Packet::Refresh)),
        "{size:?} in {read:?}"
    );
}

/// The packets of an AV1 stream: to each its dependency descriptor and what its payload begins with.
pub fn av1(bytes: &[u8]) {
    let (mut script, mut structure) = (Script(bytes), None);
    while let (Some(descriptor), Some(payload)) = (script.blob(), script.blob()) {
        if let Some(read) = Av1Descriptor::parse(descriptor) {
            assert_eq!(usize::from(read.len), descriptor.len());
        }
        let _ = Av1Packet::read_late(descriptor, structure.as_deref());
        let packet = Av1Packet::read(descriptor, &mut structure);
        assert!(!packet.starts_key_frame || packet.frame.starts, "a key frame that begins in its middle");
        let _ = (Av1Packet::plain(payload), av1::size_in(payload), structure.as_deref().map(Structure::sizes));
    }
}

/// An offer: what can be answered is answered, with as many m-lines as it has.
pub fn sdp_offer(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(offer) = Offer::parse(text) else { return };
    let mut rng = ChaCha20Rng::from_seed([3; 32]);
    for purpose in [Purpose::Conversation, Purpose::Publish, Purpose::Receive] {
        let Ok(plan) = Plan::of(&offer, purpose, &mut rng) else { continue };
        let media = plan.media();
        assert!(media.publications.len() + media.slots.len() <= offer.media.len());
        let credentials = Credentials::random(&mut rng);
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 3478));
        let candidates = [Candidate::udp(address), Candidate::tcp(address)];
        let local = Local {
            credentials: &credentials,
            fingerprint: certificate().fingerprint(),
            candidates: &candidates,
            session: 1,
            version: 1,
        };
        let answer = plan.answer(&local);
        let lines = answer.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(lines, offer.media.len(), "an answer has the offer's m-lines");
        assert!(!answer.replace("\r\n", "").contains(['\r', '\n']), "a word of the offer broke a line of the answer");
        assert_eq!(plan.again(&offer, &mut rng).map(|again| plan.is_the_same_as(&again)), Ok(true));
        let _ = plan.fragment(&local);
    }
}

/// `application/trickle-ice-sdpfrag`.
pub fn sdp_fragment(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(fragment) = Fragment::parse(text) {
        assert!((4..=256).contains(&fragment.ufrag.len()));
    }
}

/// What a killed recorder left: the file, and behind the length in the first two bytes its ledger. Finished once, it stays so.
pub fn recording(bytes: &[u8]) {
    let mut script = Script(bytes);
    let Some(ledger) = script.blob() else { return };
    let ledger = String::from_utf8_lossy(ledger);
    let mut file = script.0.to_vec();
    let Ok(survey) = Survey::of(&mut Cursor::new(&mut file)) else { return };
    let index = survey.index(&ledger);
    let Some(completion) = survey.completion() else { return };
    file.truncate(usize::try_from(completion.cut_to).expect("it is within the file"));
    file.extend(&completion.cues);
    file[..completion.head.len()].copy_from_slice(&completion.head);
    let finished = Survey::of(&mut Cursor::new(&mut file)).expect("a finished recording can be read");
    assert!(finished.completion().is_none(), "a recording is finished once");
    assert_eq!(finished.index(&ledger), index);
}
