//! From the bridge's thread into a recorder's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::tap::TapEvent;

/// Where a room's programme goes. It never waits: a recorder that is behind loses the newest parts, and each loss is counted.
#[derive(Clone, Debug)]
pub struct TapSender {
    events: mpsc::Sender<TapEvent>,
    overruns: Arc<AtomicU64>,
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tapped {
    Taken,
    Overrun,
    /// Nobody reads any more.
    Gone,
}

impl TapSender {
    #[must_use]
    pub fn new(events: mpsc::Sender<TapEvent>) -> Self {
        Self { events, overruns: Arc::default() }
    }

    /// Events lost because the recorder was behind.
    #[must_use]
    pub fn overruns(&self) -> u64 {
        self.overruns.load(Ordering::Relaxed)
    }

    pub(super) fn send(&self, event: TapEvent) -> Tapped {
        match self.events.try_send(event) {
            Ok(()) => Tapped::Taken,
            Err(TrySendError::Full(_)) => {
                self.overruns.fetch_add(1, Ordering::Relaxed);
                Tapped::Overrun
            }
            Err(TrySendError::Closed(_)) => Tapped::Gone,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_recorder_that_is_behind_loses_events_and_they_are_counted() {
        let (events, mut reader) = mpsc::channel(1);
        let tap = TapSender::new(events);
        let event = || TapEvent::End { at: Instant::now() };
        assert_eq!(tap.send(event()), Tapped::Taken);
        assert_eq!(tap.send(event()), Tapped::Overrun);
        assert_eq!(tap.overruns(), 1);
        assert!(reader.try_recv().is_ok());
        assert_eq!(tap.send(event()), Tapped::Taken);
        drop(reader);
        assert_eq!(tap.send(event()), Tapped::Gone);
    }
}
