//! Cameras, screens and microphones that make packets, and the clock that plays them.

use std::collections::VecDeque;

use super::harness::*;
use crate::id::PeerId;
use crate::packet::rtp::RtpPacket;

/// A header with one-byte extensions.
pub(super) fn rtp(
    payload_type: u8,
    marker: bool,
    seq: u16,
    timestamp: u32,
    ssrc: u32,
    elements: &[(u8, &[u8])],
) -> Vec<u8> {
    let mut bytes = vec![0x90, payload_type | (u8::from(marker) << 7)];
    bytes.extend(seq.to_be_bytes());
    bytes.extend(timestamp.to_be_bytes());
    bytes.extend(ssrc.to_be_bytes());
    let mut block = Vec::new();
    for (id, value) in elements {
        block.push((id << 4) | u8::try_from(value.len() - 1).unwrap());
        block.extend(*value);
    }
    block.resize(block.len().next_multiple_of(4), 0);
    bytes.extend([0xBE, 0xDE, 0, u8::try_from(block.len() / 4).unwrap()]);
    bytes.extend(block);
    bytes
}

/// One layer of a camera, or a screen.
pub(super) struct Video {
    pub(super) from: PeerId,
    pub(super) ssrc: u32,
    rid: Option<&'static str>,
    pub(super) height: u16,
    pub(super) seq: u16,
    pub(super) timestamp: u32,
    pub(super) picture: u16,
    /// Told apart by receivers.
    pub(super) tag: u8,
    transport: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Frame {
    Key,
    Delta,
}

impl Video {
    pub(super) fn screen(from: PeerId) -> Self {
        Self::new(from, 300, None, 1_080, 9)
    }

    /// Lowest first.
    pub(super) fn camera(from: PeerId) -> [Self; 3] {
        let base = 200;
        let tag = u8::try_from(from.0 * 10).unwrap();
        [
            Self::new(from, base, Some("q"), 180, tag),
            Self::new(from, base + 2, Some("h"), 360, tag + 1),
            Self::new(from, base + 4, Some("f"), 720, tag + 2),
        ]
    }

    fn new(from: PeerId, ssrc: u32, rid: Option<&'static str>, height: u16, tag: u8) -> Self {
        let spread = (from.0 as u32).wrapping_mul(40_503).wrapping_add(ssrc * 977);
        Self {
            from,
            ssrc,
            rid,
            height,
            seq: spread as u16,
            timestamp: spread.wrapping_mul(65_537),
            picture: spread as u16 & 0x7FFF,
            tag,
            transport: 0,
        }
    }

    /// The packets of the next frame.
    pub(super) fn frame(&mut self, frame: Frame, packets: u16) -> Vec<Vec<u8>> {
        self.timestamp = self.timestamp.wrapping_add(3_000);
        self.picture = (self.picture + 1) & 0x7FFF;
        (0..packets)
            .map(|n| {
                self.seq = self.seq.wrapping_add(1);
                self.transport = self.transport.wrapping_add(1);
                let [p0, p1] = self.picture.to_be_bytes();
                let start = if n == 0 { 0x10 } else { 0 };
                let mut payload = vec![0x80 | start, 0xC0, p0 | 0x80, p1, self.picture as u8];
                let [w0, w1] = (self.height * 16 / 9).to_le_bytes();
                let [h0, h1] = self.height.to_le_bytes();
                let tag = u8::from(frame == Frame::Delta);
                payload.extend([tag, 0, 0, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, self.tag, n as u8]);
                payload.resize(200, 0x55);
                let transport = self.transport.to_be_bytes();
                let mut elements: Vec<(u8, &[u8])> = vec![(MID, if self.rid.is_some() { b"1" } else { b"2" })];
                elements.extend(self.rid.map(|rid| (RID, rid.as_bytes())));
                elements.push((TRANSPORT, &transport));
                let mut bytes = rtp(VP8, n + 1 == packets, self.seq, self.timestamp, self.ssrc, &elements);
                bytes.extend(payload);
                bytes
            })
            .collect()
    }

    /// The same packet as a repair.
    pub(super) fn repair(&self, repair_seq: u16, original: &[u8]) -> Vec<u8> {
        let packet = RtpPacket::parse(original).unwrap();
        let mut elements: Vec<(u8, &[u8])> = vec![(MID, if self.rid.is_some() { b"1" } else { b"2" })];
        elements.extend(self.rid.map(|rid| (REPAIRED, rid.as_bytes())));
        let mut bytes = rtp(RTX, packet.marker, repair_seq, packet.timestamp, self.ssrc + 1, &elements);
        bytes.extend(packet.seq.0.to_be_bytes());
        bytes.extend(packet.payload);
        bytes
    }
}

/// A microphone that speaks every 20 ms.
pub(super) struct Voice {
    pub(super) from: PeerId,
    pub(super) seq: u16,
    pub(super) timestamp: u32,
}

impl Voice {
    pub(super) fn of(from: PeerId) -> Self {
        Self { from, seq: from.0 as u16 * 1_000, timestamp: from.0 as u32 * 77_777 }
    }

    pub(super) fn packet(&mut self, level: u8) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(960);
        let mut bytes = rtp(OPUS, false, self.seq, self.timestamp, 100, &[(LEVEL, &[level])]);
        bytes.extend([self.from.0 as u8; 60]);
        bytes
    }
}

/// Plays all voices and pictures for a while, 20 ms a step; every layer's first frame is a key frame, and so is the next one after a
/// publisher was asked.
pub(super) struct Stage {
    pub(super) cameras: Vec<[Video; 3]>,
    pub(super) voices: Vec<(Voice, u8)>,
    pending: VecDeque<Asked>,
    started: bool,
}

impl Stage {
    pub(super) fn of(peers: &[PeerId]) -> Self {
        Self {
            cameras: peers.iter().map(|peer| Video::camera(*peer)).collect(),
            voices: peers.iter().map(|peer| (Voice::of(*peer), 127)).collect(),
            pending: VecDeque::new(),
            started: false,
        }
    }

    pub(super) fn level(&mut self, of: PeerId, level: u8) {
        for (voice, own) in &mut self.voices {
            if voice.from == of {
                *own = level;
            }
        }
    }

    pub(super) fn play(&mut self, world: &mut World, for_ms: u64) {
        for _ in 0..for_ms / 20 {
            self.pending.extend(world.take_asked());
            for (voice, level) in &mut self.voices {
                let packet = voice.packet(*level);
                let _ = world.send(voice.from, &packet);
            }
            for video in self.cameras.iter_mut().flatten() {
                let asked = self.pending.iter().any(
                    |asked| matches!(asked, Asked::KeyFrame { of, media } if *of == video.from && *media == video.ssrc),
                );
                let frame = if asked || !self.started { Frame::Key } else { Frame::Delta };
                for packet in video.frame(frame, 2) {
                    let _ = world.send(video.from, &packet);
                }
            }
            self.pending.clear();
            self.started = true;
            world.run(20);
        }
    }
}
