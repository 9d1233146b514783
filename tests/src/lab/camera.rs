//! A camera as Chromium encodes it: VP8 in simulcast layers at constant rates, frames of natural sizes, cut into packets of k and k+1
//! bytes. It answers requests for key frames and repairs.

use std::collections::VecDeque;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sfu::id::Source;

use crate::world::packet::{Header, MID, Mark, REPAIRED_RID, RID, RTX, StreamName, TRANSPORT, VP8};

/// Payload bytes in one packet: what libwebrtc leaves room for.
const PAYLOAD_MAX: usize = 1_150;
/// A key frame weighs this many ordinary ones.
const KEY_WEIGHT: f64 = 6.0;
/// Two key frames of a layer are at least this far apart (libwebrtc: 300 ms).
const KEY_EVERY: Duration = Duration::from_millis(300);
/// Packets an encoder can send again.
const KEPT: usize = 600;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LayerProfile {
    pub rid: &'static str,
    pub height: u16,
    pub bps: u32,
}

#[derive(Clone, PartialEq, Debug)]
pub struct CameraProfile {
    /// Lowest first.
    pub layers: Vec<LayerProfile>,
    pub frames_per_s: u32,
}

impl CameraProfile {
    /// What the page asks of a browser: a quarter, a half and the full picture.
    #[must_use]
    pub fn simulcast() -> Self {
        let layers = [("q", 180, 120_000), ("h", 360, 420_000), ("f", 720, 1_400_000)];
        let layers = layers.map(|(rid, height, bps)| LayerProfile { rid, height, bps }).to_vec();
        Self { layers, frames_per_s: 25 }
    }

    /// A single small picture.
    #[must_use]
    pub fn small(bps: u32, frames_per_s: u32) -> Self {
        Self { layers: vec![LayerProfile { rid: "q", height: 180, bps }], frames_per_s }
    }

    #[must_use]
    pub fn every(&self) -> Duration {
        Duration::from_secs(1) / self.frames_per_s
    }
}

#[derive(Clone, Debug)]
struct Kept {
    seq: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

#[derive(Clone, Debug)]
struct Layer {
    profile: LayerProfile,
    name: StreamName,
    ssrc: u32,
    seq: u16,
    repair_seq: u16,
    packets: u32,
    octets: u32,
    picture: u16,
    tl0: u8,
    is_on: bool,
    key_due: bool,
    key_at: Option<Duration>,
    kept: VecDeque<Kept>,
}

#[derive(Clone, Debug)]
pub struct Camera {
    profile: CameraProfile,
    layers: Vec<Layer>,
    frame: u16,
    base: u32,
    dice: ChaCha8Rng,
}

/// Numbers of the transport-wide feedback.
pub trait Transport {
    fn next(&mut self) -> [u8; 2];
}

impl Camera {
    /// Layers have the SSRCs `ssrc`, `ssrc` + 1 and so on, their repairs the same with the top bit.
    #[must_use]
    pub fn new(publisher: u16, ssrc: u32, profile: CameraProfile) -> Self {
        let layer = |(layer, profile): (u8, &LayerProfile)| {
            let ssrc = ssrc + u32::from(layer);
            let spread = ssrc.wrapping_mul(0x9E37_79B1);
            Layer {
                profile: *profile,
                name: StreamName { publisher, source: Source::Camera, layer },
                ssrc,
                seq: (spread >> 7) as u16,
                repair_seq: (spread >> 9) as u16,
                packets: 0,
                octets: 0,
                picture: (spread >> 11) as u16 & 0x7FFF,
                tl0: (spread >> 3) as u8,
                is_on: true,
                key_due: true,
                key_at: None,
                kept: VecDeque::new(),
            }
        };
        let layers = (0..).zip(&profile.layers).map(layer).collect();
        let dice = ChaCha8Rng::seed_from_u64(u64::from(ssrc));
        Self { profile, layers, frame: 0, base: ssrc.wrapping_mul(0x51ED_270B), dice }
    }

    #[must_use]
    pub fn every(&self) -> Duration {
        self.profile.every()
    }

    /// All layers' packets of the next picture.
    pub fn picture(&mut self, now: Duration, transport: &mut impl Transport) -> Vec<Vec<u8>> {
        self.frame = self.frame.wrapping_add(1);
        let timestamp = self.timestamp(now);
        let average = |bps: u32| f64::from(bps) / 8.0 / f64::from(self.profile.frames_per_s);
        let mut packets = Vec::new();
        for layer in self.layers.iter_mut().filter(|layer| layer.is_on) {
            let key = layer.takes_key(now);
            // What follows a key frame is smaller, so that the rate stays.
            let after_key = layer.key_at.is_some_and(|at| now.saturating_sub(at) < Duration::from_secs(1));
            let weight = match (key, after_key) {
                (true, _) => KEY_WEIGHT,
                (false, true) => 0.8,
                (false, false) => 1.0,
            };
            let bytes = average(layer.profile.bps) * weight * self.dice.random_range(0.6..1.4);
            packets.extend(layer.packets(self.frame, timestamp, key, bytes as usize, transport));
        }
        packets
    }

    fn timestamp(&self, now: Duration) -> u32 {
        self.base.wrapping_add((now.as_micros() * 90 / 1_000) as u32)
    }

