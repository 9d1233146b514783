//! The RTP header of one outgoing stream. Everything but four fields is the same on every packet, so it is laid out once and patched:
//! equal layouts also keep runs of equal-sized datagrams whole for the kernel's segmentation offload.

use crate::id::{Mid, PayloadType, Ssrc};
use crate::track::history::Padding;

/// Fixed header, extension header, MID (one byte of id and length, at most 16 of text), audio level, padding to four bytes. Room is
/// left for the transport-wide sequence number that send-side estimation will add.
const HEADER_MAX: usize = 12 + 4 + 17 + 2 + 3 + 3;

/// RFC 8285: a one-byte element holds 1 to 16 bytes.
const MID_MAX: usize = 16;

/// The last byte of the payload counts bytes of padding (RFC 3550 section 5.1).
const PADDED: u8 = 0x20;

#[derive(Clone, Debug)]
pub(crate) struct HeaderTemplate {
    bytes: [u8; HEADER_MAX],
    len: usize,
    level_at: Option<usize>,
}

impl HeaderTemplate {
    pub(crate) fn new(
        payload_type: PayloadType,
        ssrc: Ssrc,
        mid: Option<(u8, &Mid)>,
        level_id: Option<u8>,
    ) -> HeaderTemplate {
        let mut template = Self { bytes: [0; HEADER_MAX], len: 0, level_at: None };
        template.put(&[0x80, payload_type.0 & 0x7F, 0, 0, 0, 0, 0, 0]);
        template.put(&ssrc.0.to_be_bytes());
        let mid = mid.filter(|(_, mid)| (1..=MID_MAX).contains(&mid.0.len()));
        if mid.is_none() && level_id.is_none() {
            return template;
        }
        template.put(&[0xBE, 0xDE, 0, 0]);
        let start = template.len;
        if let Some((id, mid)) = mid {
            template.put(&[element(id, mid.0.len())]);
            template.put(mid.0.as_bytes());
        }
        if let Some(id) = level_id {
            template.put(&[element(id, 1)]);
            template.level_at = Some(template.len);
            template.put(&[127]);
        }
        while !(template.len - start).is_multiple_of(4) {
            template.put(&[0]);
        }
        let words = (template.len - start) / 4;
        template.patch(0, 0x90);
        template.patch(start - 1, u8::try_from(words).unwrap_or(u8::MAX));
        template
    }

    /// From now on the stream carries another codec.
    pub(crate) fn retype(&mut self, payload_type: PayloadType) {
        self.patch(1, payload_type.0 & 0x7F);
    }

    /// The header of one packet. `level` is written only where the layout has a place for it.
    pub(crate) fn of(&mut self, marker: bool, padding: Padding, seq: u16, timestamp: u32, level: u8) -> &[u8] {
        let [s0, s1] = seq.to_be_bytes();
        let [t0, t1, t2, t3] = timestamp.to_be_bytes();
        if let Some([first, second, seq0, seq1, time0, time1, time2, time3]) = self.bytes.first_chunk_mut::<8>() {
            *first = (*first & !PADDED) | if padding == Padding::None { 0 } else { PADDED };
            *second = (*second & 0x7F) | (u8::from(marker) << 7);
            (*seq0, *seq1) = (s0, s1);
            (*time0, *time1, *time2, *time3) = (t0, t1, t2, t3);
        }
        if let Some(at) = self.level_at {
            self.patch(at, level & 0x7F);
        }
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.len..self.len + bytes.len()) {
            place.copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }

    fn patch(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
    }
}

fn element(id: u8, len: usize) -> u8 {
    (id << 4) | u8::try_from(len.saturating_sub(1)).unwrap_or(0x0F)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::rtp::RtpPacket;

    #[test]
    fn the_header_reads_back_with_mid_and_level() {
        let mid = Mid("sixteen-bytes-id".to_owned());
        let mut template = HeaderTemplate::new(PayloadType(111), Ssrc(7), Some((4, &mid)), Some(1));
        let header = template.of(true, Padding::None, 0xABCD, 0x0102_0304, 33).to_vec();
        let packet = RtpPacket::parse(&header).unwrap();
        assert!(packet.marker);
        assert_eq!((packet.payload_type, packet.seq.0, packet.timestamp), (PayloadType(111), 0xABCD, 0x0102_0304));
        assert_eq!(packet.extensions.text(Some(4)), Some("sixteen-bytes-id"));
        assert_eq!(packet.extensions.level(Some(1)), Some(33));
        assert!(packet.payload.is_empty());
        assert!(!RtpPacket::parse(template.of(false, Padding::None, 0, 0, 127)).unwrap().marker);
    }

    #[test]
    fn without_extensions_the_header_has_twelve_bytes() {
        let mut template = HeaderTemplate::new(PayloadType(96), Ssrc(7), None, None);
        assert_eq!(template.of(false, Padding::None, 1, 2, 0).len(), 12);
    }

    #[test]
    fn every_packet_of_a_stream_has_the_same_layout() {
        let mid = Mid("3".to_owned());
        let mut template = HeaderTemplate::new(PayloadType(96), Ssrc(7), Some((1, &mid)), None);
        let lengths: Vec<_> = (0..9).map(|n| template.of(n % 2 == 0, Padding::None, n, 7, 0).len()).collect();
        assert!(lengths.iter().all(|len| *len == lengths[0]));
    }
}
