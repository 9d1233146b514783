//! What a viewer sees in one slot, with the manners of libwebrtc: what is missing is asked for once a round trip, at most ten times, and
//! not before as many packets have come behind it as have lately overtaken one another; frames are decoded in order; where that cannot
//! go on, a key frame is asked for.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::world::packet::{Rtp, read_picture};

/// Requests for one packet.
const TRIES_MAX: u8 = 10;
/// Late packets that tell how much packets overtake one another.
const OVERTAKEN_KEPT: usize = 128;
/// More holes than this are left to a key frame.
const HOLES_MAX: usize = 1_000;
/// A decoder that has nothing to go on with waits this long before it asks for a key frame: at the beginning, and later.
const FIRST_PATIENCE: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(3);
const STOPPED_AFTER: Duration = Duration::from_secs(1);
const KEY_FRAME_EVERY: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug)]
struct Piece {
    starts: bool,
    key: bool,
    marker: bool,
    /// Nothing but padding.
    filler: bool,
    seen: Seen,
}

/// Whose picture it was and in which layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seen {
    pub publisher: u16,
    pub layer: u8,
}

#[derive(Clone, Copy, Debug)]
struct Hole {
    tries: u8,
    ask_at: Duration,
    /// Asked for once this packet has come.
    ask_from: u64,
}

/// What a viewer asks for.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wish {
    pub lost: Vec<u16>,
    pub key_frame: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Eye {
    newest: Option<u64>,
    /// The packet the decoder goes on with; none before the first key frame.
    next: Option<u64>,
    pieces: BTreeMap<u64, Piece>,
    /// First packets of key frames among them.
    keys: Vec<u64>,
    holes: BTreeMap<u64, Hole>,
    /// How far behind the newest the last packets were that came late of themselves.
    overtaken: VecDeque<u64>,
    began: Option<Duration>,
    came_at: Duration,
    stuck: bool,
    asked_key_at: Option<Duration>,
    /// Every decoded frame.
    pub frames: Vec<(Duration, Seen)>,
    pub key_frames_asked: u32,
}

/// How a picture moved in a stretch of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moved {
    pub frames: usize,
    pub longest_freeze: Duration,
}

impl Eye {
    /// The full number of a packet that came on the stream itself.
    fn unwrap(&mut self, seq: u16) -> u64 {
        let newest = *self.newest.get_or_insert(u64::from(seq) + (1 << 16));
        let step = i64::from(seq.wrapping_sub(newest as u16) as i16);
        newest.saturating_add_signed(step)
    }

    /// # Panics
    /// When the bridge sends a picture that no camera has made.
    pub fn sees(&mut self, now: Duration, rtp: &Rtp<'_>) {
        self.began.get_or_insert(now);
        self.came_at = now;
        let seq = self.unwrap(rtp.seq);
        if let Some(behind) = self.newest.and_then(|newest| newest.checked_sub(seq)).filter(|behind| *behind > 0) {
            if self.overtaken.len() == OVERTAKEN_KEPT {
                self.overtaken.pop_front();
            }
            self.overtaken.push_back(behind);
        }
        self.take(now, seq, rtp.marker, rtp.payload);
    }

    /// Half of the packets that came late had been overtaken by no more than this.
    fn patience(&self) -> u64 {
        let mut overtaken: Vec<u64> = self.overtaken.iter().copied().collect();
        overtaken.sort_unstable();
        overtaken.get(overtaken.len() / 2).copied().unwrap_or(0)
    }

    /// A repair, without its first two bytes.
    pub fn sees_repaired(&mut self, now: Duration, seq: u16, marker: bool, payload: &[u8]) {
        if self.newest.is_some() {
            let seq = self.unwrap(seq);
            self.take(now, seq, marker, payload);
        }
    }

