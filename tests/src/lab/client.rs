//! One client: it sends what its microphone and camera make, listens and looks in its slots, and tells the bridge what came, what did
//! not, and when: as a browser does, no oftener and no better.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sfu::id::{MediaKind, PeerId};

use super::camera::{Camera, Transport};
use super::control::{self, Arrivals, Reception, Told};
use super::ear::Ear;
use super::eye::Eye;
use super::microphone::{self, EVERY, Microphone, RED, Sound};
use crate::world::packet::{OPUS, RTX, Rtp, TRANSPORT, VP8};

/// One datagram before it is sealed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Datagram {
    Rtp(Vec<u8>),
    Rtcp(Vec<u8>),
}

impl Datagram {
    /// On the wire: with IP and UDP headers and the tags of SRTP and SRTCP.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        match self {
            Self::Rtp(bytes) => bytes.len() + 20 + 8 + 16,
            Self::Rtcp(bytes) => bytes.len() + 20 + 8 + 16 + 4,
        }
    }
}

/// libwebrtc tells of arrivals every 50 to 250 ms, as a rule every 100.
const FEEDBACK_EVERY: Duration = Duration::from_millis(100);
/// It looks through what is missing this often.
const REPAIRS_EVERY: Duration = Duration::from_millis(20);
/// Reports about pictures and about sound; each time anything from half to one and a half of it.
const PICTURES_REPORT_EVERY: Duration = Duration::from_secs(1);
const SOUND_REPORT_EVERY: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, Default)]
struct Numbers(u16);

impl Transport for Numbers {
    fn next(&mut self) -> [u8; 2] {
        self.0 = self.0.wrapping_add(1);
        self.0.to_be_bytes()
    }
}

/// A slot as it was negotiated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SlotEnd {
    pub kind: MediaKind,
    pub ssrc: u32,
    pub repair_ssrc: u32,
}

/// RFC 3550, appendix A: what is counted for the reports.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    first: u64,
    newest: Option<u64>,
    received: u64,
    reported: (u64, u64),
    transit: Option<i64>,
    jitter: f64,
    last_report: Option<(u32, Duration)>,
}

impl Tally {
    fn came(&mut self, now: Duration, rtp: &Rtp<'_>, rate_hz: i64) {
        let newest = match self.newest {
            Some(newest) => newest,
            None => {
                self.first = u64::from(rtp.seq) + (1 << 16);
                self.first
            }
        };
        let step = i64::from(rtp.seq.wrapping_sub(newest as u16) as i16);
        self.newest = Some(newest.max(newest.saturating_add_signed(step)));
        self.received += 1;
        let transit = now.as_micros() as i64 * rate_hz / 1_000_000 - i64::from(rtp.timestamp);
        if let Some(before) = self.transit.replace(transit) {
            let off = (transit - before).abs().min(rate_hz) as f64;
            self.jitter += (off - self.jitter) / 16.0;
        }
    }

    fn report(&mut self, ssrc: u32) -> Option<Reception> {
        let newest = self.newest?;
        let expected = newest + 1 - self.first;
        let (expected_before, received_before) = std::mem::replace(&mut self.reported, (expected, self.received));
        let new = expected - expected_before;
        let lost = new.saturating_sub(self.received - received_before);
        Some(Reception {
            ssrc,
            fraction_lost: (lost * 256).checked_div(new).unwrap_or(0).min(255) as u8,
            total_lost: expected.saturating_sub(self.received) as u32,
            highest: (newest - (1 << 16)) as u32,
            jitter: self.jitter as u32,
            last_report: self.last_report,
        })
    }
}

#[derive(Debug)]
struct Slot {
    end: SlotEnd,
    tally: Tally,
    eye: Eye,
}

#[derive(Debug)]
pub struct Client {
    pub id: PeerId,
    pub microphone: Option<Microphone>,
    pub camera: Option<Camera>,
    /// What it believes a round trip to take. libwebrtc knows it only while it sends; otherwise it assumes 100 ms.
    pub rtt: Duration,
    slots: Vec<Slot>,
    /// By the number of who speaks.
    ears: BTreeMap<u16, Ear>,
    /// Pieces of sound whose time does not agree with what they are.
    misplaced: usize,
    transport: Numbers,
    arrivals: Arrivals,
    next: Next,
    dice: ChaCha8Rng,
}

#[derive(Clone, Copy, Debug)]
struct Next {
    sound: Duration,
    picture: Duration,
    feedback: Duration,
    repairs: Duration,
    sound_report: Duration,
    pictures_report: Duration,
}

/// All microphones tick alike, so that a frame's number tells when it was spoken.
#[must_use]
pub fn spoken_at(number: u16, frame: u32) -> Duration {
    Duration::from_millis(u64::from(number) % 20) + EVERY * frame
}

/// The first frame that somebody who joins now will speak.
#[must_use]
pub fn next_frame(now: Duration) -> u32 {
    (now.as_micros() / EVERY.as_micros()) as u32 + 1
}

