//! A viewer's side of one slot: puts packets in order, asks for what is missing, and decodes as strictly as a decoder that believes
//! the header. What the header says is held against what the content says: where the two part, a real decoder would show rubbish.

use std::collections::BTreeMap;
use std::time::Duration;

use rtc_rtcp::reception_report::ReceptionReport;
use sfu::id::MediaKind;

use super::negotiate::AnsweredSlot;
use super::packet::{OPUS, Picture, RTX, Rtp, StreamName, VP8, read_picture, read_sound};

/// A packet that is only out of order comes by itself within this time.
const REORDERED: Duration = Duration::from_millis(10);
/// A frame is given up after this; then only a key frame helps.
const PATIENCE: Duration = Duration::from_millis(1_200);
/// A whole key frame is waiting behind the gap: no reason to be patient.
const SHORT_PATIENCE: Duration = Duration::from_millis(200);
/// Until the first key frame of a slot is asked for by the viewer himself.
const FIRST_PATIENCE: Duration = Duration::from_millis(300);
const PICTURE_LOSS_EVERY: Duration = Duration::from_millis(500);
const TRIES: u8 = 10;
/// Requests further back than this are of no use.
const NACK_REACH: u64 = 250;
const KEPT: u64 = 1_500;
/// How far a stream's clock may run ahead of the time that passed, and stay behind it. A history of half a minute that is replayed at
/// once takes about a second of it.
const AHEAD: Duration = Duration::from_millis(1_500);
const BEHIND: Duration = Duration::from_secs(2);
/// Longer than any source that is sent is silent.
const PAUSE: Duration = Duration::from_millis(600);

#[derive(Debug)]
pub struct SlotReceiver {
    pub slot: AnsweredSlot,
    newest: Option<u64>,
    packets: BTreeMap<u64, Packet>,
    missing: BTreeMap<u64, Missing>,
    clock: Option<Clock>,
    decoder: Decoder,
    picture_loss_at: Option<Duration>,
    first_at: Option<Duration>,
    /// When a whole frame of which stream was decoded last.
    pub shown: Option<(Duration, StreamName)>,
    /// The first of all.
    pub first_shown: Option<(Duration, StreamName)>,
    pub frames: u64,
    /// When which microphone was heard last in this slot.
    pub heard: Option<(Duration, StreamName)>,
    received: u64,
    reported: (u64, u64),
    first: u64,
    sender_report: Option<(u32, Duration)>,
}

/// The stream's time held against ours.
#[derive(Clone, Copy, Debug)]
struct Clock {
    begun: Duration,
    base: u32,
    arrived: Duration,
    /// The first to arrive after a pause may be a repair of what was lost in it.
    steady_from: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Packet {
    timestamp: u32,
    marker: bool,
    content: Content,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Content {
    Picture(Picture),
    Sound { stream: StreamName, packet: u32 },
}

#[derive(Clone, Copy, Debug)]
struct Missing {
    since: Duration,
    asked_at: Option<Duration>,
    tries: u8,
}

/// Where decoding stands. `next` is the first packet of the next frame; none before the first key frame.
#[derive(Clone, Debug, Default)]
struct Decoder {
    next: Option<u64>,
    last: Option<Frame>,
    /// Frames since the last whole one that a key frame cut off.
    cut_off: u16,
    /// Something before `next` was given up.
    jumped: bool,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    stream: StreamName,
    number: u16,
    picture: u16,
    tl0: u8,
    timestamp: u32,
}

/// What a viewer has to say about a slot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Feedback {
    pub lost: Vec<u16>,
    pub picture_lost: bool,
}

impl SlotReceiver {
    #[must_use]
    pub fn new(slot: AnsweredSlot) -> Self {
        Self {
            slot,
            newest: None,
            packets: BTreeMap::new(),
            missing: BTreeMap::new(),
            clock: None,
            decoder: Decoder::default(),
            picture_loss_at: None,
            first_at: None,
            shown: None,
            first_shown: None,
            frames: 0,
            heard: None,
            received: 0,
            reported: (0, 0),
            first: 0,
            sender_report: None,
        }
    }

