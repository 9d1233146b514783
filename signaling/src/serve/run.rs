//! One running meeting: the task that owns its machine.
//!
//! It takes what waits in the inbox in batches. What a batch marked is durable before anything of the batch is told to anybody: one
//! flush for all who came in together. If it cannot be stored, the machine is put back to where it stood, whoever asked is refused
//! with `not_stored`, and what merely happened (a line that dropped) is kept and stored later.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::delivery::Delivery;
use super::host::{Host, clock};
use super::outbox::Outbox;
use crate::id::{ConnectionId, ParticipantId};
use crate::mark::Mark;
use crate::media::{CommandFuture, Desk, Fact, RoomId, close_room};
use crate::meeting::{
    Input, Join, MediaNews, MediaOrder, Meeting, Output, Path, RecordingNews, RecordingOrder, SessionBrief, Ticket,
};
use crate::token::Identity;
use crate::wire::{ClientMessage, MeetingView, RefusalCode};

/// As many as one flush may hold up; more wait for the next.
const BATCH_MAX: usize = 64;

/// Marks that could not be stored yet: hours of a meeting. Beyond it the oldest are lost, which is an error somebody must see.
const BACKLOG_MAX: usize = 10_000;

/// How soon a store that failed is tried again.
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// How late a timer may fire before it was us who slept. The machine wants to be woken at least every two seconds while anybody is
/// here.
const LATE: Duration = Duration::from_secs(2);

/// Longer than a recorder takes to close its file.
const RECORDER_WITHIN: Duration = Duration::from_secs(10);

pub(super) type Reply = oneshot::Sender<Result<String, RefusalCode>>;

/// What comes into the inbox.
#[derive(Debug)]
pub(super) enum Knock {
    Hello { join: Box<Join>, outbox: Outbox },
    Request { connection: ConnectionId, re: u32, request: Box<ClientMessage> },
    Lost { connection: ConnectionId },
    Publish { identity: Box<Identity>, path: Path, offer: String, reply: Reply },
    Trickle { participant: ParticipantId, path: Path, fragment: String, reply: Reply },
    Unpublish { participant: ParticipantId, path: Path, reply: Reply },
    Fact(Fact),
    Recording(RecordingNews),
    View { reply: oneshot::Sender<MeetingView> },
    End,
    Stop { retry_ms: u32, done: oneshot::Sender<()> },
}

pub(super) struct Run {
    host: Host,
    room: RoomId,
    meeting: Meeting,
    desk: Desk,
    delivery: Delivery,
    inbox: mpsc::Receiver<Knock>,
    /// For tasks that report back.
    own_inbox: mpsc::WeakSender<Knock>,
    /// The command the engine is carrying out.
    command: Option<CommandFuture>,
    backlog: VecDeque<Mark>,
    recorder: Option<JoinHandle<()>>,
    stopped: Vec<oneshot::Sender<()>>,
    over: bool,
}

enum Woken {
    Knocked(Vec<Knock>),
    Commanded,
    Timeout,
    Deserted,
}

impl Run {
    pub(super) fn new(
        host: Host,
        room: RoomId,
        brief: SessionBrief,
        own: &mpsc::Sender<Knock>,
        inbox: mpsc::Receiver<Knock>,
    ) -> Self {
        let delivery = Delivery::new(host.counters(), host.inner.config.keys.clone(), brief.session);
        Self {
            room,
            meeting: Meeting::open(brief, clock()),
            desk: Desk::new(room),
            delivery,
            inbox,
            own_inbox: own.downgrade(),
            command: None,
            backlog: VecDeque::new(),
            recorder: None,
            stopped: Vec::new(),
            over: false,
            host,
        }
    }

    pub(super) async fn until_over(mut self) {
        // The marks of taking up a session that was cut off.
        self.step(Vec::new()).await;
        while !self.over {
            let due = self.meeting.poll_timeout();
            let woken = self.wait(due).await;
            if due.is_some_and(|due| clock().instant > due + LATE) {
                tracing::warn!(session = %self.meeting.session(), "the meeting was not run for a while; nobody's silence counts");
                self.meeting.handle(clock(), Input::WokeLate);
            }
            match woken {
                Woken::Knocked(knocks) => {
                    let inputs = knocks.into_iter().flat_map(|knock| self.input_of(knock)).collect();
                    self.step(inputs).await;
                }
                Woken::Commanded => {
                    let inputs = self.news_of_desk();
                    self.step(inputs).await;
                }
                Woken::Timeout => {
                    self.meeting.handle_timeout(clock());
                    self.step(Vec::new()).await;
                }
                Woken::Deserted => self.over = true,
            }
        }
        self.finish().await;
    }

