//! What a compound RTCP packet says (RFC 3550 section 6, RFC 4585, RFC 5104), read in place: a forged length or count costs nothing.

use crate::id::Ssrc;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const GOODBYE: u8 = 203;
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;

const GENERIC_NACK: u8 = 1;
const PICTURE_LOSS: u8 = 1;
const FULL_INTRA: u8 = 4;

/// One packet of a compound.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rtcp<'a> {
    Sender {
        info: SenderInfo,
        blocks: ReportBlocks<'a>,
    },
    Receiver {
        blocks: ReportBlocks<'a>,
    },
    Nack {
        media: Ssrc,
        lost: LostSeqs<'a>,
    },
    PictureLoss {
        media: Ssrc,
    },
    FullIntra {
        media: Words<'a>,
    },
    Goodbye {
        sources: Words<'a>,
    },
    /// Source descriptions, extended reports, transport-wide feedback (which the send-side estimate will read) and the unknown.
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SenderInfo {
    pub(crate) ssrc: Ssrc,
    /// NTP format: seconds and fractions of 2^32.
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct ReportBlock {
    pub(crate) ssrc: Ssrc,
    /// In 256ths, since the previous report.
    pub(crate) fraction_lost: u8,
    /// In units of the stream's RTP clock.
    pub(crate) jitter: u32,
    /// The middle 32 bits of the NTP time of our last sender report; 0 before the first.
    pub(crate) last_report: u32,
    /// Since then, in 65536ths of a second.
    pub(crate) delay: u32,
}

/// The packets of a compound. `None` when any length does not fit: then nothing of it is believed.
pub(crate) fn parse(compound: &[u8]) -> Option<impl Iterator<Item = Rtcp<'_>>> {
    let mut rest = compound;
    while !rest.is_empty() {
        (_, rest) = split(rest)?;
    }
    let mut rest = compound;
    (!compound.is_empty()).then(|| {
        std::iter::from_fn(move || {
            let (packet, after) = split(rest)?;
            rest = after;
            Some(packet.read().unwrap_or(Rtcp::Other))
        })
    })
}

struct Packet<'a> {
    /// Report count, source count or feedback message type.
    count: u8,
    kind: u8,
    body: &'a [u8],
}

fn split(bytes: &[u8]) -> Option<(Packet<'_>, &[u8])> {
    let (&[first, kind, l0, l1], rest) = bytes.split_first_chunk::<4>()?;
    if first >> 6 != 2 || !(192..=223).contains(&kind) {
        return None;
    }
    let (body, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([l0, l1])) * 4)?;
    let padding = if first & 0x20 == 0 { 0 } else { usize::from(*body.last()?) };
    let body = body.get(..body.len().checked_sub(padding)?)?;
    Some((Packet { count: first & 0x1F, kind, body }, rest))
}

impl<'a> Packet<'a> {
    fn read(&self) -> Option<Rtcp<'a>> {
        let mut body = self.body;
        match (self.kind, self.count) {
            (SENDER_REPORT, _) => {
                let ssrc = Ssrc(take_u32(&mut body)?);
                let ntp = (u64::from(take_u32(&mut body)?) << 32) | u64::from(take_u32(&mut body)?);
                let timestamp = take_u32(&mut body)?;
                let _counts = (take_u32(&mut body)?, take_u32(&mut body)?);
                Some(Rtcp::Sender {
                    info: SenderInfo { ssrc, ntp, timestamp },
                    blocks: ReportBlocks { left: self.count, body },
                })
            }
            (RECEIVER_REPORT, _) => {
                let _sender = take_u32(&mut body)?;
                Some(Rtcp::Receiver { blocks: ReportBlocks { left: self.count, body } })
            }
            (GOODBYE, _) => {
                let listed = usize::from(self.count) * 4;
                Some(Rtcp::Goodbye { sources: Words { body: body.get(..listed)?, stride: 4 } })
            }
            (TRANSPORT_FEEDBACK, GENERIC_NACK) => {
                let _sender = take_u32(&mut body)?;
                let media = Ssrc(take_u32(&mut body)?);
                Some(Rtcp::Nack { media, lost: LostSeqs { body, mask: 0, next: 0 } })
            }
            (PAYLOAD_FEEDBACK, PICTURE_LOSS) => {
                let _sender = take_u32(&mut body)?;
                Some(Rtcp::PictureLoss { media: Ssrc(take_u32(&mut body)?) })
            }
            (PAYLOAD_FEEDBACK, FULL_INTRA) => {
                let _sender = take_u32(&mut body)?;
                let _unused = take_u32(&mut body)?;
                // Each entry is an SSRC and a word of sequence number (RFC 5104, section 4.3.1.1).
                Some(Rtcp::FullIntra { media: Words { body, stride: 8 } })
            }
            _ => Some(Rtcp::Other),
        }
    }
}

