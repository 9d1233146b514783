//! The last second or so of one layer, each packet once and in the clear. Everybody's copies are sealed from here, and the same bytes
//! answer every request for a repair.
//!
//! Payloads lie in one ring of bytes, descriptions in a ring indexed by sequence number. Both start small and double until they span
//! [`SPAN`] at the layer's own rate, then stay: a thumbnail costs kilobytes, a 3 Mbit/s picture half a megabyte, and in steady state
//! nothing is allocated.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::packet::descriptor::Descriptor;
use crate::packet::frame::Frame;

/// A repair asked for later than this would come after the receiver has given the frame up.
const SPAN: Duration = Duration::from_millis(1_200);

const START_PACKETS: usize = 64;
const START_BYTES: usize = 16 * 1024;

/// A layer that would need more (over 4 Mbit/s, or over 900 packets a second) keeps a shorter past instead of more memory.
const PACKETS_MAX: usize = 1_024;
const BYTES_MAX: usize = 640 * 1024;

/// The longest payload that is kept. No path carries a larger datagram unfragmented.
pub(crate) const PAYLOAD_MAX: usize = 1_500;

/// Kept behind each payload: read together with it, the packet has one byte of RTP padding (RFC 3550 section 5.1; the last byte
/// counts the padding). Senders cut a frame into packets of k and k + 1 bytes; padded to one size they leave in one run.
const PADDING: u8 = 1;

/// What was read from a packet, once, for everybody it goes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PacketMeta {
    /// Unwrapped.
    pub(crate) seq: u64,
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    /// RFC 6464 level, 127 when there is none.
    pub(crate) level: u8,
    /// A receiver can begin here: every audio packet, the first packet of a key frame.
    pub(crate) opens: bool,
    pub(crate) frame: Frame,
    pub(crate) descriptor: Descriptor,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    pub(crate) meta: &'a PacketMeta,
    /// With AV1's dependency descriptor in front, if it came with one.
    pub(crate) payload: &'a [u8],
    /// The same bytes and one of padding behind them.
    pub(crate) padded: &'a [u8],
    /// How it is to be sent.
    pub(crate) padding: Padding,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Padding {
    None,
    OneByte,
}

impl<'a> Stored<'a> {
    /// The payload from its byte `from` on, as it is to be sent.
    pub(crate) fn sent_from(&self, from: u8) -> &'a [u8] {
        let sent = match self.padding {
            Padding::None => self.payload,
            Padding::OneByte => self.padded,
        };
        sent.get(usize::from(from)..).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    meta: PacketMeta,
    /// Bytes ever written before this payload.
    position: u64,
    len: u16,
    at: Instant,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    entries: Vec<Option<Entry>>,
    bytes: Vec<u8>,
    written: u64,
    /// Where and when each payload was written, oldest first: what the next write pushes out.
    order: VecDeque<(u64, Instant)>,
}

impl History {
    /// Keeps a packet, its two parts as one. Payloads over [`PAYLOAD_MAX`] are the caller's to refuse; here they are not kept.
    pub(crate) fn insert(&mut self, now: Instant, meta: PacketMeta, parts: [&[u8]; 2]) {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        if len > PAYLOAD_MAX {
            return;
        }
        self.make_room(now, meta.seq, len + 1);
        self.lay(now, meta, parts);
    }

