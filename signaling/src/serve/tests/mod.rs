//! Real sockets on the loopback, a real clock, and an engine, a store and an office that do as the test says.

mod conversation;
mod door;
mod durability;
mod hostile;
mod publishing;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::media::double::Engine;
use axum::Router;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::routing::get;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use super::host::utc;
use super::*;
use crate::id::{ParticipantId, SessionId};
use crate::mark::Mark;
use crate::media::RoomId;
use crate::meeting::{Invited, Limits, SessionBrief, Timers};
use crate::token::{Grant, Keys, LoadTest, MediaRights, Occupant, Seat};
use crate::wire::{
    AgendaItem, ClientEnvelope, ClientMessage, MeetingView, Mode, PresenceView, RefusalCode, Role, ServerMessage,
    VERSION,
};

pub(super) const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e55));

/// Longer than anything here takes, also on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const HALL: u128 = 1;
pub(super) const DAM_HA: u128 = 2;
pub(super) const CO_TO: u128 = 3;

/// Stores in memory; can be told to fail, or to wait.
#[derive(Default)]
pub(super) struct Store {
    pub marks: Mutex<Vec<Mark>>,
    pub failing: AtomicBool,
    pub flushes: AtomicUsize,
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Store {
    /// From now on a store waits for one permit each.
    pub(super) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(gate.clone());
        gate
    }

    pub(super) fn stored(&self) -> Vec<Mark> {
        self.marks.lock().unwrap().clone()
    }
}

struct StoreOf(Arc<Store>);

impl MarkSink for StoreOf {
    fn store(&self, marks: Vec<Mark>) -> PortFuture<Result<(), NotStored>> {
        let store = self.0.clone();
        Box::pin(async move {
            let gate = store.gate.lock().unwrap().clone();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            if store.failing.load(SeqCst) {
                return Err(NotStored);
            }
            store.flushes.fetch_add(1, SeqCst);
            store.marks.lock().unwrap().extend(marks);
            Ok(())
        })
    }
}

/// Writes down when it was started and stopped; can be told to fail, or to wait with stopping.
#[derive(Default)]
pub(super) struct Recorder {
    pub log: Mutex<Vec<&'static str>>,
    pub broken: AtomicBool,
    gate: Mutex<Option<Arc<Semaphore>>>,
}

impl Recorder {
    /// From now on a stop waits for one permit.
    pub(super) fn hold(&self) -> Arc<Semaphore> {
        let gate = Arc::new(Semaphore::new(0));
        *self.gate.lock().unwrap() = Some(gate.clone());
        gate
    }
}

struct RecorderOf(Arc<Recorder>);

impl RecordingPort for RecorderOf {
    fn start(&self, _: SessionId, _: RoomId) -> PortFuture<Result<crate::clock::UtcMs, RecordingUnavailable>> {
        let recorder = self.0.clone();
        Box::pin(async move {
            if recorder.broken.load(SeqCst) {
                return Err(RecordingUnavailable);
            }
            recorder.log.lock().unwrap().push("start");
            Ok(utc())
        })
    }

    fn stop(&self, _: SessionId, _: RoomId) -> PortFuture<()> {
        let recorder = self.0.clone();
        Box::pin(async move {
            let gate = recorder.gate.lock().unwrap().clone();
            if let Some(gate) = gate {
                gate.acquire().await.unwrap().forget();
            }
            recorder.log.lock().unwrap().push("stop");
        })
    }
}

/// The office: what it would tell of a session.
#[derive(Default)]
pub(super) struct Office {
    pub briefs: Mutex<HashMap<SessionId, SessionBrief>>,
}

struct OfficeOf(Arc<Office>);

impl SessionSource for OfficeOf {
    fn brief(&self, session: SessionId) -> PortFuture<Result<SessionBrief, OpenRefused>> {
        let brief = self.0.briefs.lock().unwrap().get(&session).cloned();
        Box::pin(async move { brief.ok_or(OpenRefused::Unknown) })
    }
}

/// A server, and the world around it.
pub(super) struct Server {
    pub host: Host,
    pub keys: Keys,
    pub store: Arc<Store>,
    pub recorder: Arc<Recorder>,
    pub engine: Arc<Engine>,
    address: SocketAddr,
}

impl Server {
    pub(super) async fn start() -> Self {
        let (keys, _) = Keys::generate().unwrap();
        Self::start_with(keys, brief(Mode::Conference)).await
    }

    /// As patient with who says nothing as the tests are with the server: on a busy machine the pages of a test are slow to speak.
    pub(super) async fn start_with(keys: Keys, brief: SessionBrief) -> Self {
        Self::start_impatient(keys, brief, PATIENCE).await
    }

