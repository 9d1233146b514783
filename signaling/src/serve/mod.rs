//! The shell: sockets, tasks and the clock around the pure meetings. One task owns one meeting; everything reaches it through one
//! bounded inbox, and leaves it through one bounded outbox a connection.

// A shell reads the clock and draws ids; the registry of meetings and the counters are shared between tasks and locked for a look-up.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

mod counters;
mod delivery;
mod door;
mod host;
mod limit;
mod outbox;
mod ports;
mod publish;
mod run;
mod socket;
#[cfg(test)]
mod tests;

pub use counters::{Count, Counters};
pub use host::{Host, HostConfig, Ports};
pub use ports::{MarkSink, NotStored, OpenRefused, PortFuture, RecordingPort, RecordingUnavailable, SessionSource};
pub use publish::{CallRefused, Caller, Published};