    pub(crate) fn packet(&self, seq: u64) -> Option<Stored<'_>> {
        let entry = self.entries.get(self.slot(seq))?.as_ref()?;
        if entry.meta.seq != seq || !self.is_whole(entry) {
            return None;
        }
        let start = (entry.position % self.bytes.len() as u64) as usize;
        let padded = self.bytes.get(start..=start + usize::from(entry.len))?;
        let (_, payload) = padded.split_last()?;
        Some(Stored { meta: &entry.meta, payload, padded, padding: Padding::None })
    }

    pub(crate) fn arrived(&self, seq: u64) -> Option<Instant> {
        let entry = self.entries.get(self.slot(seq))?.as_ref()?;
        (entry.meta.seq == seq && self.is_whole(entry)).then_some(entry.at)
    }

    pub(crate) fn contains(&self, seq: u64) -> bool {
        self.packet(seq).is_some()
    }

    /// How many bytes the packets from `first` to `last` are, if every one of them is here.
    pub(crate) fn run(&self, first: u64, last: u64) -> Option<usize> {
        if last.checked_sub(first)? >= PACKETS_MAX as u64 {
            return None;
        }
        (first..=last).try_fold(0, |sum, seq| Some(sum + self.packet(seq)?.payload.len()))
    }

    /// Nothing of what came before may be sent again. The memory stays for what comes next.
    pub(crate) fn clear(&mut self) {
        self.entries.fill(None);
        self.order.clear();
    }

    fn slot(&self, seq: u64) -> usize {
        // The length is a power of two, or zero before the first packet.
        (seq as usize) & self.entries.len().wrapping_sub(1)
    }

    fn is_whole(&self, entry: &Entry) -> bool {
        self.written - entry.position <= self.bytes.len() as u64
    }

    /// Grows while keeping this packet would push out one that is still young.
    fn make_room(&mut self, now: Instant, seq: u64, len: usize) {
        let young = |at: Instant| now.saturating_duration_since(at) < SPAN;
        loop {
            let (packets, bytes) = (self.entries.len(), self.bytes.len());
            if packets == 0 {
                self.resize(START_PACKETS, START_BYTES);
                continue;
            }
            let displaced = self.entries.get(self.slot(seq)).and_then(Option::as_ref);
            if packets < PACKETS_MAX
                && displaced.is_some_and(|entry| entry.meta.seq != seq && self.is_whole(entry) && young(entry.at))
            {
                self.resize((packets * 2).min(PACKETS_MAX), bytes);
                continue;
            }
            let lost_below = (self.position_for(len) + len as u64).saturating_sub(bytes as u64);
            let Some(&(position, at)) = self.order.front() else { return };
            if position >= lost_below {
                return;
            }
            if bytes < BYTES_MAX && young(at) {
                self.resize(packets, (bytes * 2).min(BYTES_MAX));
            } else {
                self.order.pop_front();
            }
        }
    }

    /// A payload never straddles the end of the ring, so that it can be sealed from one slice.
    fn position_for(&self, len: usize) -> u64 {
        let capacity = self.bytes.len() as u64;
        let into = self.written % capacity.max(1);
        if into + len as u64 <= capacity { self.written } else { self.written + (capacity - into) }
    }

    fn lay(&mut self, at: Instant, meta: PacketMeta, [front, payload]: [&[u8]; 2]) {
        let len = front.len() + payload.len();
        let position = self.position_for(len + 1);
        let start = (position % self.bytes.len().max(1) as u64) as usize;
        let slot = self.slot(meta.seq);
        if let Some((padding, place)) = self.bytes.get_mut(start..=start + len).and_then(<[u8]>::split_last_mut)
            && let Some((head, tail)) = place.split_at_mut_checked(front.len())
            && let Ok(len) = u16::try_from(len)
            && let Some(entry) = self.entries.get_mut(slot)
        {
            head.copy_from_slice(front);
            tail.copy_from_slice(payload);
            *padding = PADDING;
            *entry = Some(Entry { meta, position, len, at });
            self.written = position + u64::from(len) + 1;
            self.order.push_back((position, at));
        }
    }

    fn resize(&mut self, packets: usize, bytes: usize) {
        let mut resized = Self {
            entries: vec![None; packets],
            bytes: vec![0; bytes],
            written: 0,
            // Duplicates are refused, so at most every entry once, and the one being replaced.
            order: VecDeque::with_capacity(PACKETS_MAX.min(2 * packets)),
        };
        let mut kept: Vec<&Entry> = self.entries.iter().flatten().collect();
        kept.sort_by_key(|entry| entry.position);
        for entry in kept {
            if let Some(stored) = self.packet(entry.meta.seq) {
                resized.lay(entry.at, *stored.meta, [&[], stored.payload]);
            }
        }
        *self = resized;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn meta(seq: u64) -> PacketMeta {
        let (frame, descriptor) = (Frame::UNDIVIDED, Descriptor::Opaque);
        PacketMeta { seq, timestamp: seq as u32 * 3_000, marker: false, level: 127, opens: false, frame, descriptor }
    }

    fn payload(seq: u64, len: usize) -> Vec<u8> {
        (0..len).map(|n| (seq as usize * 31 + n) as u8).collect()
    }

    #[test]
    fn a_packet_is_found_again_until_it_is_too_old() {
        let start = Instant::now();
        let mut history = History::default();
        for seq in 0..5_000u64 {
            history.insert(start + Duration::from_millis(seq * 5), meta(seq), [&[], &payload(seq, 1_000)]);
        }
        assert_eq!(history.packet(4_999).unwrap().payload, payload(4_999, 1_000));
        assert_eq!(history.packet(4_770).unwrap().payload, payload(4_770, 1_000), "230 packets are 1.15 s");
        assert!(!history.contains(3_000));
        assert!(!history.contains(5_000));
    }

    #[test]
    fn a_slow_stream_stays_small_and_a_flood_stays_bounded() {
        let start = Instant::now();
        let mut voice = History::default();
        for seq in 0..2_000u64 {
            voice.insert(start + Duration::from_millis(seq * 20), meta(seq), [&[], &payload(seq, 90)]);
        }
        assert_eq!((voice.entries.len(), voice.bytes.len()), (START_PACKETS, START_BYTES));
        let mut flood = History::default();
        for seq in 0..20_000u64 {
            flood.insert(start, meta(seq), [&[], &payload(seq, 1_200)]);
        }
        assert_eq!((flood.entries.len(), flood.bytes.len()), (PACKETS_MAX, BYTES_MAX));
        assert!(flood.order.len() <= PACKETS_MAX);
    }

    #[test]
    fn a_cleared_history_answers_nothing() {
        let mut history = History::default();
        history.insert(Instant::now(), meta(7), [&[], b"held back"]);
        history.clear();
        assert!(!history.contains(7));
        assert_eq!(history.run(7, 7), None);
    }

    #[test]
    fn a_run_is_whole_or_nothing() {
        let mut history = History::default();
        for seq in [1, 2, 4, 5] {
            history.insert(Instant::now(), meta(seq), [&[], &[0; 10]]);
        }
        assert_eq!(history.run(1, 2), Some(20));
        assert_eq!(history.run(1, 4), None);
        assert_eq!(history.run(4, 3), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn what_is_found_is_what_was_put_in(
            steps in proptest::collection::vec((0u64..6, 0usize..1_400, 0u64..20, 0u64..40), 1..600)
        ) {
            let mut now = Instant::now();
            let mut history = History::default();
            let mut newest = 100u64;
            let mut put = std::collections::BTreeMap::new();
            for (ahead, len, pause, behind) in steps {
                now += Duration::from_millis(pause);
                newest += ahead;
                let seq = newest.saturating_sub(if ahead == 0 { behind } else { 0 });
                if put.contains_key(&seq) {
                    continue;
                }
                history.insert(now, meta(seq), [&[], &payload(seq, len)]);
                put.insert(seq, len);
                prop_assert!(history.contains(seq));
            }
            for (seq, len) in put {
                if let Some(stored) = history.packet(seq) {
                    prop_assert_eq!(stored.meta.seq, seq);
                    prop_assert_eq!(stored.payload, &payload(seq, len)[..]);
                }
            }
        }
    }
}
