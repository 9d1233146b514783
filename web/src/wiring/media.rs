//! The way of the engine's facts to the live meetings.

use sfu::net::FactReceiver;
use signaling::serve::Host;

/// Hands on what the engine reports, in order, until it stops.
pub async fn pass_on(mut facts: FactReceiver, host: Host) {
    while let Some(fact) = facts.recv().await {
        host.fact(fact).await;
    }
}
