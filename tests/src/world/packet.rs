//! RTP as the simulated clients write and read it, and payloads that say where they come from. Written anew and not borrowed from the
//! engine, so that the two check each other.

use sfu::id::Source;

pub const OPUS: u8 = 111;
pub const VP8: u8 = 96;
pub const RTX: u8 = 97;

/// Ids of the header extensions every client offers.
pub const LEVEL: u8 = 1;
pub const TRANSPORT: u8 = 3;
pub const MID: u8 = 4;
pub const RID: u8 = 10;
pub const REPAIRED_RID: u8 = 11;

/// Length of the VP8 payload descriptor all clients write: flags, picture id of 15 bits, TL0PICIDX.
const DESCRIPTOR: usize = 5;

/// Uncompressed data chunk of a VP8 key frame (RFC 6386, section 9.1). Every packet has room for it, so that the mark lies in one place.
const FRAME_HEAD: usize = 10;

const MARK: usize = 16;
const MARK_FIRST: u8 = 0xC7;

/// What a receiver reads of a header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rtp<'a> {
    pub marker: bool,
    pub payload_type: u8,
    pub seq: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    pub payload: &'a [u8],
}

impl<'a> Rtp<'a> {
    /// `None` for anything that is not RTP of version 2 with at most one extension block.
    #[must_use]
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        let (head, mut rest) = bytes.split_at_checked(12)?;
        if head[0] & 0xCF != 0x80 {
            return None;
        }
        if head[0] & 0x10 != 0 {
            let (block, after) = rest.split_at_checked(4)?;
            let words = usize::from(u16::from_be_bytes([block[2], block[3]]));
            rest = after.get(4 * words..)?;
        }
        if head[0] & 0x20 != 0 {
            let padding = usize::from(*rest.last().filter(|padding| **padding > 0)?);
            rest = rest.get(..rest.len().checked_sub(padding)?)?;
        }
        Some(Self {
            marker: head[1] & 0x80 != 0,
            payload_type: head[1] & 0x7F,
            seq: u16::from_be_bytes([head[2], head[3]]),
            timestamp: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            ssrc: u32::from_be_bytes([head[8], head[9], head[10], head[11]]),
            payload: rest,
        })
    }
}

/// A header to be written.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    pub payload_type: u8,
    pub marker: bool,
    pub seq: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// One-byte header extensions (RFC 8285): id and value.
    pub elements: &'a [(u8, &'a [u8])],
}

impl Header<'_> {
    #[must_use]
    pub fn write(&self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(48 + payload.len());
        bytes.extend([0x90, self.payload_type | (u8::from(self.marker) << 7)]);
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.timestamp.to_be_bytes());
        bytes.extend(self.ssrc.to_be_bytes());
        bytes.extend([0xBE, 0xDE, 0, 0]);
        let start = bytes.len();
        for (id, value) in self.elements {
            bytes.push((id << 4) | (value.len() as u8 - 1));
            bytes.extend(*value);
        }
        while !(bytes.len() - start).is_multiple_of(4) {
            bytes.push(0);
        }
        bytes[start - 1] = ((bytes.len() - start) / 4) as u8;
        bytes.extend(payload);
        bytes
    }
}

/// Whose content it is and which piece of it: carried in every payload, so that a receiver knows what it should be looking at whatever
/// the header says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Mark {
    pub stream: StreamName,
    /// Packets of the stream, from 0.
    pub packet: u32,
    /// Frames of the stream, from 0.
    pub frame: u16,
    /// The packet's place among the frame's.
    pub index: u8,
    pub count: u8,
    pub key: bool,
}

/// One encoder: a layer of a source of one transport.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct StreamName {
    /// Transports are numbered through the whole run.
    pub publisher: u16,
    pub source: Source,
    pub layer: u8,
}

impl Mark {
    fn write(&self) -> [u8; MARK] {
        let [p0, p1] = self.stream.publisher.to_be_bytes();
        let [n0, n1, n2, n3] = self.packet.to_be_bytes();
        let [f0, f1] = self.frame.to_be_bytes();
        let source = match self.stream.source {
            Source::Microphone => 0,
            Source::Camera => 1,
            Source::Screen => 2,
        };
        let key = u8::from(self.key);
        [MARK_FIRST, p0, p1, source, self.stream.layer, n0, n1, n2, n3, f0, f1, self.index, self.count, key, 0x5A, 0xA5]
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let &[MARK_FIRST, p0, p1, source, layer, n0, n1, n2, n3, f0, f1, index, count, key, 0x5A, 0xA5] =
            bytes.first_chunk::<MARK>()?
        else {
            return None;
        };
        let source = match source {
            0 => Source::Microphone,
            1 => Source::Camera,
            2 => Source::Screen,
            _ => return None,
        };
        Some(Self {
            stream: StreamName { publisher: u16::from_be_bytes([p0, p1]), source, layer },
            packet: u32::from_be_bytes([n0, n1, n2, n3]),
            frame: u16::from_be_bytes([f0, f1]),
            index,
            count,
            key: key == 1,
        })
    }

