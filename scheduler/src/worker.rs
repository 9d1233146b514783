//! SHELL: the task that ends what the clock ends. What is due is decided in [`crate::due`]; here are only the clock and the loop.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::id::SessionId;
use crate::store::Attendances;
use crate::time::UtcTime;

/// A session that should have ended may look open for this long; nobody books to the second.
const EVERY: Duration = Duration::from_secs(15);

/// The clock on the machine's wall.
#[expect(clippy::disallowed_methods, reason = "this is the shell's one look at the clock")]
pub fn wall_clock() -> UtcTime {
    // Before 1970 the machine's clock is wrong, and every time of ours with it; the epoch is then as good as any.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UtcTime::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Runs until `stop` changes or its sender is gone. Every session ended is told to `ended`.
pub async fn run<S: Attendances>(
    store: S,
    clock: impl Fn() -> UtcTime + Send,
    ended: impl Fn(SessionId) + Send,
    mut stop: watch::Receiver<()>,
) {
    let mut tick = tokio::time::interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            _ = stop.changed() => return,
        }
        match store.end_overdue(clock()).await {
            Ok(sessions) => sessions.into_iter().for_each(|session| {
                tracing::info!(%session, "a session ended: its time had passed and nobody was in it");
                ended(session);
            }),
            Err(failure) => tracing::warn!(%failure, "overdue sessions could not be ended; trying again shortly"),
        }
    }
}
