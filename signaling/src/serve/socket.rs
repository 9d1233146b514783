//! One WebSocket: bytes in, one request at a time; messages out, as they come.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::delivery::close_of;
use super::door::{self, Hello, HelloRefused};
use super::host::{Host, clock, utc};
use super::limit::{Bucket, Pace};
use super::outbox::{Ending, Outgoing, Waiting, outbox, text};
use super::run::Knock;
use crate::id::ConnectionId;
use crate::meeting::Join;
use crate::wire::{
    ByeReason, ClientEnvelope, ClientMessage, CloseCode, Fault, MESSAGE_MAX, RefusalCode, ServerMessage, Undecodable,
    decode,
};

/// What the library reads before it gives up: above our own limit, so that the one who sent too much hears the proper close code.
const FRAME_MAX: usize = 4 * MESSAGE_MAX;

/// How long the last messages and the close frame may take on a dead line.
const FAREWELL_WITHIN: Duration = Duration::from_secs(2);

/// What a closed connection may still send before it is dropped.
const FAREWELL_READS: usize = 256;

/// A page that was too slow comes back after this long.
const SLOW_RETRY_MS: u32 = 1000;

type Tx = SplitSink<WebSocket, Message>;
type Rx = SplitStream<WebSocket>;

impl Host {
    /// Answers the upgrade. The caller has checked the Origin. `name` is the query's `as`.
    pub fn websocket(&self, upgrade: WebSocketUpgrade, name: Option<String>) -> Response {
        let Ok(at_the_door) = self.inner.door.clone().try_acquire_owned() else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let host = self.clone();
        upgrade
            .max_message_size(FRAME_MAX)
            .max_frame_size(FRAME_MAX)
            .on_upgrade(move |socket| async move { host.serve(socket, name.as_deref(), at_the_door).await })
    }

    async fn serve(&self, socket: WebSocket, name: Option<&str>, at_the_door: OwnedSemaphorePermit) {
        let counters = self.counters();
        counters.connections_opened.fetch_add(1, Relaxed);
        let (mut tx, mut rx) = socket.split();
        let mut bucket = Bucket::full(clock().instant);
        let first = tokio::time::timeout(self.inner.config.hello_within, self.next(&mut rx, &mut bucket)).await;
        let ending = match first {
            Err(_) => Ending { code: CloseCode::HelloTimeout, reason: "hello_timeout", waiting: Waiting::Dropped },
            Ok(Err(end)) => end.ending(),
            Ok(Ok(envelope)) => match self.greet(envelope, name).await {
                Err(refused) => refused.say(self, &mut tx).await,
                Ok(seated) => {
                    drop(at_the_door);
                    self.converse(&mut tx, &mut rx, bucket, seated).await
                }
            },
        };
        self.farewell(tx, rx, ending).await;
        counters.connections_closed.fetch_add(1, Relaxed);
    }

    /// From `hello` to a place in the meeting's inbox. Whether he is admitted, the meeting says through the outbox.
    async fn greet(&self, envelope: ClientEnvelope, name: Option<&str>) -> Result<Seated, Turned> {
        let config = &self.inner.config;
        let re = envelope.id;
        let hello = door::hello(&config.keys, config.load, envelope.request, name, utc()).map_err(|refused| {
            if let HelloRefused::Token(token) = refused
                && token.is_misbehaviour()
            {
                self.inner.counters.forged();
                tracing::warn!(%token, "a token that opens no door");
            }
            match refused {
                HelloRefused::OutOfTurn => Turned::Fault(Fault::OutOfTurn),
                HelloRefused::Version | HelloRefused::Token(_) => Turned::Refused { re, code: refused.code() },
            }
        })?;
        let Hello { identity, lineage, headcount } = hello;
        let inbox = self.reach(identity.session).await.map_err(|code| Turned::Refused { re, code })?;
        let connection = self.next_connection();
        let (outbox, outgoing) = outbox();
        let join = Box::new(Join { connection, re, identity, lineage, headcount });
        inbox
            .send(Knock::Hello { join, outbox })
            .await
            .map_err(|_| Turned::Refused { re, code: RefusalCode::SessionEnded })?;
        Ok(Seated { connection, inbox, outgoing })
    }

    async fn converse(&self, tx: &mut Tx, rx: &mut Rx, mut bucket: Bucket, seated: Seated) -> Ending {
        let Seated { connection, inbox, outgoing } = seated;
        let ending = tokio::select! {
            ending = write(tx, outgoing) => ending,
            ending = self.read(rx, &mut bucket, connection, &inbox) => ending,
        };
        // The meeting hears of it at once; the farewell may take its time.
        if inbox.send(Knock::Lost { connection }).await.is_err() {
            tracing::trace!(?connection, "the meeting ended before the connection");
        }
        ending
    }

    async fn read(
        &self,
        rx: &mut Rx,
        bucket: &mut Bucket,
        connection: ConnectionId,
        inbox: &mpsc::Sender<Knock>,
    ) -> Ending {
        loop {
            let ClientEnvelope { id: re, request } = match self.next(rx, bucket).await {
                Ok(envelope) => envelope,
                Err(end) => return end.ending(),
            };
            if matches!(request, ClientMessage::Hello { .. }) {
                self.inner.counters.faulted(Fault::OutOfTurn);
                return Stop::Fault(Fault::OutOfTurn).ending();
            }
            let request = Box::new(request);
            if inbox.send(Knock::Request { connection, re, request }).await.is_err() {
                return Ending { code: CloseCode::Over, reason: "session_ended", waiting: Waiting::Written };
            }
        }
    }