    #[must_use]
    pub fn sound(&self, bytes: usize) -> Vec<u8> {
        let mut payload = self.write().to_vec();
        payload.resize(bytes.max(MARK), 0x11);
        payload
    }

    /// A VP8 payload with picture id `picture` of a picture `height` high.
    #[must_use]
    pub fn picture(&self, picture: u16, tl0: u8, height: u16, bytes: usize) -> Vec<u8> {
        let [i0, i1] = picture.to_be_bytes();
        let starts = if self.index == 0 { 0x10 } else { 0 };
        let mut payload = vec![0x80 | starts, 0xC0, i0 | 0x80, i1, tl0];
        let [w0, w1] = (height / 9 * 16).to_le_bytes();
        let [h0, h1] = height.to_le_bytes();
        // The lowest bit of the frame tag: 0 for a key frame.
        payload.extend([u8::from(!self.key), 0, 0, 0x9D, 0x01, 0x2A, w0, w1, h0, h1]);
        payload.extend(self.write());
        payload.resize(bytes.max(DESCRIPTOR + FRAME_HEAD + MARK), 0x22);
        payload
    }
}

/// A VP8 payload as it came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Picture {
    pub starts: bool,
    /// Begins with the first partition of a key frame, as the wire says.
    pub key: bool,
    pub picture: u16,
    pub tl0: u8,
    pub mark: Mark,
}

/// # Errors
/// What is wrong with it, in words.
pub fn read_picture(payload: &[u8]) -> Result<Picture, String> {
    let &[first, flags, i0, i1, tl0] = payload.first_chunk::<DESCRIPTOR>().ok_or("shorter than its descriptor")?;
    if first & 0x80 == 0 || flags != 0xC0 || i0 & 0x80 == 0 {
        return Err(format!("the descriptor's layout changed: {:02x?}", &payload[..DESCRIPTOR]));
    }
    let body = &payload[DESCRIPTOR..];
    let mark = body.get(FRAME_HEAD..).and_then(Mark::read).ok_or("the content's mark is gone")?;
    let starts = first & 0x10 != 0;
    Ok(Picture { starts, key: starts && body[0] & 1 == 0, picture: u16::from_be_bytes([i0 & 0x7F, i1]), tl0, mark })
}

/// # Errors
/// When the mark is gone.
pub fn read_sound(payload: &[u8]) -> Result<Mark, String> {
    Mark::read(payload).ok_or_else(|| String::from("the content's mark is gone"))
}

/// The mark of any media payload, by its payload type; of a repair, that of the packet inside.
#[must_use]
pub fn mark_of(payload_type: u8, payload: &[u8]) -> Option<Mark> {
    match payload_type {
        OPUS => Mark::read(payload),
        VP8 => read_picture(payload).ok().map(|picture| picture.mark),
        RTX => payload.get(2..).and_then(|inside| read_picture(inside).ok()).map(|picture| picture.mark),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: StreamName = StreamName { publisher: 513, source: Source::Camera, layer: 2 };

    #[test]
    fn a_picture_says_whose_it_is_after_a_journey_through_a_header() {
        let mark = Mark { stream: NAME, packet: 70_000, frame: 9, index: 0, count: 3, key: true };
        let payload = mark.picture(0x1234, 7, 720, 60);
        let header = Header {
            payload_type: VP8,
            marker: true,
            seq: 65_535,
            timestamp: 5,
            ssrc: 6,
            elements: &[(MID, b"1"), (RID, b"f")],
        };
        let bytes = header.write(&payload);
        let read = Rtp::read(&bytes).unwrap();
        assert_eq!((read.seq, read.timestamp, read.ssrc, read.marker), (65_535, 5, 6, true));
        let picture = read_picture(read.payload).unwrap();
        assert_eq!((picture.picture, picture.tl0, picture.starts, picture.key), (0x1234, 7, true, true));
        assert_eq!(picture.mark, mark);
        assert_eq!(mark_of(RTX, &[&[0, 1], payload.as_slice()].concat()), Some(mark));
    }

    #[test]
    fn the_middle_of_a_key_frame_does_not_look_like_its_beginning() {
        let mark = Mark { stream: NAME, packet: 1, frame: 0, index: 1, count: 3, key: true };
        let picture = read_picture(&mark.picture(1, 1, 180, 0)).unwrap();
        assert!(!picture.starts && !picture.key && picture.mark.key);
    }
}
