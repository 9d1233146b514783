//! The little of EBML (RFC 8794) and of Matroska's element ids (RFC 9559) that a recording needs.
//!
//! Every size is written in four bytes (the segment's in eight), so that the length of an element never depends on its values
//! and the head can be rewritten in place. A size made of ones alone means "unknown", which is how an unfinished segment is
//! marked; writers that choose the shortest form can write that by accident for a body of 127 or 16,383 bytes.

pub(super) mod id {
    pub(in crate::tap) const EBML: u32 = 0x1A45_DFA3;
    pub(in crate::tap) const EBML_VERSION: u32 = 0x4286;
    pub(in crate::tap) const EBML_READ_VERSION: u32 = 0x42F7;
    pub(in crate::tap) const EBML_MAX_ID_LENGTH: u32 = 0x42F2;
    pub(in crate::tap) const EBML_MAX_SIZE_LENGTH: u32 = 0x42F3;
    pub(in crate::tap) const DOC_TYPE: u32 = 0x4282;
    pub(in crate::tap) const DOC_TYPE_VERSION: u32 = 0x4287;
    pub(in crate::tap) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub(in crate::tap) const VOID: u32 = 0xEC;
    pub(in crate::tap) const SEGMENT: u32 = 0x1853_8067;
    pub(in crate::tap) const SEEK_HEAD: u32 = 0x114D_9B74;
    pub(in crate::tap) const SEEK: u32 = 0x4DBB;
    pub(in crate::tap) const SEEK_ID: u32 = 0x53AB;
    pub(in crate::tap) const SEEK_POSITION: u32 = 0x53AC;
    pub(in crate::tap) const INFO: u32 = 0x1549_A966;
    pub(in crate::tap) const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
    pub(in crate::tap) const DURATION: u32 = 0x4489;
    pub(in crate::tap) const MUXING_APP: u32 = 0x4D80;
    pub(in crate::tap) const WRITING_APP: u32 = 0x5741;
    pub(in crate::tap) const TRACKS: u32 = 0x1654_AE6B;
    pub(in crate::tap) const TRACK_ENTRY: u32 = 0xAE;
    pub(in crate::tap) const TRACK_NUMBER: u32 = 0xD7;
    pub(in crate::tap) const TRACK_UID: u32 = 0x73C5;
    pub(in crate::tap) const TRACK_TYPE: u32 = 0x83;
    pub(in crate::tap) const FLAG_LACING: u32 = 0x9C;
    pub(in crate::tap) const CODEC_ID: u32 = 0x86;
    pub(in crate::tap) const CODEC_PRIVATE: u32 = 0x63A2;
    pub(in crate::tap) const CODEC_DELAY: u32 = 0x56AA;
    pub(in crate::tap) const SEEK_PRE_ROLL: u32 = 0x56BB;
    pub(in crate::tap) const VIDEO: u32 = 0xE0;
    pub(in crate::tap) const PIXEL_WIDTH: u32 = 0xB0;
    pub(in crate::tap) const PIXEL_HEIGHT: u32 = 0xBA;
    pub(in crate::tap) const AUDIO: u32 = 0xE1;
    pub(in crate::tap) const SAMPLING_FREQUENCY: u32 = 0xB5;
    pub(in crate::tap) const CHANNELS: u32 = 0x9F;
    pub(in crate::tap) const CLUSTER: u32 = 0x1F43_B675;
    pub(in crate::tap) const TIMESTAMP: u32 = 0xE7;
    pub(in crate::tap) const SIMPLE_BLOCK: u32 = 0xA3;
    pub(in crate::tap) const CUES: u32 = 0x1C53_BB6B;
    pub(in crate::tap) const CUE_POINT: u32 = 0xBB;
    pub(in crate::tap) const CUE_TIME: u32 = 0xB3;
    pub(in crate::tap) const CUE_TRACK_POSITIONS: u32 = 0xB7;
    pub(in crate::tap) const CUE_TRACK: u32 = 0xF7;
    pub(in crate::tap) const CUE_CLUSTER_POSITION: u32 = 0xF1;
}

/// The largest body a four-byte size can tell.
const SIZE4_MAX: usize = (1 << 28) - 2;

/// Bytes of a segment's size, and the value that means "unknown": still being written.
pub(super) const SEGMENT_SIZE_BYTES: usize = 8;
pub(super) const SEGMENT_SIZE_UNKNOWN: u64 = (1 << 56) - 1;

