//! Mixing of voices: the only place that names `opus`. Sound is decoded only where somebody must be mixed (a recording's
//! track today; a telephone leg later), never on the way from one browser to another.
//!
//! [`Mixer`] is a pure machine. Its timeline is counted in samples at 48 kHz from an origin the caller chooses; `push` gives it
//! packets with the time they arrived, `mix` takes the next 20 ms. The caller decides how far `mix` lags behind the arrivals:
//! that lag is the jitter buffer, and what has not come by then is concealed. [`TrackEncoder`] turns mixed frames into Opus.
//!
//! A leg that must not hear itself (a telephone) will want a mix per listener less its own voice. That is a second output of
//! the same voices and belongs here when such a leg exists.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod clock;
mod codec;
#[cfg(test)]
pub(crate) mod listen;
mod mixer;
mod voice;

pub use clock::{Arrival, ArrivalClock};
pub use codec::{CodecError, TrackEncoder};
pub use mixer::{MixRefused, Mixer};

/// Samples a second of everything in this module (RFC 7587: Opus's RTP clock is always 48 kHz).
pub const SAMPLE_RATE_HZ: u32 = 48_000;

/// Samples of one mixed frame: 20 ms, one channel.
pub const FRAME: usize = 960;

/// One mixed frame, each sample within ±1.
pub type MixedFrame = [f32; FRAME];

/// Ticks of a clock with `rate_hz` in a time.
#[must_use]
pub fn ticks(time: std::time::Duration, rate_hz: u32) -> i64 {
    let ticks = time.as_nanos() * u128::from(rate_hz) / 1_000_000_000;
    i64::try_from(ticks).unwrap_or(i64::MAX)
}