    /// The next request, or why there will be none.
    async fn next(&self, rx: &mut Rx, bucket: &mut Bucket) -> Result<ClientEnvelope, Stop> {
        loop {
            let message = match rx.next().await {
                None => return Err(Stop::Hung),
                Some(Ok(message)) => message,
                Some(Err(error)) => return Err(stop_of(&error)),
            };
            if bucket.take(clock().instant) == Pace::TooFast {
                return Err(Stop::TooFast);
            }
            self.inner.counters.messages_rx.fetch_add(1, Relaxed);
            match message {
                Message::Text(text) => {
                    return decode(text.as_str()).map_err(|why| match why {
                        Undecodable::TooLarge => Stop::TooLarge,
                        Undecodable::Fault(fault) => {
                            self.inner.counters.faulted(fault);
                            Stop::Fault(fault)
                        }
                    });
                }
                Message::Binary(_) => {
                    self.inner.counters.faulted(Fault::Binary);
                    return Err(Stop::Fault(Fault::Binary));
                }
                Message::Close(_) => return Err(Stop::Hung),
                // Answered by the library.
                Message::Ping(_) | Message::Pong(_) => {}
            }
        }
    }

    async fn farewell(&self, mut tx: Tx, mut rx: Rx, ending: Ending) {
        self.inner.counters.closed(ending.code);
        let said = async {
            if ending.code == CloseCode::Slow {
                let why = ByeReason::Slow;
                let bye = ServerMessage::Bye { why, retry_after_ms: Some(SLOW_RETRY_MS), reason: None };
                tx.send(Message::Text(text(&bye))).await?;
            }
            let frame = CloseFrame { code: ending.code.code(), reason: ending.reason.into() };
            tx.send(Message::Close(Some(frame))).await?;
            // Closing with unread bytes would reset the connection and could take the farewell with it.
            for _ in 0..FAREWELL_READS {
                match rx.next().await {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                }
            }
            Ok::<(), axum::Error>(())
        };
        match tokio::time::timeout(FAREWELL_WITHIN, said).await {
            Ok(Ok(())) => {}
            // The other side is gone, which is what closing is for.
            Ok(Err(_)) | Err(_) => tracing::trace!("no farewell was heard"),
        }
    }
}

struct Seated {
    connection: ConnectionId,
    inbox: mpsc::Sender<Knock>,
    outgoing: Outgoing,
}

/// Why a `hello` led nowhere.
enum Turned {
    Fault(Fault),
    Refused { re: u32, code: RefusalCode },
}

impl Turned {
    async fn say(self, host: &Host, tx: &mut Tx) -> Ending {
        match self {
            Self::Fault(fault) => {
                host.inner.counters.faulted(fault);
                Stop::Fault(fault).ending()
            }
            Self::Refused { re, code } => {
                host.inner.counters.refused(code);
                let why = ByeReason::Refused;
                let bye = ServerMessage::Bye { why, retry_after_ms: None, reason: None };
                for message in [ServerMessage::Refused { re, code }, bye] {
                    if tx.send(Message::Text(text(&message))).await.is_err() {
                        break;
                    }
                }
                let (code, reason) = close_of(why);
                Ending { code, reason, waiting: Waiting::Written }
            }
        }
    }
}

/// Why nothing more is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stop {
    /// Closed by the other side, or the line broke.
    Hung,
    TooLarge,
    TooFast,
    Fault(Fault),
}

impl Stop {
    fn ending(self) -> Ending {
        let (code, reason) = match self {
            Self::Hung => (CloseCode::Normal, ""),
            Self::TooLarge => (CloseCode::TooLarge, "too_large"),
            Self::TooFast => (CloseCode::TooFast, "too_fast"),
            Self::Fault(fault) => (CloseCode::Protocol, fault.name()),
        };
        Ending { code, reason, waiting: Waiting::Dropped }
    }
}

/// The library tells a frame that is too long apart only by its words.
fn stop_of(error: &axum::Error) -> Stop {
    let words = error.to_string();
    if words.contains("too long") || words.contains("too large") || words.contains("exceeds") {
        Stop::TooLarge
    } else if words.contains("UTF-8") || words.contains("Utf8") || words.contains("utf-8") {
        Stop::Fault(Fault::Malformed)
    } else {
        Stop::Hung
    }
}

/// Writes until the meeting ends the connection or the line breaks.
async fn write(tx: &mut Tx, mut outgoing: Outgoing) -> Ending {
    let hung = Stop::Hung.ending();
    let ending = loop {
        tokio::select! {
            biased;
            ended = &mut outgoing.end => break ended.unwrap_or(hung),
            message = outgoing.messages.recv() => {
                let Some(message) = message else { break hung };
                tokio::select! {
                    biased;
                    sent = tx.send(Message::Text(message)) => if sent.is_err() { return hung },
                    ended = &mut outgoing.end => {
                        // A message cut in half cannot be followed by another.
                        return ended.unwrap_or(hung);
                    }
                }
            }
        }
    };
    if ending.waiting == Waiting::Written {
        let rest = async {
            while let Ok(message) = outgoing.messages.try_recv() {
                tx.send(Message::Text(message)).await?;
            }
            Ok::<(), axum::Error>(())
        };
        match tokio::time::timeout(FAREWELL_WITHIN, rest).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => tracing::trace!("the last messages were not read"),
        }
    }
    ending
}
