//! The VP8 payload descriptor (RFC 7741, section 4.2) and the two things of the picture a bridge must know: is it a key frame, and how
//! large is it. The descriptor is rewritten for every receiver, so that a slot's picture numbers run on over switches.

use crate::packet::frame::{Cell, Frame, Grid, Switch};

/// Bytes of the longest descriptor: one mandatory, one of flags, two of picture id, one of TL0PICIDX, one of TID and KEYIDX.
pub(crate) const DESCRIPTOR_MAX: usize = 6;

const EXTENDED: u8 = 0x80;
const START_OF_PARTITION: u8 = 0x10;
const PARTITION: u8 = 0x07;
const HAS_PICTURE_ID: u8 = 0x80;
const HAS_TL0: u8 = 0x40;
const HAS_TID: u8 = 0x20;
const HAS_KEY_INDEX: u8 = 0x10;
const LONG_PICTURE_ID: u8 = 0x80;
/// Of the byte of TID and KEYIDX: the frame needs nothing but the base layer.
const LAYER_SYNC: u8 = 0x20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Vp8Descriptor {
    /// Bytes it takes in the payload as it was received.
    pub(crate) len: u8,
    first: u8,
    flags: u8,
    picture_id: Option<u16>,
    tl0: Option<u8>,
    tid: Option<u8>,
    short_picture_id: bool,
    picture: Picture,
}

/// What the first bytes of a packet's picture data tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Picture {
    /// In the middle of a frame.
    Continued,
    Delta,
    Key,
}

/// Pixels, as coded (RFC 6386, section 9.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct PictureSize {
    pub(crate) width: u16,
    pub(crate) height: u16,
}

impl Vp8Descriptor {
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let mut rest = payload;
        let first = take(&mut rest)?;
        let flags = if first & EXTENDED == 0 { 0 } else { take(&mut rest)? };
        let short_picture_id = flags & HAS_PICTURE_ID != 0 && rest.first()? & LONG_PICTURE_ID == 0;
        let picture_id = if flags & HAS_PICTURE_ID == 0 { None } else { Some(take_picture_id(&mut rest)?) };
        let tl0 = if flags & HAS_TL0 == 0 { None } else { Some(take(&mut rest)?) };
        let tid = if flags & (HAS_TID | HAS_KEY_INDEX) == 0 { None } else { Some(take(&mut rest)?) };
        let picture = if first & START_OF_PARTITION == 0 || first & PARTITION != 0 {
            Picture::Continued
        } else if rest.first()? & 1 == 0 {
            Picture::Key
        } else {
            Picture::Delta
        };
        let len = u8::try_from(payload.len() - rest.len()).ok()?;
        Some(Self { len, first, flags, picture_id, tl0, tid, short_picture_id, picture })
    }

    pub(crate) fn starts_key_frame(&self) -> bool {
        self.picture == Picture::Key
    }

    pub(crate) fn picture_id(&self) -> Option<u16> {
        self.picture_id
    }

    /// How many ids there are before they begin again.
    pub(crate) fn picture_ids(&self) -> u16 {
        if self.short_picture_id { 1 << 7 } else { 1 << 15 }
    }

    pub(crate) fn tl0(&self) -> Option<u8> {
        self.tl0
    }

    /// Its temporal layer, and whether one may rise to it here (RFC 7741, section 4.2: TID and Y).
    pub(crate) fn frame(&self) -> Frame {
        let layer = self.tid.filter(|_| self.flags & HAS_TID != 0).unwrap_or(0);
        let own = Cell::at(0, layer >> 6);
        let starts = self.first & START_OF_PARTITION != 0 && self.first & PARTITION == 0;
        let rises = starts && own.temporal() > 0 && layer & LAYER_SYNC != 0;
        Frame {
            cell: own,
            present: Grid::where_(|cell| cell.temporal() >= own.temporal()),
            switch: if rises { Switch::Temporal } else { Switch::No },
            starts,
            ends: false,
        }
    }

    /// The descriptor with other numbers, and its length. A picture id is always written in its long form: sources with short and long
    /// ids take turns in one slot, and the receiver must be able to count through.
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
        if self.first & EXTENDED != 0 {
            put(self.flags);
        }
        if self.picture_id.is_some() {
            let [high, low] = (picture_id & 0x7FFF).to_be_bytes();
            put(high | LONG_PICTURE_ID);
            put(low);
        }
        if self.tl0.is_some() {
            put(tl0);
        }
        if let Some(tid) = self.tid {
            put(tid);
        }
        (bytes, len)
    }

    /// The size written in a key frame's header, if `payload` begins one.
    pub(crate) fn picture_size(&self, payload: &[u8]) -> Option<PictureSize> {
        if !self.starts_key_frame() {
            return None;
        }
        // Three bytes of frame tag, the start code, then 14 bits of width and of height, each under two bits of scaling.
        match payload.get(usize::from(self.len)..)? {
            [_, _, _, 0x9D, 0x01, 0x2A, w0, w1, h0, h1, ..] => Some(PictureSize {
                width: u16::from_le_bytes([*w0, *w1]) & 0x3FFF,
                height: u16::from_le_bytes([*h0, *h1]) & 0x3FFF,
            }),
            _ => None,
        }
    }
}

