//! What a datagram is, by its first bytes (RFC 7983; RTP against RTCP by RFC 5761 section 4).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Stun,
    Dtls,
    Rtp,
    Rtcp,
}

/// Shortest packets that can mean anything: the STUN header, a DTLS record header, an RTP header, an RTCP header with its SSRC.
const STUN_MIN: usize = 20;
const DTLS_MIN: usize = 13;
const RTP_MIN: usize = 12;
const RTCP_MIN: usize = 8;

/// `None` for ZRTP, TURN channels, QUIC and noise: nothing we serve.
#[must_use]
pub fn kind_of(datagram: &[u8]) -> Option<Kind> {
    let (kind, min) = match (datagram.first()?, datagram.get(1)?) {
        (0..=3, _) => (Kind::Stun, STUN_MIN),
        (20..=63, _) => (Kind::Dtls, DTLS_MIN),
        (128..=191, 192..=223) => (Kind::Rtcp, RTCP_MIN),
        (128..=191, _) => (Kind::Rtp, RTP_MIN),
        _ => return None,
    };
    (datagram.len() >= min).then_some(kind)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn datagram(first: u8, second: u8, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        bytes[0] = first;
        bytes[1] = second;
        bytes
    }

    #[test]
    fn the_first_byte_tells_the_protocols_apart_as_rfc_7983_says() {
        assert_eq!(kind_of(&datagram(0, 1, 20)), Some(Kind::Stun));
        assert_eq!(kind_of(&datagram(22, 254, 13)), Some(Kind::Dtls));
        assert_eq!(kind_of(&datagram(0x80, 96, 12)), Some(Kind::Rtp));
        assert_eq!(kind_of(&datagram(0x90, 0x80 | 111, 12)), Some(Kind::Rtp));
        for between in [4, 19, 64, 79, 127, 192, 255] {
            assert_eq!(kind_of(&datagram(between, 0, 100)), None);
        }
    }

    #[test]
    fn rtcp_is_told_from_rtp_by_its_packet_type() {
        for rtcp in [200, 201, 202, 205, 206] {
            assert_eq!(kind_of(&datagram(0x81, rtcp, 8)), Some(Kind::Rtcp));
        }
    }

    #[test]
    fn a_datagram_too_short_for_its_kind_is_nothing() {
        for (first, second, min) in [(0, 1, 20), (22, 254, 13), (0x80, 96, 12), (0x80, 200, 8)] {
            assert_eq!(kind_of(&datagram(first, second, min - 1)), None);
        }
        assert_eq!(kind_of(&[]), None);
        assert_eq!(kind_of(&[0x80]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_classified_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = kind_of(&bytes);
        }
    }
}
