//! What one client sends: a microphone, a camera in simulcast layers, a screen. Encoders number their packets like libwebrtc, answer
//! requests for key frames and repairs, and mark every payload with where it comes from.

use std::collections::VecDeque;
use std::time::Duration;

use rtc_rtcp::sender_report::SenderReport;
use rtc_shared::marshal::Marshal as _;
use sfu::id::Source;

use super::packet::{Header, LEVEL, MID, Mark, OPUS, REPAIRED_RID, RID, RTX, StreamName, TRANSPORT, VP8};

/// Packets an encoder can send again: what libwebrtc keeps for a second.
const KEPT: usize = 128;

/// A voice in a quiet room, in dBov below full scale (RFC 6464).
pub const VOICE: u8 = 30;

/// An open microphone nobody speaks into.
const SILENCE: u8 = 127;

/// Rids of a camera's layers and the heights of their pictures, lowest first.
const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];

const SCREEN_HEIGHT: u16 = 1_080;

/// NTP seconds at the beginning of a run: any will do, all clients' clocks are their own.
const NTP_START: u64 = 3_900_000_000;

/// Numbers of the transport-wide feedback, one sequence for all streams.
#[derive(Clone, Copy, Debug, Default)]
pub struct TransportSeq(u16);

impl TransportSeq {
    fn next(&mut self) -> [u8; 2] {
        self.0 = self.0.wrapping_add(1);
        self.0.to_be_bytes()
    }
}

#[derive(Clone, Debug)]
struct Sent {
    seq: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

/// One RTP stream and the stream of its repairs.
#[derive(Clone, Debug)]
pub struct Encoder {
    name: StreamName,
    pub ssrc: u32,
    repair_ssrc: u32,
    mid: &'static str,
    rid: Option<&'static str>,
    height: u16,
    packets_per_frame: u8,
    seq: u16,
    repair_seq: u16,
    timestamp_base: u32,
    rate_hz: u64,
    picture: u16,
    tl0: u8,
    packets: u32,
    frames: u16,
    octets: u32,
    key_due: bool,
    kept: VecDeque<Sent>,
}

impl Encoder {
    /// All numbers start somewhere in the middle, near a wrap for some.
    fn new(name: StreamName, ssrc: u32, mid: &'static str) -> Self {
        let spread = ssrc.wrapping_mul(0x9E37_79B1);
        let rate_hz = if name.source == Source::Microphone { 48_000 } else { 90_000 };
        Self {
            name,
            ssrc,
            repair_ssrc: ssrc ^ 0x8000_0000,
            mid,
            rid: None,
            height: SCREEN_HEIGHT,
            packets_per_frame: 1,
            seq: if spread & 3 == 0 { 65_500 } else { (spread >> 7) as u16 },
            repair_seq: (spread >> 9) as u16,
            timestamp_base: if spread & 12 == 0 { u32::MAX - 100_000 } else { spread.rotate_left(7) },
            rate_hz,
            picture: if spread & 48 == 0 { 0x7FF0 } else { (spread >> 11) as u16 & 0x7FFF },
            tl0: (spread >> 3) as u8,
            packets: 0,
            frames: 0,
            octets: 0,
            key_due: true,
            kept: VecDeque::new(),
        }
    }

    #[must_use]
    pub fn microphone(publisher: u16, ssrc: u32) -> Self {
        Self::new(StreamName { publisher, source: Source::Microphone, layer: 0 }, ssrc, "0")
    }

    /// Lowest layer first.
    #[must_use]
    pub fn camera(publisher: u16, ssrc: u32) -> [Self; 3] {
        [0_u8, 1, 2].map(|layer| {
            let (rid, height) = LAYERS[usize::from(layer)];
            let name = StreamName { publisher, source: Source::Camera, layer };
            let encoder = Self::new(name, ssrc.wrapping_add(u32::from(layer)), "1");
            Self { rid: Some(rid), height, packets_per_frame: if layer == 2 { 2 } else { 1 }, ..encoder }
        })
    }

    #[must_use]
    pub fn screen(publisher: u16, ssrc: u32) -> Self {
        Self::new(StreamName { publisher, source: Source::Screen, layer: 0 }, ssrc, "2")
    }

    #[must_use]
    pub fn repair_ssrc(&self) -> u32 {
        self.repair_ssrc
    }

    #[must_use]
    pub fn rid(&self) -> Option<&'static str> {
        self.rid
    }

    #[must_use]
    pub fn source(&self) -> Source {
        self.name.source
    }

    pub fn ask_key_frame(&mut self) {
        self.key_due = true;
    }

    fn timestamp(&self, now: Duration) -> u32 {
        let ticks = now.as_micros() as u64 * self.rate_hz / 1_000_000;
        self.timestamp_base.wrapping_add(ticks as u32)
    }

    /// 20 ms of somebody speaking, or one packet of silence.
    pub fn sound(&mut self, now: Duration, voice: Voice, transport: &mut TransportSeq) -> Vec<u8> {
        let (level, bytes) = match voice {
            Voice::Speaks => (VOICE, 40),
            Voice::Silent => (SILENCE, 0),
        };
        let mark = self.mark(0, 1);
        let payload = mark.sound(bytes);
        self.packets += 1;
        self.frames = self.frames.wrapping_add(1);
        self.send(now, OPUS, false, payload, level, transport)
    }

