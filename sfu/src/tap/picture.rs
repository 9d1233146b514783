//! RTP payloads of the programme's picture in, whole VP8 frames in order out.
//!
//! A missing packet is waited for, because its retransmission is on its way; after that it is lost, and every frame until the
//! next key frame with it: a decoder that is fed on would show garbage or stop, and a recording is decoded by players that
//! conceal nothing.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;

use super::head::PictureSize;
use super::vp8::{self, FrameKind};
use crate::mix::{Arrival, ArrivalClock, ticks};

/// RFC 7741, section 4.1.
const RATE_HZ: u32 = 90_000;

/// What one retransmission takes over the worst line we serve (600 ms of round trip) will come too late and cost a key frame;
/// every other line has time for one, most for several.
const WAIT: Duration = Duration::from_millis(400);

/// At the beginning of a stream nobody knows which packet is its first: those that overtook it arrive within this.
const GATHER: Duration = Duration::from_millis(100);

/// Packets behind a gap: a second and more of 8 Mbit/s. A gap that holds back more is given up.
const WAITING_MAX: usize = 1_024;

/// A sequence number further ahead than this is another stream, not a loss.
const JUMP: i64 = 3_000;

/// So many packets in a row from before what was assembled last are a stream that began anew.
const OLD_MAX: u32 = 100;

/// Larger than any picture a browser sends; a sender who never ends a frame is stopped here.
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Seeking decodes from the key frame before the place sought: a second or two for so much video. More often would cost the
/// publisher's line for the sake of a reader of tomorrow.
const KEY_FRAME_EVERY: Duration = Duration::from_secs(20);

/// A request is answered within a round trip, or it was lost.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// The place of frames on the timeline moves by at most 1 ms a frame when the clock is corrected, unseen; at once by more
/// than this.
const STEP: i64 = 90;
const STEP_AT_ONCE_FROM: i64 = 200 * 90;

pub(super) struct PictureStream {
    clock: ArrivalClock,
    waiting: BTreeMap<i64, Packet>,
    order: Order,
    /// Packets in a row from before what was assembled last.
    old: u32,
    partial: Option<Partial>,
    follows: Follows,
    offset: Option<i64>,
    asked_at: Option<Duration>,
    key_frame_at: Duration,
    out: VecDeque<PictureEvent>,
}

/// Which sequence number is assembled next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Unknown,
    /// The least of those that wait, once the first to come has waited; `near` is any of them.
    Gathering {
        near: i64,
        since: Duration,
    },
    Next(i64),
}

struct Packet {
    arrived: Duration,
    /// Unwrapped.
    timestamp: i64,
    marker: bool,
    payload: Bytes,
}

struct Partial {
    timestamp: i64,
    data: Vec<u8>,
}

/// What the next frame comes after.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Follows {
    /// The beginning, or a time without a picture: it must be a key frame.
    Nothing,
    /// A loss: it must be a key frame, and what lies between is a gap.
    Loss,
    Frame,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum PictureEvent {
    Frame {
        at_ms: u64,
        kind: FrameKind,
        follows: Follows,
        data: Bytes,
    },
    /// Without one nothing more can be shown, or seeking will become slow.
    KeyFrameWanted,
}

impl PictureStream {
    pub(super) fn new() -> Self {
        Self {
            clock: ArrivalClock::new(RATE_HZ),
            waiting: BTreeMap::new(),
            order: Order::Unknown,
            old: 0,
            partial: None,
            follows: Follows::Nothing,
            offset: None,
            asked_at: None,
            key_frame_at: Duration::ZERO,
            out: VecDeque::new(),
        }
    }

    pub(super) fn follows(&self) -> Follows {
        self.follows
    }

    /// Takes a packet that arrived `arrived` after the recording's start.
    pub(super) fn push(&mut self, arrived: Duration, seq: u16, timestamp: u32, marker: bool, payload: Bytes) {
        let timestamp = match self.clock.observe(ticks(arrived, RATE_HZ), timestamp) {
            // A late frame is still needed by those that refer to it.
            Arrival::OnTime(timestamp) | Arrival::Late(timestamp) => timestamp,
            Arrival::Restarted(timestamp) => {
                self.offset = None;
                timestamp
            }
        };
        let seq = match self.order {
            Order::Unknown => {
                self.order = Order::Gathering { near: i64::from(seq), since: arrived };
                i64::from(seq)
            }
            Order::Gathering { near, .. } => unwrap_seq(near, seq),
            Order::Next(next) => {
                let seq = unwrap_seq(next, seq);
                if seq < next {
                    self.old += 1;
                    if self.old < OLD_MAX {
                        return;
                    }
                    self.begin_at(seq, arrived);
                } else if seq > next + JUMP {
                    self.begin_at(seq, arrived);
                }
                seq
            }
        };
        self.old = 0;
        self.waiting.insert(seq, Packet { arrived, timestamp, marker, payload });
    }

