//! VP8 as far as a recording must know it: the RTP payload descriptor (RFC 7741, section 4.2) and a frame's first bytes
//! (RFC 6386, section 9.1). Written for bytes from outside.

use super::head::PictureSize;

/// A dark picture without content, shown while nobody's picture is: one key frame, so it can stand anywhere. Made by
/// `ffmpeg -f lavfi -i color=c=0x0b1218:s=640x360 -frames:v 1 -c:v libvpx -b:v 100k -crf 10 -auto-alt-ref 0`.
pub(super) const BLANK: &[u8] = include_bytes!("blank.vp8");
pub(super) const BLANK_SIZE: PictureSize = PictureSize { width: 640, height: 360 };

/// One RTP payload without its descriptor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Piece<'a> {
    /// First of its frame: start of a partition, and the partition is number 0.
    pub(super) starts_frame: bool,
    pub(super) data: &'a [u8],
}

/// Takes the descriptor off a payload. `None`: too short for what it says, or nothing behind it.
pub(super) fn piece(payload: &[u8]) -> Option<Piece<'_>> {
    let (first, mut rest) = payload.split_first()?;
    let mut take = |wanted: bool| -> Option<u8> {
        if !wanted {
            return Some(0);
        }
        let (byte, after) = rest.split_first()?;
        rest = after;
        Some(*byte)
    };
    let extended = take(first & 0x80 != 0)?;
    let picture_id = take(extended & 0x80 != 0)?;
    take(picture_id & 0x80 != 0)?; // The second byte of a 15-bit picture id.
    take(extended & 0x40 != 0)?; // TL0PICIDX
    take(extended & 0x30 != 0)?; // TID, Y, KEYIDX
    let starts_frame = first & 0x10 != 0 && first & 0x07 == 0;
    (!rest.is_empty()).then_some(Piece { starts_frame, data: rest })
}

/// What a whole frame's first bytes say of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FrameKind {
    Key(PictureSize),
    Delta,
}

/// `None`: no VP8 frame.
pub(super) fn frame_kind(frame: &[u8]) -> Option<FrameKind> {
    let tag = frame.first()?;
    if tag & 0x01 != 0 {
        return Some(FrameKind::Delta);
    }
    let start = frame.get(3..6)?;
    let (width, height) = (frame.get(6..8)?, frame.get(8..10)?);
    // The two upper bits of each are a hint for scaling.
    let size = |bytes: &[u8]| Some(u16::from_le_bytes(bytes.try_into().ok()?) & 0x3fff);
    let size = PictureSize { width: size(width)?, height: size(height)? };
    (start == [0x9d, 0x01, 0x2a] && size.width > 0 && size.height > 0).then_some(FrameKind::Key(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptor_is_taken_off_in_each_of_its_forms() {
        let forms: [(&[u8], bool); 8] = [
            (&[0x10], true),
            (&[0x00], false),
            (&[0x11], false),
            (&[0x90, 0x80, 0x05], true),
            (&[0x90, 0x80, 0x85, 0x05], true),
            (&[0x90, 0xe0, 0x85, 0x05, 0x09, 0x40], true),
            (&[0x90, 0x40, 0x09], true),
            (&[0x80, 0x30, 0x40], false),
        ];
        for (descriptor, starts_frame) in forms {
            let payload = [descriptor, b"data"].concat();
            assert_eq!(piece(&payload), Some(Piece { starts_frame, data: b"data" }), "{descriptor:x?}");
            assert_eq!(piece(descriptor), None, "{descriptor:x?} has nothing behind it");
        }
    }

    #[test]
    fn the_blank_picture_is_a_key_frame_of_its_size() {
        assert_eq!(frame_kind(BLANK), Some(FrameKind::Key(BLANK_SIZE)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes: Vec<u8>) {
            piece(&bytes);
            frame_kind(&bytes);
        }
    }
}
