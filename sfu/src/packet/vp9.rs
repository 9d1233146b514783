//! The VP9 payload descriptor (RFC 9628, section 4.2), in flexible and in non-flexible mode. Pictures of several sizes may travel in
//! one stream: each is a frame of its own, and those of one moment share a timestamp and a picture id.
//!
//! Picture ids are rewritten so that they run on over switches, but a picture that is not passed on keeps its id to itself: references
//! in flexible mode and the places in a picture group in non-flexible mode are counted in ids, and receivers know that some are left out.

use crate::packet::frame::{Cell, Frame, Grid, Sizes, Switch};
use crate::packet::vp8::{DESCRIPTOR_MAX, PictureSize, take, take_picture_id};

const HAS_PICTURE_ID: u8 = 0x80;
const INTER_PICTURE: u8 = 0x40;
const HAS_LAYERS: u8 = 0x20;
const FLEXIBLE: u8 = 0x10;
const STARTS: u8 = 0x08;
const ENDS: u8 = 0x04;
const HAS_STRUCTURE: u8 = 0x02;
/// Not a reference for upper spatial layers.
const SPARE: u8 = 0x01;

const LONG_PICTURE_ID: u8 = 0x80;
const SWITCH_UP: u8 = 0x10;

/// References of one picture in flexible mode.
const REFERENCES_MAX: usize = 3;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Vp9Descriptor {
    /// Bytes of the part that is rewritten: flags, picture id, layer, TL0PICIDX. References and structure behind it stay as they are.
    pub(crate) replaced: u8,
    first: u8,
    layer: u8,
    picture_id: Option<u16>,
    tl0: Option<u8>,
    short_picture_id: bool,
}

