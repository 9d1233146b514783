//! A meeting over bad lines, in virtual time: everything a peer sends or receives may be lost, late or twice, and still every viewer's
//! slot is one continuous stream that decodes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::actors::*;
use super::harness::*;
use crate::id::{PeerId, Ssrc};
use crate::packet::report::Compound;
use crate::packet::rtp::RtpPacket;

/// Chance from a seed, the same on every machine (xorshift64*).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, percent: u64) -> bool {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33 < (1u64 << 31) / 100 * percent
    }
}

/// A viewer's jitter buffer for one slot: asks for what is missing, decodes what is whole.
#[derive(Default)]
struct Receiver {
    newest: Option<u64>,
    packets: BTreeMap<u64, Got>,
    asked: BTreeMap<u64, u8>,
    first: Option<u64>,
    /// The first packet of a key frame has come: before that nothing tells how much is missing.
    begun: bool,
    /// Something asked for many times has not come, or nothing has begun.
    stuck: bool,
}

/// Requests for one packet before a receiver gives the frame up and asks for a key frame.
const PATIENCE: u8 = 8;

impl Receiver {
    fn take(&mut self, got: &Got) {
        let newest = *self.newest.get_or_insert(u64::from(got.seq) + (1 << 16));
        let step = i64::from(got.seq.wrapping_sub(newest as u16) as i16);
        let seq = newest.checked_add_signed(step).unwrap();
        self.newest = Some(newest.max(seq));
        self.first.get_or_insert(seq);
        self.begun |= !got.payload.is_empty() && got.vp8().starts_key_frame();
        let before = self.packets.entry(seq).or_insert_with(|| got.clone());
        assert_eq!(before.payload, got.payload, "one number, two packets");
        assert_eq!((before.timestamp, before.marker), (got.timestamp, got.marker));
    }

    fn missing(&mut self) -> Vec<u16> {
        let (Some(first), Some(newest)) = (self.first, self.newest) else { return vec![] };
        let mut missing = Vec::new();
        self.stuck |= !self.begun;
        for seq in first.max(newest.saturating_sub(200))..newest {
            let times = self.asked.entry(seq).or_default();
            if !self.packets.contains_key(&seq) && *times < PATIENCE {
                *times += 1;
                self.stuck |= *times == PATIENCE;
                missing.push(seq as u16);
            }
        }
        missing
    }

    /// Frames that could be decoded: whole, and following a decoded one or a key frame. Checks the numbers on the way.
    fn decoded(&self) -> (usize, usize) {
        let mut frames: BTreeMap<u32, Vec<(u64, &Got)>> = BTreeMap::new();
        let zero = self.packets.values().next().map_or(0, |got| got.timestamp);
        for (seq, got) in self.packets.iter().filter(|(_, got)| !got.payload.is_empty()) {
            frames.entry(got.timestamp.wrapping_sub(zero).wrapping_add(1 << 20)).or_default().push((*seq, got));
        }
        let mut last: Option<(u64, u16)> = None;
        let mut decoded = 0;
        let mut seen: BTreeSet<u16> = BTreeSet::new();
        for packets in frames.values() {
            let id = packets[0].1.vp8().picture_id().unwrap();
            assert!(packets.iter().all(|(_, got)| got.vp8().picture_id() == Some(id)), "one time, two pictures");
            assert!(seen.insert(id), "picture {id} came under two times");
            let whole = packets.windows(2).all(|pair| pair[1].0 == pair[0].0 + 1)
                && packets[0].1.payload[0] & 0x10 != 0
                && packets[packets.len() - 1].1.marker;
            let key = packets[0].1.vp8().starts_key_frame();
            let follows = last.is_some_and(|(seq, before)| packets[0].0 == seq + 1 && id == (before + 1) & 0x7FFF);
            if whole && (key || follows) {
                decoded += 1;
                last = Some((packets[packets.len() - 1].0, id));
            }
        }
        (decoded, frames.len())
    }
}

struct Meeting {
    world: World,
    dice: Dice,
    loss_percent: u64,
    cameras: Vec<[Video; 3]>,
    /// What publishers could send again, by SSRC and number.
    sent: BTreeMap<(PeerId, u32, u16), Vec<u8>>,
    voices: Vec<(Voice, u8)>,
    receivers: BTreeMap<(PeerId, u32), Receiver>,
    repairs: u16,
    key_frames_due: BTreeSet<(PeerId, u32)>,
}

impl Meeting {
    fn new(seed: u64, loss_percent: u64) -> Self {
        let mut world = World::new();
        let peers: Vec<PeerId> = (1..=3).map(|n| world.join(n, Seat::site(2, 2))).collect();
        world.join(4, Seat::viewer(2, 3));
        let stage = Stage::of(&peers);
        Self {
            world,
            dice: Dice(seed | 1),
            loss_percent,
            cameras: stage.cameras,
            sent: BTreeMap::new(),
            voices: stage.voices,
            receivers: BTreeMap::new(),
            repairs: 0,
            key_frames_due: peers.iter().flat_map(|peer| [200, 202, 204].map(|ssrc| (*peer, ssrc))).collect(),
        }
    }

