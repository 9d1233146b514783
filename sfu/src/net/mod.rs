//! The shell: everything with sockets, files, threads and a clock.
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]
#![allow(clippy::disallowed_methods, reason = "this is where time and randomness come from")]

mod address;
pub mod bridge;
mod outbox;
pub mod recorder;
pub mod socket;
mod source;
pub mod tap;
mod tcp;
mod worker;

pub use bridge::{Bridge, BridgeConfig, BridgeStartError, FactReceiver};
pub use tap::TapSender;