impl Client {
    #[must_use]
    pub fn new(now: Duration, id: PeerId, slots: &[SlotEnd]) -> Self {
        let slots = slots.iter().map(|end| Slot { end: *end, tally: Tally::default(), eye: Eye::default() }).collect();
        let next = Next {
            sound: spoken_at(id.0 as u16, next_frame(now)),
            picture: now + Duration::from_millis(3 + id.0 % 11),
            feedback: now + FEEDBACK_EVERY,
            repairs: now + REPAIRS_EVERY,
            sound_report: now + SOUND_REPORT_EVERY / 2,
            pictures_report: now + PICTURES_REPORT_EVERY / 2,
        };
        Self {
            id,
            microphone: None,
            camera: None,
            rtt: Duration::from_millis(100),
            slots,
            ears: BTreeMap::new(),
            misplaced: 0,
            transport: Numbers::default(),
            arrivals: Arrivals::default(),
            next,
            dice: ChaCha8Rng::seed_from_u64(id.0),
        }
    }

    /// When [`Self::wake`] has something to do next.
    #[must_use]
    pub fn next_wake(&self) -> Duration {
        let Next { sound, picture, feedback, repairs, sound_report, pictures_report } = self.next;
        let sends = [self.microphone.as_ref().map(|_| sound), self.camera.as_ref().map(|_| picture)];
        let looks = self.slots.iter().any(|slot| slot.end.kind == MediaKind::Video).then_some(repairs);
        let own = sends.into_iter().chain([looks]).flatten().fold(sound_report.min(pictures_report), Duration::min);
        own.min(feedback)
    }

    pub fn wake(&mut self, now: Duration) -> Vec<Datagram> {
        let mut out = Vec::new();
        if self.next.sound <= now {
            if let Some(microphone) = &mut self.microphone {
                out.push(Datagram::Rtp(microphone.packet(self.transport.next())));
            }
            self.next.sound += EVERY;
        }
        if self.next.picture <= now {
            if let Some(camera) = &mut self.camera {
                out.extend(camera.picture(now, &mut self.transport).into_iter().map(Datagram::Rtp));
                self.next.picture += camera.every();
            } else {
                self.next.picture = now + EVERY;
            }
        }
        if self.next.feedback <= now {
            self.next.feedback += FEEDBACK_EVERY;
            out.extend(self.arrivals.feedback().into_iter().map(Datagram::Rtcp));
        }
        if self.next.repairs <= now {
            self.next.repairs += REPAIRS_EVERY;
            self.ask(now, &mut out);
        }
        if self.next.sound_report <= now {
            self.next.sound_report += SOUND_REPORT_EVERY.mul_f64(self.dice.random_range(0.5..1.5));
            out.extend(self.sound_reports(now));
        }
        if self.next.pictures_report <= now {
            self.next.pictures_report += PICTURES_REPORT_EVERY.mul_f64(self.dice.random_range(0.5..1.5));
            out.extend(self.picture_reports(now));
        }
        out
    }

    fn ask(&mut self, now: Duration, out: &mut Vec<Datagram>) {
        let rtt = self.rtt;
        for slot in self.slots.iter_mut().filter(|slot| slot.end.kind == MediaKind::Video) {
            let wish = slot.eye.wishes(now, rtt);
            if !wish.lost.is_empty() {
                out.push(Datagram::Rtcp(control::nack(slot.end.ssrc, &wish.lost)));
            }
            if wish.key_frame {
                out.push(Datagram::Rtcp(control::picture_loss(slot.end.ssrc)));
            }
        }
    }

    fn sound_reports(&mut self, now: Duration) -> Vec<Datagram> {
        let mut bytes = Vec::new();
        if let Some(microphone) = &self.microphone {
            let (packets, octets) = microphone.sent();
            bytes.extend(control::sender_report(now, microphone.ssrc, microphone.timestamp(), packets, octets));
        }
        self.report(now, MediaKind::Audio, bytes)
    }

    fn picture_reports(&mut self, now: Duration) -> Vec<Datagram> {
        let sent = self.camera.as_ref().map(|camera| camera.sent(now)).unwrap_or_default();
        let bytes = sent
            .into_iter()
            .flat_map(|(ssrc, timestamp, packets, octets)| {
                control::sender_report(now, ssrc, timestamp, packets, octets)
            })
            .collect();
        self.report(now, MediaKind::Video, bytes)
    }

    fn report(&mut self, now: Duration, kind: MediaKind, mut bytes: Vec<u8>) -> Vec<Datagram> {
        let slots = self.slots.iter_mut().filter(|slot| slot.end.kind == kind);
        let heard: Vec<Reception> = slots.filter_map(|slot| slot.tally.report(slot.end.ssrc)).collect();
        for some in heard.chunks(20) {
            bytes.extend(control::receiver_report(now, some));
        }
        if bytes.is_empty() { Vec::new() } else { vec![Datagram::Rtcp(bytes)] }
    }