    fn take(&mut self, now: Duration, seq: u64, marker: bool, payload: &[u8]) {
        self.holes.remove(&seq);
        let newest = self.newest.unwrap_or(seq);
        if seq > newest {
            let patience = if newest + 1 < seq { self.patience() } else { 0 };
            let hole = |hole| (hole, Hole { tries: 0, ask_at: now, ask_from: hole + patience });
            self.holes.extend((newest + 1..seq).map(hole));
            self.newest = Some(seq);
            if self.holes.len() > HOLES_MAX {
                self.holes.clear();
                self.stuck = true;
            }
        }
        if self.next.is_some_and(|next| seq < next) || self.pieces.contains_key(&seq) {
            return;
        }
        let nobody = Seen { publisher: 0, layer: 0 };
        let piece = if payload.is_empty() {
            Piece { starts: false, key: false, marker, filler: true, seen: nobody }
        } else {
            let picture = read_picture(payload).expect("a picture of a camera of ours");
            let stream = picture.mark.stream;
            let seen = Seen { publisher: stream.publisher, layer: stream.layer };
            Piece { starts: picture.starts, key: picture.key, marker, filler: false, seen }
        };
        if piece.key {
            let at = self.keys.partition_point(|key| *key < seq);
            self.keys.insert(at, seq);
        }
        self.pieces.insert(seq, piece);
        self.decode(now);
    }

    fn decode(&mut self, now: Duration) {
        loop {
            if let Some(end) = self.next.and_then(|next| self.whole(next)) {
                self.show(now, end);
                continue;
            }
            // A whole key frame further on relieves a decoder that waits.
            let after = self.next.unwrap_or(0);
            let found = self.keys.iter().find_map(|key| {
                (*key > after || self.next.is_none()).then(|| self.whole(*key)).flatten().map(|end| (*key, end))
            });
            let Some((key, end)) = found else { return };
            self.next = Some(key);
            self.show(now, end);
        }
    }

    /// The last packet of the frame that begins at `first`, or that fillers stand before, if all of it is here.
    fn whole(&self, first: u64) -> Option<u64> {
        let mut began = false;
        let mut seq = first;
        loop {
            let piece = self.pieces.get(&seq)?;
            if piece.filler {
                if !began {
                    return Some(seq);
                }
            } else {
                if !began && !piece.starts {
                    return None;
                }
                began = true;
                if piece.marker {
                    return Some(seq);
                }
            }
            seq += 1;
        }
    }

    fn show(&mut self, now: Duration, end: u64) {
        if let Some(piece) = self.pieces.get(&end).filter(|piece| !piece.filler) {
            self.frames.push((now, piece.seen));
        }
        let rest = self.pieces.split_off(&(end + 1));
        self.pieces = rest;
        self.holes = self.holes.split_off(&(end + 1));
        self.keys.retain(|key| *key > end);
        self.next = Some(end + 1);
        self.stuck = false;
    }

    /// What is to be asked for now, by a client that believes a round trip to take `rtt`.
    pub fn wishes(&mut self, now: Duration, rtt: Duration) -> Wish {
        let mut wish = Wish::default();
        let newest = self.newest.unwrap_or(0);
        self.holes.retain(|seq, hole| {
            if hole.ask_at > now || newest < hole.ask_from {
                return true;
            }
            if hole.tries == TRIES_MAX {
                return false;
            }
            hole.tries += 1;
            hole.ask_at = now + rtt;
            wish.lost.push(*seq as u16);
            true
        });
        let last = self.frames.last().map(|(at, _)| *at);
        let patience = if last.is_none() { FIRST_PATIENCE } else { PATIENCE };
        let waits = last.or(self.began).is_some_and(|since| now.saturating_sub(since) >= patience);
        let may_ask = self.asked_key_at.is_none_or(|at| now.saturating_sub(at) >= KEY_FRAME_EVERY);
        // Where nothing comes at all, the sender has stopped.
        let flows = self.began.is_some() && now.saturating_sub(self.came_at) < STOPPED_AFTER;
        if (self.stuck || waits) && may_ask && flows {
            self.asked_key_at = Some(now);
            self.key_frames_asked += 1;
            wish.key_frame = true;
        }
        wish
    }

    /// How the picture moved from `from` to `to`.
    #[must_use]
    pub fn moved(&self, from: Duration, to: Duration) -> Moved {
        let within = || self.frames.iter().map(|(at, _)| *at).filter(|at| (from..to).contains(at));
        let mut longest_freeze = Duration::ZERO;
        let mut last = from;
        for at in within().chain([to]) {
            longest_freeze = longest_freeze.max(at.saturating_sub(last));
            last = at;
        }
        Moved { frames: within().count(), longest_freeze }
    }
}