impl Vp9Descriptor {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut rest = payload;
        let first = take(&mut rest)?;
        let mut picture_id = None;
        let mut short_picture_id = false;
        if first & HAS_PICTURE_ID != 0 {
            short_picture_id = rest.first()? & LONG_PICTURE_ID == 0;
            picture_id = Some(take_picture_id(&mut rest)?);
        }
        let layer = if first & HAS_LAYERS == 0 { 0 } else { take(&mut rest)? };
        let tl0 = if first & HAS_LAYERS == 0 || first & FLEXIBLE != 0 { None } else { Some(take(&mut rest)?) };
        let replaced = u8::try_from(payload.len() - rest.len()).ok()?;
        let descriptor = Self { replaced, first, layer, picture_id, tl0, short_picture_id };
        // A packet must hold something behind its descriptor.
        descriptor.behind(rest)?.0.first()?;
        Some(descriptor)
    }

    /// What lies behind the whole descriptor, and the sizes its structure tells.
    fn behind<'a>(&self, mut rest: &'a [u8]) -> Option<(&'a [u8], Option<Sizes>)> {
        if self.first & FLEXIBLE != 0 && self.first & INTER_PICTURE != 0 {
            for at in 1..=REFERENCES_MAX {
                if take(&mut rest)? & 1 == 0 {
                    break;
                }
                if at == REFERENCES_MAX {
                    return None;
                }
            }
        }
        if self.first & HAS_STRUCTURE == 0 {
            return Some((rest, None));
        }
        let head = take(&mut rest)?;
        let mut sizes = Sizes { count: (head >> 5) + 1, ..Sizes::default() };
        if head & 0x10 != 0 {
            for at in 0..=usize::from(head >> 5) {
                let (&[w0, w1, h0, h1], after) = rest.split_first_chunk::<4>()?;
                rest = after;
                if let Some(place) = sizes.of.get_mut(at) {
                    *place = PictureSize { width: u16::from_be_bytes([w0, w1]), height: u16::from_be_bytes([h0, h1]) };
                }
            }
        }
        if head & 0x08 != 0 {
            for _ in 0..take(&mut rest)? {
                let references = take(&mut rest)? >> 2 & 0x03;
                rest = rest.get(usize::from(references)..)?;
            }
        }
        Some((rest, Some(sizes)))
    }

    fn spatial(&self) -> u8 {
        self.layer >> 1 & 0x07
    }

    fn temporal(&self) -> u8 {
        self.layer >> 5
    }

    /// The lowest picture of its moment, without reference to any before: everything may begin here.
    pub(crate) fn starts_key_frame(&self) -> bool {
        self.first & (STARTS | INTER_PICTURE) == STARTS && self.spatial() == 0
    }

    pub(crate) fn frame(&self) -> Frame {
        let own = Cell::at(self.spatial(), self.temporal());
        let spare = self.first & SPARE != 0;
        let starts = self.first & STARTS != 0;
        let present = Grid::where_(|cell| {
            let needed = cell.spatial() == own.spatial() || (cell.spatial() > own.spatial() && !spare);
            needed && cell.temporal() >= own.temporal()
        });
        let switch = if starts && own.spatial() > 0 && self.first & INTER_PICTURE == 0 {
            Switch::Spatial
        } else if starts && own.temporal() > 0 && self.layer & SWITCH_UP != 0 {
            Switch::Temporal
        } else {
            Switch::No
        };
        Frame { cell: own, present, switch, starts, ends: self.first & ENDS != 0 }
    }

    pub(crate) fn picture_id(&self) -> Option<u16> {
        self.picture_id
    }

    pub(crate) fn picture_ids(&self) -> u16 {
        if self.short_picture_id { 1 << 7 } else { 1 << 15 }
    }

    pub(crate) fn tl0(&self) -> Option<u8> {
        self.tl0
    }

    /// The rewritten part with other numbers, and its length. Picture ids are written in their long form, as VP8's are.
    pub(crate) fn write(&self, picture_id: u16, tl0: u8) -> ([u8; DESCRIPTOR_MAX], usize) {
        let mut bytes = [0; DESCRIPTOR_MAX];
        let mut len = 0;
        let mut put = |byte: u8| {
            if let Some(place) = bytes.get_mut(len) {
                *place = byte;
                len += 1;
            }
        };
        put(self.first);
        if self.picture_id.is_some() {
            let [high, low] = (picture_id & 0x7FFF).to_be_bytes();
            put(high | LONG_PICTURE_ID);
            put(low);
        }
        if self.first & HAS_LAYERS != 0 {
            put(self.layer);
        }
        if self.tl0.is_some() {
            put(tl0);
        }
        (bytes, len)
    }

    /// The sizes of the pictures a stream holds, lowest first, if this payload begins a key frame and tells them.
    pub(crate) fn sizes(&self, payload: &[u8]) -> Option<Sizes> {
        if !self.starts_key_frame() {
            return None;
        }
        let (data, sizes) = self.behind(payload.get(usize::from(self.replaced)..)?)?;
        sizes.or_else(|| size_in(data).map(Sizes::one))
    }
}