    /// Something came from the bridge; what is answered at once.
    ///
    /// # Panics
    /// When it is for nothing that was negotiated, or its content is nobody's.
    pub fn receive(&mut self, now: Duration, datagram: &Datagram) -> Vec<Datagram> {
        let mut out = Vec::new();
        match datagram {
            Datagram::Rtp(bytes) => {
                if let Some(seq) = transport_seq(bytes) {
                    self.arrivals.note(now, seq);
                }
                self.media(now, &Rtp::read(bytes).expect("the bridge writes RTP"), &mut out);
            }
            Datagram::Rtcp(bytes) => {
                for told in control::read(bytes) {
                    self.told(now, told, &mut out);
                }
            }
        }
        out
    }

    fn media(&mut self, now: Duration, rtp: &Rtp<'_>, out: &mut Vec<Datagram>) {
        let of = |slot: &&mut Slot| slot.end.ssrc == rtp.ssrc || slot.end.repair_ssrc == rtp.ssrc;
        let Some(slot) = self.slots.iter_mut().find(of) else { panic!("no slot has SSRC {:x}", rtp.ssrc) };
        match rtp.payload_type {
            OPUS | RED => {
                slot.tally.came(now, rtp, 48_000);
                self.sound(now, rtp);
            }
            VP8 => {
                slot.tally.came(now, rtp, 90_000);
                slot.eye.sees(now, rtp);
                self.ask(now, out);
            }
            RTX => {
                // Without an original number inside it probes the line.
                if let Some((&[high, low], payload)) = rtp.payload.split_first_chunk::<2>() {
                    slot.eye.sees_repaired(now, u16::from_be_bytes([high, low]), rtp.marker, payload);
                }
            }
            other => panic!("payload type {other} was not negotiated"),
        }
    }

    fn sound(&mut self, now: Duration, rtp: &Rtp<'_>) {
        let sounds = match rtp.payload_type {
            RED => microphone::apart(rtp.payload).expect("redundancy that can be taken apart"),
            _ => vec![(0, Sound::read(rtp.payload).expect("sound of a microphone of ours"))],
        };
        let Some((_, own)) = sounds.last().copied() else { return };
        for (offset, sound) in sounds {
            let back = own.frame.wrapping_sub(sound.frame).wrapping_mul(microphone::TICKS);
            if sound.publisher != own.publisher || back != offset {
                self.misplaced += 1;
            }
            let ear = self.ears.entry(sound.publisher).or_insert_with(|| Ear::new(spoken_at(sound.publisher, 0)));
            ear.hears(now, sound);
        }
    }

    fn told(&mut self, now: Duration, told: Told, out: &mut Vec<Datagram>) {
        match told {
            Told::KeyFrame { media } => {
                if let Some(camera) = &mut self.camera {
                    camera.key_frame_asked(media);
                }
            }
            Told::Lost { media, seqs } => {
                if let Some(camera) = &mut self.camera {
                    let repairs = camera.repairs(media, &seqs, &mut self.transport);
                    out.extend(repairs.into_iter().map(Datagram::Rtp));
                }
            }
            Told::Heard { media, fraction_lost } => {
                if let Some(microphone) = self.microphone.as_mut().filter(|microphone| microphone.ssrc == media) {
                    microphone.told(now, fraction_lost);
                }
            }
            Told::Sent { media, middle } => {
                if let Some(slot) = self.slots.iter_mut().find(|slot| slot.end.ssrc == media) {
                    slot.tally.last_report = Some((middle, now));
                }
            }
        }
    }

    /// What it heard of the voice of client `number`.
    #[must_use]
    pub fn ear(&self, number: u16) -> Option<&Ear> {
        self.ears.get(&number)
    }

    /// What it sees in its `n`th video slot.
    #[must_use]
    pub fn eye(&self, n: usize) -> Option<&Eye> {
        self.slots.iter().filter(|slot| slot.end.kind == MediaKind::Video).nth(n).map(|slot| &slot.eye)
    }

    #[must_use]
    pub fn misplaced(&self) -> usize {
        self.misplaced
    }
}

/// The transport-wide number, if the packet carries one.
fn transport_seq(bytes: &[u8]) -> Option<u16> {
    let block = bytes.get(12..).filter(|_| bytes[0] & 0x10 != 0)?;
    let words = usize::from(u16::from_be_bytes([*block.get(2)?, *block.get(3)?]));
    let mut elements = block.get(4..4 + 4 * words)?;
    while let [first, rest @ ..] = elements {
        if *first == 0 {
            elements = rest;
            continue;
        }
        let len = usize::from(first & 0x0F) + 1;
        if first >> 4 == TRANSPORT {
            return Some(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        }
        elements = rest.get(len..)?;
    }
    None
}
