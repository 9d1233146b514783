//! Sound twice: the holes of a microphone's history that a later packet fills, and the earlier packets that a later one takes along to
//! those who lose some (RFC 2198).

use crate::id::PayloadType;
use crate::packet::red::{self, Block};
use crate::track::history::History;

/// The oldest block there can be is 341 ms old; of the shortest packets in use, 10 ms, that is this many.
const REACH: u64 = 35;

/// The number of the packet that a redundant block is a copy of, if that packet has not come and its place is certain. A block tells its
/// time but not its number, and where nothing was sent for a while the two do not go in step: then several places may be possible, and
/// the block is left alone. So it is where nothing earlier is known: what was said before a stream began, or while it was held back, is
/// nobody's to hear.
pub(crate) fn place_of(history: &History, carrier: u64, timestamp: u32, block: Block<'_>) -> Option<u64> {
    let lasts = red::opus_ticks(block.payload)?;
    let wanted = timestamp.wrapping_sub(block.offset);
    // The nearest packets known on both sides of it.
    let (mut after, mut before) = ((carrier, block.offset), None);
    for seq in (carrier.saturating_sub(REACH)..carrier).rev() {
        let Some(known) = history.packet(seq) else { continue };
        match known.meta.timestamp.wrapping_sub(wanted) as i32 {
            0 => return None,
            later @ 1.. => after = (seq, later.unsigned_abs()),
            earlier => {
                before = Some((seq, earlier.unsigned_abs()));
                break;
            }
        }
    }
    // Every packet takes at least its own time, on either side.
    let before: (u64, u32) = before?;
    let first = after.0.saturating_sub(u64::from(after.1 / lasts)).max(before.0 + 1);
    let last = (before.0 + u64::from(before.1 / lasts)).min(after.0 - 1);
    (first == last).then_some(first)
}

/// How much of the past a packet takes along.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Redundancy {
    #[default]
    None,
    One,
    Two(Reach),
    Three(Reach),
}

/// How long a receiver can wait for a copy and still play it in time: what its way here leaves of 400 ms from mouth to ear, after which
/// people begin to talk into one another (ITU-T G.114).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// 200 ms.
    Long,
    /// 120 ms.
    Middle,
    /// 60 ms.
    Short,
}

impl Redundancy {
    /// Every form there is.
    const FORMS: [Self; 7] = [
        Self::One,
        Self::Two(Reach::Long),
        Self::Two(Reach::Middle),
        Self::Two(Reach::Short),
        Self::Three(Reach::Long),
        Self::Three(Reach::Middle),
        Self::Three(Reach::Short),
    ];

    /// How many packets back each copy is from, the oldest first. The nearest serves losses one by one, and the listener who waits no
    /// longer; those further back outlive a burst, which takes neighbours together.
    const fn distances(self) -> &'static [u64] {
        match self {
            Self::None => &[],
            Self::One => &[1],
            Self::Two(Reach::Long) => &[8, 1],
            Self::Two(Reach::Middle) => &[5, 1],
            Self::Two(Reach::Short) => &[2, 1],
            Self::Three(Reach::Long) => &[10, 5, 1],
            Self::Three(Reach::Middle) => &[6, 3, 1],
            Self::Three(Reach::Short) => &[3, 2, 1],
        }
    }
}

/// Forms that somebody in the room wants: only those are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Wanted(u8);

impl Wanted {
    pub(crate) fn add(&mut self, redundancy: Redundancy) {
        let place = Redundancy::FORMS.iter().position(|form| *form == redundancy);
        self.0 |= place.map_or(0, |place| 1 << place);
    }

    fn has(self, place: usize) -> bool {
        self.0 & (1 << place) != 0
    }
}

/// With its primary block a packet must stay within one datagram on every path.
const PACKET_MAX: usize = 1_200;
const PREFIX_MAX: usize = 1_000;
const COPIES_MAX: usize = 3;

/// What goes before the newest packet of a microphone, in each form that receivers may want. Made once for all of them.
#[derive(Clone, Debug)]
pub(crate) struct Prefixes {
    seq: u64,
    payload_type: PayloadType,
    wanted: Wanted,
    forms: [Form; Redundancy::FORMS.len()],
}

#[derive(Clone, Debug)]
struct Form {
    redundancy: Redundancy,
    bytes: [u8; PREFIX_MAX],
    /// Nothing where none of the earlier packets is there, or young enough to be written.
    len: usize,
}

/// The prefix for one receiver.
#[expect(
    clippy::large_enum_variant,
    reason = "it lives on the stack for one packet; a box would be an allocation each"
)]
pub(crate) enum Prefix<'a> {
    Shared(&'a [u8]),
    /// For a receiver that has another payload type for Opus than the publisher.
    Renamed([u8; PREFIX_MAX], usize),
}

impl Prefix<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Shared(bytes) => bytes,
            Self::Renamed(bytes, len) => bytes.get(..*len).unwrap_or_default(),
        }
    }
}

