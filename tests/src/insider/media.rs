//! What the insider publishes, and the few words of RTCP it says.

use crate::media::Pictures;

use super::negotiate::{CAMERA_SSRC, MICROPHONE_SSRC};

const VP8: u8 = 96;
const OPUS: u8 = 111;

/// An RTP packet without extensions.
#[must_use]
pub fn rtp(payload_type: u8, marker: bool, seq: u16, timestamp: u32, ssrc: u32, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, payload_type | u8::from(marker) << 7];
    packet.extend(seq.to_be_bytes());
    packet.extend(timestamp.to_be_bytes());
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// A camera of 25 pictures a second.
pub struct Camera {
    pictures: Pictures,
    seq: u16,
    timestamp: u32,
    /// Behind each payload.
    mark: &'static [u8],
}

impl Default for Camera {
    fn default() -> Self {
        Self::showing(&[])
    }
}

impl Camera {
    /// Every packet ends with `mark`.
    #[must_use]
    pub fn showing(mark: &'static [u8]) -> Self {
        Self { pictures: Pictures::new(640, 360), seq: rand::random(), timestamp: 0, mark }
    }

    pub fn key_frame(&mut self) -> Vec<Vec<u8>> {
        let frame = self.pictures.key_frame(6_000);
        self.packets(&frame.payloads)
    }

    pub fn delta_frame(&mut self) -> Vec<Vec<u8>> {
        let frame = self.pictures.delta_frame(1_800);
        self.packets(&frame.payloads)
    }

    fn packets(&mut self, payloads: &[bytes::Bytes]) -> Vec<Vec<u8>> {
        self.timestamp = self.timestamp.wrapping_add(3_600);
        let last = payloads.len() - 1;
        let packets = payloads.iter().enumerate().map(|(at, payload)| {
            self.seq = self.seq.wrapping_add(1);
            rtp(VP8, at == last, self.seq, self.timestamp, CAMERA_SSRC, &[payload, self.mark].concat())
        });
        packets.collect()
    }
}

/// A microphone that hums: Opus nobody decodes, as loud as the level extension allows.
pub struct Microphone {
    seq: u16,
    mark: &'static [u8],
}

impl Microphone {
    /// Every packet ends with `mark`.
    #[must_use]
    pub fn saying(mark: &'static [u8]) -> Self {
        Self { seq: 0, mark }
    }

    /// The next 20 ms.
    pub fn packet(&mut self) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        let mut packet = rtp(OPUS, false, self.seq, u32::from(self.seq) * 960, MICROPHONE_SSRC, &[]);
        packet[0] |= 0x10;
        // RFC 6464: voice, 10 dB below the loudest.
        packet.extend([0xbe, 0xde, 0, 1, 0x10, 0x80 | 10, 0, 0]);
        packet.extend([0xf8; 60]);
        packet.extend(self.mark);
        packet
    }
}

/// A receiver report that says nothing, with `feedback` behind it: (packet type, format, media SSRC, body).
#[must_use]
pub fn compound(feedback: &[(u8, u8, u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0x80, 201, 0, 1, 0, 0, 0, 5];
    for (kind, format, media, body) in feedback {
        assert!(body.len().is_multiple_of(4), "RTCP counts words");
        bytes.extend([0x80 | format, *kind]);
        bytes.extend(u16::try_from(body.len() / 4 + 2).expect("a short body").to_be_bytes());
        bytes.extend(5_u32.to_be_bytes());
        bytes.extend(media.to_be_bytes());
        bytes.extend(*body);
    }
    bytes
}

/// The packets of a compound: (packet type, format, body behind the first SSRC).
#[must_use]
pub fn split(compound: &[u8]) -> Vec<(u8, u8, Vec<u8>)> {
    let (mut packets, mut rest) = (Vec::new(), compound);
    while let Some((&[first, kind, high, low], after)) = rest.split_first_chunk::<4>() {
        let len = 4 * usize::from(u16::from_be_bytes([high, low]));
        let Some((body, after)) = after.split_at_checked(len) else { break };
        packets.push((kind, first & 0x1f, body.get(4..).unwrap_or_default().to_vec()));
        rest = after;
    }
    packets
}
