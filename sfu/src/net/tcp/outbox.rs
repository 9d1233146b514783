//! What waits to be written to one connection. It is bounded: media is dropped rather than kept, because what is late is worth less than
//! what comes after it, and one slow line must not hold the meeting's memory.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use super::frame;
use crate::demux::{Kind, kind_of};

/// Media waiting beside what the kernel holds: a quarter of a second of 2 Mbit/s. With the kernel's share any key frame fits; more would
/// be shown too late.
const MEDIA_MAX: usize = 64 * 1024;

/// Beyond it, room for what keeps the connection itself alive (checks, handshakes, RTCP): without answers the client would give up a
/// line that is only slow.
const CONTROL_MAX: usize = MEDIA_MAX + 16 * 1024;

/// What a connection keeps of its buffer when all has been written: an ordinary frame of pictures.
const KEPT: usize = 32 * 1024;

#[derive(Default)]
pub(super) struct Outbox {
    /// Whole frames; the first may be written in part.
    bytes: Vec<u8>,
    /// Since when nothing was taken, though something waits.
    stuck: Option<Instant>,
}

/// The datagram was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Full;

impl Outbox {
    pub(super) fn push(&mut self, datagram: &[u8]) -> Result<(), Full> {
        let max = match kind_of(datagram) {
            Some(Kind::Rtp) => MEDIA_MAX,
            Some(Kind::Stun | Kind::Dtls | Kind::Rtcp) | None => CONTROL_MAX,
        };
        let header = frame::header(datagram).ok_or(Full)?;
        if self.bytes.len() + header.len() + datagram.len() > max {
            return Err(Full);
        }
        self.bytes.extend_from_slice(&header);
        self.bytes.extend_from_slice(datagram);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Writes as much as is taken. What is left waits for the next time.
    pub(super) fn write_to(&mut self, now: Instant, sink: &mut impl Write) -> std::io::Result<()> {
        let mut written = 0;
        let outcome = loop {
            let rest = self.bytes.get(written..).unwrap_or_default();
            if rest.is_empty() {
                break Ok(());
            }
            match sink.write(rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(taken) => written += taken,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        if written >= self.bytes.len() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT);
            self.stuck = None;
        } else {
            self.bytes.drain(..written);
            let since = self.stuck.filter(|_| written == 0).unwrap_or(now);
            self.stuck = Some(since);
        }
        outcome
    }

    /// How long nothing has been taken.
    pub(super) fn stuck_for(&self, now: Instant) -> Duration {
        self.stuck.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::Deframer;
    use super::*;

    /// Takes `room` bytes and then no more.
    #[derive(Default)]
    struct Line {
        room: usize,
        taken: Vec<u8>,
        calls: usize,
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.calls += 1;
            let now = bytes.len().min(self.room);
            if now == 0 {
                return Err(ErrorKind::WouldBlock.into());
            }
            self.room -= now;
            self.taken.extend_from_slice(bytes.get(..now).unwrap_or_default());
            Ok(now)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn rtp(len: usize) -> Vec<u8> {
        let mut packet = vec![0x80, 96];
        packet.resize(len, 7);
        packet
    }

    const CHECK: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    #[test]
    fn what_waits_together_is_written_with_one_call() {
        let (mut outbox, mut line) = (Outbox::default(), Line { room: usize::MAX, ..Line::default() });
        (0..30).for_each(|_| outbox.push(&rtp(1200)).unwrap());
        outbox.write_to(Instant::now(), &mut line).unwrap();
        assert_eq!((line.calls, line.taken.len()), (1, 30 * 1202));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_full_line_drops_media_and_still_takes_an_answer() {
        let mut outbox = Outbox::default();
        let taken = (0..1000).take_while(|_| outbox.push(&rtp(1200)).is_ok()).count();
        assert!((50..60).contains(&taken), "{taken}");
        assert_eq!(outbox.push(&rtp(1200)), Err(Full));
        assert_eq!(outbox.push(&CHECK), Ok(()));
        let answers = (0..10_000).take_while(|_| outbox.push(&CHECK).is_ok()).count();
        assert!(answers < 1_000, "answers are bounded too: {answers}");
        assert!(outbox.bytes.len() <= CONTROL_MAX);
    }

    #[test]
    fn a_line_that_takes_a_little_at_a_time_gets_whole_frames_in_order() {
        let (mut outbox, mut line) = (Outbox::default(), Line::default());
        let packets: Vec<Vec<u8>> = (50..90).map(rtp).collect();
        let now = Instant::now();
        for packet in &packets {
            outbox.push(packet).unwrap();
            line.room = 33;
            outbox.write_to(now, &mut line).unwrap();
        }
        line.room = usize::MAX;
        outbox.write_to(now, &mut line).unwrap();
        let (mut deframer, mut input) = (Deframer::default(), line.taken.as_slice());
        let mut arrived = Vec::new();
        while let Some(packet) = deframer.next(&mut input).unwrap() {
            arrived.push(packet.to_vec());
        }
        assert_eq!(arrived, packets);
    }

    #[test]
    fn a_line_is_stuck_from_when_it_last_took_something() {
        let (mut outbox, mut line) = (Outbox::default(), Line { room: 100, ..Line::default() });
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        outbox.push(&rtp(1000)).unwrap();
        outbox.write_to(at(0), &mut line).unwrap();
        outbox.write_to(at(3), &mut line).unwrap();
        assert_eq!(outbox.stuck_for(at(5)), Duration::from_secs(5));
        line.room = 10;
        outbox.write_to(at(6), &mut line).unwrap();
        assert_eq!(outbox.stuck_for(at(7)), Duration::from_secs(1));
        line.room = usize::MAX;
        outbox.write_to(at(8), &mut line).unwrap();
        assert_eq!(outbox.stuck_for(at(60)), Duration::ZERO);
    }

    #[test]
    fn the_memory_of_a_burst_is_given_back() {
        let (mut outbox, mut line) = (Outbox::default(), Line { room: usize::MAX, ..Line::default() });
        while outbox.push(&rtp(1200)).is_ok() {}
        outbox.write_to(Instant::now(), &mut line).unwrap();
        assert!(outbox.bytes.capacity() <= KEPT);
    }
}