/// Writes elements one after the other.
#[derive(Default)]
pub(super) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The start of the segment. Its children follow outside of this element's own bytes.
    pub(super) fn segment(&mut self, size: Option<u64>) {
        self.id(id::SEGMENT);
        let size = size.unwrap_or(SEGMENT_SIZE_UNKNOWN) & SEGMENT_SIZE_UNKNOWN;
        self.bytes.extend(((1 << 56) | size).to_be_bytes());
    }

    pub(super) fn master(&mut self, id: u32, children: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        children(&mut inner);
        self.binary(id, &inner.bytes);
    }

    /// A constant.
    pub(super) fn byte(&mut self, id: u32, value: u8) {
        self.binary(id, &[value]);
    }

    /// Always eight bytes wide, whatever the value.
    pub(super) fn uint(&mut self, id: u32, value: u64) {
        self.binary(id, &value.to_be_bytes());
    }

    pub(super) fn float(&mut self, id: u32, value: f64) {
        self.binary(id, &value.to_be_bytes());
    }

    pub(super) fn text(&mut self, id: u32, value: &str) {
        self.binary(id, value.as_bytes());
    }

    pub(super) fn binary(&mut self, id: u32, value: &[u8]) {
        self.binary_of(id, &[value]);
    }

    /// One body from several pieces, without joining them first.
    pub(super) fn binary_of(&mut self, id: u32, pieces: &[&[u8]]) {
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        debug_assert!(length <= SIZE4_MAX);
        self.id(id);
        self.bytes.extend((0x1000_0000 | length.min(SIZE4_MAX) as u32).to_be_bytes());
        pieces.iter().for_each(|piece| self.bytes.extend_from_slice(piece));
    }

    /// Space for an element of `total` bytes that is to come, header included.
    pub(super) fn void(&mut self, total: usize) {
        const HEADER: usize = 5;
        self.binary(id::VOID, &vec![0; total.saturating_sub(HEADER)]);
    }

    fn id(&mut self, id: u32) {
        let bytes = id.to_be_bytes();
        let leading = bytes.iter().take_while(|byte| **byte == 0).count();
        self.bytes.extend(bytes.iter().skip(leading));
    }
}

/// An element's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) id: u32,
    /// `None`: unknown, up to the end of the file.
    pub(super) size: Option<u64>,
    /// Bytes of the header itself.
    pub(super) length: usize,
}

/// The longest header: four bytes of id, eight of size.
pub(super) const HEADER_MAX: usize = 12;

/// Reads the header at the start of `bytes`; `None` when there is none, or not all of it.
pub(super) fn read_header(bytes: &[u8]) -> Option<Header> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let rest = bytes.get(id_length..)?;
    let size_length = rest.first()?.leading_zeros() as usize + 1;
    if size_length > 8 {
        return None;
    }
    let raw = rest.get(..size_length)?.iter().fold(0_u64, |size, byte| size << 8 | u64::from(*byte));
    let ones = (1_u64 << (7 * size_length)) - 1;
    let size = raw & ones;
    Some(Header { id, size: (size != ones).then_some(size), length: id_length + size_length })
}

/// The children of a master element's body in order. Ends at the first that is not whole; `Children::rest` tells.
pub(super) struct Children<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Iterator for Children<'a> {
    type Item = (u32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let header = read_header(self.rest)?;
        let end = header.length.checked_add(usize::try_from(header.size?).ok()?)?;
        let body = self.rest.get(header.length..end)?;
        self.rest = self.rest.get(end..)?;
        Some((header.id, body))
    }
}

/// A big-endian number of at most eight bytes.
pub(super) fn read_uint(body: &[u8]) -> Option<u64> {
    (body.len() <= 8).then(|| body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut writer = Writer::default();
        writer.master(id::INFO, |info| {
            info.uint(id::TIMESTAMP_SCALE, 1_000_000);
            info.text(id::MUXING_APP, "nhipcau");
        });
        let bytes = writer.finish();
        let (info, body) = Children { rest: &bytes }.next().expect("whole");
        assert_eq!(info, id::INFO);
        let children: Vec<_> = Children { rest: body }.collect();
        assert_eq!(
            children.first().map(|(id, body)| (*id, read_uint(body))),
            Some((id::TIMESTAMP_SCALE, Some(1_000_000)))
        );
        assert_eq!(children.get(1), Some(&(id::MUXING_APP, &b"nhipcau"[..])));
    }

    #[test]
    fn no_length_of_a_body_reads_as_unknown() {
        for length in [0, 126, 127, 128, 16_382, 16_383, 16_384, 2_097_151] {
            let mut writer = Writer::default();
            writer.binary(id::SIMPLE_BLOCK, &vec![7; length]);
            assert_eq!(read_header(&writer.finish()).and_then(|header| header.size), Some(length as u64));
        }
    }

    #[test]
    fn a_segment_is_unknown_until_its_size_is_told() {
        for size in [None, Some(0), Some(123_456_789_012)] {
            let mut writer = Writer::default();
            writer.segment(size);
            let bytes = writer.finish();
            assert_eq!(bytes.len(), 4 + SEGMENT_SIZE_BYTES);
            assert_eq!(read_header(&bytes), Some(Header { id: id::SEGMENT, size, length: 12 }));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            let mut children = Children { rest: &bytes };
            while children.next().is_some() {}
            proptest::prop_assert!(children.rest.len() <= bytes.len());
        }
    }
}
