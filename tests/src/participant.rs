//! Somebody in a meeting by the WebSocket: says hello, answers pings, keeps what he was told.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use signaling::wire::{ClientEnvelope, ClientMessage, MeetingView, ServerMessage, VERSION};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use uuid::Uuid;

use crate::app::App;

/// How long the server may take for anything in a test.
const PATIENCE: Duration = Duration::from_secs(15);

pub struct Participant {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next: u32,
    pub id: Uuid,
    pub resume: String,
    /// What was negotiated before still ran when this connection said hello.
    pub media_kept: bool,
    pub meeting: Box<MeetingView>,
    /// News that nobody has waited for yet.
    unread: Vec<ServerMessage>,
}

/// A connection that has not said hello.
pub async fn knock(app: &App) -> anyhow::Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    knock_from(app, app.place.from).await
}

/// The same from an address of this machine.
async fn knock_from(app: &App, from: IpAddr) -> anyhow::Result<WebSocketStream<MaybeTlsStream<TcpStream>>> {
    let mut request = format!("ws://{}:{}/ws", app.place.host, app.http).into_client_request()?;
    request.headers_mut().insert("origin", app.url("").parse()?);
    let socket = match from {
        IpAddr::V4(_) => TcpSocket::new_v4(),
        IpAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect((app.place.host, app.http).into()).await?;
    stream.set_nodelay(true)?;
    let (socket, _) = tokio_tungstenite::client_async(request, MaybeTlsStream::Plain(stream)).await?;
    Ok(socket)
}

impl Participant {
    pub async fn join(app: &App, token: &str) -> anyhow::Result<Self> {
        Self::enter(app, app.place.from, token, None).await
    }

    /// Joins, or comes back, from an address of this machine.
    pub async fn enter_from(app: &App, from: IpAddr, token: &str, resume: Option<String>) -> anyhow::Result<Self> {
        Self::enter(app, from, token, resume).await
    }

    /// Comes back into the seat that `resume` names.
    pub async fn come_back(app: &App, token: &str, resume: String) -> anyhow::Result<Self> {
        Self::enter(app, app.place.from, token, Some(resume)).await
    }

    async fn enter(app: &App, from: IpAddr, token: &str, resume: Option<String>) -> anyhow::Result<Self> {
        let mut socket = knock_from(app, from).await?;
        let hello = ClientMessage::Hello { version: VERSION, token: token.to_owned(), resume, headcount: None };
        let text = serde_json::to_string(&ClientEnvelope { id: 1, request: hello })?;
        socket.send(Message::text(text)).await?;
        loop {
            match next(&mut socket).await? {
                ServerMessage::Welcome { you, resume, meeting, media_kept, .. } => {
                    return Ok(Self { socket, next: 2, id: you, resume, media_kept, meeting, unread: Vec::new() });
                }
                ServerMessage::Refused { code, .. } => bail!("refused: {code:?}"),
                _ => {}
            }
        }
    }

    /// Sends a request and waits for its answer; what comes in between is kept for [`Self::news`].
    pub async fn ask(&mut self, request: ClientMessage) -> anyhow::Result<ServerMessage> {
        let id = self.next;
        self.next += 1;
        self.socket.send(Message::text(serde_json::to_string(&ClientEnvelope { id, request })?)).await?;
        loop {
            let message = self.receive().await?;
            match &message {
                ServerMessage::Done { re } | ServerMessage::Refused { re, .. } | ServerMessage::Answer { re, .. }
                    if *re == id =>
                {
                    return Ok(message);
                }
                _ => self.unread.push(message),
            }
        }
    }

    /// A request that has to be carried out.
    pub async fn done(&mut self, request: ClientMessage) -> anyhow::Result<()> {
        let said = format!("{request:?}");
        let answer = self.ask(request).await?;
        ensure!(matches!(answer, ServerMessage::Done { .. }), "{said}: {answer:?}");
        Ok(())
    }

    /// The first news that `wanted` turns into something, among what was received already and what comes.
    pub async fn news<T>(&mut self, what: &str, wanted: impl Fn(&ServerMessage) -> Option<T>) -> anyhow::Result<T> {
        if let Some((at, found)) = self.unread.iter().enumerate().find_map(|(at, message)| Some((at, wanted(message)?)))
        {
            self.unread.drain(..=at);
            return Ok(found);
        }
        let waiting = async {
            loop {
                let message = self.receive().await?;
                if let Some(found) = wanted(&message) {
                    return anyhow::Ok(found);
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.with_context(|| format!("no news of {what}"))?
    }

    /// Sits in the meeting for this long: answers pings and forgets the news.
    pub async fn stay(&mut self, time: Duration) -> anyhow::Result<()> {
        let until = tokio::time::Instant::now() + time;
        loop {
            match tokio::time::timeout_at(until, self.receive()).await {
                Ok(message) => drop(message?),
                Err(_) => return Ok(()),
            }
            self.unread.clear();
        }
    }

    async fn receive(&mut self) -> anyhow::Result<ServerMessage> {
        loop {
            let message = next(&mut self.socket).await?;
            if let ServerMessage::Ping { nonce } = message {
                let pong = ClientEnvelope { id: self.next, request: ClientMessage::Pong { nonce } };
                self.next += 1;
                self.socket.send(Message::text(serde_json::to_string(&pong)?)).await?;
                continue;
            }
            return Ok(message);
        }
    }

    /// The line is cut: no close frame, no goodbye.
    pub fn cut(self) -> String {
        self.resume
    }
}

async fn next(socket: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> anyhow::Result<ServerMessage> {
    loop {
        let frame = tokio::time::timeout(PATIENCE, socket.next()).await.context("the server says nothing")?;
        match frame.context("the connection ended")?? {
            Message::Text(text) => {
                return serde_json::from_str(&text).with_context(|| format!("unknown message {text}"));
            }
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
}