    /// The packets of the next frame.
    pub fn frame(&mut self, now: Duration, transport: &mut TransportSeq) -> Vec<Vec<u8>> {
        let key = std::mem::take(&mut self.key_due);
        let count = if key { self.packets_per_frame + 1 } else { self.packets_per_frame };
        self.picture = (self.picture + 1) & 0x7FFF;
        self.tl0 = self.tl0.wrapping_add(1);
        let mut packets = Vec::with_capacity(usize::from(count));
        for index in 0..count {
            let mark = Mark { key, ..self.mark(index, count) };
            let payload = mark.picture(self.picture, self.tl0, self.height, 48);
            self.packets += 1;
            packets.push(self.send(now, VP8, index + 1 == count, payload, 0, transport));
        }
        self.frames = self.frames.wrapping_add(1);
        packets
    }

    fn mark(&self, index: u8, count: u8) -> Mark {
        Mark { stream: self.name, packet: self.packets, frame: self.frames, index, count, key: false }
    }

    fn send(
        &mut self,
        now: Duration,
        payload_type: u8,
        marker: bool,
        payload: Vec<u8>,
        level: u8,
        transport: &mut TransportSeq,
    ) -> Vec<u8> {
        self.seq = self.seq.wrapping_add(1);
        self.octets = self.octets.wrapping_add(payload.len() as u32);
        let timestamp = self.timestamp(now);
        let number = transport.next();
        let mut elements: Vec<(u8, &[u8])> = vec![(MID, self.mid.as_bytes()), (TRANSPORT, &number)];
        elements.extend(self.rid.map(|rid| (RID, rid.as_bytes())));
        let level = [level];
        if self.name.source == Source::Microphone {
            elements.push((LEVEL, &level));
        }
        let header = Header { payload_type, marker, seq: self.seq, timestamp, ssrc: self.ssrc, elements: &elements };
        let bytes = header.write(&payload);
        if self.name.source != Source::Microphone {
            self.kept.push_back(Sent { seq: self.seq, timestamp, marker, payload });
            if self.kept.len() > KEPT {
                self.kept.pop_front();
            }
        }
        bytes
    }

    /// A packet once more, as RFC 4588 wraps it; nothing if it is too old.
    pub fn repair(&mut self, seq: u16, transport: &mut TransportSeq) -> Option<Vec<u8>> {
        let sent = self.kept.iter().find(|sent| sent.seq == seq)?;
        self.repair_seq = self.repair_seq.wrapping_add(1);
        let number = transport.next();
        let mut elements: Vec<(u8, &[u8])> = vec![(MID, self.mid.as_bytes()), (TRANSPORT, &number)];
        elements.extend(self.rid.map(|rid| (REPAIRED_RID, rid.as_bytes())));
        let header = Header {
            payload_type: RTX,
            marker: sent.marker,
            seq: self.repair_seq,
            timestamp: sent.timestamp,
            ssrc: self.repair_ssrc,
            elements: &elements,
        };
        Some(header.write(&[&seq.to_be_bytes(), sent.payload.as_slice()].concat()))
    }

    /// A sender report; nothing before the first packet.
    #[must_use]
    pub fn report(&self, now: Duration) -> Option<Vec<u8>> {
        if self.packets == 0 {
            return None;
        }
        let report = SenderReport {
            ssrc: self.ssrc,
            ntp_time: ntp(now),
            rtp_time: self.timestamp(now),
            packet_count: self.packets,
            octet_count: self.octets,
            ..SenderReport::default()
        };
        Some(report.marshal().expect("a report of our own can be written").to_vec())
    }
}

/// What a microphone hears.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Voice {
    Speaks,
    Silent,
}

/// A client's own clock in NTP format.
fn ntp(now: Duration) -> u64 {
    let fraction = (u64::from(now.subsec_nanos()) << 32) / 1_000_000_000;
    ((NTP_START + now.as_secs()) << 32) | fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::packet::{Rtp, mark_of, read_picture};

    #[test]
    fn a_camera_begins_with_a_key_frame_and_repairs_what_it_sent() {
        let mut transport = TransportSeq::default();
        let [_, _, mut full] = Encoder::camera(3, 1_000);
        let first = full.frame(Duration::from_millis(100), &mut transport);
        let second = full.frame(Duration::from_millis(200), &mut transport);
        assert_eq!((first.len(), second.len()), (3, 2));
        let (key, delta) = (Rtp::read(&first[0]).unwrap(), Rtp::read(&second[0]).unwrap());
        assert!(read_picture(key.payload).unwrap().key);
        assert!(!read_picture(delta.payload).unwrap().key);
        assert_eq!(delta.timestamp.wrapping_sub(key.timestamp), 9_000);
        let repair = full.repair(delta.seq, &mut transport).unwrap();
        let repair = Rtp::read(&repair).unwrap();
        assert_eq!(mark_of(RTX, repair.payload), mark_of(VP8, delta.payload));
        assert_eq!(full.repair(delta.seq.wrapping_add(500), &mut transport), None);
    }
}
