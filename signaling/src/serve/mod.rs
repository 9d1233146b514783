//! The shell: sockets, tasks and the clock around the pure meetings. One task owns one meeting; everything reaches it through one
//! bounded inbox, and leaves it through one bounded outbox a connection.

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
