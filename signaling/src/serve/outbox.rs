//! What waits to be written to one connection.

use axum::extract::ws::Utf8Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::wire::{CloseCode, ServerMessage};

/// Messages waiting for one browser. A full outbox means a sleeping tab or a dead link: we close it with `slow` and let it resume,
/// rather than let one reader hold the whole meeting's memory.
pub(super) const OUTBOX_MAX: usize = 128;

/// The meeting's end: it never waits.
#[derive(Debug)]
pub(super) struct Outbox {
    messages: mpsc::Sender<Utf8Bytes>,
    end: Option<oneshot::Sender<Ending>>,
}

/// The socket's end.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub messages: mpsc::Receiver<Utf8Bytes>,
    pub end: oneshot::Receiver<Ending>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Ending {
    pub code: CloseCode,
    pub reason: &'static str,
    pub waiting: Waiting,
}

/// What becomes of the messages that still wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Waiting {
    Written,
    Dropped,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Put {
    Taken,
    /// It was full (and is closed now), or nobody reads it any more.
    Gone,
}

pub(super) fn outbox() -> (Outbox, Outgoing) {
    let (messages, rx) = mpsc::channel(OUTBOX_MAX);
    let (end, ended) = oneshot::channel();
    (Outbox { messages, end: Some(end) }, Outgoing { messages: rx, end: ended })
}

impl Outbox {
    pub(super) fn put(&mut self, text: Utf8Bytes) -> Put {
        match self.messages.try_send(text) {
            Ok(()) => Put::Taken,
            Err(mpsc::error::TrySendError::Full(_)) => {
                self.end(Ending { code: CloseCode::Slow, reason: "slow", waiting: Waiting::Dropped });
                Put::Gone
            }
            Err(mpsc::error::TrySendError::Closed(_)) => Put::Gone,
        }
    }

    /// The first ending counts.
    pub(super) fn end(&mut self, ending: Ending) {
        if let Some(end) = self.end.take()
            && end.send(ending).is_err()
        {
            tracing::trace!("the connection had ended already");
        }
    }
}

/// One message, once for however many read it.
pub(super) fn text(message: &ServerMessage) -> Utf8Bytes {
    // Our own plain structs always serialise; an empty object would be an unknown message to the page and nothing worse.
    serde_json::to_string(message).unwrap_or_else(|_| String::from("{}")).into()
}