    /// What has become whole by `now`; to be called until nothing comes.
    pub(super) fn poll(&mut self, now: Duration) -> Option<PictureEvent> {
        while self.out.is_empty() {
            let first = self.waiting.first_entry()?;
            let (seq, arrived) = (*first.key(), first.get().arrived);
            match self.order {
                Order::Gathering { since, .. } if since + GATHER > now => return None,
                Order::Next(next) if next != seq => {
                    if arrived + WAIT > now && self.waiting.len() <= WAITING_MAX {
                        return None;
                    }
                    self.lose();
                }
                Order::Unknown | Order::Gathering { .. } | Order::Next(_) => {}
            }
            self.order = Order::Next(seq + 1);
            if let Some((_, packet)) = self.waiting.pop_first() {
                self.assemble(&packet, now);
            }
        }
        self.out.pop_front()
    }

    /// As [`Self::poll`], but nothing is waited for any longer.
    pub(super) fn poll_last(&mut self) -> Option<PictureEvent> {
        self.poll(Duration::MAX)
    }

    /// Nobody's picture is shown from here on; what was on its way is not shown either.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
        self.out.clear();
        self.order = Order::Unknown;
        self.partial = None;
        self.follows = Follows::Nothing;
    }

    fn begin_at(&mut self, seq: i64, now: Duration) {
        self.waiting.clear();
        self.order = Order::Gathering { near: seq, since: now };
        self.old = 0;
        self.lose();
    }

    fn lose(&mut self) {
        self.partial = None;
        if self.follows == Follows::Frame {
            self.follows = Follows::Loss;
        }
    }

    fn assemble(&mut self, packet: &Packet, now: Duration) {
        if packet.payload.is_empty() {
            return; // Only padding, sent to probe the line.
        }
        let Some(piece) = vp8::piece(&packet.payload) else {
            return self.lose();
        };
        // The marker ends a frame; a sender that forgets it ends it by beginning another.
        let ended = |partial: &Partial| partial.timestamp != packet.timestamp || piece.starts_frame;
        if self.partial.as_ref().is_some_and(ended) {
            self.complete(now);
        }
        match &mut self.partial {
            Some(partial) if partial.data.len() + piece.data.len() <= FRAME_BYTES_MAX => {
                partial.data.extend_from_slice(piece.data);
            }
            None if piece.starts_frame => {
                self.partial = Some(Partial { timestamp: packet.timestamp, data: piece.data.to_vec() });
            }
            Some(_) | None => return self.lose(),
        }
        if packet.marker {
            self.complete(now);
        }
    }

    fn complete(&mut self, now: Duration) {
        let Some(Partial { timestamp, data }) = self.partial.take() else { return };
        let Some(kind) = vp8::frame_kind(&data) else {
            return self.lose();
        };
        match kind {
            FrameKind::Key(PictureSize { .. }) => self.key_frame_at = now,
            FrameKind::Delta if self.follows != Follows::Frame => return self.ask(now),
            FrameKind::Delta => {
                if now.saturating_sub(self.key_frame_at) >= KEY_FRAME_EVERY {
                    self.ask(now);
                }
            }
        }
        let at_ms = self.place(timestamp);
        let follows = std::mem::replace(&mut self.follows, Follows::Frame);
        self.out.push_back(PictureEvent::Frame { at_ms, kind, follows, data: data.into() });
    }

    fn ask(&mut self, now: Duration) {
        if self.asked_at.is_none_or(|asked| now.saturating_sub(asked) >= ASK_EVERY) {
            self.asked_at = Some(now);
            self.out.push_back(PictureEvent::KeyFrameWanted);
        }
    }

    fn place(&mut self, timestamp: i64) -> u64 {
        let target = self.clock.offset().unwrap_or(0);
        let offset = match self.offset {
            Some(offset) if (target - offset).abs() < STEP_AT_ONCE_FROM => {
                offset + (target - offset).clamp(-STEP, STEP)
            }
            Some(_) | None => target,
        };
        self.offset = Some(offset);
        u64::try_from((timestamp + offset) / (i64::from(RATE_HZ) / 1_000)).unwrap_or(0)
    }
}

/// The number nearest to `near` whose low 16 bits are `seq`.
fn unwrap_seq(near: i64, seq: u16) -> i64 {
    near + i64::from(seq.wrapping_sub((near & 0xffff) as u16) as i16)
}

#[cfg(test)]
mod tests;