fn take_u32(body: &mut &[u8]) -> Option<u32> {
    let (&word, rest) = body.split_first_chunk::<4>()?;
    *body = rest;
    Some(u32::from_be_bytes(word))
}

fn take_u16(body: &mut &[u8]) -> Option<u16> {
    let (&word, rest) = body.split_first_chunk::<2>()?;
    *body = rest;
    Some(u16::from_be_bytes(word))
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct ReportBlocks<'a> {
    left: u8,
    body: &'a [u8],
}

impl Iterator for ReportBlocks<'_> {
    type Item = ReportBlock;

    fn next(&mut self) -> Option<ReportBlock> {
        self.left = self.left.checked_sub(1)?;
        let ssrc = Ssrc(take_u32(&mut self.body)?);
        let [fraction_lost, ..] = take_u32(&mut self.body)?.to_be_bytes();
        let _highest = take_u32(&mut self.body)?;
        let jitter = take_u32(&mut self.body)?;
        let last_report = take_u32(&mut self.body)?;
        let delay = take_u32(&mut self.body)?;
        Some(ReportBlock { ssrc, fraction_lost, jitter, last_report, delay })
    }
}

/// Sequence numbers of a generic NACK (RFC 4585, section 6.2.1): each pair names one and up to sixteen that follow it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LostSeqs<'a> {
    body: &'a [u8],
    mask: u16,
    next: u16,
}

impl Iterator for LostSeqs<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if self.mask == 0 {
            let first = take_u16(&mut self.body)?;
            self.mask = take_u16(&mut self.body)?;
            self.next = first.wrapping_add(1);
            return Some(first);
        }
        let skipped = self.mask.trailing_zeros();
        let seq = self.next.wrapping_add(u16::try_from(skipped).unwrap_or(0));
        self.mask = self.mask.checked_shr(skipped + 1).unwrap_or(0);
        self.next = seq.wrapping_add(1);
        Some(seq)
    }
}

/// SSRCs at equal distances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'a> {
    body: &'a [u8],
    stride: usize,
}

