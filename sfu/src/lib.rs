//! The media engine of the bridge: a selective forwarding unit.
//!
//! It knows peers, rooms and packets, and neither meetings nor people. `Engine` is a sans-I/O machine: datagrams and commands go
//! in with the time, datagrams and facts come out. `net` (feature `shell`) is the only part with sockets, threads and a clock.
//! The journey of a packet is told in `sfu/README.md`.
#![cfg_attr(
    test,
    allow(clippy::disallowed_methods, reason = "a test's time begins somewhere; the build without tests is strict")
)]

pub mod command;
pub mod demux;
pub mod egress;
pub mod engine;
pub mod fact;
mod forward;
#[cfg(feature = "fuzz")]
pub mod fuzz;
pub mod id;
pub mod mix;
pub mod negotiated;
#[cfg(feature = "shell")]
pub mod net;
mod packet;
mod peer;
pub mod room;
mod router;
mod slab;
mod speaker;
pub mod tap;
mod track;
pub mod transport;
