//! The live meeting: who is there, who speaks, what everybody sees, and the protocol in which it is told.
//!
//! `meeting` is a pure machine: requests and facts go in with the time, messages, marks and orders come out. `serve` (feature
//! `shell`) is the only part with sockets, tasks and a clock; `media` is the only one that names the media engine. The protocol,
//! message by message: `signaling/PROTOCOL.md`.

pub mod clock;
pub mod id;
pub mod mark;
pub mod media;
pub mod meeting;
pub mod role;
#[cfg(feature = "shell")]
pub mod serve;
pub mod text;
pub mod token;
pub mod wire;
