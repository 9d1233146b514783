//! Where the meeting runs: the production machine, desk and tokens, and around them what the shell does between sockets and machines.
//! After every step the meeting is held against the rules that need no outside witness.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sfu::command::{Command, CommandRefused, Reply};
use sfu::fact::Fact;
use sfu::id::RoomId;
use signaling::clock::{Now, UtcMs};
use signaling::id::{ConnectionId, ParticipantId, SessionId};
use signaling::mark::Mark;
use signaling::media::Desk;
use signaling::meeting::{
    Audience, Input, Join, Meeting, Output, RecordingNews, RecordingOrder, SOURCES, SessionBrief, Welcome,
};
use signaling::token::{Grant, Keys, LoadTest, Resume};
use signaling::wire::{
    ByeReason, ClientMessage, MediaLimits, MeetingView, PresenceView, RefusalCode, ServerMessage, SourceName,
    SourceState, VERSION, decode,
};
use uuid::Uuid;

use super::mirror::state_of;
use crate::invariant;

/// 22 November 2026, a Sunday morning.
pub const START: UtcMs = UtcMs(1_795_305_600_000);

/// As long as the shell's.
const RESUME_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// As many as the shell's outbox holds.
pub const OUTBOX_MAX: usize = 128;

/// What the shell has to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Errand {
    Say {
        to: ConnectionId,
        text: String,
    },
    /// After everything that was said.
    Close {
        connection: ConnectionId,
    },
    Recorder(RecordingOrder),
    Over,
}

pub struct Office {
    epoch: Instant,
    session: SessionId,
    keys: Keys,
    meeting: Meeting,
    desk: Desk,
    /// And whether it was welcomed: then it hears what everybody hears.
    connections: BTreeMap<ConnectionId, Hearing>,
    pub marks: Vec<Mark>,
    view: MeetingView,
    /// Sources that nobody may receive now, and since when.
    closed: BTreeMap<(Uuid, SourceName), Duration>,
    errands: Vec<Errand>,
    over: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hearing {
    Greeting,
    Seated,
}

#[must_use]
pub fn utc(now: Duration) -> UtcMs {
    START.plus(now)
}

impl Office {
    #[must_use]
    pub fn open(epoch: Instant, now: Duration, keys: Keys, room: RoomId, brief: SessionBrief) -> Self {
        let now = Now { instant: epoch + now, utc: utc(now) };
        let (session, marks) = (brief.session, brief.past.clone());
        let meeting = Meeting::open(brief, now);
        let view = meeting.view(now);
        Self {
            epoch,
            session,
            keys,
            meeting,
            desk: Desk::new(room),
            connections: BTreeMap::new(),
            marks,
            view,
            closed: BTreeMap::new(),
            errands: Vec::new(),
            over: false,
        }
    }

    fn now(&self, now: Duration) -> Now {
        Now { instant: self.epoch + now, utc: utc(now) }
    }

    /// The meeting as it stands.
    #[must_use]
    pub fn view(&self) -> &MeetingView {
        &self.view
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.over
    }

    pub fn connected(&mut self, connection: ConnectionId) {
        self.connections.insert(connection, Hearing::Greeting);
    }

    /// A message of a client. Whether it is one of somebody with a seat.
    ///
    /// # Errors
    /// A rule of the meeting that was broken by it.
    pub fn hear(&mut self, now: Duration, connection: ConnectionId, text: &str) -> Result<bool, String> {
        let Some(hearing) = self.connections.get(&connection).copied() else { return Ok(false) };
        let envelope = decode(text).map_err(|fault| format!("our own client's words: {fault}: {text}"))?;
        match (hearing, envelope.request) {
            (Hearing::Greeting, hello) => match self.door(now, connection, envelope.id, hello) {
                Ok(join) => self.step(now, Input::Join(Box::new(join)))?,
                Err(code) => {
                    self.say(connection, &ServerMessage::Refused { re: envelope.id, code });
                    self.bye(connection, ByeReason::Refused, None, None);
                }
            },
            (Hearing::Seated, request) => {
                self.step(now, Input::Request { connection, re: envelope.id, request: Box::new(request) })?;
            }
        }
        Ok([Some(hearing), self.connections.get(&connection).copied()].contains(&Some(Hearing::Seated)))
    }

    /// From a token to an identity, as the shell does it.
    fn door(
        &self,
        now: Duration,
        connection: ConnectionId,
        re: u32,
        message: ClientMessage,
    ) -> Result<Join, RefusalCode> {
        let ClientMessage::Hello { version: VERSION, token, resume, headcount } = message else {
            return Err(RefusalCode::OutOfTurn);
        };
        let utc = utc(now);
        let grant = Grant::verify(&self.keys, &token).map_err(|_| RefusalCode::TokenInvalid)?;
        grant.check_time(utc).map_err(|_| RefusalCode::TokenExpired)?;
        let identity = grant.identity(None, LoadTest::Refused).map_err(|_| RefusalCode::TokenInvalid)?;
        let resume = resume.and_then(|resume| Resume::verify(&self.keys, &resume, utc).ok());
        let lineage = resume
            .filter(|resume| resume.session == identity.session && resume.participant == identity.participant)
            .map(|resume| resume.lineage);
        Ok(Join { connection, re, identity, lineage, headcount })
    }

    /// # Errors
    /// As for [`Self::hear`].
    pub fn disconnected(&mut self, now: Duration, connection: ConnectionId) -> Result<(), String> {
        match self.connections.remove(&connection) {
            Some(_) => self.step(now, Input::ConnectionLost { connection }),
            None => Ok(()),
        }
    }