    pub(super) async fn start_impatient(keys: Keys, brief: SessionBrief, hello_within: Duration) -> Self {
        let (store, recorder, office, engine) =
            (Arc::<Store>::default(), Arc::<Recorder>::default(), Arc::<Office>::default(), Arc::<Engine>::default());
        office.briefs.lock().unwrap().insert(brief.session, brief);
        let ports = Ports {
            media: engine.clone(),
            marks: Arc::new(StoreOf(store.clone())),
            recording: Arc::new(RecorderOf(recorder.clone())),
            sessions: Arc::new(OfficeOf(office.clone())),
        };
        let config = HostConfig { hello_within, ..HostConfig::new(keys.clone(), LoadTest::Allowed) };
        let host = Host::new(config, ports);
        let routes = Router::new().route("/ws", get(upgrade)).with_state(host.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { host, keys, store, recorder, engine, address }
    }

    pub(super) fn token(&self, who: u128) -> String {
        self.grant(who).sign(&self.keys, utc())
    }

    pub(super) fn grant(&self, who: u128) -> Grant {
        Grant {
            session: SESSION,
            seat: Seat::One(ParticipantId(Uuid::from_u128(who))),
            role: if who == HALL { Role::Chair } else { Role::Delegate },
            media: MediaRights::ALL,
            name: format!("Điểm cầu {who}"),
            short_name: format!("ĐC {who}"),
            detail: None,
            group: None,
            occupant: Occupant::Site,
            expires: utc().plus(Duration::from_secs(3600)),
        }
    }

    pub(super) async fn knock(&self) -> Client {
        self.knock_at("/ws").await
    }

    pub(super) async fn knock_at(&self, path: &str) -> Client {
        let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{}{path}", self.address)).await.unwrap();
        Client { socket, next: 1, view: None, resume: String::new(), kept: Vec::new() }
    }

    /// In his seat.
    pub(super) async fn join(&self, who: u128) -> Client {
        let mut client = self.knock().await;
        client.hello(&self.token(who), None).await.unwrap();
        client
    }
}

async fn upgrade(
    State(host): State<Host>,
    Query(query): Query<HashMap<String, String>>,
    upgrade: WebSocketUpgrade,
) -> axum::response::Response {
    host.websocket(upgrade, query.get("as").cloned())
}

pub(super) fn brief(mode: Mode) -> SessionBrief {
    let invited = |number: u128, role| Invited {
        participant: ParticipantId(Uuid::from_u128(number)),
        name: format!("Điểm cầu {number}"),
        short_name: format!("ĐC {number}"),
        detail: None,
        group: None,
        role,
        occupant: Occupant::Site,
    };
    SessionBrief {
        session: SESSION,
        title: "Giao ban".into(),
        short_title: "Giao ban".into(),
        starts_at: utc(),
        ends_at: utc().plus(Duration::from_secs(3600)),
        mode,
        agenda: vec![AgendaItem { title: "Khai mạc".into(), minutes: 10, presenter: None }],
        roster: vec![invited(HALL, Role::Chair), invited(DAM_HA, Role::Delegate), invited(CO_TO, Role::Delegate)],
        limits: Limits::default(),
        timers: Timers {
            ping_every: Duration::from_millis(100),
            away_after: Duration::from_millis(1500),
            ..Timers::default()
        },
        past: Vec::new(),
    }
}

/// A page.
pub(super) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    pub view: Option<Box<MeetingView>>,
    pub resume: String,
    /// Read while something else was waited for.
    kept: Vec<ServerMessage>,
}

impl Client {
    pub(super) async fn hello(&mut self, token: &str, resume: Option<String>) -> Result<(), RefusalCode> {
        let token = token.to_owned();
        self.send(ClientMessage::Hello { version: VERSION, token, resume, headcount: None }).await;
        match self
            .until(|message| matches!(message, ServerMessage::Welcome { .. } | ServerMessage::Refused { .. }))
            .await
        {
            ServerMessage::Welcome { resume, meeting, .. } => {
                self.resume = resume;
                self.view = Some(meeting);
                Ok(())
            }
            ServerMessage::Refused { code, .. } => Err(code),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn send(&mut self, request: ClientMessage) -> u32 {
        let id = self.next;
        self.next += 1;
        let text = serde_json::to_string(&ClientEnvelope { id, request }).unwrap();
        self.send_raw(Message::text(text)).await;
        id
    }

    pub(super) async fn send_raw(&mut self, message: Message) {
        // What the server does to a connection it has closed is for the reader to see.
        if let Err(error) = self.socket.send(message).await {
            assert!(!matches!(error, tokio_tungstenite::tungstenite::Error::Url(_)), "{error}");
        }
    }

    pub(super) async fn ask(&mut self, request: ClientMessage) -> Result<(), RefusalCode> {
        let id = self.send(request).await;
        let answer = self
            .until(|message| {
                matches!(message, ServerMessage::Done { re } | ServerMessage::Refused { re, .. }
                    | ServerMessage::Answer { re, .. } if *re == id)
            })
            .await;
        match answer {
            ServerMessage::Refused { code, .. } => Err(code),
            _ => Ok(()),
        }
    }

    /// The first message, kept or to come, that is wanted; pings are answered meanwhile.
    pub(super) async fn until(&mut self, wanted: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        if let Some(at) = self.kept.iter().position(&wanted) {
            return self.kept.remove(at);
        }
        loop {
            match self.receive().await {
                Ok(ServerMessage::Ping { nonce }) => drop(self.send(ClientMessage::Pong { nonce }).await),
                Ok(message) if wanted(&message) => return message,
                Ok(message) => self.kept.push(message),
                Err(closed) => panic!("closed with {closed:?} while waiting; read: {:?}", self.kept),
            }
        }
    }

    pub(super) async fn until_presence(&mut self, who: u128, wanted: impl Fn(&PresenceView) -> bool) {
        self.until(|message| match message {
            ServerMessage::Participants { participants } => {
                participants.iter().any(|one| one.id == Uuid::from_u128(who) && wanted(&one.presence))
            }
            _ => false,
        })
        .await;
    }

    /// Code and reason of the close frame, whatever comes before it.
    pub(super) async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.receive().await {
                Ok(message) => self.kept.push(message),
                Err(closed) => return closed.expect("closed without a frame"),
            }
        }
    }

    async fn receive(&mut self) -> Result<ServerMessage, Option<(u16, String)>> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the server says nothing");
            match frame {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame| (u16::from(frame.code), frame.reason.to_string())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}
