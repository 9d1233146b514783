//! The shell: everything with sockets, files, threads and a clock.
#![allow(clippy::disallowed_methods, reason = "this is where time and randomness come from")]

mod address;
pub mod bridge;
pub mod recorder;
mod socket;
pub mod tap;
mod worker;

pub use bridge::{Bridge, BridgeConfig, BridgeStartError, FactReceiver};
pub use tap::TapSender;
