//! How many checks of one peer are answered.

use std::time::{Duration, Instant};

/// A browser sends up to twenty checks a second over each of its address pairs while it connects, and one in two seconds afterwards.
const EVERY: Duration = Duration::from_millis(20);

/// At once after a pause: ten interfaces that all begin together.
const AT_ONCE: u32 = 200;

/// An answer is as long as one and a half requests, and goes to an address that a peer can have forged: a peer that signs checks in
/// others' names reflects no more than this, some kilobytes a second, whatever it sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Answers {
    /// Each answer moves it on; it may run ahead of the time by [`AT_ONCE`] answers.
    paid_until: Instant,
}

impl Answers {
    pub(super) fn new(now: Instant) -> Self {
        Self { paid_until: now }
    }

    pub(super) fn allow(&mut self, now: Instant) -> bool {
        let until = self.paid_until.max(now) + EVERY;
        if until > now + EVERY * AT_ONCE {
            return false;
        }
        self.paid_until = until;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_hundred_checks_are_answered_at_once_and_then_fifty_a_second() {
        let start = Instant::now();
        let mut answers = Answers::new(start);
        let answered = |answers: &mut Answers, at| (0..1_000).filter(|_| answers.allow(at)).count();
        assert_eq!(answered(&mut answers, start), 200);
        assert_eq!(answered(&mut answers, start + Duration::from_secs(1)), 50);
        assert_eq!(answered(&mut answers, start + Duration::from_secs(60)), 200);
    }
}