impl Prefixes {
    pub(crate) fn new(payload_type: PayloadType) -> Self {
        let form = |redundancy| Form { redundancy, bytes: [0; PREFIX_MAX], len: 0 };
        Self { seq: u64::MAX, payload_type, wanted: Wanted::default(), forms: Redundancy::FORMS.map(form) }
    }

    pub(crate) fn want(&mut self, wanted: Wanted) {
        if self.wanted != wanted {
            self.wanted = wanted;
            self.forget();
        }
    }

    /// From now on nothing is laid out until [`Self::prepare`].
    pub(crate) fn forget(&mut self) {
        self.seq = u64::MAX;
    }

    /// Lays out what goes before the packet `seq`, which is in the history.
    pub(crate) fn prepare(&mut self, history: &History, seq: u64) {
        self.seq = seq;
        let Self { payload_type, wanted, forms, .. } = self;
        for (form, place) in forms.iter_mut().zip(0..) {
            form.len = 0;
            if wanted.has(place) {
                form.lay(history, seq, *payload_type);
            }
        }
    }

    /// What goes before the packet `seq` for a receiver that knows Opus as `payload_type`. `None`: the packet goes as it is.
    pub(crate) fn of(&self, seq: u64, redundancy: Redundancy, payload_type: PayloadType) -> Option<Prefix<'_>> {
        let form = self.forms.iter().find(|form| form.redundancy == redundancy).filter(|_| self.seq == seq)?;
        let bytes = form.bytes.get(..form.len).filter(|bytes| !bytes.is_empty())?;
        if payload_type == self.payload_type {
            return Some(Prefix::Shared(bytes));
        }
        let mut renamed = form.bytes;
        red::rename(renamed.get_mut(..form.len)?, payload_type);
        Some(Prefix::Renamed(renamed, form.len))
    }
}

impl Form {
    fn lay(&mut self, history: &History, seq: u64, payload_type: PayloadType) {
        let Some(primary) = history.packet(seq) else { return };
        let mut found = [Block { offset: 0, payload: &[] }; COPIES_MAX];
        let mut blocks = 0;
        for distance in self.redundancy.distances() {
            let Some(earlier) = seq.checked_sub(*distance).and_then(|seq| history.packet(seq)) else { continue };
            let offset = primary.meta.timestamp.wrapping_sub(earlier.meta.timestamp);
            if red::fits(offset, earlier.payload.len())
                && let Some(place) = found.get_mut(blocks)
            {
                *place = Block { offset, payload: earlier.payload };
                blocks += 1;
            }
        }
        let found = found.get(..blocks).filter(|found| !found.is_empty());
        let written = found.and_then(|found| red::write(&mut self.bytes[..], payload_type, found));
        self.len = written.filter(|len| len + primary.payload.len() <= PACKET_MAX).unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use proptest::prelude::*;

    use super::*;
    use crate::packet::descriptor::Descriptor;
    use crate::packet::frame::Frame;
    use crate::packet::red::Red;
    use crate::track::history::PacketMeta;

    const OPUS: PayloadType = PayloadType(111);

    /// 20 ms of hybrid Opus.
    fn payload(seq: u64) -> [u8; 4] {
        [15 << 3, seq as u8, 7, 7]
    }

    fn history(packets: impl IntoIterator<Item = (u64, u32)>) -> History {
        let mut history = History::default();
        for (seq, timestamp) in packets {
            let (frame, descriptor) = (Frame::UNDIVIDED, Descriptor::Opaque);
            let meta = PacketMeta { seq, timestamp, marker: false, level: 30, opens: true, frame, descriptor };
            history.insert(Instant::now(), meta, [&[], &payload(seq)]);
        }
        history
    }

    fn at(offset: u32) -> Block<'static> {
        Block { offset, payload: &[15 << 3, 1, 2] }
    }

    #[test]
    fn a_copy_fills_the_hole_it_is_of_and_nothing_else() {
        let with_hole = history([(100, 0), (101, 960), (104, 3_840)]);
        assert_eq!(place_of(&with_hole, 104, 3_840, at(960)), Some(103));
        assert_eq!(place_of(&with_hole, 104, 3_840, at(1_920)), Some(102));
        assert_eq!(place_of(&with_hole, 104, 3_840, at(2_880)), None, "that one is here");
    }

    #[test]
    fn what_was_before_the_beginning_has_no_place() {
        let first = history([(100, 9_600)]);
        assert_eq!(place_of(&first, 100, 9_600, at(960)), None);
        assert_eq!(place_of(&first, 101, 10_560, at(1_920)), None);
    }

