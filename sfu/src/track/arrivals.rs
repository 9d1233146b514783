//! When the packets of one peer arrived, for its transport-wide congestion control
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01). Told in batches: a report a packet would cost more than the media.

use std::time::Instant;

use crate::id::{SeqNo, Ssrc};
use crate::packet::report::Compound;
use crate::track::clock::micros_since;

const FORMAT: u8 = 15;
/// A full batch is told at once. 400 statuses and as many arrival times fit one datagram in the worst case of two bytes each.
const BATCH_MAX: usize = 400;
/// Lost packets are listed too; a gap wider than this is not listed but skipped.
const SPAN_MAX: u64 = 800;

const DELTA_US: i64 = 250;
const REFERENCE_US: i64 = 64_000;
const RUN_MAX: usize = 0x1FFF;
const VECTOR: usize = 7;

#[derive(Debug)]
pub(crate) struct Arrivals {
    newest: Option<u64>,
    /// The next number nothing has been said about.
    untold: Option<u64>,
    batch: Vec<(u64, Instant)>,
    statuses: Vec<Status>,
    reports: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Status {
    NotReceived,
    /// A delta of one unsigned byte.
    Small,
    /// A delta of two signed bytes.
    Large,
}

impl Status {
    fn symbol(self) -> u16 {
        match self {
            Self::NotReceived => 0,
            Self::Small => 1,
            Self::Large => 2,
        }
    }
}

impl Arrivals {
    pub(crate) fn new() -> Self {
        Self {
            newest: None,
            untold: None,
            batch: Vec::with_capacity(BATCH_MAX),
            statuses: Vec::with_capacity(SPAN_MAX as usize),
            reports: 0,
        }
    }

