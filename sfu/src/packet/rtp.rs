//! What an RTP packet says (RFC 3550, section 5.1), its header extensions (RFC 8285) and a repair packet's inside (RFC 4588).

use crate::id::{PayloadType, SeqNo, Ssrc};

#[derive(Clone, Copy, Debug)]
pub(crate) struct RtpPacket<'a> {
    pub(crate) marker: bool,
    pub(crate) payload_type: PayloadType,
    pub(crate) seq: SeqNo,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: Ssrc,
    pub(crate) extensions: Extensions<'a>,
    /// Without padding; empty in a packet that is nothing but padding.
    pub(crate) payload: &'a [u8],
}

impl<'a> RtpPacket<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (&[first, second, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3], rest) = bytes.split_first_chunk::<12>()?;
        if first >> 6 != 2 {
            return None;
        }
        let contributors = usize::from(first & 0x0F) * 4;
        let rest = rest.get(contributors..)?;
        let (extensions, rest) = if first & 0x10 == 0 { (Extensions::NONE, rest) } else { Extensions::parse(rest)? };
        let payload = if first & 0x20 == 0 { rest } else { without_padding(rest)? };
        Some(Self {
            marker: second & 0x80 != 0,
            payload_type: PayloadType(second & 0x7F),
            seq: SeqNo(u16::from_be_bytes([s0, s1])),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: Ssrc(u32::from_be_bytes([r0, r1, r2, r3])),
            extensions,
            payload,
        })
    }

    /// The original sequence number and payload inside a repair packet. `None` for the bare padding that senders use as probes.
    pub(crate) fn repaired(&self) -> Option<(SeqNo, &'a [u8])> {
        let (&[s0, s1], payload) = self.payload.split_first_chunk::<2>()?;
        Some((SeqNo(u16::from_be_bytes([s0, s1])), payload))
    }
}

fn without_padding(rest: &[u8]) -> Option<&[u8]> {
    let padding = usize::from(*rest.last()?);
    if padding == 0 {
        return None;
    }
    rest.get(..rest.len().checked_sub(padding)?)
}

/// The extension block of one packet, searched in place: packets carry at most a handful.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extensions<'a> {
    form: Form,
    data: &'a [u8],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    OneByte,
    TwoByte,
    Unknown,
}

impl<'a> Extensions<'a> {
    const NONE: Extensions<'static> = Extensions { form: Form::Unknown, data: &[] };

    fn parse(rest: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (&[p0, p1, l0, l1], rest) = rest.split_first_chunk::<4>()?;
        let len = usize::from(u16::from_be_bytes([l0, l1])) * 4;
        let (data, rest) = rest.split_at_checked(len)?;
        let form = match u16::from_be_bytes([p0, p1]) {
            0xBEDE => Form::OneByte,
            profile if profile & 0xFFF0 == 0x1000 => Form::TwoByte,
            _ => Form::Unknown,
        };
        Some((Self { form, data }, rest))
    }

    /// The value of extension `id`, if the packet carries it. A block that ends in the middle of an element ends the search.
    pub(crate) fn find(&self, id: u8) -> Option<&'a [u8]> {
        let mut data = self.data;
        loop {
            let (&first, rest) = data.split_first()?;
            if first == 0 {
                data = rest;
                continue;
            }
            let (this, len, rest) = match self.form {
                // Id 15 is reserved and stops the reader (RFC 8285, section 4.2).
                Form::OneByte if first >> 4 == 15 => return None,
                Form::OneByte => (first >> 4, usize::from(first & 0x0F) + 1, rest),
                Form::TwoByte => {
                    let (&len, rest) = rest.split_first()?;
                    (first, usize::from(len), rest)
                }
                Form::Unknown => return None,
            };
            let (value, rest) = rest.split_at_checked(len)?;
            if this == id {
                return Some(value);
            }
            data = rest;
        }
    }

    pub(crate) fn text(&self, id: Option<u8>) -> Option<&'a str> {
        std::str::from_utf8(self.find(id?)?).ok()
    }

    /// RFC 6464: 0 is the loudest, 127 silence. The voice flag in the top bit is the client's own guess and is not used.
    pub(crate) fn level(&self, id: Option<u8>) -> Option<u8> {
        Some(self.find(id?)?.first()? & 0x7F)
    }

    pub(crate) fn transport_seq(&self, id: Option<u8>) -> Option<SeqNo> {
        let &[s0, s1] = self.find(id?)?.first_chunk::<2>()?;
        Some(SeqNo(u16::from_be_bytes([s0, s1])))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: [u8; 12] = [0x80, 0xE0, 0x12, 0x34, 0, 0, 0, 9, 0xCA, 0xFE, 0xBA, 0xBE];

    #[test]
    fn a_header_with_contributors_extensions_and_padding_is_read() {
        let mut bytes = PLAIN.to_vec();
        bytes[0] = 0x80 | 0x20 | 0x10 | 1;
        bytes.extend([1, 2, 3, 4]);
        bytes.extend([0xBE, 0xDE, 0, 2, 0x10, 0x85, 0x00, 0x31, 0xAB, 0xCD, 0, 0]);
        bytes.extend([7, 8, 9, 0, 0, 3]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert!(packet.marker);
        assert_eq!(packet.payload_type, PayloadType(96));
        assert_eq!(packet.seq, SeqNo(0x1234));
        assert_eq!(packet.ssrc, Ssrc(0xCAFE_BABE));
        assert_eq!(packet.extensions.level(Some(1)), Some(5));
        assert_eq!(packet.extensions.transport_seq(Some(3)), Some(SeqNo(0xABCD)));
        assert_eq!(packet.extensions.find(4), None);
        assert_eq!(packet.payload, [7, 8, 9]);
    }

    #[test]
    fn two_byte_extensions_are_read_as_well() {
        let mut bytes = PLAIN.to_vec();
        bytes[0] |= 0x10;
        bytes.extend([0x10, 0x00, 0, 2, 5, 2, b'h', b'i', 0, 6, 0, 0]);
        let packet = RtpPacket::parse(&bytes).unwrap();
        assert_eq!(packet.extensions.text(Some(5)), Some("hi"));
        assert_eq!(packet.extensions.text(Some(6)), Some(""));
    }

    #[test]
    fn padding_longer_than_the_packet_is_refused() {
        let mut bytes = PLAIN.to_vec();
        bytes[0] |= 0x20;
        bytes.extend([1, 2, 9]);
        assert!(RtpPacket::parse(&bytes).is_none());
        bytes.truncate(12);
        assert!(RtpPacket::parse(&bytes).is_none());
    }

    #[test]
    fn a_packet_of_nothing_but_padding_has_an_empty_payload() {
        let mut bytes = PLAIN.to_vec();
        bytes[0] |= 0x20;
        bytes.extend([0, 0, 3]);
        assert!(RtpPacket::parse(&bytes).unwrap().payload.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64), id in 0u8..=255) {
            if let Some(packet) = RtpPacket::parse(&bytes) {
                let _ = (packet.extensions.find(id), packet.extensions.text(Some(id)), packet.repaired());
            }
        }

        #[test]
        fn a_cut_header_is_refused_and_never_read_past_its_end(cut in 0usize..12) {
            prop_assert!(RtpPacket::parse(&PLAIN[..cut]).is_none());
        }
    }
}