    /// # Errors
    /// What no correct sender would have sent.
    pub fn take(&mut self, now: Duration, rtp: &Rtp<'_>) -> Result<(), String> {
        let (seq, payload, repair) = self.unwrap_repair(rtp)?;
        let packet = Packet { timestamp: rtp.timestamp, marker: rtp.marker, content: self.read(payload)? };
        let Some(seq) = self.place(seq, repair) else { return Ok(()) };
        if let Some(before) = self.packets.get(&seq) {
            return same(seq, before, &packet);
        }
        self.first_at.get_or_insert(now);
        let is_newest = self.newest.is_none_or(|newest| seq >= newest);
        self.note_holes(now, seq);
        // What comes late, by whatever way, says nothing about the clock.
        if is_newest && !repair {
            self.check_clock(now, packet.timestamp)?;
        }
        self.missing.remove(&seq);
        self.packets.insert(seq, packet);
        self.forget_old();
        match packet.content {
            Content::Sound { stream, .. } => {
                self.check_sound(seq)?;
                self.heard = Some((now, stream));
                Ok(())
            }
            Content::Picture(_) => self.decode(now),
        }
    }

    fn unwrap_repair<'a>(&self, rtp: &Rtp<'a>) -> Result<(u16, &'a [u8], bool), String> {
        let wanted = if self.slot.kind == MediaKind::Audio { OPUS } else { VP8 };
        if rtp.ssrc == self.slot.ssrc && rtp.payload_type == wanted {
            return Ok((rtp.seq, rtp.payload, false));
        }
        if Some(rtp.ssrc) == self.slot.repair_ssrc && rtp.payload_type == RTX {
            let (number, payload) = rtp.payload.split_first_chunk::<2>().ok_or("a repair without a number")?;
            return Ok((u16::from_be_bytes(*number), payload, true));
        }
        Err(format!("slot {}: SSRC {:x} with payload type {}", self.slot.mid, rtp.ssrc, rtp.payload_type))
    }

    fn read(&self, payload: &[u8]) -> Result<Content, String> {
        Ok(match self.slot.kind {
            MediaKind::Audio => {
                let mark = read_sound(payload)?;
                Content::Sound { stream: mark.stream, packet: mark.packet }
            }
            MediaKind::Video => Content::Picture(read_picture(payload)?),
        })
    }

    /// The full number; none for a repair of something this receiver never waited for.
    fn place(&mut self, seq: u16, repair: bool) -> Option<u64> {
        let Some(newest) = self.newest else {
            if repair {
                return None;
            }
            let seq = (1 << 16) + u64::from(seq);
            (self.newest, self.first) = (Some(seq), seq);
            self.received += 1;
            return Some(seq);
        };
        let step = i64::from(seq.wrapping_sub(newest as u16) as i16);
        let full = newest.checked_add_signed(step)?;
        if !repair && !self.packets.contains_key(&full) {
            self.received += 1;
        }
        (full + KEPT > newest).then_some(full)
    }

    fn note_holes(&mut self, now: Duration, seq: u64) {
        let Some(newest) = self.newest.filter(|newest| *newest < seq) else { return };
        let from = (newest + 1).max(seq.saturating_sub(NACK_REACH));
        let hole = Missing { since: now, asked_at: None, tries: 0 };
        if self.slot.kind == MediaKind::Video {
            self.missing.extend((from..seq).map(|seq| (seq, hole)));
        }
        self.newest = Some(seq);
    }

    fn forget_old(&mut self) {
        let Some(newest) = self.newest else { return };
        while let Some((&oldest, _)) = self.packets.first_key_value()
            && oldest + KEPT < newest
        {
            self.packets.pop_first();
        }
        while let Some((&oldest, _)) = self.missing.first_key_value()
            && oldest + NACK_REACH < newest
        {
            self.missing.pop_first();
        }
    }