/// The size in a key frame's uncompressed header (VP9 bitstream specification, section 6.2), of profile 0.
fn size_in(data: &[u8]) -> Option<PictureSize> {
    let mut bits = crate::packet::bits::Bits::of(data);
    // Marker, profile, no repeat of an old frame, key frame.
    if bits.take(2)? != 2 || bits.take(2)? != 0 || bits.take(2)? != 0 {
        return None;
    }
    bits.skip(2)?;
    if bits.take(24)? != 0x49_83_42 || bits.take(3)? == 7 {
        return None;
    }
    bits.skip(1)?;
    let (width, height) = (bits.take(16)?, bits.take(16)?);
    Some(PictureSize { width: u16::try_from(width + 1).ok()?, height: u16::try_from(height + 1).ok()? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// L3T3 in non-flexible mode, the first packet of a key picture: three sizes, group of two.
    fn key() -> Vec<u8> {
        let mut payload = vec![0xAB, 0x81, 0x02, 0x00, 7, 0x58];
        for (width, height) in [(320u16, 180u16), (640, 360), (1280, 720)] {
            payload.extend(width.to_be_bytes());
            payload.extend(height.to_be_bytes());
        }
        payload.extend([2, 0x04, 1, 0x45, 1, 0xEE, 0xEE]);
        payload
    }

    #[test]
    fn the_first_packet_of_a_key_picture_tells_all_sizes() {
        let payload = key();
        let descriptor = Vp9Descriptor::parse(&payload).unwrap();
        assert!(descriptor.starts_key_frame());
        assert_eq!((descriptor.picture_id(), descriptor.tl0(), descriptor.replaced), (Some(0x102), Some(7), 5));
        let sizes = descriptor.sizes(&payload).unwrap();
        assert_eq!((sizes.count, sizes.of.map(|size| size.height)), (3, [180, 360, 720]));
        let frame = descriptor.frame();
        assert!(frame.starts && !frame.ends);
        assert!(!frame.present.has(Cell::at(1, 0)), "marked as no reference for pictures above");
    }

    #[test]
    fn flexible_mode_has_references_and_no_layer_zero_index() {
        // I P L F B E; picture 5; temporal 1 with switch-up, spatial 1, inter-layer; two references.
        let payload = [0xFC, 0x80, 5, 0x33, 0x03, 0x04, 0xEE];
        let descriptor = Vp9Descriptor::parse(&payload).unwrap();
        assert_eq!((descriptor.picture_id(), descriptor.tl0(), descriptor.replaced), (Some(5), None, 4));
        let frame = descriptor.frame();
        assert_eq!((frame.cell, frame.switch), (Cell::at(1, 1), Switch::Temporal));
        assert!(frame.starts && frame.ends);
        assert!(
            frame.present.has(Cell::at(2, 2))
                && !frame.present.has(Cell::at(2, 0))
                && !frame.present.has(Cell::at(0, 2))
        );
        assert!(Vp9Descriptor::parse(&[0xFC, 0x80, 5, 0x33, 0x03, 0x05, 0x07, 0xEE]).is_none(), "four references");
    }

    #[test]
    fn a_picture_that_needs_only_the_one_below_it_is_a_way_up() {
        let frame = Vp9Descriptor::parse(&[0x28, 0x03, 9, 0xEE]).unwrap().frame();
        assert_eq!((frame.cell, frame.switch), (Cell::at(1, 0), Switch::Spatial));
        assert!(!Vp9Descriptor::parse(&[0x28, 0x03, 9, 0xEE]).unwrap().starts_key_frame());
    }

    #[test]
    fn without_a_structure_the_size_is_in_the_frame() {
        // The first bytes of a frame of libvpx.
        let frame = [0x82, 0x49, 0x83, 0x42, 0x00, 0x27, 0xF0, 0x16, 0x76, 0x0A, 0x38, 0x24];
        let payload = [&[0x88, 0x85, 0x01][..], &frame].concat();
        let sizes = Vp9Descriptor::parse(&payload).unwrap().sizes(&payload).unwrap();
        assert_eq!(sizes, Sizes::one(PictureSize { width: 640, height: 360 }));
    }

    #[test]
    fn a_cut_descriptor_is_refused() {
        let payload = key();
        for cut in 0..payload.len() - 1 {
            assert!(Vp9Descriptor::parse(&payload[..cut]).is_none(), "{cut}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_with_the_new_numbers(
            bytes in proptest::collection::vec(any::<u8>(), 1..40),
            picture_id in 0u16..0x8000,
            tl0: u8,
        ) {
            if let Some(descriptor) = Vp9Descriptor::parse(&bytes) {
                let (written, len) = descriptor.write(picture_id, tl0);
                let mut again = written[..len].to_vec();
                again.extend(&bytes[usize::from(descriptor.replaced)..]);
                let reread = Vp9Descriptor::parse(&again).unwrap();
                prop_assert_eq!(reread.picture_id(), descriptor.picture_id().map(|_| picture_id));
                prop_assert_eq!(reread.tl0(), descriptor.tl0().map(|_| tl0));
                prop_assert_eq!(reread.frame(), descriptor.frame());
                prop_assert_eq!(reread.starts_key_frame(), descriptor.starts_key_frame());
                prop_assert_eq!(reread.sizes(&again), descriptor.sizes(&bytes));
            }
        }
    }
}
