//! The two kinds of time, and the one place where they meet.

use std::time::Instant;

/// Milliseconds since 1970-01-01 UTC: what is shown and written down. Never used to measure.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct UtcMs(pub i64);

impl UtcMs {
    /// Whole seconds from `earlier` to this; 0 when a clock was set back.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> u32 {
        u32::try_from(self.0.saturating_sub(earlier.0) / 1000).unwrap_or(0)
    }

    #[must_use]
    pub fn plus(self, duration: std::time::Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// The same moment on both clocks, read together by the shell. Deadlines are kept on `instant`; `utc` is only passed on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    pub instant: Instant,
    pub utc: UtcMs,
}
