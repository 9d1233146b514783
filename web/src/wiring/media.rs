//! The engine's front door for the live meetings, and the way of its facts back to them.

use sfu::command::Command;
use sfu::net::{Bridge, FactReceiver};
use signaling::media::{CommandFuture, MediaPort};
use signaling::serve::Host;

pub struct BridgePort(pub Bridge);

impl MediaPort for BridgePort {
    fn command(&self, command: Command) -> CommandFuture {
        let bridge = self.0.clone();
        Box::pin(async move { bridge.command(command).await })
    }
}

/// Hands on what the engine reports, in order, until it stops.
pub async fn pass_on(mut facts: FactReceiver, host: Host) {
    while let Some(fact) = facts.recv().await {
        host.fact(fact).await;
    }
}
