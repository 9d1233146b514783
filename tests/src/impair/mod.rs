//! A line that can be made bad, for real datagrams: two TUN devices, and between them the same [`crate::link`] that the simulation asks
//! in virtual time. Kernels of build machines lack `netem`; this needs nothing but `/dev/net/tun`.
//!
//! [`change`] reads what the line should do, [`forward`] decides what leaves when, [`tunnel`] owns devices and clock.

pub mod change;
pub mod forward;
pub mod tunnel;

/// Of the two ways of a line. A site is at one end, the bridge at the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// From the site to the bridge.
    Up,
    Down,
}