    #[test]
    fn beside_a_pause_a_copy_is_placed_only_where_there_is_one_place() {
        // 80 ms of silence were not sent; of the two packets lost one was before it and one after, or both on one side.
        let two_lost = history([(100, 0), (103, 960 * 7)]);
        assert_eq!(place_of(&two_lost, 103, 960 * 7, at(960 * 3)), None);
        assert_eq!(place_of(&two_lost, 103, 960 * 7, at(960)), Some(102), "it joins on");
        let one_lost = history([(100, 0), (102, 960 * 7)]);
        assert_eq!(place_of(&one_lost, 102, 960 * 7, at(960)), Some(101));
        assert_eq!(place_of(&one_lost, 102, 960 * 7, at(960 * 3)), Some(101));
    }

    fn prefixes(redundancy: Redundancy) -> Prefixes {
        let mut wanted = Wanted::default();
        wanted.add(Redundancy::One);
        wanted.add(redundancy);
        let mut prefixes = Prefixes::new(OPUS);
        prefixes.want(wanted);
        prefixes
    }

    fn blocks(prefixes: &Prefixes, seq: u64, redundancy: Redundancy) -> Vec<(u32, u8)> {
        let Some(prefix) = prefixes.of(seq, redundancy, OPUS) else { return vec![] };
        let red = Red::parse(prefix.bytes(), OPUS).unwrap();
        red.redundant().map(|block| (block.offset, block.payload[1])).collect()
    }

    #[test]
    fn a_packet_takes_along_what_is_there_of_the_past() {
        let history = history([(100, 0), (101, 960), (102, 1_920), (104, 3_840)]);
        let mut prefixes = prefixes(Redundancy::Two(Reach::Short));
        prefixes.prepare(&history, 102);
        assert_eq!(blocks(&prefixes, 102, Redundancy::One), [(960, 101)]);
        assert_eq!(blocks(&prefixes, 102, Redundancy::Two(Reach::Short)), [(1_920, 100), (960, 101)]);
        assert_eq!(blocks(&prefixes, 102, Redundancy::None), []);
        assert_eq!(blocks(&prefixes, 101, Redundancy::One), [], "that was not prepared");
        prefixes.prepare(&history, 104);
        assert_eq!(blocks(&prefixes, 104, Redundancy::One), []);
        assert_eq!(blocks(&prefixes, 104, Redundancy::Two(Reach::Short)), [(1_920, 102)]);
    }

    #[test]
    fn what_nobody_wants_is_not_laid_out() {
        let history = history((100..120).map(|seq| (seq, seq as u32 * 960)));
        let mut prefixes = prefixes(Redundancy::Three(Reach::Long));
        prefixes.prepare(&history, 119);
        assert_eq!(blocks(&prefixes, 119, Redundancy::Three(Reach::Long)), [(9_600, 109), (4_800, 114), (960, 118)]);
        assert_eq!(blocks(&prefixes, 119, Redundancy::Three(Reach::Short)), []);
    }

    #[test]
    fn after_a_long_silence_nothing_is_young_enough() {
        let history = history([(100, 0), (101, 19_200)]);
        let mut prefixes = prefixes(Redundancy::Two(Reach::Short));
        prefixes.prepare(&history, 101);
        assert_eq!(blocks(&prefixes, 101, Redundancy::Two(Reach::Short)), []);
    }

    #[test]
    fn a_receiver_with_other_payload_types_reads_its_own() {
        let history = history([(100, 0), (101, 960), (102, 1_920)]);
        let mut prefixes = prefixes(Redundancy::Two(Reach::Short));
        prefixes.prepare(&history, 102);
        let prefix = prefixes.of(102, Redundancy::Two(Reach::Short), PayloadType(96)).unwrap();
        assert_eq!(Red::parse(prefix.bytes(), PayloadType(96)).unwrap().redundant().count(), 2);
    }

    proptest! {
        #[test]
        fn what_one_bridge_takes_along_another_puts_where_it_was(
            steps in proptest::collection::vec((1u32..12, any::<bool>()), 4..40),
        ) {
            let mut timestamp = u32::MAX - 9_000;
            let mut sent = Vec::new();
            for (seq, (pause, _)) in (1_000..).zip(&steps) {
                timestamp = timestamp.wrapping_add(960 * if *pause > 8 { *pause } else { 1 });
                sent.push((seq, timestamp));
            }
            let whole = history(sent.iter().copied());
            let arrived = sent.iter().zip(&steps).filter(|(_, (_, lost))| !lost).map(|(packet, _)| *packet);
            let holed = history(arrived.clone());
            let mut prefixes = prefixes(Redundancy::Two(Reach::Short));
            for (seq, timestamp) in arrived {
                prefixes.prepare(&whole, seq);
                let Some(prefix) = prefixes.of(seq, Redundancy::Two(Reach::Short), OPUS) else { continue };
                for block in Red::parse(prefix.bytes(), OPUS).unwrap().redundant() {
                    if let Some(placed) = place_of(&holed, seq, timestamp, block) {
                        prop_assert_eq!(payload(placed)[1], block.payload[1]);
                        prop_assert!(!holed.contains(placed));
                    }
                }
            }
        }
    }
}
