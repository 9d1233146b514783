//! The live meeting as a pure machine: inputs go in with the time, outputs are drained, and it says when it wants to be woken.
//!
//! Requests are told apart in `request`; what each does stands in the file of its subject. Nothing here tells others about a change
//! at the place where it is made: after every input `news` compares what is true with what was told and tells the difference, so no
//! change can be forgotten.

mod agenda;
mod arrival;
mod brief;
mod course;
mod departure;
mod floor;
mod interface;
mod lines;
mod mode;
mod negotiation;
mod news;
mod past;
mod presence;
mod recording;
mod request;
mod roster;
mod sources;
mod stage;
mod turns;
mod view;

#[cfg(test)]
mod tests;

pub use brief::{Invited, Limits, SessionBrief, Timers};
pub use interface::{
    Audience, Input, Join, MediaNews, MediaOrder, Output, Path, RecordingNews, RecordingOrder, SOURCES, SourceSet,
    Ticket, Welcome,
};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use agenda::Agenda;
use arrival::Knocking;
use floor::Floor;
use lines::Lines;
use mode::ModeRules;
use news::Told;
use recording::Recording;
use roster::{Participant, Roster};

use crate::clock::{Now, UtcMs};
use crate::id::{ConnectionId, ParticipantId, SessionId};
use crate::mark::{Mark, MarkId, MarkedFact};
use crate::token::Lineage;
use crate::wire::{Mode, Phase, RefusalCode, ServerMessage, Staged};

/// A copy is cheap (texts are shared): the shell takes one before a step that might have to be undone.
#[derive(Clone, PartialEq, Debug)]
pub struct Meeting {
    basics: Arc<Basics>,
    /// When the last input was handled.
    now: Now,
    /// Marks made so far, for their ids.
    marked: u64,
    phase: Phase,
    mode: Mode,
    roster: Roster,
    connections: BTreeMap<ConnectionId, ParticipantId>,
    /// Those who come without a WebSocket and whose offer is being answered.
    knocking: BTreeMap<(ParticipantId, Path), Knocking>,
    floor: Floor,
    agenda: Agenda,
    /// The chair's choice.
    stage: Option<Staged>,
    recording: Recording,
    speaker: Option<ParticipantId>,
    lines: Lines,
    told: Told,
    nonce: u32,
    /// Answers wait here until the news of the same step is out: who reads `done` has seen what was done.
    replies: Vec<Reply>,
    out: VecDeque<Output>,
    /// Something was handled since the last settling.
    unsettled: bool,
}

/// What goes out after the news of its step.
#[derive(Clone, PartialEq, Debug)]
enum Reply {
    Ready(Output),
    /// Written at the end, so that it shows the meeting as everybody else was told it.
    Welcome {
        connection: ConnectionId,
        re: u32,
        you: ParticipantId,
        lineage: Lineage,
    },
}

/// What never changes while the meeting runs.
#[derive(PartialEq, Debug)]
struct Basics {
    session: SessionId,
    title: String,
    short_title: String,
    starts_at: UtcMs,
    ends_at: UtcMs,
    opened: UtcMs,
    limits: Limits,
    timers: Timers,
}

impl Meeting {
    /// Opens the doors. With marks of an earlier run in the brief it takes up where that run was cut off.
    #[must_use]
    pub fn open(brief: SessionBrief, now: Now) -> Self {
        let roster = Roster::of_invited(&brief.roster);
        let mut meeting = Self {
            basics: Arc::new(Basics {
                session: brief.session,
                title: brief.title,
                short_title: brief.short_title,
                starts_at: brief.starts_at,
                ends_at: brief.ends_at,
                opened: now.utc,
                limits: brief.limits,
                timers: brief.timers,
            }),
            now,
            marked: 0,
            phase: Phase::Gathering,
            mode: brief.mode,
            roster,
            connections: BTreeMap::new(),
            knocking: BTreeMap::new(),
            floor: Floor::default(),
            agenda: Agenda::new(brief.agenda),
            stage: None,
            recording: Recording::default(),
            speaker: None,
            lines: Lines::default(),
            told: Told::new(brief.mode),
            nonce: 0,
            replies: Vec::new(),
            out: VecDeque::new(),
            unsettled: true,
        };
        meeting.take_up(&brief.past, now);
        meeting
    }

    #[must_use]
    pub fn session(&self) -> SessionId {
        self.basics.session
    }

    /// Several inputs may be handled before outputs are drained: then their news is told once, which is what keeps two hundred
    /// sites that join together from telling each other two hundred times.
    pub fn handle(&mut self, now: Now, input: Input) {
        self.unsettled = true;
        self.now = now;
        if matches!(self.phase, Phase::Ended { .. }) {
            self.turn_away(input);
        } else {
            self.take_in(now, input);
        }
    }

