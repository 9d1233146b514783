//! No line of the log can be made to fill the disk. Whoever is turned away causes a line where it is decided; a thousand who are
//! turned away in a second cause a few, and a figure that says how many were kept back.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "lines are written from every thread, as they happen"
)]

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::callsite::Identifier;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// The same place in the code may write a line a second for ever. At 300 bytes a line, and with every place of ours flooded at once,
/// that is less than a megabyte a minute.
const EVERY: Duration = Duration::from_secs(1);

/// At once after a pause: a morning's meetings open their doors within the same second.
const AT_ONCE: u32 = 10;

/// One place's lines.
#[derive(Clone, Copy, Debug)]
struct Pace {
    /// Each line moves it on; it may run ahead of the time by [`AT_ONCE`] lines.
    paid_until: Instant,
}

impl Pace {
    fn allow(&mut self, now: Instant) -> bool {
        let until = self.paid_until.max(now) + EVERY;
        if until > now + EVERY * AT_ONCE {
            return false;
        }
        self.paid_until = until;
        true
    }
}

/// Stands before the writer. Bounded by the number of places that write: they are compiled in.
#[derive(Default)]
pub(super) struct Sparse {
    paces: Mutex<HashMap<Identifier, Pace>>,
}

impl<S: Subscriber> Layer<S> for Sparse {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        // Who asks for `debug` looks for something and wants all of it.
        if *event.metadata().level() > Level::INFO {
            return true;
        }
        let now = Instant::now();
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = paces.entry(event.metadata().callsite()).or_insert(Pace { paid_until: now }).allow(now);
        drop(paces);
        if !allowed {
            metrics::counter!("nhipcau_log_lines_kept_back_total").increment(1);
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Arc;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn ten_lines_come_at_once_and_then_one_a_second() {
        let start = Instant::now();
        let mut pace = Pace { paid_until: start };
        let written = |pace: &mut Pace, at| (0..1_000).filter(|_| pace.allow(at)).count();
        assert_eq!(written(&mut pace, start), 10);
        assert_eq!(written(&mut pace, start + Duration::from_secs(3)), 3);
        assert_eq!(written(&mut pace, start + Duration::from_secs(100)), 10);
    }

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn one_flooded_place_does_not_silence_another() {
        let page = Page::default();
        let writer = page.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish().with(Sparse::default());
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..1_000 {
                tracing::warn!("a token that opens no door");
            }
            tracing::error!("the disk is full");
        });
        let text = String::from_utf8(page.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.matches("opens no door").count(), 10);
        assert_eq!(text.matches("the disk is full").count(), 1);
    }
}