    /// Only these layers are of use to somebody. Switching one on costs a key frame of all, as the encoder begins anew.
    pub fn wanted(&mut self, rids: &[&str]) {
        let switched_on = self.layers.iter().any(|layer| !layer.is_on && rids.contains(&layer.profile.rid));
        for layer in &mut self.layers {
            layer.is_on = rids.contains(&layer.profile.rid);
            layer.key_due |= switched_on;
        }
    }

    /// All layers together take `bps` from now on, as an encoder does that its rate control has told so.
    pub fn set_rate(&mut self, bps: u32) {
        let total: u32 = self.layers.iter().map(|layer| layer.profile.bps).sum();
        for layer in &mut self.layers {
            layer.profile.bps = (u64::from(layer.profile.bps) * u64::from(bps) / u64::from(total.max(1))) as u32;
        }
    }

    /// Whether the layer is being sent.
    #[must_use]
    pub fn sends(&self, layer: u8) -> bool {
        self.layers.get(usize::from(layer)).is_some_and(|layer| layer.is_on)
    }

    pub fn key_frame_asked(&mut self, media: u32) {
        if let Some(layer) = self.layers.iter_mut().find(|layer| layer.ssrc == media) {
            layer.key_due = true;
        }
    }

    pub fn repairs(&mut self, media: u32, lost: &[u16], transport: &mut impl Transport) -> Vec<Vec<u8>> {
        let Some(layer) = self.layers.iter_mut().find(|layer| layer.ssrc == media) else { return Vec::new() };
        lost.iter().filter_map(|seq| layer.repair(*seq, transport)).collect()
    }

    /// For the sender reports: SSRC, RTP time, packets and octets of each layer.
    #[must_use]
    pub fn sent(&self, now: Duration) -> Vec<(u32, u32, u32, u32)> {
        self.layers.iter().map(|layer| (layer.ssrc, self.timestamp(now), layer.packets, layer.octets)).collect()
    }
}

impl Layer {
    fn takes_key(&mut self, now: Duration) -> bool {
        let young = self.key_at.is_some_and(|at| now.saturating_sub(at) < KEY_EVERY);
        if !self.key_due || young {
            return false;
        }
        self.key_due = false;
        self.key_at = Some(now);
        true
    }

    fn packets(
        &mut self,
        frame: u16,
        timestamp: u32,
        key: bool,
        bytes: usize,
        transport: &mut impl Transport,
    ) -> Vec<Vec<u8>> {
        self.picture = (self.picture + 1) & 0x7FFF;
        self.tl0 = self.tl0.wrapping_add(1);
        let count = bytes.div_ceil(PAYLOAD_MAX).clamp(1, 255);
        let mut packets = Vec::with_capacity(count);
        for index in 0..count {
            // The first ones take the bytes that are left over.
            let own = bytes / count + usize::from(index < bytes % count);
            self.seq = self.seq.wrapping_add(1);
            let mark =
                Mark { stream: self.name, packet: self.packets, frame, index: index as u8, count: count as u8, key };
            let payload = mark.picture(self.picture, self.tl0, self.profile.height, own);
            self.packets += 1;
            self.octets = self.octets.wrapping_add(payload.len() as u32);
            let sent = Kept { seq: self.seq, timestamp, marker: index + 1 == count, payload };
            let number = transport.next();
            let header = Header {
                payload_type: VP8,
                marker: sent.marker,
                seq: sent.seq,
                timestamp,
                ssrc: self.ssrc,
                elements: &[(MID, b"1"), (RID, self.profile.rid.as_bytes()), (TRANSPORT, &number)],
            };
            packets.push(header.write(&sent.payload));
            if self.kept.len() == KEPT {
                self.kept.pop_front();
            }
            self.kept.push_back(sent);
        }
        packets
    }

    fn repair(&mut self, seq: u16, transport: &mut impl Transport) -> Option<Vec<u8>> {
        let sent = self.kept.iter().rev().find(|sent| sent.seq == seq)?;
        self.repair_seq = self.repair_seq.wrapping_add(1);
        let number = transport.next();
        let header = Header {
            payload_type: RTX,
            marker: sent.marker,
            seq: self.repair_seq,
            timestamp: sent.timestamp,
            ssrc: self.ssrc ^ 0x8000_0000,
            elements: &[(MID, b"1"), (REPAIRED_RID, self.profile.rid.as_bytes()), (TRANSPORT, &number)],
        };
        Some(header.write(&[&seq.to_be_bytes()[..], &sent.payload].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Count(u16);

    impl Transport for Count {
        fn next(&mut self) -> [u8; 2] {
            self.0 += 1;
            self.0.to_be_bytes()
        }
    }

    #[test]
    fn each_layer_keeps_its_rate_whatever_its_frames_weigh() {
        let mut camera = Camera::new(1, 100, CameraProfile::simulcast());
        let mut transport = Count::default();
        for n in 0..500 {
            camera.picture(n * camera.every(), &mut transport);
        }
        for (layer, (.., octets)) in camera.layers.iter().zip(camera.sent(Duration::ZERO)) {
            let bps = f64::from(octets) * 8.0 / 20.0;
            let wanted = f64::from(layer.profile.bps);
            assert!((wanted * 0.9..wanted * 1.15).contains(&bps), "{bps} for {wanted}");
        }
    }
}
