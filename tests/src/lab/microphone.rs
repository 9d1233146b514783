//! A microphone as Chromium encodes it: 20 ms of Opus a packet, about 32 kbit/s; with redundancy, each packet with a copy of the one
//! before (RFC 2198); and, once losses are reported, with the previous frame once more at a low rate inside Opus itself (in-band FEC,
//! RFC 6716 section 2.1.7).

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::world::packet::{Header, LEVEL, MID, OPUS, TRANSPORT};

pub const RED: u8 = 63;
pub const EVERY: Duration = Duration::from_millis(20);

/// Ticks of one packet.
pub const TICKS: u32 = 960;

/// Hybrid mode, 20 ms, mono, one frame.
const TOC: u8 = 15 << 3;
const HEAD: usize = 8;

/// libwebrtc tells Opus of losses in whole percents, rounded, and smooths what is reported over ten seconds.
const FEC_FROM: f64 = 0.005;
const SMOOTHED_OVER: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sends {
    Plain,
    Redundant,
}

/// What is inside an Opus packet of ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Sound {
    pub publisher: u16,
    pub frame: u32,
    /// The frame before can be made out of this one.
    pub fec: bool,
}

impl Sound {
    fn write(self, bytes: usize) -> Vec<u8> {
        let [p0, p1] = self.publisher.to_be_bytes();
        let [f0, f1, f2, f3] = self.frame.to_be_bytes();
        let mut payload = vec![TOC, p0, p1, f0, f1, f2, f3, u8::from(self.fec)];
        payload.resize(bytes.max(HEAD), 0x33);
        payload
    }

    /// `None` for what no microphone of ours has made.
    #[must_use]
    pub fn read(payload: &[u8]) -> Option<Self> {
        let &[TOC, p0, p1, f0, f1, f2, f3, fec] = payload.first_chunk::<HEAD>()? else { return None };
        let (publisher, frame) = (u16::from_be_bytes([p0, p1]), u32::from_be_bytes([f0, f1, f2, f3]));
        Some(Self { publisher, frame, fec: fec == 1 })
    }
}

/// Takes a packet with redundancy apart: (ticks before the carrier, what it holds), the carrier's own last.
#[must_use]
pub fn apart(payload: &[u8]) -> Option<Vec<(u32, Sound)>> {
    let mut headers = Vec::new();
    let mut rest = payload;
    loop {
        match *rest {
            [first, a, b, c, ref after @ ..] if first == 0x80 | OPUS => {
                let offset = u32::from(a) << 6 | u32::from(b) >> 2;
                headers.push((offset, usize::from(b & 3) << 8 | usize::from(c)));
                rest = after;
            }
            [OPUS, ref after @ ..] => {
                rest = after;
                break;
            }
            _ => return None,
        }
    }
    let mut sounds = Vec::new();
    for (offset, len) in headers {
        let (block, after) = rest.split_at_checked(len)?;
        sounds.push((offset, Sound::read(block)?));
        rest = after;
    }
    sounds.push((0, Sound::read(rest)?));
    Some(sounds)
}

#[derive(Clone, Debug)]
pub struct Microphone {
    pub ssrc: u32,
    publisher: u16,
    sends: Sends,
    frame: u32,
    base: u32,
    loss: f64,
    told_at: Option<Duration>,
    before: Option<Vec<u8>>,
    /// RFC 6464.
    pub level: u8,
    octets: u32,
    dice: ChaCha8Rng,
}

impl Microphone {
    /// Its first packet holds frame `first`.
    #[must_use]
    pub fn new(publisher: u16, ssrc: u32, sends: Sends, first: u32) -> Self {
        let base = ssrc.wrapping_mul(0x9E37_79B1);
        let dice = ChaCha8Rng::seed_from_u64(u64::from(ssrc));
        Self {
            ssrc,
            publisher,
            sends,
            frame: first,
            base,
            loss: 0.0,
            told_at: None,
            before: None,
            level: 30,
            octets: 0,
            dice,
        }
    }

    /// The next 20 ms.
    pub fn packet(&mut self, transport: [u8; 2]) -> Vec<u8> {
        let sound = Sound { publisher: self.publisher, frame: self.frame, fec: self.loss >= FEC_FROM };
        // Speech at 32 kbit/s: 80 bytes, more in vowels and less in breaths.
        let payload = sound.write(self.dice.random_range(50..=110));
        let redundant = self.sends == Sends::Redundant;
        let body = match self.before.take().filter(|_| redundant) {
            Some(before) => {
                let [high, low] = ((TICKS << 10 | before.len() as u32) as u16).to_be_bytes();
                let head = [0x80 | OPUS, (TICKS >> 6) as u8, high, low, OPUS];
                [&head[..], &before, &payload].concat()
            }
            None if redundant => [&[OPUS][..], &payload].concat(),
            None => payload.clone(),
        };
        let level = [self.level];
        let header = Header {
            payload_type: if redundant { RED } else { OPUS },
            marker: self.octets == 0,
            seq: (self.base >> 9).wrapping_add(self.frame) as u16,
            timestamp: self.timestamp(),
            ssrc: self.ssrc,
            elements: &[(MID, b"0"), (LEVEL, &level), (TRANSPORT, &transport)],
        };
        self.before = Some(payload);
        self.frame += 1;
        self.octets = self.octets.wrapping_add(body.len() as u32);
        header.write(&body)
    }

    /// Of the next packet.
    #[must_use]
    pub fn timestamp(&self) -> u32 {
        self.base.wrapping_add(self.frame.wrapping_mul(TICKS))
    }

    #[must_use]
    pub fn sent(&self) -> (u32, u32) {
        (self.frame, self.octets)
    }

    /// 256ths lost, as reported.
    pub fn told(&mut self, now: Duration, fraction_lost: u8) {
        let loss = f64::from(fraction_lost) / 256.0;
        let passed = self.told_at.replace(now).map(|at| now - at);
        let weight = passed.map_or(1.0, |passed| 1.0 - (-passed.as_secs_f64() / SMOOTHED_OVER.as_secs_f64()).exp());
        self.loss += (loss - self.loss) * weight;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::packet::Rtp;

    #[test]
    fn a_packet_holds_itself_and_the_one_before() {
        let mut microphone = Microphone::new(3, 99, Sends::Redundant, 0);
        microphone.packet([0, 0]);
        microphone.told(Duration::ZERO, 10);
        let bytes = microphone.packet([0, 1]);
        let rtp = Rtp::read(&bytes).unwrap();
        assert_eq!(rtp.payload_type, RED);
        let inside = apart(rtp.payload).unwrap();
        let first = Sound { publisher: 3, frame: 0, fec: false };
        assert_eq!(inside, [(TICKS, first), (0, Sound { frame: 1, fec: true, ..first })]);
    }
}
