//! RTCP as the clients write and read it (RFC 3550, RFC 4585, the transport-wide feedback of libwebrtc). Written anew and not borrowed
//! from the engine, so that the two check each other.

use std::time::Duration;

/// The SSRC clients report from.
const REPORTER: u32 = 1;

/// NTP seconds at the beginning of a run.
const NTP_START: u64 = 3_900_000_000;

/// What the bridge asks of a client, or tells it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Told {
    KeyFrame {
        media: u32,
    },
    Lost {
        media: u32,
        seqs: Vec<u16>,
    },
    /// About a stream of ours: 256ths lost since the last report.
    Heard {
        media: u32,
        fraction_lost: u8,
    },
    /// About a stream of the bridge: the middle of its NTP time.
    Sent {
        media: u32,
        middle: u32,
    },
}

/// # Panics
/// When the bridge writes what is no RTCP.
#[must_use]
pub fn read(compound: &[u8]) -> Vec<Told> {
    let mut told = Vec::new();
    let mut rest = compound;
    while !rest.is_empty() {
        let words = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let (packet, after) = rest.split_at(4 + 4 * words);
        rest = after;
        let count = packet[0] & 0x1F;
        let body = &packet[4..];
        match (packet[1], count) {
            (200, _) => {
                let middle = (word(body, 1) << 16) | (word(body, 2) >> 16);
                told.push(Told::Sent { media: word(body, 0), middle });
            }
            (201, blocks) => {
                let heard = (0..usize::from(blocks))
                    .map(|block| Told::Heard { media: word(body, 1 + 6 * block), fraction_lost: body[8 + 24 * block] });
                told.extend(heard);
            }
            (205, 1) => told.push(Told::Lost { media: word(body, 1), seqs: pairs(&body[8..]) }),
            (206, 1) => told.push(Told::KeyFrame { media: word(body, 1) }),
            _ => {}
        }
    }
    told
}

fn word(body: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([body[4 * at], body[4 * at + 1], body[4 * at + 2], body[4 * at + 3]])
}

fn pairs(body: &[u8]) -> Vec<u16> {
    let mut lost = Vec::new();
    for pair in body.chunks_exact(4) {
        let first = u16::from_be_bytes([pair[0], pair[1]]);
        let mask = u16::from_be_bytes([pair[2], pair[3]]);
        lost.push(first);
        lost.extend((0..16).filter(|bit| mask & (1 << bit) != 0).map(|bit| first.wrapping_add(bit + 1)));
    }
    lost
}

/// One packet of RTCP with `count` in its first byte; the body is filled up to whole words.
fn packet(count: u8, kind: u8, mut body: Vec<u8>) -> Vec<u8> {
    body.resize(body.len().next_multiple_of(4), 0);
    let [high, low] = ((body.len() / 4) as u16).to_be_bytes();
    let mut bytes = vec![0x80 | count, kind, high, low];
    bytes.extend(body);
    bytes
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

#[must_use]
pub fn sender_report(now: Duration, ssrc: u32, timestamp: u32, packets: u32, octets: u32) -> Vec<u8> {
    let seconds = (NTP_START + now.as_secs()) as u32;
    let fraction = ((u64::from(now.subsec_nanos()) << 32) / 1_000_000_000) as u32;
    packet(0, 200, words(&[ssrc, seconds, fraction, timestamp, packets, octets]))
}

/// What a receiver knows of one stream when it reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reception {
    pub ssrc: u32,
    pub fraction_lost: u8,
    pub total_lost: u32,
    pub highest: u32,
    pub jitter: u32,
    /// Middle of the last sender report and when it came.
    pub last_report: Option<(u32, Duration)>,
}

#[must_use]
pub fn receiver_report(now: Duration, heard: &[Reception]) -> Vec<u8> {
    let mut body = vec![REPORTER];
    for one in heard {
        let (middle, delay) = one.last_report.map_or((0, 0), |(middle, at)| {
            let delay = (now.saturating_sub(at).as_micros() * 65_536 / 1_000_000) as u32;
            (middle, delay)
        });
        let lost = (u32::from(one.fraction_lost) << 24) | (one.total_lost & 0x00FF_FFFF);
        body.extend([one.ssrc, lost, one.highest, one.jitter, middle, delay]);
    }
    packet(heard.len() as u8, 201, words(&body))
}

#[must_use]
pub fn nack(media: u32, lost: &[u16]) -> Vec<u8> {
    let mut body = words(&[REPORTER, media]);
    let mut lost = lost.iter().copied().peekable();
    while let Some(first) = lost.next() {
        let mut mask = 0_u16;
        while let Some(behind) =
            lost.peek().map(|seq| seq.wrapping_sub(first)).filter(|behind| (1..=16).contains(behind))
        {
            mask |= 1 << (behind - 1);
            lost.next();
        }
        body.extend(first.to_be_bytes());
        body.extend(mask.to_be_bytes());
    }
    [receiver_report(Duration::ZERO, &[]), packet(1, 205, body)].concat()
}

#[must_use]
pub fn picture_loss(media: u32) -> Vec<u8> {
    [receiver_report(Duration::ZERO, &[]), packet(1, 206, words(&[REPORTER, media]))].concat()
}

/// When the packets of a transport arrived, told about every tenth of a second as libwebrtc does.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// By unwrapped number.
    came: std::collections::BTreeMap<u64, Duration>,
    newest: Option<u64>,
    /// One past the newest that was told of.
    told: u64,
    count: u8,
}