    /// Neighbours in number are neighbours in content and in time.
    fn check_sound(&self, seq: u64) -> Result<(), String> {
        for (earlier, later) in [(seq - 1, seq), (seq, seq + 1)] {
            let (Some(a), Some(b)) = (self.packets.get(&earlier), self.packets.get(&later)) else { continue };
            let (Content::Sound { stream: from, packet: first }, Content::Sound { stream: to, packet: second }) =
                (a.content, b.content)
            else {
                return Err(String::from("a picture among sounds"));
            };
            if !is_later(b.timestamp, a.timestamp) {
                return Err(format!("sound {later} of {to:?} is not later than the one before it of {from:?}"));
            }
            if from == to && second <= first {
                return Err(format!("{to:?}: packet {second} follows {first} in slot {}", self.slot.mid));
            }
        }
        Ok(())
    }

    /// A stream's timestamps follow the time that passes: a receiver would otherwise wait, or throw away.
    fn check_clock(&mut self, now: Duration, timestamp: u32) -> Result<(), String> {
        let fresh = Clock { begun: now, base: timestamp, arrived: now, steady_from: now };
        let clock = self.clock.get_or_insert(fresh);
        if now > clock.arrived + PAUSE {
            clock.steady_from = now + PAUSE;
        }
        clock.arrived = now;
        let rate = if self.slot.kind == MediaKind::Audio { 48_000 } else { 90_000 };
        let passed = now.saturating_sub(clock.begun).as_millis() as i64;
        let shown = i64::from(timestamp.wrapping_sub(clock.base) as i32) * 1_000 / rate;
        let late = shown < passed - BEHIND.as_millis() as i64 && now >= clock.steady_from;
        if late || shown > passed + AHEAD.as_millis() as i64 {
            return Err(format!("slot {}: {passed} ms passed and its clock says {shown}", self.slot.mid));
        }
        Ok(())
    }

    fn decode(&mut self, now: Duration) -> Result<(), String> {
        loop {
            let Some(next) = self.decoder.next else {
                let Some(key) = self.key_after(0) else { return Ok(()) };
                self.decoder.next = Some(key);
                continue;
            };
            match self.frame_at(next)? {
                Assembled::Waiting => return Ok(()),
                Assembled::CutOff { by } => {
                    self.decoder.cut_off += 1;
                    self.decoder.next = Some(by);
                }
                Assembled::Whole { end, first, timestamp } => {
                    self.check_frame(next, &first, timestamp)?;
                    self.decoder.next = Some(end + 1);
                    self.shown = Some((now, first.mark.stream));
                    self.first_shown = self.first_shown.or(self.shown);
                    self.frames += 1;
                }
            }
        }
    }

    fn picture(&self, seq: u64) -> Option<(&Packet, Picture)> {
        let packet = self.packets.get(&seq)?;
        match packet.content {
            Content::Picture(picture) => Some((packet, picture)),
            Content::Sound { .. } => None,
        }
    }

    fn key_after(&self, seq: u64) -> Option<u64> {
        let is_key = |packet: &Packet| matches!(packet.content, Content::Picture(picture) if picture.key);
        self.packets.range(seq..).find(|(_, packet)| is_key(packet)).map(|(seq, _)| *seq)
    }

    fn frame_at(&self, start: u64) -> Result<Assembled, String> {
        let Some((head, first)) = self.picture(start) else { return Ok(Assembled::Waiting) };
        if !first.starts {
            return Err(format!("slot {}: packet {start} should begin a frame: {first:?}", self.slot.mid));
        }
        let mut seq = start;
        loop {
            let Some((packet, picture)) = self.picture(seq) else { return Ok(Assembled::Waiting) };
            if seq > start && picture.starts {
                if picture.key {
                    return Ok(Assembled::CutOff { by: seq });
                }
                return Err(format!("slot {}: packet {seq} begins a frame in the middle of one", self.slot.mid));
            }
            if packet.timestamp != head.timestamp || picture.picture != first.picture {
                return Err(format!("slot {}: packet {seq} is of another picture than its frame", self.slot.mid));
            }
            if picture.mark.stream != first.mark.stream || picture.mark.frame != first.mark.frame {
                return Err(format!("slot {}: {:?} in a frame of {:?}", self.slot.mid, picture.mark, first.mark));
            }
            if packet.marker {
                return Ok(Assembled::Whole { end: seq, first, timestamp: head.timestamp });
            }
            seq += 1;
        }
    }

