//! Redundant audio (RFC 2198): a packet that carries, before its own block, copies of earlier ones. And as much of the inside of an
//! Opus packet (RFC 6716, section 3.1) as tells how long it lasts.

use crate::id::PayloadType;

/// A header of a redundant block: the F bit and the payload type, 14 bits of timestamp offset, 10 bits of length.
const BLOCK_HEADER: usize = 4;
/// The header of the primary block: its payload type alone.
const PRIMARY_HEADER: usize = 1;

/// What the 14-bit field can say: 341 ms at 48 kHz.
const OFFSET_MAX: u32 = (1 << 14) - 1;
/// What the 10-bit field can say.
const LENGTH_MAX: usize = (1 << 10) - 1;

/// An earlier packet inside a later one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Block<'a> {
    /// How much earlier than the carrying packet, in units of the RTP clock.
    pub(crate) offset: u32,
    pub(crate) payload: &'a [u8],
}

/// A packet taken apart.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Red<'a> {
    headers: &'a [u8],
    blocks: &'a [u8],
    pub(crate) primary: &'a [u8],
}

impl<'a> Red<'a> {
    /// `None` when a header or a block runs over the end, or one is of another payload type than `of`. Then nothing of the packet is
    /// believed.
    pub(crate) fn parse(payload: &'a [u8], of: PayloadType) -> Option<Self> {
        let mut rest = payload;
        let mut blocks_len = 0;
        loop {
            let first = *rest.first()?;
            if first & 0x7F != of.0 {
                return None;
            }
            if first & 0x80 == 0 {
                break;
            }
            let (header, after) = rest.split_first_chunk::<BLOCK_HEADER>()?;
            blocks_len += length_of(header);
            rest = after;
        }
        let headers = payload.get(..payload.len() - rest.len())?;
        let (blocks, primary) = rest.get(PRIMARY_HEADER..)?.split_at_checked(blocks_len)?;
        Some(Self { headers, blocks, primary })
    }

    /// The redundant blocks in the order they stand in: by custom the oldest first.
    pub(crate) fn redundant(&self) -> impl DoubleEndedIterator<Item = Block<'a>> + use<'a> {
        let Self { headers, blocks, .. } = *self;
        let mut end = 0;
        let spans = headers.chunks_exact(BLOCK_HEADER).map(move |header| {
            let length = length_of(header);
            end += length;
            (offset_of(header), end - length, end)
        });
        // Their places are known only from the front. More blocks than this are nothing any sender writes.
        let mut found = [None; BLOCKS_MAX];
        for (place, (offset, start, end)) in found.iter_mut().zip(spans) {
            *place =
                blocks.get(start..end).filter(|payload| !payload.is_empty()).map(|payload| Block { offset, payload });
        }
        found.into_iter().flatten()
    }
}

/// libwebrtc writes one by default and at most nine.
const BLOCKS_MAX: usize = 9;

fn length_of(header: &[u8]) -> usize {
    match *header {
        [_, _, high, low] => usize::from(high & 0x03) << 8 | usize::from(low),
        _ => 0,
    }
}

fn offset_of(header: &[u8]) -> u32 {
    match *header {
        [_, high, low, _] => u32::from(high) << 6 | u32::from(low >> 2),
        _ => 0,
    }
}

/// Whether a block of this age and length can be written at all. A silence that is sent as nothing makes the block before it too old.
pub(crate) fn fits(offset: u32, len: usize) -> bool {
    (1..=OFFSET_MAX).contains(&offset) && (1..=LENGTH_MAX).contains(&len)
}