/// Packets told of in one feedback: what fits a datagram with room to spare.
const TOLD_MAX: u64 = 400;

impl Arrivals {
    pub fn note(&mut self, now: Duration, seq: u16) {
        let newest = *self.newest.get_or_insert(u64::from(seq) + (1 << 16));
        let step = i64::from(seq.wrapping_sub(newest as u16) as i16);
        let Some(number) = newest.checked_add_signed(step) else { return };
        self.newest = Some(newest.max(number));
        self.came.entry(number).or_insert(now);
    }

    /// What has come since the last call; a packet that was told of as lost and came after all is told of once more.
    pub fn feedback(&mut self) -> Vec<Vec<u8>> {
        let mut compounds = Vec::new();
        while let Some((&oldest, _)) = self.came.first_key_value() {
            // Holes between two reports are told of as lost.
            let first = if self.told == 0 { oldest } else { oldest.min(self.told) };
            let newest = *self.came.last_key_value().map_or(&oldest, |(newest, _)| newest);
            let last = newest.min(first + TOLD_MAX - 1);
            compounds.push(self.compound(first, last));
            self.came.retain(|number, _| *number > last);
            self.told = self.told.max(last + 1);
        }
        compounds
    }

    fn compound(&mut self, first: u64, last: u64) -> Vec<u8> {
        /// Of the reference time.
        const REFERENCE: u128 = 64_000;
        const TICK: u128 = 250;
        let earliest = self.came.range(first..=last).next().map_or(Duration::ZERO, |(_, at)| *at);
        let reference = earliest.as_micros() / REFERENCE;
        let mut body = words(&[REPORTER, 0]);
        body.extend((first as u16).to_be_bytes());
        body.extend(((last - first + 1) as u16).to_be_bytes());
        body.extend(&(reference as u32).to_be_bytes()[1..]);
        body.push(self.count);
        self.count = self.count.wrapping_add(1);
        let mut before = reference * REFERENCE / TICK;
        let mut symbols = Vec::new();
        let mut deltas = Vec::new();
        for number in first..=last {
            let Some(at) = self.came.get(&number) else {
                symbols.push(0_u16);
                continue;
            };
            let at = at.as_micros() / TICK;
            let delta = at as i64 - before as i64;
            before = at;
            match u8::try_from(delta) {
                Ok(small) => {
                    symbols.push(1);
                    deltas.push(small);
                }
                Err(_) => {
                    symbols.push(2);
                    deltas.extend((delta.clamp(-32_768, 32_767) as i16).to_be_bytes());
                }
            }
        }
        for seven in symbols.chunks(7) {
            let chunk = seven.iter().zip(0..).fold(0xC000_u16, |chunk, (symbol, at)| chunk | (symbol << (12 - 2 * at)));
            body.extend(chunk.to_be_bytes());
        }
        body.extend(deltas);
        [receiver_report(Duration::ZERO, &[]), packet(15, 205, body)].concat()
    }
}

#[cfg(test)]
mod tests {
    use rtc_rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
    use rtc_shared::marshal::Unmarshal as _;

    use super::*;

    #[test]
    fn requests_read_back_as_they_were_written() {
        assert_eq!(read(&nack(7, &[9, 10, 30])), [Told::Lost { media: 7, seqs: vec![9, 10, 30] }]);
        assert_eq!(read(&picture_loss(7)), [Told::KeyFrame { media: 7 }]);
        let heard = Reception { ssrc: 5, fraction_lost: 26, total_lost: 9, highest: 4, jitter: 2, last_report: None };
        assert_eq!(read(&receiver_report(Duration::ZERO, &[heard])), [Told::Heard { media: 5, fraction_lost: 26 }]);
        let report = sender_report(Duration::from_millis(1_500), 3, 4, 5, 6);
        let middle = ((NTP_START + 1) as u32) << 16 | 0x8000;
        assert_eq!(read(&report), [Told::Sent { media: 3, middle }]);
    }

    #[test]
    fn arrivals_are_read_by_another_library_as_they_were() {
        let mut arrivals = Arrivals::default();
        for (seq, at) in [(65_534, 1_000), (65_535, 1_003), (1, 1_020), (2, 1_400)] {
            arrivals.note(Duration::from_millis(at), seq);
        }
        let compounds = arrivals.feedback();
        assert_eq!(compounds.len(), 1);
        let mut bytes = bytes::Bytes::from(compounds[0][8..].to_vec());
        let read = TransportLayerCc::unmarshal(&mut bytes).unwrap();
        assert_eq!((read.base_sequence_number, read.packet_status_count), (65_534, 5));
        assert_eq!(read.reference_time, 15);
        let deltas: Vec<i64> = read.recv_deltas.iter().map(|delta| delta.delta / 1_000).collect();
        assert_eq!(deltas, [40, 3, 17, 380]);
        assert!(arrivals.feedback().is_empty());
        arrivals.note(Duration::from_millis(1_500), 5);
        let mut bytes = bytes::Bytes::from(arrivals.feedback()[0][8..].to_vec());
        let read = TransportLayerCc::unmarshal(&mut bytes).unwrap();
        assert_eq!((read.base_sequence_number, read.packet_status_count), (3, 3), "the holes before it are told of");
    }
}