    fn check_frame(&mut self, seq: u64, first: &Picture, timestamp: u32) -> Result<(), String> {
        let decoder = &mut self.decoder;
        let mark = first.mark;
        let this = Frame { stream: mark.stream, number: mark.frame, picture: first.picture, tl0: first.tl0, timestamp };
        let Some(last) = decoder.last.replace(this) else { return Ok(()) };
        let (cut_off, jumped) = (std::mem::take(&mut decoder.cut_off), std::mem::take(&mut decoder.jumped));
        let place = format!("slot {}, packet {seq}: {this:?} after {last:?}", self.slot.mid);
        if !is_later(timestamp, last.timestamp) {
            return Err(format!("{place}: not later"));
        }
        let step = first.picture.wrapping_sub(last.picture) & 0x7FFF;
        if first.key {
            let most = if jumped { 0x4000 } else { 1 + cut_off };
            return if (1..=most).contains(&step) { Ok(()) } else { Err(format!("{place}: picture ids jump")) };
        }
        if step != 1 || first.tl0 != last.tl0.wrapping_add(1) {
            return Err(format!("{place}: numbers run on over a missing picture"));
        }
        if mark.stream != last.stream || mark.frame != last.number.wrapping_add(1) {
            return Err(format!("{place}: the numbers say it follows, the content does not"));
        }
        Ok(())
    }

    /// What is to be asked for now. Requests for one packet are a round trip apart.
    pub fn ask(&mut self, now: Duration, rtt: Duration) -> Feedback {
        let mut feedback = Feedback::default();
        let next = self.decoder.next.unwrap_or(0);
        self.missing.retain(|seq, _| *seq >= next);
        for (seq, hole) in &mut self.missing {
            let rested = hole.asked_at.is_none_or(|at| now >= at + rtt + REORDERED);
            if hole.tries < TRIES && now >= hole.since + REORDERED && rested {
                hole.tries += 1;
                hole.asked_at = Some(now);
                feedback.lost.push(*seq as u16);
            }
        }
        if self.is_stuck(now) && self.picture_loss_at.is_none_or(|at| now >= at + PICTURE_LOSS_EVERY) {
            self.picture_loss_at = Some(now);
            feedback.picture_lost = true;
        }
        feedback
    }

    /// Gives up what will not come any more. Whether only a key frame helps.
    fn is_stuck(&mut self, now: Duration) -> bool {
        if self.slot.kind == MediaKind::Audio {
            return false;
        }
        let Some(next) = self.decoder.next else {
            return self.first_at.is_some_and(|at| now >= at + FIRST_PATIENCE);
        };
        let Some(newest) = self.newest.filter(|newest| *newest >= next) else { return false };
        let hole = (next..=newest).find(|seq| !self.packets.contains_key(seq));
        let Some(hole) = hole else { return false };
        // A hole too old to be in the list is as old as can be.
        let age = self.missing.get(&hole).map_or(PATIENCE, |missing| now.saturating_sub(missing.since));
        if age < SHORT_PATIENCE {
            return false;
        }
        if let Some(key) = self.key_after(hole) {
            (self.decoder.next, self.decoder.jumped) = (Some(key), true);
            return false;
        }
        age >= PATIENCE
    }

    /// The middle of the sender's NTP time, for the delay since its last report.
    pub fn sender_reported(&mut self, now: Duration, middle: u32) {
        self.sender_report = Some((middle, now));
    }

