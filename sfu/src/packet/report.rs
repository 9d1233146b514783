//! RTCP as we write it. One buffer per room is filled, handed to the egress and filled again. A compound always begins with a report and
//! our CNAME (RFC 3550, section 6.1): reduced-size RTCP is nothing we have to ask every client for.

use crate::id::Ssrc;
use crate::packet::rtcp::ReportBlock;

/// What fits into one datagram on every path together with the SRTCP trailer.
pub(crate) const COMPOUND_MAX: usize = 1_150;

/// RFC 3550 asks for one name per sender and all its streams; towards one peer the bridge is one sender.
const CNAME: &[u8] = b"nhipcau";

/// A report has a five-bit count.
pub(crate) const BLOCKS_MAX: usize = 31;

pub(crate) struct Compound {
    bytes: Vec<u8>,
}

/// One stream we send, at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SenderState {
    pub(crate) ssrc: Ssrc,
    pub(crate) ntp: u64,
    pub(crate) timestamp: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

/// One stream we receive.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReceiverState {
    pub(crate) block: ReportBlock,
    pub(crate) total_lost: u32,
    pub(crate) highest: u32,
}

impl Compound {
    pub(crate) fn new() -> Self {
        Self { bytes: Vec::with_capacity(2 * COMPOUND_MAX) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes.len() + 64 > COMPOUND_MAX
    }

    /// Starts over with a receiver report of `blocks` (empty is allowed) and our name.
    pub(crate) fn receiver_report(&mut self, sender: Ssrc, blocks: &[ReceiverState]) -> &mut Self {
        self.bytes.clear();
        let blocks = blocks.get(..BLOCKS_MAX).unwrap_or(blocks);
        self.begin(u8::try_from(blocks.len()).unwrap_or(0), 201, 1 + 6 * blocks.len());
        self.word(sender.0);
        for ReceiverState { block, total_lost, highest } in blocks {
            self.word(block.ssrc.0);
            self.word((u32::from(block.fraction_lost) << 24) | (total_lost & 0x00FF_FFFF));
            self.word(*highest);
            self.word(block.jitter);
            self.word(block.last_report);
            self.word(block.delay);
        }
        self.name(sender)
    }

    /// Starts over with the report of one of our streams and our name.
    pub(crate) fn sender_report(&mut self, state: SenderState) -> &mut Self {
        self.bytes.clear();
        self.append_sender_report(state).name(state.ssrc)
    }

    /// A further stream's report behind the first.
    pub(crate) fn append_sender_report(&mut self, state: SenderState) -> &mut Self {
        self.begin(0, 200, 6);
        self.word(state.ssrc.0);
        self.bytes.extend_from_slice(&state.ntp.to_be_bytes());
        self.word(state.timestamp);
        self.word(state.packets);
        self.word(state.octets);
        self
    }

    fn name(&mut self, ssrc: Ssrc) -> &mut Self {
        // SSRC, item type 1, length, text, at least one zero to end the chunk, up to a word.
        let words = (4 + 2 + CNAME.len() + 1).div_ceil(4);
        self.begin(1, 202, words);
        let start = self.bytes.len();
        self.word(ssrc.0);
        self.bytes.extend_from_slice(&[1, u8::try_from(CNAME.len()).unwrap_or(0)]);
        self.bytes.extend_from_slice(CNAME);
        self.bytes.resize(start + 4 * words, 0);
        self
    }

    /// `lost` ascending. Numbers that lie close together share a pair.
    pub(crate) fn nack(&mut self, sender: Ssrc, media: Ssrc, lost: &[u16]) -> &mut Self {
        let start = self.bytes.len();
        self.begin(1, 205, 0);
        self.word(sender.0);
        self.word(media.0);
        let mut lost = lost.iter().copied().peekable();
        while let Some(first) = lost.next() {
            let mut mask = 0u16;
            while let Some(behind) = lost.peek().map(|seq| seq.wrapping_sub(first))
                && (1..=16).contains(&behind)
            {
                mask |= 1 << (behind - 1);
                lost.next();
            }
            self.word((u32::from(first) << 16) | u32::from(mask));
        }
        self.close(start)
    }

    pub(crate) fn picture_loss(&mut self, sender: Ssrc, media: Ssrc) -> &mut Self {
        self.begin(1, 206, 2);
        self.word(sender.0);
        self.word(media.0);
        self
    }

    /// RFC 5104, section 4.3.1: for a publisher that offered no picture loss indication. `count` must change with each request.
    pub(crate) fn full_intra(&mut self, sender: Ssrc, media: Ssrc, count: u8) -> &mut Self {
        self.begin(4, 206, 4);
        self.word(sender.0);
        self.word(0);
        self.word(media.0);
        self.word(u32::from(count) << 24);
        self
    }

    /// A transport feedback of the given format whose body is written by `fill`, padded with zeros to a word.
    pub(crate) fn transport_feedback(&mut self, format: u8, fill: impl FnOnce(&mut Vec<u8>)) -> &mut Self {
        let start = self.bytes.len();
        self.begin(format, 205, 0);
        fill(&mut self.bytes);
        while !(self.bytes.len() - start).is_multiple_of(4) {
            self.bytes.push(0);
        }
        self.close(start)
    }

    fn begin(&mut self, count: u8, kind: u8, words: usize) {
        let [l0, l1] = u16::try_from(words).unwrap_or(0).to_be_bytes();
        self.bytes.extend_from_slice(&[0x80 | (count & 0x1F), kind, l0, l1]);
    }

    /// Writes the length of the packet that began at `start`.
    fn close(&mut self, start: usize) -> &mut Self {
        let words = (self.bytes.len() - start) / 4 - 1;
        if let Some(place) = self.bytes.get_mut(start + 2..start + 4) {
            place.copy_from_slice(&u16::try_from(words).unwrap_or(0).to_be_bytes());
        }
        self
    }

    fn word(&mut self, word: u32) {
        self.bytes.extend_from_slice(&word.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rtc_rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
    use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
    use rtc_rtcp::receiver_report::ReceiverReport;
    use rtc_rtcp::sender_report::SenderReport;
    use rtc_rtcp::source_description::SourceDescription;
    use rtc_rtcp::transport_feedbacks::transport_layer_nack::{NackPair, TransportLayerNack};

    use super::*;

    fn read(compound: &Compound) -> Vec<Box<dyn rtc_rtcp::Packet>> {
        rtc_rtcp::packet::unmarshal(&mut bytes::Bytes::copy_from_slice(compound.bytes())).unwrap()
    }

    #[test]
    fn the_rtc_family_reads_our_receiver_report_and_requests() {
        let block = ReportBlock { ssrc: Ssrc(5), fraction_lost: 3, jitter: 4, last_report: 6, delay: 7 };
        let mut compound = Compound::new();
        compound
            .receiver_report(Ssrc(1), &[ReceiverState { block, total_lost: 8, highest: 9 }])
            .picture_loss(Ssrc(1), Ssrc(5))
            .full_intra(Ssrc(1), Ssrc(5), 2);
        let packets = read(&compound);
        let report = packets[0].as_any().downcast_ref::<ReceiverReport>().unwrap();
        assert_eq!(report.reports[0].total_lost, 8);
        assert_eq!(report.reports[0].last_sequence_number, 9);
        let names = packets[1].as_any().downcast_ref::<SourceDescription>().unwrap();
        assert_eq!(names.chunks[0].items[0].text, bytes::Bytes::from_static(CNAME));
        assert_eq!(packets[2].as_any().downcast_ref::<PictureLossIndication>().unwrap().media_ssrc, 5);
        assert_eq!(packets[3].as_any().downcast_ref::<FullIntraRequest>().unwrap().fir[0].sequence_number, 2);
    }

    #[test]
    fn the_rtc_family_reads_our_sender_reports() {
        let state = SenderState { ssrc: Ssrc(3), ntp: 5 << 32, timestamp: 6, packets: 7, octets: 8 };
        let mut compound = Compound::new();
        compound.sender_report(state).append_sender_report(SenderState { ssrc: Ssrc(4), ..state });
        let packets = read(&compound);
        assert_eq!(packets.len(), 3);
        let report = packets[0].as_any().downcast_ref::<SenderReport>().unwrap();
        assert_eq!((report.ssrc, report.ntp_time, report.rtp_time), (3, 5 << 32, 6));
        assert_eq!((report.packet_count, report.octet_count), (7, 8));
    }

    proptest! {
        #[test]
        fn a_nack_survives_the_way_through_the_other_implementation(lost in proptest::collection::btree_set(0u16..3000, 1..80)) {
            let numbers: Vec<u16> = lost.into_iter().map(|n| 64_000u16.wrapping_add(n)).collect();
            let mut compound = Compound::new();
            compound.receiver_report(Ssrc(1), &[]).nack(Ssrc(1), Ssrc(2), &numbers);
            let packets = read(&compound);
            let nack = packets[2].as_any().downcast_ref::<TransportLayerNack>().unwrap();
            let seen: Vec<u16> = nack.nacks.iter().flat_map(NackPair::packet_list).collect();
            prop_assert_eq!(seen, numbers);
        }
    }
}
