//! The harness: the application as a process, people with a browser's manners, and media whose content can be told apart; and the
//! whole of it once more as a world in virtual time.

pub mod app;
pub mod attendance;
pub mod impair;
pub mod insider;
pub mod invariant;
pub mod lab;
pub mod link;
pub mod media;
pub mod network;
pub mod participant;
pub mod peer;
pub mod probe;
pub mod world;

use std::future::Future;
use std::time::Duration;

/// Asks again until `check` answers with something, at most `within`. Polling instead of sleeping: a slow machine waits longer, a
/// quick one does not wait.
///
/// # Panics
/// When the time is up.
pub async fn eventually<T, F, Fut>(what: &str, within: Duration, mut check: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = tokio::time::Instant::now() + within;
    loop {
        if let Some(found) = check().await {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