pub(super) fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    Some(byte)
}

pub(super) fn take_picture_id(rest: &mut &[u8]) -> Option<u16> {
    let first = take(rest)?;
    if first & LONG_PICTURE_ID == 0 {
        return Some(u16::from(first));
    }
    Some(u16::from_be_bytes([first & 0x7F, take(rest)?]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_frame_tells_its_size() {
        let payload = [0x90, 0xE0, 0x81, 0x02, 7, 0x20, 0x10, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0x68, 0x41];
        let descriptor = Vp8Descriptor::parse(&payload).unwrap();
        assert!(descriptor.starts_key_frame());
        assert_eq!(descriptor.picture_id(), Some(0x102));
        assert_eq!(descriptor.tl0(), Some(7));
        assert_eq!(descriptor.picture_size(&payload), Some(PictureSize { width: 640, height: 360 }));
    }

    #[test]
    fn a_short_picture_id_grows_to_the_long_form() {
        let payload = [0x90, 0x80, 0x05, 0x01];
        let descriptor = Vp8Descriptor::parse(&payload).unwrap();
        let (bytes, len) = descriptor.write(0x7F01, 0);
        assert_eq!(bytes[..len], [0x90, 0x80, 0xFF, 0x01]);
        assert_eq!(descriptor.len, 3);
    }

    #[test]
    fn a_descriptor_without_numbers_stays_as_it_is() {
        let descriptor = Vp8Descriptor::parse(&[0x10, 0x01, 0x02]).unwrap();
        let (bytes, len) = descriptor.write(77, 7);
        assert_eq!(bytes[..len], [0x10]);
        assert!(!descriptor.starts_key_frame());
    }

    #[test]
    fn the_temporal_layer_tells_who_needs_a_frame_and_who_may_begin_with_it() {
        let frame = |layer: u8| Vp8Descriptor::parse(&[0x90, 0xE0, 0x81, 0x02, 7, layer, 1]).unwrap().frame();
        let (base, sync, upper) = (frame(0x20), frame(0x60), frame(0x80));
        assert!(base.present.has(Cell::at(0, 0)) && base.switch == Switch::No);
        assert!(
            !sync.present.has(Cell::at(0, 0)) && sync.present.has(Cell::at(0, 1)) && sync.switch == Switch::Temporal
        );
        assert!(!upper.present.has(Cell::at(0, 1)) && upper.present.has(Cell::at(0, 2)) && upper.switch == Switch::No);
        assert_eq!(Vp8Descriptor::parse(&[0x10, 1]).unwrap().frame().present, Grid::ALL);
    }

    #[test]
    fn the_middle_of_a_frame_is_no_key_frame_whatever_its_first_byte() {
        assert!(!Vp8Descriptor::parse(&[0x00, 0x00]).unwrap().starts_key_frame());
        assert!(!Vp8Descriptor::parse(&[0x11, 0x00]).unwrap().starts_key_frame());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_with_the_new_numbers(
            bytes in proptest::collection::vec(any::<u8>(), 1..16),
            picture_id in 0u16..0x8000,
            tl0: u8,
        ) {
            if let Some(descriptor) = Vp8Descriptor::parse(&bytes) {
                let (written, len) = descriptor.write(picture_id, tl0);
                let mut again = written[..len].to_vec();
                again.extend(&bytes[usize::from(descriptor.len)..]);
                let reread = Vp8Descriptor::parse(&again).unwrap();
                prop_assert_eq!(reread.starts_key_frame(), descriptor.starts_key_frame());
                prop_assert_eq!(reread.picture_id(), descriptor.picture_id().map(|_| picture_id));
                prop_assert_eq!(reread.tl0(), descriptor.tl0().map(|_| tl0));
                prop_assert_eq!(reread.tid, descriptor.tid);
            }
        }
    }
}