/// Writes everything of a redundant packet that comes before its primary block: the headers and `blocks`, oldest first, each of which
/// must fit ([`fits`]). Returns the length; `None` when `out` is too short.
pub(crate) fn write(out: &mut [u8], of: PayloadType, blocks: &[Block<'_>]) -> Option<usize> {
    let kind = of.0 & 0x7F;
    let mut at = 0;
    for Block { offset, payload } in blocks {
        let len = payload.len();
        let header =
            [0x80 | kind, (offset >> 6) as u8, ((offset << 2) as u8 & 0xFC) | ((len >> 8) as u8 & 0x03), len as u8];
        put(out, &mut at, &header)?;
    }
    put(out, &mut at, &[kind])?;
    for Block { payload, .. } in blocks {
        put(out, &mut at, payload)?;
    }
    Some(at)
}

/// Gives the blocks of what [`write`] wrote another payload type.
pub(crate) fn rename(prefix: &mut [u8], payload_type: PayloadType) {
    let mut at = 0;
    while let Some(first) = prefix.get_mut(at) {
        let more = *first & 0x80;
        *first = more | (payload_type.0 & 0x7F);
        if more == 0 {
            return;
        }
        at += BLOCK_HEADER;
    }
}

fn put(out: &mut [u8], at: &mut usize, bytes: &[u8]) -> Option<()> {
    out.get_mut(*at..*at + bytes.len())?.copy_from_slice(bytes);
    *at += bytes.len();
    Some(())
}

/// How long an Opus packet lasts, in units of its 48 kHz clock. `None` for what is not Opus, or longer than Opus allows (120 ms).
pub(crate) fn opus_ticks(payload: &[u8]) -> Option<u32> {
    let (&toc, rest) = payload.split_first()?;
    let config = toc >> 3;
    let frame = match config {
        // Silk, hybrid and CELT: 10 to 60, 10 or 20, and 2.5 to 20 ms.
        0..=11 => [480, 960, 1_920, 2_880].get(usize::from(config & 3))?,
        12..=15 => [480, 960].get(usize::from(config & 1))?,
        _ => [120, 240, 480, 960].get(usize::from(config & 3))?,
    };
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(rest.first()? & 0x3F),
    };
    Some(frame * frames).filter(|ticks| (1..=5_760).contains(ticks))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OPUS: PayloadType = PayloadType(111);

    #[test]
    fn what_chromium_writes_is_taken_apart() {
        // One block of 20 ms before, five bytes long; then Opus.
        let packet = [0x80 | 111, (960 >> 6) as u8, ((960 << 2) & 0xFF) as u8, 5, 111, 1, 2, 3, 4, 5, 8, 9];
        let red = Red::parse(&packet, OPUS).unwrap();
        assert_eq!(red.primary, [8, 9]);
        assert!(Red::parse(&packet, PayloadType(96)).is_none());
        assert_eq!(red.redundant().collect::<Vec<_>>(), [Block { offset: 960, payload: &[1, 2, 3, 4, 5] }]);
    }

    #[test]
    fn a_packet_without_redundancy_has_one_byte_of_header() {
        let red = Red::parse(&[111, 7, 7], OPUS).unwrap();
        assert_eq!((red.primary, red.redundant().count()), (&[7, 7][..], 0));
        assert!(Red::parse(&[], OPUS).is_none());
    }

    #[test]
    fn a_block_that_runs_over_the_end_is_not_believed() {
        assert!(Red::parse(&[0x80 | 111, 15, 0, 5, 111, 1, 2, 3, 4], OPUS).is_none());
        assert!(Red::parse(&[0x80 | 111, 15, 0], OPUS).is_none());
        assert!(Red::parse(&[0x80 | 111, 15, 0, 0], OPUS).is_none());
    }

    #[test]
    fn too_old_or_too_long_is_left_out() {
        assert!(fits(OFFSET_MAX, 80) && !fits(OFFSET_MAX + 1, 80));
        assert!(fits(960, LENGTH_MAX) && !fits(960, LENGTH_MAX + 1));
        assert!(!fits(960, 0) && !fits(0, 80));
    }

    #[test]
    fn opus_packets_say_how_long_they_are() {
        // Hybrid 20 ms as browsers send it, CELT 2.5 ms, Silk 60 ms twice, three frames of 20 ms by count.
        let lasts = |bytes: &[u8]| opus_ticks(bytes);
        assert_eq!(lasts(&[15 << 3]), Some(960));
        assert_eq!(lasts(&[16 << 3]), Some(120));
        assert_eq!(lasts(&[(3 << 3) | 1]), Some(5_760));
        assert_eq!(lasts(&[(31 << 3) | 3, 3]), Some(2_880));
        assert_eq!(lasts(&[(31 << 3) | 3]), None);
        assert_eq!(lasts(&[(3 << 3) | 3, 60]), None);
        assert_eq!(lasts(&[]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), payload_type in 0u8..=127) {
            let _ = opus_ticks(&bytes);
            if let Some(red) = Red::parse(&bytes, PayloadType(payload_type)) {
                let inside: usize = red.redundant().map(|block| block.payload.len()).sum();
                prop_assert!(inside + red.primary.len() < bytes.len());
            }
        }

        #[test]
        fn what_is_written_is_read_back(
            payload_type in 0u8..=127,
            blocks in proptest::collection::vec((1..=OFFSET_MAX, proptest::collection::vec(any::<u8>(), 1..=200)), 0..4),
            primary in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let blocks: Vec<Block<'_>> =
                blocks.iter().map(|(offset, payload)| Block { offset: *offset, payload }).collect();
            let mut out = [0; 1_024];
            let len = write(&mut out, PayloadType(payload_type), &blocks).unwrap();
            let packet = [&out[..len], &primary].concat();
            let red = Red::parse(&packet, PayloadType(payload_type)).unwrap();
            prop_assert_eq!(red.primary, primary);
            prop_assert_eq!(red.redundant().collect::<Vec<_>>(), blocks);
        }
    }
}
