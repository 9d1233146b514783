//! The registry of running meetings, and the way into each.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, oneshot};

use super::counters::Counters;
use super::ports::{MarkSink, OpenRefused, RecordingPort, SessionSource};
use super::publish::Resources;
use super::run::{Knock, Run};
use crate::clock::{Now, UtcMs};
use crate::id::{ConnectionId, SessionId};
use crate::media::{Fact, MediaPort, RoomId, close_room, is_measurement, open_room, room_of_fact};
use crate::meeting::{RecordingNews, SessionBrief};
use crate::token::{Keys, LoadTest};
use crate::wire::{MeetingView, RefusalCode};

/// What waits for one meeting. Readers of sockets wait when it is full, so that a flood slows its senders down and nobody else.
const INBOX_MAX: usize = 1024;

/// Connections that have not said hello yet. Silent ones are closed after some seconds, so this many at once is a flood: whoever comes
/// on top of it is refused before the upgrade, and those inside notice nothing.
const AT_THE_DOOR_MAX: usize = 1024;

/// Longer than marks and a recording take to be finished; after it the process goes anyway.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);

/// The meetings of this server. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    pub(super) inner: Arc<Inner>,
}

#[derive(Clone)]
pub struct Ports {
    pub media: Arc<dyn MediaPort>,
    pub marks: Arc<dyn MarkSink>,
    pub recording: Arc<dyn RecordingPort>,
    pub sessions: Arc<dyn SessionSource>,
}

#[derive(Clone)]
pub struct HostConfig {
    pub keys: Keys,
    /// Whether tokens for several are honoured.
    pub load: LoadTest,
    /// A connection that says nothing for this long is no page.
    pub hello_within: Duration,
}

impl HostConfig {
    #[must_use]
    pub fn new(keys: Keys, load: LoadTest) -> Self {
        Self { keys, load, hello_within: Duration::from_secs(5) }
    }
}

pub(super) struct Inner {
    pub config: HostConfig,
    pub ports: Ports,
    pub counters: Arc<Counters>,
    pub resources: Resources,
    /// Connections that have not said hello.
    pub door: Arc<Semaphore>,
    connections_made: AtomicU64,
    rooms_made: AtomicU64,
    meetings: Mutex<Meetings>,
}

#[derive(Default)]
struct Meetings {
    running: HashMap<SessionId, Entry>,
    sessions_of_rooms: HashMap<RoomId, SessionId>,
    stopping: bool,
}

#[derive(Clone)]
struct Entry {
    room: RoomId,
    inbox: mpsc::Sender<Knock>,
}

impl Host {
    #[must_use]
    pub fn new(config: HostConfig, ports: Ports) -> Self {
        Self {
            inner: Arc::new(Inner {
                config,
                ports,
                counters: Arc::default(),
                resources: Resources::default(),
                door: Arc::new(Semaphore::new(AT_THE_DOOR_MAX)),
                connections_made: AtomicU64::new(0),
                rooms_made: AtomicU64::new(0),
                meetings: Mutex::default(),
            }),
        }
    }

    /// Opens the doors of a session. One that is open stays as it is.
    ///
    /// # Errors
    /// [`OpenRefused::NoRoom`] when the engine is not there, [`OpenRefused::Stopping`] while the server stops.
    pub async fn open(&self, brief: SessionBrief) -> Result<(), OpenRefused> {
        let session = brief.session;
        if self.inbox(session).is_some() {
            return Ok(());
        }
        let room = RoomId(self.inner.rooms_made.fetch_add(1, Relaxed) + 1);
        if let Err(refused) = open_room(&*self.inner.ports.media, room).await {
            tracing::error!(%session, %refused, "the media engine opens no room; nobody can join this session");
            return Err(OpenRefused::NoRoom);
        }
        let (inbox, waiting) = mpsc::channel(INBOX_MAX);
        let verdict = self.inner.enter(session, Entry { room, inbox: inbox.clone() });
        match verdict {
            Entered::First => {
                tracing::info!(%session, title = brief.title, "doors open");
                tokio::spawn(Run::new(self.clone(), room, brief, &inbox, waiting).until_over());
                Ok(())
            }
            Entered::Second | Entered::Stopping => {
                if let Err(refused) = close_room(&*self.inner.ports.media, room).await {
                    tracing::warn!(%refused, "a room opened in vain stays in the engine");
                }
                if matches!(verdict, Entered::Stopping) { Err(OpenRefused::Stopping) } else { Ok(()) }
            }
        }
    }

    /// Ends a session from the office. Answers when its end is marked; nothing happens to one that is not running.
    pub async fn close(&self, session: SessionId) {
        self.ask(session, Knock::End).await;
    }

    /// The meeting as it stands. `None`: it is not running.
    pub async fn view(&self, session: SessionId) -> Option<MeetingView> {
        let (reply, answer) = oneshot::channel();
        self.ask(session, Knock::View { reply }).await;
        answer.await.ok()
    }

    #[must_use]
    pub fn running(&self) -> Vec<SessionId> {
        self.inner.lock().running.keys().copied().collect()
    }

    #[must_use]
    pub fn counters(&self) -> Arc<Counters> {
        self.inner.counters.clone()
    }

    /// The session a room of the engine belongs to, for those who record it.
    #[must_use]
    pub fn session_of(&self, room: RoomId) -> Option<SessionId> {
        self.inner.lock().sessions_of_rooms.get(&room).copied()
    }