    async fn wait(&mut self, due: Option<Instant>) -> Woken {
        if self.command.is_none() {
            self.command = self.desk.poll_command().map(|command| self.host.inner.ports.media.command(command));
        }
        let retry = (!self.backlog.is_empty()).then(|| clock().instant + STORE_AGAIN);
        let deadline = due.into_iter().chain(retry).min();
        let commanded = async {
            match self.command.as_mut() {
                Some(command) => command.await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            reply = commanded => {
                self.command = None;
                self.desk.handle_reply(reply);
                Woken::Commanded
            }
            first = self.inbox.recv() => {
                let Some(first) = first else { return Woken::Deserted };
                let mut knocks = vec![first];
                while knocks.len() < BATCH_MAX
                    && let Ok(next) = self.inbox.try_recv()
                {
                    knocks.push(next);
                }
                Woken::Knocked(knocks)
            }
            () = until(deadline) => Woken::Timeout,
        }
    }

    /// Notes who waits for an answer, and leaves what the machine has to know.
    fn input_of(&mut self, knock: Knock) -> Vec<Input> {
        match knock {
            Knock::Hello { join, outbox } => {
                self.delivery.connected(join.connection, outbox);
                vec![Input::Join(join)]
            }
            Knock::Request { connection, re, request } => vec![Input::Request { connection, re, request }],
            Knock::Lost { connection } => {
                self.delivery.disconnected(connection);
                vec![Input::ConnectionLost { connection }]
            }
            Knock::Publish { identity, path, offer, reply } => {
                vec![Input::Publish { identity, path, ticket: self.delivery.call(reply), offer }]
            }
            Knock::Trickle { participant, path, fragment, reply } => {
                vec![Input::Trickle { participant, path, ticket: self.delivery.call(reply), fragment }]
            }
            Knock::Unpublish { participant, path, reply } => {
                self.delivery.after_step(reply);
                vec![Input::Unpublish { participant, path }]
            }
            Knock::Fact(fact) => {
                self.desk.handle_fact(fact, clock().utc);
                self.news_of_desk()
            }
            Knock::Recording(news) => vec![Input::Recording(news)],
            Knock::View { reply } => {
                // Who asked may have gone away; that is his right.
                drop(reply.send(self.meeting.view(clock())));
                Vec::new()
            }
            Knock::End => vec![Input::End],
            Knock::Stop { retry_ms, done } => {
                self.stopped.push(done);
                vec![Input::Stop { retry_ms }]
            }
        }
    }

    fn news_of_desk(&mut self) -> Vec<Input> {
        std::iter::from_fn(|| self.desk.poll_news()).map(Input::Media).collect()
    }

    async fn step(&mut self, inputs: Vec<Input>) {
        let now = clock();
        let before = inputs.iter().any(is_asked).then(|| (self.meeting.clone(), inputs.clone()));
        for input in inputs {
            self.meeting.handle(now, input);
        }
        let (marks, outputs) = self.drain();
        if marks.is_empty() && self.backlog.is_empty() {
            return self.deliver(outputs);
        }
        if self.store(&marks).await {
            return self.deliver(outputs);
        }
        // What was asked for did not happen; what happened, happened.
        let (happened, outputs) = match before {
            None => (marks, outputs),
            Some((meeting, inputs)) => {
                self.meeting.take_back(meeting);
                for input in inputs {
                    self.handle_unstored(input);
                }
                self.drain()
            }
        };
        self.keep_for_later(happened);
        self.deliver(outputs);
    }

    fn drain(&mut self) -> (Vec<Mark>, Vec<Output>) {
        let mut marks = Vec::new();
        let mut outputs = Vec::new();
        while let Some(output) = self.meeting.poll_output() {
            match output {
                Output::Mark(mark) => marks.push(mark),
                other => outputs.push(other),
            }
        }
        (marks, outputs)
    }

    /// Earlier marks that wait go with the new ones: their order is kept.
    async fn store(&mut self, marks: &[Mark]) -> bool {
        let all: Vec<Mark> = self.backlog.iter().chain(marks).cloned().collect();
        let counters = self.host.counters();
        let count = u64::try_from(all.len()).unwrap_or(0);
        let stored = self.host.inner.ports.marks.store(all).await;
        match stored {
            Ok(()) => {
                self.backlog.clear();
                counters.marks_stored.fetch_add(count, Relaxed);
                true
            }
            Err(refused) => {
                counters.store_failures.fetch_add(1, Relaxed);
                tracing::error!(session = %self.meeting.session(), %refused, count, "what is asked for now is refused");
                false
            }
        }
    }

    fn handle_unstored(&mut self, input: Input) {
        let code = RefusalCode::NotStored;
        match input {
            Input::Join(join) => self.delivery.refuse_join(join.connection, join.re, code),
            Input::Request { connection, re, .. } => self.delivery.refuse(connection, re, code),
            Input::Publish { ticket, .. } => self.delivery.answer(ticket, Err(code)),
            Input::Media(MediaNews::Negotiated { participant, path, ticket, .. }) => {
                self.desk.order(MediaOrder::Drop { participant, path });
                let news = MediaNews::NegotiationFailed { participant, path, ticket, code };
                self.meeting.handle(clock(), Input::Media(news));
            }
            other => self.meeting.handle(clock(), other),
        }
    }

    fn keep_for_later(&mut self, marks: Vec<Mark>) {
        self.backlog.extend(marks);
        let excess = self.backlog.len().saturating_sub(BACKLOG_MAX);
        if excess > 0 {
            self.backlog.drain(..excess);
            tracing::error!(session = %self.meeting.session(), excess, "marks are lost: the store has failed for too long");
        }
    }

    fn deliver(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Media(order) => self.desk.order(order),
                Output::Recording(order) => self.direct_recorder(order),
                Output::Over => self.over = true,
                Output::Mark(mark) => self.keep_for_later(vec![mark]),
                Output::Welcome(welcome) => self.delivery.welcome(*welcome),
                Output::Send { to, message } => self.delivery.send(&to, &message),
                Output::Answer { call, result } => self.delivery.answer(Ticket::Call(call), result),
                Output::Bye { connection, why, retry_after_ms, reason } => {
                    self.delivery.bye(connection, why, retry_after_ms, reason);
                }
                Output::Discard { connection } => self.delivery.discard(connection),
            }
        }
        self.delivery.step_done();
    }

    /// Orders to the recorder are carried out one after the other, beside the meeting.
    fn direct_recorder(&mut self, order: RecordingOrder) {
        let earlier = self.recorder.take();
        let port = self.host.inner.ports.recording.clone();
        let (session, room, inbox) = (self.meeting.session(), self.room, self.own_inbox.clone());
        self.recorder = Some(tokio::spawn(async move {
            if let Some(earlier) = earlier
                && let Err(failed) = earlier.await
            {
                tracing::error!(%session, %failed, "directing the recorder failed");
            }
            let news = match order {
                RecordingOrder::Start => match port.start(session, room).await {
                    Ok(at) => RecordingNews::Started { at },
                    Err(refused) => {
                        tracing::error!(%session, %refused, "the meeting goes on without a recording");
                        RecordingNews::Failed
                    }
                },
                RecordingOrder::Stop => {
                    port.stop(session, room).await;
                    RecordingNews::Stopped
                }
            };
            // At the end of a meeting nobody is there to hear it.
            if let Some(inbox) = inbox.upgrade()
                && inbox.send(Knock::Recording(news)).await.is_err()
            {
                tracing::debug!(%session, "the meeting ended before its recorder answered");
            }
        }));
    }

    /// What the last step closed is closed at once: while the recorder finishes its file, nobody hears or sees anybody any more.
    async fn carry_out_last_orders(&mut self) {
        if let Some(command) = self.command.take() {
            self.desk.handle_reply(command.await);
        }
        while let Some(command) = self.desk.poll_command() {
            self.desk.handle_reply(self.host.inner.ports.media.command(command).await);
        }
    }

    async fn finish(mut self) {
        let session = self.meeting.session();
        self.inbox.close();
        self.host.put_away(session, self.room);
        self.carry_out_last_orders().await;
        if !self.backlog.is_empty() && !self.store(&[]).await {
            tracing::error!(%session, lost = self.backlog.len(), "the meeting ended and its last marks are lost");
        }
        if let Some(recorder) = self.recorder.take()
            && tokio::time::timeout(RECORDER_WITHIN, recorder).await.is_err()
        {
            tracing::error!(%session, "the recorder does not finish; its file will be mended at the next start");
        }
        if let Err(refused) = close_room(&*self.host.inner.ports.media, self.room).await {
            tracing::warn!(%session, %refused, "the engine did not close the room");
        }
        tracing::info!(%session, "doors closed");
        for done in self.stopped {
            if done.send(()).is_err() {
                tracing::debug!(%session, "nobody waited for the end any more");
            }
        }
    }
}

/// Somebody waits for the answer, and what he asks for may leave a mark.
fn is_asked(input: &Input) -> bool {
    match input {
        Input::Join(_) | Input::Publish { .. } | Input::Media(MediaNews::Negotiated { .. }) => true,
        Input::Request { request, .. } => !matches!(
            **request,
            ClientMessage::Pong { .. } | ClientMessage::SetView { .. } | ClientMessage::SwitchSource { .. }
        ),
        Input::ConnectionLost { .. }
        | Input::Trickle { .. }
        | Input::Unpublish { .. }
        | Input::Media(_)
        | Input::Recording(_)
        | Input::End
        | Input::Stop { .. }
        | Input::WokeLate => false,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}
