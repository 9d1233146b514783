//! How the shell reaches the engine.

use std::future::Future;
use std::pin::Pin;

use sfu::command::{Command, CommandRefused, Reply};
use sfu::fact::Fact;
use sfu::id::RoomId;
use sfu::net::Bridge;

use super::room_of;

pub type CommandFuture = Pin<Box<dyn Future<Output = Result<Reply, CommandRefused>> + Send>>;

/// The engine's front door. What it reports comes back through [`crate::serve::Host::fact`].
pub trait MediaPort: Send + Sync + 'static {
    fn command(&self, command: Command) -> CommandFuture;
}

impl MediaPort for Bridge {
    fn command(&self, command: Command) -> CommandFuture {
        let bridge = self.clone();
        Box::pin(async move { Bridge::command(&bridge, command).await })
    }
}

pub(crate) async fn open_room(port: &dyn MediaPort, room: RoomId) -> Result<(), CommandRefused> {
    port.command(Command::OpenRoom { room }).await.map(drop)
}

pub(crate) async fn close_room(port: &dyn MediaPort, room: RoomId) -> Result<(), CommandRefused> {
    port.command(Command::CloseRoom { room }).await.map(drop)
}

/// Whose business a fact is.
pub(crate) fn room_of_fact(fact: &Fact) -> RoomId {
    match fact {
        Fact::Connected { peer }
        | Fact::Disconnected { peer, .. }
        | Fact::PathLost { peer }
        | Fact::PathBack { peer }
        | Fact::Slots { peer, .. }
        | Fact::Stats { peer, .. } => room_of(*peer),
        Fact::Flowing { track } | Fact::Dried { track } | Fact::LayersWanted { track, .. } => room_of(track.peer),
        Fact::Speaker { room, .. } => *room,
    }
}

/// Said again a second later, so that one may be lost.
pub(crate) fn is_measurement(fact: &Fact) -> bool {
    matches!(fact, Fact::Stats { .. })
}