    /// Takes what the engine reports. Measurements are repeated every second, so they may be lost when a meeting is busy; everything
    /// else waits its turn.
    pub async fn fact(&self, fact: Fact) {
        let room = room_of_fact(&fact);
        let Some(inbox) = self.session_of(room).and_then(|session| self.inbox(session)) else { return };
        if is_measurement(&fact) {
            if inbox.try_send(Knock::Fact(fact)).is_err() {
                self.inner.counters.facts_dropped.fetch_add(1, Relaxed);
            }
        } else if inbox.send(Knock::Fact(fact)).await.is_err() {
            tracing::debug!("a fact about a session that has just ended");
        }
    }

    /// Reads the engine's reports for as long as there are any.
    pub async fn pump(&self, mut facts: mpsc::Receiver<Fact>) {
        while let Some(fact) = facts.recv().await {
            self.fact(fact).await;
        }
    }

    /// The recorder of a session gave up after it had started (a full disk). The meeting goes on.
    pub async fn recording_failed(&self, session: SessionId) {
        self.ask(session, Knock::Recording(RecordingNews::Failed)).await;
    }

    /// Ends everything for a restart: everybody is told to come back after `retry` (spread over as long again), marks are stored,
    /// recordings finished. Nothing opens after it.
    pub async fn drain(&self, retry: Duration) {
        let inboxes: Vec<mpsc::Sender<Knock>> = {
            let mut meetings = self.inner.lock();
            meetings.stopping = true;
            meetings.running.values().map(|entry| entry.inbox.clone()).collect()
        };
        let retry_ms = u32::try_from(retry.as_millis()).unwrap_or(u32::MAX);
        let mut finished = Vec::new();
        for inbox in inboxes {
            let (done, wait) = oneshot::channel();
            if inbox.send(Knock::Stop { retry_ms, done }).await.is_ok() {
                finished.push(wait);
            }
        }
        let all = async {
            for wait in finished {
                // A meeting that ended meanwhile has nothing left to finish.
                wait.await.unwrap_or_default();
            }
        };
        if tokio::time::timeout(DRAIN_WITHIN, all).await.is_err() {
            tracing::error!("meetings did not finish in time; some marks or recordings may be cut");
        }
    }

    /// The inbox of a session, opened now if the office knows it and its doors are open.
    pub(super) async fn reach(&self, session: SessionId) -> Result<mpsc::Sender<Knock>, RefusalCode> {
        if let Some(inbox) = self.inbox(session) {
            return Ok(inbox);
        }
        let brief = self.inner.ports.sessions.brief(session).await.map_err(open_code)?;
        self.open(brief).await.map_err(open_code)?;
        self.inbox(session).ok_or(RefusalCode::SessionEnded)
    }

    pub(super) fn next_connection(&self) -> ConnectionId {
        ConnectionId(self.inner.connections_made.fetch_add(1, Relaxed) + 1)
    }

    /// The meeting's task is over.
    pub(super) fn put_away(&self, session: SessionId, room: RoomId) {
        let mut meetings = self.inner.lock();
        if meetings.running.get(&session).is_some_and(|entry| entry.room == room) {
            meetings.running.remove(&session);
        }
        meetings.sessions_of_rooms.remove(&room);
        drop(meetings);
        self.inner.resources.forget(session);
    }

    fn inbox(&self, session: SessionId) -> Option<mpsc::Sender<Knock>> {
        let inbox = self.inner.lock().running.get(&session).map(|entry| entry.inbox.clone())?;
        // One that is being put away does not count.
        (!inbox.is_closed()).then_some(inbox)
    }

    async fn ask(&self, session: SessionId, knock: Knock) {
        if let Some(inbox) = self.inbox(session)
            && inbox.send(knock).await.is_err()
        {
            tracing::debug!(%session, "the session ended before it could be asked");
        }
    }
}

enum Entered {
    First,
    Second,
    Stopping,
}

impl Inner {
    fn lock(&self) -> std::sync::MutexGuard<'_, Meetings> {
        // Every change under this lock is complete in itself, so a panic elsewhere leaves nothing half done.
        self.meetings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, session: SessionId, entry: Entry) -> Entered {
        let mut meetings = self.lock();
        if meetings.stopping {
            return Entered::Stopping;
        }
        if meetings.running.get(&session).is_some_and(|running| !running.inbox.is_closed()) {
            return Entered::Second;
        }
        meetings.sessions_of_rooms.insert(entry.room, session);
        meetings.running.insert(session, entry);
        Entered::First
    }
}

fn open_code(refused: OpenRefused) -> RefusalCode {
    match refused {
        OpenRefused::Unknown => RefusalCode::SessionUnknown,
        OpenRefused::NotOpenYet => RefusalCode::SessionNotOpenYet,
        OpenRefused::Ended => RefusalCode::SessionEnded,
        OpenRefused::Stopping | OpenRefused::NoRoom => RefusalCode::MediaUnavailable,
        OpenRefused::Unavailable => RefusalCode::NotStored,
    }
}

/// Both clocks at once.
pub(super) fn clock() -> Now {
    Now { instant: tokio::time::Instant::now().into_std(), utc: utc() }
}

pub(super) fn utc() -> UtcMs {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    UtcMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