    /// # Errors
    /// As for [`Self::hear`].
    pub fn fact(&mut self, now: Duration, fact: Fact) -> Result<(), String> {
        self.desk.handle_fact(fact, utc(now));
        self.news(now)
    }

    /// # Errors
    /// As for [`Self::hear`].
    pub fn reply(&mut self, now: Duration, reply: Result<Reply, CommandRefused>) -> Result<(), String> {
        self.desk.handle_reply(reply);
        self.news(now)
    }

    fn news(&mut self, now: Duration) -> Result<(), String> {
        while let Some(news) = self.desk.poll_news() {
            self.step(now, Input::Media(news))?;
        }
        Ok(())
    }

    /// # Errors
    /// As for [`Self::hear`].
    pub fn recorded(&mut self, now: Duration, news: RecordingNews) -> Result<(), String> {
        self.step(now, Input::Recording(news))
    }

    /// What taking up an interrupted meeting has put out.
    ///
    /// # Errors
    /// As for [`Self::hear`].
    pub fn begin(&mut self, now: Duration) -> Result<(), String> {
        self.settle(now, invariant::Cause::Clock)
    }

    /// Orders from outside the meeting.
    ///
    /// # Errors
    /// As for [`Self::hear`].
    pub fn ordered(&mut self, now: Duration, input: Input) -> Result<(), String> {
        self.step(now, input)
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.meeting.poll_timeout().map(|at| at.saturating_duration_since(self.epoch))
    }

    /// # Errors
    /// As for [`Self::hear`].
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), String> {
        self.meeting.handle_timeout(self.now(now));
        self.settle(now, invariant::Cause::Clock)
    }

    fn step(&mut self, now: Duration, input: Input) -> Result<(), String> {
        let cause = invariant::Cause::of(&input);
        self.meeting.handle(self.now(now), input);
        self.settle(now, cause)
    }

    fn settle(&mut self, now: Duration, cause: invariant::Cause) -> Result<(), String> {
        let outputs: Vec<Output> = std::iter::from_fn(|| self.meeting.poll_output()).collect();
        let after = self.meeting.view(self.now(now));
        let before = std::mem::replace(&mut self.view, after);
        invariant::meeting(&self.view)?;
        invariant::step(&before, &self.view, &cause)?;
        self.note_closed(now);
        for output in outputs {
            self.deliver(now, output);
        }
        Ok(())
    }

    fn note_closed(&mut self, now: Duration) {
        for who in &self.view.participants {
            let here = matches!(who.presence, PresenceView::Here { .. });
            for source in SOURCES {
                if here && state_of(who, source) == SourceState::On {
                    self.closed.remove(&(who.id, source));
                } else {
                    self.closed.entry((who.id, source)).or_insert(now);
                }
            }
        }
    }

    /// Since when nobody may receive the source.
    #[must_use]
    pub fn closed_since(&self, who: ParticipantId, source: SourceName) -> Option<Duration> {
        self.closed.get(&(who.0, source)).copied()
    }

    fn deliver(&mut self, now: Duration, output: Output) {
        match output {
            Output::Mark(mark) => self.marks.push(mark),
            Output::Media(order) => self.desk.order(order),
            Output::Recording(order) => self.errands.push(Errand::Recorder(order)),
            Output::Over => {
                self.over = true;
                self.errands.push(Errand::Over);
            }
            Output::Welcome(welcome) => self.welcome(now, *welcome),
            Output::Send { to, message } => {
                for to in self.audience(&to) {
                    self.say(to, &message);
                }
            }
            Output::Bye { connection, why, retry_after_ms, reason } => {
                self.bye(connection, why, retry_after_ms, reason);
            }
            Output::Discard { connection } => {
                if self.connections.remove(&connection).is_some() {
                    self.errands.push(Errand::Close { connection });
                }
            }
            Output::Answer { .. } => {}
        }
    }

    fn audience(&self, to: &Audience) -> Vec<ConnectionId> {
        match to {
            Audience::One(connection) => vec![*connection],
            Audience::Some(connections) => connections.clone(),
            Audience::Everyone => {
                let seated = self.connections.iter().filter(|(_, hearing)| **hearing == Hearing::Seated);
                seated.map(|(connection, _)| *connection).collect()
            }
        }
    }

    fn welcome(&mut self, now: Duration, welcome: Welcome) {
        let resume = Resume {
            session: self.session,
            participant: welcome.you,
            lineage: welcome.lineage,
            expires: utc(now).plus(RESUME_LIFE),
        };
        let message = ServerMessage::Welcome {
            re: welcome.re,
            version: VERSION,
            you: welcome.you.0,
            role: welcome.role,
            may: welcome.may,
            resume: resume.sign(&self.keys),
            seat_kept_seconds: welcome.seat_kept_seconds,
            media: MediaLimits { audio_slots: 3, video_slots_max: 49 },
            media_kept: welcome.media_kept,
            meeting: Box::new(welcome.meeting),
        };
        self.connections.insert(welcome.connection, Hearing::Seated);
        self.say(welcome.connection, &message);
    }

    fn say(&mut self, to: ConnectionId, message: &ServerMessage) {
        if self.connections.contains_key(&to) {
            let text = serde_json::to_string(message).expect("our own messages can be written");
            self.errands.push(Errand::Say { to, text });
        }
    }

    fn bye(&mut self, connection: ConnectionId, why: ByeReason, retry_after_ms: Option<u32>, reason: Option<String>) {
        self.say(connection, &ServerMessage::Bye { why, retry_after_ms, reason });
        if self.connections.remove(&connection).is_some() {
            self.errands.push(Errand::Close { connection });
        }
    }

    pub fn poll_errands(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    pub fn poll_command(&mut self) -> Option<Command> {
        self.desk.poll_command()
    }
}
