//! What was read of a packet's inside, once, for everybody it goes to; and what of it is written anew for each.

use crate::packet::av1::Av1Descriptor;
use crate::packet::vp8::{DESCRIPTOR_MAX, Vp8Descriptor};
use crate::packet::vp9::Vp9Descriptor;

/// By codec. Sound, H.264 and padding have nothing that is rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Descriptor {
    Opaque,
    Vp8(Vp8Descriptor),
    Vp9(Vp9Descriptor),
    Av1(Av1Descriptor),
}

/// A source's number of a picture, and how many there are before they begin again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PictureId {
    pub(crate) value: u16,
    pub(crate) of: u16,
}

/// What becomes of the numbers of pictures that are not passed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Gaps {
    /// The next one gets its number: a receiver would wait for the missing one.
    Closed,
    /// They stay missing: other numbers count on it.
    Left,
}

impl Descriptor {
    pub(crate) fn picture_id(&self) -> Option<PictureId> {
        let (value, of) = match self {
            Self::Vp8(vp8) => (vp8.picture_id()?, vp8.picture_ids()),
            Self::Vp9(vp9) => (vp9.picture_id()?, vp9.picture_ids()),
            Self::Opaque | Self::Av1(_) => return None,
        };
        Some(PictureId { value, of })
    }

    pub(crate) fn gaps(&self) -> Gaps {
        match self {
            Self::Vp8(_) => Gaps::Closed,
            Self::Opaque | Self::Vp9(_) | Self::Av1(_) => Gaps::Left,
        }
    }

    pub(crate) fn tl0(&self) -> Option<u8> {
        match self {
            Self::Vp8(vp8) => vp8.tl0(),
            Self::Vp9(vp9) => vp9.tl0(),
            Self::Opaque | Self::Av1(_) => None,
        }
    }

    /// AV1's number of a frame.
    pub(crate) fn frame_number(&self) -> Option<u16> {
        match self {
            Self::Av1(av1) => Some(av1.frame_number),
            Self::Opaque | Self::Vp8(_) | Self::Vp9(_) => None,
        }
    }

    /// Bytes at the start of what is kept that are not sent as they are.
    pub(crate) fn replaced(&self) -> u8 {
        match self {
            Self::Opaque => 0,
            Self::Vp8(vp8) => vp8.len,
            Self::Vp9(vp9) => vp9.replaced,
            Self::Av1(av1) => av1.len,
        }
    }

    /// What goes in their place in the payload, and its length.
    pub(crate) fn write(&self, picture_id: u16, tl0: u8) -> ([u8; DESCRIPTOR_MAX], usize) {
        match self {
            Self::Vp8(vp8) => vp8.write(picture_id, tl0),
            Self::Vp9(vp9) => vp9.write(picture_id, tl0),
            Self::Opaque | Self::Av1(_) => ([0; DESCRIPTOR_MAX], 0),
        }
    }
}
