//! The one place in this crate that reads the clock.

use scheduler::time::UtcTime;

/// Now, for everything that is booked, stored or signed.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "this is the shell's clock")]
pub fn now() -> UtcTime {
    UtcTime::from_millis(chrono::Utc::now().timestamp_millis())
}