    /// Nothing before the first packet.
    pub fn report(&mut self, now: Duration) -> Option<ReceptionReport> {
        let newest = self.newest?;
        let expected = newest - self.first + 1;
        let (expected_before, received_before) = std::mem::replace(&mut self.reported, (expected, self.received));
        let (due, came) = (expected - expected_before, self.received.saturating_sub(received_before));
        let lost = due.saturating_sub(came);
        let (last_sender_report, delay) = self.sender_report.map_or((0, 0), |(middle, at)| {
            (middle, (now.saturating_sub(at).as_micros() as u64 * 65_536 / 1_000_000) as u32)
        });
        Some(ReceptionReport {
            ssrc: self.slot.ssrc,
            fraction_lost: (lost * 256).checked_div(due).unwrap_or(0).min(255) as u8,
            total_lost: expected.saturating_sub(self.received) as u32,
            last_sequence_number: newest as u32,
            jitter: 0,
            last_sender_report,
            delay,
        })
    }
}

enum Assembled {
    Waiting,
    /// A key frame began before the frame was whole: the source was changed in its middle.
    CutOff {
        by: u64,
    },
    Whole {
        end: u64,
        first: Picture,
        timestamp: u32,
    },
}

fn is_later(this: u32, than: u32) -> bool {
    (this.wrapping_sub(than) as i32) > 0
}

fn same(seq: u64, before: &Packet, now: &Packet) -> Result<(), String> {
    if before == now { Ok(()) } else { Err(format!("number {seq} stands for two packets: {before:?} and {now:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::publish::{Encoder, TransportSeq};

    fn receiver() -> SlotReceiver {
        SlotReceiver::new(AnsweredSlot {
            mid: String::from("v0"),
            kind: MediaKind::Video,
            ssrc: 1_002,
            repair_ssrc: Some(1_002 ^ 0x8000_0000),
        })
    }

    fn at(n: u64) -> Duration {
        Duration::from_millis(100 * n)
    }

    #[test]
    fn a_lost_packet_is_asked_for_and_everything_after_it_is_decoded_when_it_comes() {
        let [_, _, mut full] = Encoder::camera(1, 1_000);
        let mut transport = TransportSeq::default();
        let mut receiver = receiver();
        let mut lost = None;
        for n in 0..6 {
            for (place, packet) in full.frame(at(n), &mut transport).iter().enumerate() {
                let rtp = Rtp::read(packet).unwrap();
                if n == 3 && place == 1 {
                    lost = Some(rtp.seq);
                } else {
                    receiver.take(at(n), &rtp).unwrap();
                }
            }
        }
        assert_eq!(receiver.frames, 3);
        let feedback = receiver.ask(at(6), at(1));
        assert_eq!(feedback.lost, [lost.unwrap()]);
        let repair = full.repair(lost.unwrap(), &mut transport).unwrap();
        receiver.take(at(6), &Rtp::read(&repair).unwrap()).unwrap();
        assert_eq!(receiver.frames, 6);
    }

    #[test]
    fn a_stream_that_turns_to_another_picture_without_a_key_frame_is_found_out() {
        let [_, _, mut full] = Encoder::camera(1, 1_000);
        let [_, _, mut other] = Encoder::camera(2, 1_000);
        let mut transport = TransportSeq::default();
        let mut receiver = receiver();
        let first: Vec<_> = full.frame(at(0), &mut transport);
        for packet in &first {
            receiver.take(at(0), &Rtp::read(packet).unwrap()).unwrap();
        }
        // The same numbers as the next frame, another camera's content.
        let expected = full.frame(at(1), &mut transport);
        other.frame(at(0), &mut transport);
        let foreign = other.frame(at(1), &mut transport);
        let mut fault = Ok(());
        for (header, content) in expected.iter().zip(&foreign) {
            let (header, content) = (Rtp::read(header).unwrap(), Rtp::read(content).unwrap());
            let mut payload = content.payload.to_vec();
            payload[..5].copy_from_slice(&header.payload[..5]);
            fault = fault.and(receiver.take(at(1), &Rtp { payload: &payload, ..header }));
        }
        assert!(fault.unwrap_err().contains("the content does not"));
    }
}
