//! From a meeting's outputs to those who wait for them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use axum::extract::ws::Utf8Bytes;

use super::counters::Counters;
use super::door::RESUME_LIFE;
use super::host::utc;
use super::outbox::{Ending, Outbox, Put, Waiting, text};
use super::run::Reply;
use crate::id::{ConnectionId, SessionId};
use crate::meeting::{Audience, Ticket, Welcome};
use crate::token::{Keys, Resume};
use crate::wire::{ByeReason, CloseCode, MediaLimits, RefusalCode, ServerMessage, VERSION};

/// Three voices at once are what people can follow; the engine sends the loudest.
const AUDIO_SLOTS: u8 = 3;

/// A wall of seven by seven.
const VIDEO_SLOTS_MAX: u8 = 49;

pub(super) struct Delivery {
    counters: Arc<Counters>,
    keys: Keys,
    session: SessionId,
    connections: HashMap<ConnectionId, Line>,
    calls: HashMap<u64, Reply>,
    calls_made: u64,
    /// Answered when the step they are part of is done.
    after_step: Vec<Reply>,
}

struct Line {
    outbox: Outbox,
    /// Hears what everybody hears.
    welcomed: bool,
}

impl Delivery {
    pub(super) fn new(counters: Arc<Counters>, keys: Keys, session: SessionId) -> Self {
        Self {
            counters,
            keys,
            session,
            connections: HashMap::new(),
            calls: HashMap::new(),
            calls_made: 0,
            after_step: Vec::new(),
        }
    }

    pub(super) fn connected(&mut self, connection: ConnectionId, outbox: Outbox) {
        self.connections.insert(connection, Line { outbox, welcomed: false });
    }

    pub(super) fn disconnected(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
    }

    pub(super) fn call(&mut self, reply: Reply) -> Ticket {
        self.calls_made += 1;
        self.calls.insert(self.calls_made, reply);
        Ticket::Call(self.calls_made)
    }

    pub(super) fn after_step(&mut self, reply: Reply) {
        self.after_step.push(reply);
    }

    pub(super) fn step_done(&mut self) {
        for reply in self.after_step.drain(..) {
            // Who asked may have gone away.
            drop(reply.send(Ok(String::new())));
        }
    }

    pub(super) fn welcome(&mut self, welcome: Welcome) {
        let resume = Resume {
            session: self.session,
            participant: welcome.you,
            lineage: welcome.lineage,
            expires: utc().plus(RESUME_LIFE),
        };
        let message = ServerMessage::Welcome {
            re: welcome.re,
            version: VERSION,
            you: welcome.you.0,
            role: welcome.role,
            may: welcome.may,
            resume: resume.sign(&self.keys),
            seat_kept_seconds: welcome.seat_kept_seconds,
            media: MediaLimits { audio_slots: AUDIO_SLOTS, video_slots_max: VIDEO_SLOTS_MAX },
            media_kept: welcome.media_kept,
            meeting: Box::new(welcome.meeting),
        };
        self.counters.welcomes.fetch_add(1, Relaxed);
        if let Some(line) = self.connections.get_mut(&welcome.connection) {
            line.welcomed = true;
        }
        self.put(welcome.connection, text(&message));
    }

    pub(super) fn send(&mut self, to: &Audience, message: &ServerMessage) {
        if let ServerMessage::Refused { code, .. } = message {
            self.counters.refused(*code);
        }
        let text = text(message);
        match to {
            Audience::One(connection) => self.put(*connection, text),
            Audience::Some(connections) => {
                for connection in connections {
                    self.put(*connection, text.clone());
                }
            }
            Audience::Everyone => {
                let welcomed = self.connections.iter().filter(|(_, line)| line.welcomed).map(|(id, _)| *id);
                for connection in welcomed.collect::<Vec<_>>() {
                    self.put(connection, text.clone());
                }
            }
        }
    }

    pub(super) fn answer(&mut self, ticket: Ticket, result: Result<String, RefusalCode>) {
        if let Err(code) = result {
            self.counters.refused(code);
        }
        match ticket {
            Ticket::Call(call) => {
                if let Some(reply) = self.calls.remove(&call) {
                    // Who asked may have gone away.
                    drop(reply.send(result));
                }
            }
            Ticket::Request { connection, re } => {
                let message = match result {
                    Ok(sdp) => ServerMessage::Answer { re, sdp },
                    Err(code) => ServerMessage::Refused { re, code },
                };
                self.put(connection, text(&message));
            }
        }
    }

    pub(super) fn refuse(&mut self, connection: ConnectionId, re: u32, code: RefusalCode) {
        self.send(&Audience::One(connection), &ServerMessage::Refused { re, code });
    }

    pub(super) fn refuse_join(&mut self, connection: ConnectionId, re: u32, code: RefusalCode) {
        self.refuse(connection, re, code);
        self.bye(connection, ByeReason::Refused, None, None);
    }

    pub(super) fn bye(
        &mut self,
        connection: ConnectionId,
        why: ByeReason,
        retry_after_ms: Option<u32>,
        reason: Option<String>,
    ) {
        self.counters.said_bye(why);
        self.put(connection, text(&ServerMessage::Bye { why, retry_after_ms, reason }));
        if let Some(mut line) = self.connections.remove(&connection) {
            let (code, reason) = close_of(why);
            line.outbox.end(Ending { code, reason, waiting: Waiting::Written });
        }
    }

    pub(super) fn discard(&mut self, connection: ConnectionId) {
        if let Some(mut line) = self.connections.remove(&connection) {
            let code = CloseCode::Normal;
            line.outbox.end(Ending { code, reason: "not_heard", waiting: Waiting::Dropped });
        }
    }

    /// A full outbox ends its connection; the socket's reader then reports it lost like any other.
    fn put(&mut self, connection: ConnectionId, text: Utf8Bytes) {
        let Some(line) = self.connections.get_mut(&connection) else { return };
        match line.outbox.put(text) {
            Put::Taken => {
                self.counters.messages_tx.fetch_add(1, Relaxed);
            }
            Put::Gone => {
                self.connections.remove(&connection);
            }
        }
    }
}

pub(super) fn close_of(why: ByeReason) -> (CloseCode, &'static str) {
    match why {
        ByeReason::SessionEnded => (CloseCode::Over, "session_ended"),
        ByeReason::Removed => (CloseCode::Over, "removed"),
        ByeReason::Replaced => (CloseCode::Replaced, "replaced"),
        ByeReason::ServerStopping => (CloseCode::GoingAway, "server_stopping"),
        ByeReason::Slow => (CloseCode::Slow, "slow"),
        ByeReason::Left => (CloseCode::Normal, "left"),
        ByeReason::Refused => (CloseCode::Refused, "refused"),
    }
}