    fn take_in(&mut self, now: Now, input: Input) {
        match input {
            Input::Join(join) => self.join(now, *join),
            Input::Request { connection, re, request } => self.request(now, connection, re, *request),
            Input::ConnectionLost { connection } => self.connection_lost(connection),
            Input::Publish { identity, path, ticket, offer } => self.publish(*identity, path, ticket, offer),
            Input::Trickle { participant, path, ticket, fragment } => self.trickle(participant, path, ticket, fragment),
            Input::Unpublish { participant, path } => self.unpublish(now, participant, path),
            Input::Media(news) => self.media_news(now, news),
            Input::Recording(news) => self.recording_news(now, news),
            Input::End => self.end(now, None),
            Input::Stop { retry_ms } => self.stop(now, retry_ms),
            Input::WokeLate => self.pardon_silence(now),
        }
    }

    /// The session is over: whoever still comes is told so.
    fn turn_away(&mut self, input: Input) {
        match input {
            Input::Join(join) => self.refuse_join(join.connection, join.re, RefusalCode::SessionEnded),
            Input::Publish { ticket, .. } | Input::Trickle { ticket, .. } => {
                self.answer(ticket, Err(RefusalCode::SessionEnded));
            }
            Input::Request { connection, re, .. } => {
                let refused = ServerMessage::Refused { re, code: RefusalCode::SessionEnded };
                self.reply(connection, refused);
            }
            Input::ConnectionLost { .. }
            | Input::Unpublish { .. }
            | Input::Media(_)
            | Input::Recording(_)
            | Input::End
            | Input::Stop { .. }
            | Input::WokeLate => {}
        }
    }

    pub fn handle_timeout(&mut self, now: Now) {
        if matches!(self.phase, Phase::Ended { .. }) {
            return;
        }
        self.unsettled = true;
        self.now = now;
        self.presence_timers(now);
        self.line_timer(now);
    }

    /// The next of what came out of everything handled so far.
    pub fn poll_output(&mut self) -> Option<Output> {
        if self.unsettled {
            self.unsettled = false;
            self.settle();
        }
        self.out.pop_front()
    }

    /// Takes the meeting back to how it was when `before` was copied from it. The numbers of marks are not used again: whether a
    /// store that failed has written something is not always known.
    pub fn take_back(&mut self, before: Self) {
        let marked = self.marked;
        *self = before;
        self.marked = marked;
    }

    /// When [`Meeting::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        if matches!(self.phase, Phase::Ended { .. }) {
            return None;
        }
        let away_after = self.basics.timers.away_after;
        let presence = self.roster.all().iter().filter_map(|participant| participant.presence.deadline(away_after));
        presence.chain(self.lines.deadline()).min()
    }

    fn rules(&self) -> ModeRules {
        mode::rules(self.mode, &self.basics.limits)
    }

    fn mark(&mut self, at: UtcMs, fact: MarkedFact) {
        let id = MarkId::nth(self.basics.session, self.basics.opened, self.marked);
        self.marked += 1;
        self.out.push_back(Output::Mark(Mark { id, session: self.basics.session, at, fact }));
    }

    fn order(&mut self, order: MediaOrder) {
        self.out.push_back(Output::Media(order));
    }

    /// Goes out after the news of this step.
    fn reply(&mut self, connection: ConnectionId, message: ServerMessage) {
        self.reply_with(Output::Send { to: Audience::One(connection), message: Box::new(message) });
    }

    fn reply_with(&mut self, output: Output) {
        self.replies.push(Reply::Ready(output));
    }

    /// To somebody's page, if he has one just now.
    fn tell(&mut self, who: ParticipantId, message: ServerMessage) {
        if let Some(connection) = self.roster.find(who).and_then(Participant::connection) {
            self.reply(connection, message);
        }
    }

    /// Answers whoever waits on the ticket.
    fn answer(&mut self, ticket: Ticket, result: Result<String, RefusalCode>) {
        match ticket {
            Ticket::Call(call) => self.reply_with(Output::Answer { call, result }),
            Ticket::Request { connection, re } => {
                let message = match result {
                    Ok(sdp) => ServerMessage::Answer { re, sdp },
                    Err(code) => ServerMessage::Refused { re, code },
                };
                // A page that was replaced meanwhile does not wait any more.
                if self.connections.contains_key(&connection) {
                    self.reply(connection, message);
                }
            }
        }
    }
}
