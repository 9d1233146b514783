//! The media plane as the meeting uses it. This is the only part of the crate that names the engine (`sfu`).
//!
//! The [`Desk`] is pure: the meeting's orders and the engine's facts go in, the engine's commands and the meeting's news come out.

mod answer;
mod desk;
#[cfg(all(test, feature = "shell"))]
pub(crate) mod double;
mod line;
#[cfg(feature = "shell")]
mod port;
#[cfg(test)]
mod tests;

pub use desk::{Desk, room_of};
#[cfg(feature = "shell")]
pub use port::{CommandFuture, MediaPort};
#[cfg(feature = "shell")]
pub(crate) use port::{close_room, is_measurement, open_room, room_of_fact};
pub use sfu::fact::Fact;
pub use sfu::id::RoomId;