impl Iterator for Words<'_> {
    type Item = Ssrc;

    fn next(&mut self) -> Option<Ssrc> {
        let (entry, rest) = self.body.split_at_checked(self.stride)?;
        self.body = rest;
        Some(Ssrc(u32::from_be_bytes(*entry.first_chunk::<4>()?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtc_rtcp::goodbye::Goodbye;
    use rtc_rtcp::payload_feedbacks::full_intra_request::{FirEntry, FullIntraRequest};
    use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
    use rtc_rtcp::receiver_report::ReceiverReport;
    use rtc_rtcp::reception_report::ReceptionReport;
    use rtc_rtcp::sender_report::SenderReport;
    use rtc_rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
    use rtc_shared::marshal::Marshal;

    use super::*;

    fn compound(packets: &[&dyn Fn() -> bytes::BytesMut]) -> Vec<u8> {
        packets.iter().flat_map(|packet| packet().to_vec()).collect()
    }

    #[test]
    fn what_the_rtc_family_writes_is_read() {
        let block = ReceptionReport {
            ssrc: 5,
            fraction_lost: 64,
            total_lost: 9,
            last_sequence_number: 77,
            jitter: 90,
            last_sender_report: 0xAABB_CCDD,
            delay: 0x1_0000,
        };
        let bytes = compound(&[
            &|| {
                SenderReport {
                    ssrc: 1,
                    ntp_time: 3 << 32,
                    rtp_time: 44,
                    reports: vec![block.clone()],
                    ..Default::default()
                }
                .marshal()
                .unwrap()
            },
            &|| {
                ReceiverReport { ssrc: 1, reports: vec![block.clone(), block.clone()], ..Default::default() }
                    .marshal()
                    .unwrap()
            },
            &|| PictureLossIndication { sender_ssrc: 1, media_ssrc: 6 }.marshal().unwrap(),
            &|| {
                let fir = vec![FirEntry { ssrc: 7, sequence_number: 1 }, FirEntry { ssrc: 8, sequence_number: 2 }];
                FullIntraRequest { sender_ssrc: 1, media_ssrc: 0, fir }.marshal().unwrap()
            },
            &|| Goodbye { sources: vec![9, 10], ..Default::default() }.marshal().unwrap(),
        ]);
        let mut packets = parse(&bytes).unwrap();
        let expected =
            ReportBlock { ssrc: Ssrc(5), fraction_lost: 64, jitter: 90, last_report: 0xAABB_CCDD, delay: 0x1_0000 };
        let Some(Rtcp::Sender { info, mut blocks }) = packets.next() else { panic!("no sender report") };
        assert_eq!(info, SenderInfo { ssrc: Ssrc(1), ntp: 3 << 32, timestamp: 44 });
        assert_eq!(blocks.next(), Some(expected));
        assert!(matches!(packets.next(), Some(Rtcp::Receiver { blocks }) if blocks.count() == 2));
        assert!(matches!(packets.next(), Some(Rtcp::PictureLoss { media: Ssrc(6) })));
        assert!(matches!(packets.next(), Some(Rtcp::FullIntra { media }) if media.eq([Ssrc(7), Ssrc(8)])));
        assert!(matches!(packets.next(), Some(Rtcp::Goodbye { sources }) if sources.eq([Ssrc(9), Ssrc(10)])));
        assert!(packets.next().is_none());
    }

    #[test]
    fn one_wrong_length_discredits_the_whole_compound() {
        let mut bytes = PictureLossIndication { sender_ssrc: 1, media_ssrc: 6 }.marshal().unwrap().to_vec();
        bytes.extend([0x80, 201, 0, 9, 0, 0, 0, 1]);
        assert!(parse(&bytes).is_none());
        assert!(parse(&[]).is_none());
    }

    proptest! {
        #[test]
        fn a_nack_names_exactly_the_lost_numbers(mut lost in proptest::collection::btree_set(0u16..2000, 1..60)) {
            let start = 65_000u16;
            let numbers: Vec<u16> = std::mem::take(&mut lost).into_iter().map(|n| start.wrapping_add(n)).collect();
            let nacks = nack_pairs_from_sequence_numbers(&numbers);
            let bytes = TransportLayerNack { sender_ssrc: 1, media_ssrc: 6, nacks }.marshal().unwrap();
            let Some(Rtcp::Nack { media, lost }) = parse(&bytes).unwrap().next() else { panic!("no nack") };
            prop_assert_eq!(media, Ssrc(6));
            prop_assert_eq!(lost.collect::<Vec<_>>(), numbers);
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..96), kind in 200u8..208, count in 0u8..32) {
            let mut framed = vec![0x80 | count, kind, 0, u8::try_from(bytes.len() / 4).unwrap()];
            framed.extend(&bytes[..bytes.len() / 4 * 4]);
            for bytes in [&bytes, &framed] {
                for packet in parse(bytes).into_iter().flatten() {
                    match packet {
                        Rtcp::Sender { blocks, .. } | Rtcp::Receiver { blocks } => prop_assert!(blocks.count() < 32),
                        Rtcp::Nack { lost, .. } => prop_assert!(lost.count() <= bytes.len() * 5),
                        Rtcp::FullIntra { media } | Rtcp::Goodbye { sources: media } => prop_assert!(media.count() < 32),
                        Rtcp::PictureLoss { .. } | Rtcp::Other => {}
                    }
                }
            }
        }
    }
}