    fn lost(&mut self) -> bool {
        let percent = self.loss_percent;
        self.dice.roll(percent)
    }

    fn step(&mut self, n: u64) {
        let mut packets: Vec<(PeerId, Vec<u8>)> = Vec::new();
        for (voice, level) in &mut self.voices {
            packets.push((voice.from, voice.packet(*level)));
        }
        if n.is_multiple_of(2) {
            for video in self.cameras.iter_mut().flatten() {
                let key = self.key_frames_due.remove(&(video.from, video.ssrc));
                for packet in video.frame(if key { Frame::Key } else { Frame::Delta }, if key { 5 } else { 2 }) {
                    let seq = RtpPacket::parse(&packet).unwrap().seq.0;
                    self.sent.insert((video.from, video.ssrc, seq), packet.clone());
                    packets.push((video.from, packet));
                }
            }
        }
        for (from, packet) in packets {
            if !self.lost() {
                let _ = self.world.send(from, &packet);
            }
        }
        self.publishers_answer();
        self.viewers_receive(n);
        self.world.run(20);
    }

    fn publishers_answer(&mut self) {
        for asked in self.world.take_asked() {
            if self.lost() {
                continue;
            }
            match asked {
                Asked::KeyFrame { of, media } => {
                    self.key_frames_due.insert((of, media));
                }
                Asked::Repair { of, media, lost } => {
                    for seq in lost {
                        let Some(original) = self.sent.get(&(of, media, seq)).cloned() else { continue };
                        let video = self.cameras.iter().flatten().find(|v| v.from == of && v.ssrc == media).unwrap();
                        self.repairs = self.repairs.wrapping_add(1);
                        let repair = video.repair(self.repairs, &original);
                        if !self.lost() {
                            let _ = self.world.send(of, &repair);
                        }
                    }
                }
            }
        }
    }

    fn viewers_receive(&mut self, n: u64) {
        for mut got in std::mem::take(&mut self.world.wire.rtp) {
            if self.lost() || got.payload_type == OPUS {
                continue;
            }
            if got.payload_type == RTX {
                got.ssrc -= REPAIR_SLOT - VIDEO_SLOT;
                got.seq = u16::from_be_bytes([got.payload[0], got.payload[1]]);
                got.payload.drain(..2);
            }
            self.receivers.entry((got.to, got.ssrc)).or_default().take(&got);
        }
        if n.is_multiple_of(3) {
            let ask = |(key, receiver): (&(PeerId, u32), &mut Receiver)| {
                let lost = receiver.missing();
                (*key, lost, std::mem::take(&mut receiver.stuck))
            };
            let asks: Vec<_> = self.receivers.iter_mut().map(ask).collect();
            for ((peer, ssrc), lost, stuck) in asks {
                let mut compound = Compound::new();
                compound.receiver_report(Ssrc(5), &[]).nack(Ssrc(5), Ssrc(ssrc), &lost);
                if stuck {
                    compound.picture_loss(Ssrc(5), Ssrc(ssrc));
                }
                if (stuck || !lost.is_empty()) && !self.lost() {
                    self.world.control(peer, compound.bytes());
                }
            }
        }
    }

    /// Ten seconds with two changes of speaker and a late joiner.
    fn hold(&mut self) {
        for n in 0..500 {
            if n % 170 == 0 {
                let speaker = (n / 170) as usize % 3;
                for (at, (_, level)) in self.voices.iter_mut().enumerate() {
                    *level = if at == speaker { 30 } else { 127 };
                }
            }
            if n == 250 {
                self.world.join(5, Seat::viewer(1, 3));
            }
            self.step(n);
        }
    }
}

#[test]
fn without_loss_every_frame_decodes_in_every_slot() {
    let mut meeting = Meeting::new(1, 0);
    meeting.hold();
    assert!(meeting.receivers.len() >= 10);
    for ((peer, ssrc), receiver) in &meeting.receivers {
        let (decoded, frames) = receiver.decoded();
        assert_eq!(decoded, frames, "{peer:?} slot {ssrc:x}");
        assert!(frames > 50);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    #[test]
    fn at_five_percent_loss_each_way_nearly_every_frame_decodes(seed: u64) {
        let mut meeting = Meeting::new(seed, 5);
        meeting.hold();
        let (mut decoded, mut frames) = (0, 0);
        for receiver in meeting.receivers.values() {
            let (whole, all) = receiver.decoded();
            decoded += whole;
            frames += all;
        }
        prop_assert!(frames > 2_000);
        prop_assert!(decoded * 100 >= frames * 95, "{} of {}", decoded, frames);
    }

    #[test]
    fn the_same_seed_gives_the_same_meeting(seed: u64) {
        let figures = |meeting: &Meeting| -> Vec<(usize, usize)> {
            meeting.receivers.values().map(Receiver::decoded).collect()
        };
        let (mut one, mut other) = (Meeting::new(seed, 10), Meeting::new(seed, 10));
        for n in 0..100 {
            one.step(n);
            other.step(n);
        }
        prop_assert_eq!(figures(&one), figures(&other));
    }
}
