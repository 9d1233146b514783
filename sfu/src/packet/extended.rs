//! A header with AV1's dependency descriptor in it. It differs from packet to packet in content and length, so it is put together anew
//! behind what is the same on every packet of a stream. Up to 16 bytes fit into a one-byte element; a descriptor with templates, at key
//! frames, is longer and makes all elements of its packet two-byte ones (RFC 8285, sections 4.2 and 4.3).

use crate::packet::av1::FRAME_NUMBER_AT;

/// What every packet has, each element one byte longer, and the longest two-byte element with its padding.
const LEN_MAX: usize = 128 + 2 + 255 + 3;
const FIXED: usize = 12;
const ONE_BYTE_MAX: usize = 16;

#[derive(Clone, Debug)]
pub(crate) struct ExtendedHeader {
    id: u8,
    bytes: Box<[u8; LEN_MAX]>,
    len: usize,
}

impl ExtendedHeader {
    pub(crate) fn new(id: u8) -> Self {
        Self { id, bytes: Box::new([0; LEN_MAX]), len: 0 }
    }

    /// `base` as [`crate::packet::header::HeaderTemplate`] lays it out, with `descriptor` behind, its frame number replaced.
    pub(crate) fn of(&mut self, base: &[u8], descriptor: &[u8], frame_number: u16) -> &[u8] {
        self.len = 0;
        self.put(base.get(..FIXED).unwrap_or_default());
        // What lies behind the header of the extension block.
        let elements = base.get(FIXED + 4..).unwrap_or_default();
        if descriptor.len() <= ONE_BYTE_MAX {
            self.put(&[0xBE, 0xDE, 0, 0]);
            self.put(elements);
            self.put(&[self.id << 4 | u8::try_from(descriptor.len().saturating_sub(1)).unwrap_or(0)]);
        } else {
            self.put(&[0x10, 0x00, 0, 0]);
            self.put_two_byte(elements);
            self.put(&[self.id, u8::try_from(descriptor.len()).unwrap_or(0)]);
        }
        let at = self.len + FRAME_NUMBER_AT;
        self.put(descriptor);
        if let Some(place) = self.bytes.get_mut(at..at + 2) {
            place.copy_from_slice(&frame_number.to_be_bytes());
        }
        while !self.len.is_multiple_of(4) {
            self.put(&[0]);
        }
        let words = u16::try_from((self.len - FIXED - 4) / 4).unwrap_or(0).to_be_bytes();
        if let Some(place) = self.bytes.get_mut(FIXED + 2..FIXED + 4) {
            place.copy_from_slice(&words);
        }
        if let Some(first) = self.bytes.first_mut() {
            *first |= 0x10;
        }
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn put_two_byte(&mut self, mut elements: &[u8]) {
        while let Some((&first, rest)) = elements.split_first() {
            elements = rest;
            if first == 0 {
                continue;
            }
            let len = first & 0x0F;
            let Some((value, rest)) = rest.split_at_checked(usize::from(len) + 1) else { return };
            elements = rest;
            self.put(&[first >> 4, len + 1]);
            self.put(value);
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::{Mid, PayloadType, Ssrc};
    use crate::packet::header::HeaderTemplate;
    use crate::packet::rtp::RtpPacket;
    use crate::track::history::Padding;

    proptest! {
        #[test]
        fn every_descriptor_reads_back_with_its_new_number_beside_what_was_there(
            descriptor in proptest::collection::vec(any::<u8>(), 3..=255),
            frame_number: u16,
            mid in "[a-z0-9]{1,16}",
            bare: bool,
        ) {
            let mid = Mid(mid);
            let named = (!bare).then_some((4, &mid));
            let mut template = HeaderTemplate::new(PayloadType(45), Ssrc(9), named, None);
            let mut extended = ExtendedHeader::new(12);
            let header = extended.of(template.of(true, Padding::None, 7, 99, 0), &descriptor, frame_number);
            let packet = RtpPacket::parse(header).unwrap();
            prop_assert!(packet.payload.is_empty() && packet.marker);
            prop_assert_eq!((packet.seq.0, packet.timestamp), (7, 99));
            prop_assert_eq!(packet.extensions.text(Some(4)), (!bare).then_some(mid.0.as_str()));
            let mut wanted = descriptor.clone();
            wanted[1..3].copy_from_slice(&frame_number.to_be_bytes());
            prop_assert_eq!(packet.extensions.find(12), Some(&wanted[..]));
            let two_byte = header[12] == 0x10;
            prop_assert_eq!(two_byte, descriptor.len() > 16);
        }
    }
}
