//! How often a receiver may have something again. A receiver that asks for everything, or for the same packet for ever, harms nobody but
//! itself: repairs come out of a tenth of what it was sent.

/// Packets back from the newest that are still repaired. At 1.5 Mbit/s this is three seconds.
const WINDOW: usize = 512;
const TIMES_MAX: u8 = 3;
/// One byte of repairs is earned by ten bytes of media.
const EARNED_BY: u32 = 10;
/// What may be saved up: a burst of loss after a quiet minute is repaired, no more.
const SAVED_BYTES_MAX: u32 = 48 * 1024;
/// At the start nothing is earned yet, and the first key frame must not fail for one packet.
const START_BYTES: u32 = 16 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Resends {
    /// Times each of the newest packets was sent again, by its number modulo the window.
    times: [u8; WINDOW],
    newest: u64,
    budget_bytes: u32,
}

/// The answer to a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Allowed {
    Yes,
    /// It was sent again often enough; the last time may still be under way.
    Often,
    /// It is too old, or more is asked for than is repaired: it will not come.
    Never,
}

impl Resends {
    pub(crate) fn new(next: u64) -> Self {
        Self { times: [0; WINDOW], newest: next.saturating_sub(1), budget_bytes: START_BYTES }
    }

    /// A packet went out for the first time.
    pub(crate) fn sent(&mut self, seq: u64, bytes: usize) {
        let earned = u32::try_from(bytes).unwrap_or(0) / EARNED_BY;
        self.budget_bytes = (self.budget_bytes + earned).min(SAVED_BYTES_MAX);
        if seq <= self.newest {
            return;
        }
        let fresh = (seq - self.newest).min(WINDOW as u64);
        for seq in seq + 1 - fresh..=seq {
            if let Some(times) = self.times.get_mut(seq as usize % WINDOW) {
                *times = 0;
            }
        }
        self.newest = seq;
    }

    /// Whether this packet may go out again; if so, it is counted.
    pub(crate) fn allow(&mut self, seq: u64, bytes: usize) -> Allowed {
        if seq > self.newest || self.newest - seq >= WINDOW as u64 {
            return Allowed::Never;
        }
        let Some(times) = self.times.get_mut(seq as usize % WINDOW) else { return Allowed::Never };
        if *times >= TIMES_MAX {
            return Allowed::Often;
        }
        let Some(left) = self.budget_bytes.checked_sub(u32::try_from(bytes).unwrap_or(u32::MAX)) else {
            return Allowed::Never;
        };
        *times += 1;
        self.budget_bytes = left;
        Allowed::Yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_sent_again_three_times_and_no_more() {
        let mut resends = Resends::new(1);
        resends.sent(1, 1_200);
        let times = (0..100).filter(|_| resends.allow(1, 100) == Allowed::Yes).count();
        assert_eq!(times, usize::from(TIMES_MAX));
    }

    #[test]
    fn a_receiver_that_asks_for_everything_gets_a_tenth() {
        let mut resends = Resends::new(1);
        let (mut sent, mut again) = (0, 0);
        for seq in 1..20_000 {
            resends.sent(seq, 1_200);
            sent += 1_200;
            for back in 0..16u64 {
                if resends.allow(seq.saturating_sub(back), 1_200) == Allowed::Yes {
                    again += 1_200;
                }
            }
        }
        assert!(again <= sent / 10 + START_BYTES as usize, "{again} of {sent}");
        assert!(again > sent / 11);
    }

    #[test]
    fn neither_the_future_nor_the_distant_past_is_answered() {
        let mut resends = Resends::new(1);
        for seq in 1..=2_000 {
            resends.sent(seq, 1_200);
        }
        assert_eq!(resends.allow(2_001, 10), Allowed::Never);
        assert_eq!(resends.allow(2_000 - WINDOW as u64, 10), Allowed::Never);
        assert_eq!(resends.allow(2_001 - WINDOW as u64, 10), Allowed::Yes);
    }
}