    pub(crate) fn note(&mut self, now: Instant, seq: SeqNo) {
        let newest = self.newest.unwrap_or((1 << 16) | u64::from(seq.0));
        let step = i64::from(seq.0.wrapping_sub(newest as u16) as i16);
        let Some(full) = newest.checked_add_signed(step) else { return };
        self.newest = Some(newest.max(full));
        if self.batch.len() < BATCH_MAX {
            self.batch.push((full, now));
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.batch.len() >= BATCH_MAX
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// Appends the feedback for everything noted. Times count from `epoch`.
    pub(crate) fn report(&mut self, epoch: Instant, sender: Ssrc, media: Ssrc, compound: &mut Compound) {
        self.batch.sort_by_key(|(seq, _)| *seq);
        self.batch.dedup_by_key(|(seq, _)| *seq);
        let Some(&(oldest, first_at)) = self.batch.first() else { return };
        let first = self.untold.filter(|untold| *untold <= oldest && oldest - *untold < SPAN_MAX / 2).unwrap_or(oldest);
        let reference = micros_since(first_at, epoch).max(0) / REFERENCE_US;
        let told = self.grade(first, reference * REFERENCE_US, epoch);
        let (reports, statuses) = (self.reports, &self.statuses);
        let batch = self.batch.get(..told).unwrap_or_default();
        compound.transport_feedback(FORMAT, |bytes| {
            bytes.extend_from_slice(&sender.0.to_be_bytes());
            bytes.extend_from_slice(&media.0.to_be_bytes());
            bytes.extend_from_slice(&(first as u16).to_be_bytes());
            bytes.extend_from_slice(&u16::try_from(statuses.len()).unwrap_or(u16::MAX).to_be_bytes());
            let [_, r0, r1, r2] = (reference as u32).to_be_bytes();
            bytes.extend_from_slice(&[r0, r1, r2, reports]);
            write_chunks(statuses, bytes);
            write_deltas(batch, statuses, reference * REFERENCE_US, epoch, bytes);
        });
        self.reports = self.reports.wrapping_add(1);
        self.untold = Some(self.untold.unwrap_or(0).max(first + self.statuses.len() as u64));
        self.batch.drain(..told);
    }

    /// Fills in a status for every number from `first` on; returns how many arrivals were covered. What does not fit (a wide gap, a
    /// pause longer than a delta can say) waits for the next report.
    fn grade(&mut self, first: u64, reference_us: i64, epoch: Instant) -> usize {
        self.statuses.clear();
        let mut clock = reference_us;
        let mut next = first;
        for (told, (seq, at)) in self.batch.iter().enumerate() {
            let gap = seq.saturating_sub(next);
            let delta = (micros_since(*at, epoch) - clock).div_euclid(DELTA_US);
            let status = match delta {
                0..=255 => Status::Small,
                _ if i16::try_from(delta).is_ok() => Status::Large,
                _ => return told,
            };
            if told > 0 && self.statuses.len() as u64 + gap + 1 > SPAN_MAX {
                return told;
            }
            self.statuses.extend((0..gap.min(SPAN_MAX)).map(|_| Status::NotReceived));
            self.statuses.push(status);
            clock += delta * DELTA_US;
            next = seq + 1;
        }
        self.batch.len()
    }
}

fn write_chunks(statuses: &[Status], bytes: &mut Vec<u8>) {
    let mut rest = statuses;
    while let Some(&first) = rest.first() {
        let run = rest.iter().take(RUN_MAX).take_while(|status| **status == first).count();
        if run > VECTOR || run == rest.len() {
            let chunk = (first.symbol() << 13) | u16::try_from(run).unwrap_or(0);
            bytes.extend_from_slice(&chunk.to_be_bytes());
            rest = rest.get(run..).unwrap_or_default();
        } else {
            let symbols = rest.iter().map(|status| status.symbol()).chain(std::iter::repeat(0)).take(VECTOR);
            let chunk = symbols.fold(0b11, |chunk, symbol| (chunk << 2) | symbol);
            bytes.extend_from_slice(&chunk.to_be_bytes());
            rest = rest.get(VECTOR..).unwrap_or_default();
        }
    }
}

fn write_deltas(batch: &[(u64, Instant)], statuses: &[Status], reference_us: i64, epoch: Instant, bytes: &mut Vec<u8>) {
    let mut clock = reference_us;
    let received = statuses.iter().filter(|status| **status != Status::NotReceived);
    for ((_, at), status) in batch.iter().zip(received) {
        let delta = (micros_since(*at, epoch) - clock).div_euclid(DELTA_US);
        clock += delta * DELTA_US;
        match status {
            Status::Small => bytes.push(u8::try_from(delta).unwrap_or(0)),
            Status::Large => bytes.extend_from_slice(&i16::try_from(delta).unwrap_or(0).to_be_bytes()),
            Status::NotReceived => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use proptest::prelude::*;
    use rtc_rtcp::transport_feedbacks::transport_layer_cc::{PacketStatusChunk, SymbolTypeTcc, TransportLayerCc};

    use super::*;

    /// What another implementation reads: arrival in 250 us steps since the epoch, by wire number; absent when not received.
    fn read(compound: &Compound) -> (Vec<u16>, BTreeMap<u16, i64>) {
        let packets = rtc_rtcp::packet::unmarshal(&mut bytes::Bytes::copy_from_slice(compound.bytes())).unwrap();
        let feedback = packets[2].as_any().downcast_ref::<TransportLayerCc>().unwrap();
        let symbols = feedback.packet_chunks.iter().flat_map(|chunk| match chunk {
            PacketStatusChunk::RunLengthChunk(run) => vec![run.packet_status_symbol; usize::from(run.run_length)],
            PacketStatusChunk::StatusVectorChunk(vector) => vector.symbol_list.clone(),
        });
        let mut deltas = feedback.recv_deltas.iter();
        let mut clock = i64::from(feedback.reference_time) * REFERENCE_US;
        let (mut lost, mut received) = (Vec::new(), BTreeMap::new());
        for (n, symbol) in symbols.take(usize::from(feedback.packet_status_count)).enumerate() {
            let seq = feedback.base_sequence_number.wrapping_add(u16::try_from(n).unwrap());
            if symbol == SymbolTypeTcc::PacketNotReceived {
                lost.push(seq);
            } else {
                clock += deltas.next().unwrap().delta;
                received.insert(seq, clock);
            }
        }
        (lost, received)
    }

    fn reported(arrivals: &mut Arrivals, epoch: Instant) -> (Vec<u16>, BTreeMap<u16, i64>) {
        let mut compound = Compound::new();
        compound.receiver_report(Ssrc(1), &[]);
        arrivals.report(epoch, Ssrc(1), Ssrc(2), &mut compound);
        read(&compound)
    }

    #[test]
    fn a_loss_between_two_batches_is_told_in_the_second() {
        let epoch = Instant::now();
        let mut arrivals = Arrivals::new();
        for seq in [65_534, 65_535] {
            arrivals.note(epoch + Duration::from_millis(7), SeqNo(seq));
        }
        assert!(reported(&mut arrivals, epoch).0.is_empty());
        arrivals.note(epoch + Duration::from_millis(9), SeqNo(2));
        let (lost, received) = reported(&mut arrivals, epoch);
        assert_eq!(lost, [0, 1]);
        assert_eq!(received, BTreeMap::from([(2, 9_000)]));
        assert!(arrivals.is_empty());
    }

    #[test]
    fn a_pause_too_long_for_a_delta_starts_a_new_report() {
        let epoch = Instant::now();
        let mut arrivals = Arrivals::new();
        arrivals.note(epoch, SeqNo(1));
        arrivals.note(epoch + Duration::from_secs(20), SeqNo(2));
        assert_eq!(reported(&mut arrivals, epoch).1.len(), 1);
        assert_eq!(reported(&mut arrivals, epoch).1, BTreeMap::from([(2, 20_000_000)]));
    }

    proptest! {
        #[test]
        fn the_other_implementation_reads_every_arrival_and_every_loss(
            start: u16,
            packets in proptest::collection::vec((prop::bool::weighted(0.9), 0u64..60_000, -5i32..6), 1..300),
        ) {
            let epoch = Instant::now();
            let mut now = epoch + Duration::from_secs(1);
            let mut arrivals = Arrivals::new();
            let mut truth = BTreeMap::new();
            for (n, (came, pause, _)) in packets.iter().enumerate() {
                now += Duration::from_micros(*pause);
                let seq = start.wrapping_add(u16::try_from(n).unwrap());
                if *came {
                    arrivals.note(now, SeqNo(seq));
                    truth.insert(seq, micros_since(now, epoch).div_euclid(DELTA_US));
                }
            }
            let mut seen = BTreeMap::new();
            let mut lost = Vec::new();
            for _ in 0..10 {
                if arrivals.is_empty() {
                    break;
                }
                let (gone, received) = reported(&mut arrivals, epoch);
                lost.extend(gone);
                seen.extend(received);
            }
            let seen: BTreeMap<u16, i64> = seen.into_iter().map(|(seq, us)| (seq, us / DELTA_US)).collect();
            prop_assert_eq!(&seen, &truth);
            prop_assert!(lost.iter().all(|seq| !truth.contains_key(seq)));
        }
    }
}
