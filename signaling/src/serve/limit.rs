//! How fast one connection may talk.

use std::time::Instant;

/// Messages a second for ever, and at once after a pause. A person with a keyboard stays far below; a page that joins and negotiates
/// sends about ten at once.
const PER_SECOND: f64 = 20.0;
const BURST: f64 = 60.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    tokens: f64,
    filled: Instant,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pace {
    Fine,
    TooFast,
}

impl Bucket {
    pub(super) fn full(now: Instant) -> Self {
        Self { tokens: BURST, filled: now }
    }

    pub(super) fn take(&mut self, now: Instant) -> Pace {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        self.tokens = (self.tokens + passed * PER_SECOND).min(BURST);
        self.filled = now;
        if self.tokens < 1.0 {
            return Pace::TooFast;
        }
        self.tokens -= 1.0;
        Pace::Fine
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn sixty_at_once_pass_and_then_twenty_a_second() {
        let start = Instant::now();
        let mut bucket = Bucket::full(start);
        assert!((0..60).all(|_| bucket.take(start) == Pace::Fine));
        assert_eq!(bucket.take(start), Pace::TooFast);
        let later = start + Duration::from_secs(1);
        let passed = (0..60).filter(|_| bucket.take(later) == Pace::Fine).count();
        assert_eq!(passed, 20);
    }
}
