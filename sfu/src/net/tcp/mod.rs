//! Media over TCP, for lines that let no UDP through (RFC 6544, passive side only): one listening port, and the connections to it. The
//! engine sees datagrams and paths as it does by UDP.
//!
//! All connections are watched by one poll of their own, which is one file to the runtime: a datagram costs no task, and what is ready
//! is found without asking the rest. Nothing here waits.

mod connection;
mod frame;
mod guests;
mod outbox;

use std::collections::{HashMap, VecDeque};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Poll, Token};
use socket2::{Domain, Protocol, SockAddr, SockRef, Socket as RawSocket, Type};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

pub(super) use connection::Standing;
use connection::{Connection, Reading};
use guests::Guests;

use crate::engine::{Dropped, Drops, Transmit};
use crate::transport::{ConnectionId, Path};

/// Connections the kernel holds for us until we take them: more come at once only when a whole province does.
const BACKLOG: i32 = 1_024;

/// What the kernel holds of one connection: 600 ms at 1.7 Mbit/s are on their way on a satellite line. Left to itself the kernel takes
/// megabytes, which a slow line shows as seconds of delay.
const SEND_BUFFER: usize = 128 * 1024;

/// Read from one connection at a time: ten packets.
const READ: usize = 16 * 1024;

/// Questions to the kernel, with up to 256 answers each, before the others get their turn.
const LOOKS_AT_ONCE: usize = 4;

/// So long may media by TCP be kept waiting by media by UDP.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Connections taken before the others get their turn.
const ACCEPTS_AT_ONCE: usize = 16;

/// Deadlines are ten seconds and more.
const SWEEP: Duration = Duration::from_secs(1);

const LISTENER: Token = Token(usize::MAX);

/// Opens the port, for both IP versions where the address allows it.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let raw = RawSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        raw.set_only_v6(false)?;
    }
    // Connections of the run before may linger in the kernel; they are no reason not to start.
    raw.set_reuse_address(true)?;
    raw.set_nonblocking(true)?;
    raw.bind(&SockAddr::from(address))?;
    raw.listen(BACKLOG)?;
    Ok(raw.into())
}

/// Whether a connection had its turn.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Turn {
    Taken,
    Nothing,
}

#[allow(
    deprecated,
    reason = "its successor is `unsafe`, and asks what holds here: the poll's file stays open and the same for as long as it lives"
)]
fn on_this_runtime(poll: Poll) -> io::Result<AsyncFd<Poll>> {
    AsyncFd::with_interest(poll, Interest::READABLE)
}

pub(super) struct TcpPort {
    poll: AsyncFd<Poll>,
    events: Events,
    listener: TcpListener,
    connections: HashMap<ConnectionId, Connection>,
    guests: Guests,
    next_id: u64,
    /// When the kernel was last asked.
    looked: Option<Instant>,
    /// It has more to say.
    has_more: bool,
    /// Somebody waits at the door.
    is_knocked: bool,
    /// Connections with something to be read, each once.
    readable: VecDeque<ConnectionId>,
    /// Connections with something to be written that did not have it before.
    written: Vec<ConnectionId>,
    /// Paths that ended, for the engine.
    closed: VecDeque<Path>,
    drops: Drops,
    has_dropped: bool,
    next_sweep: Option<Instant>,
    buffer: Box<[u8]>,
}

impl TcpPort {
    pub(super) fn on_this_runtime(listener: std::net::TcpListener) -> io::Result<Self> {
        let mut listener = TcpListener::from_std(listener);
        let poll = Poll::new()?;
        poll.registry().register(&mut listener, LISTENER, mio::Interest::READABLE)?;
        Ok(Self {
            poll: on_this_runtime(poll)?,
            events: Events::with_capacity(256),
            listener,
            connections: HashMap::new(),
            guests: Guests::default(),
            next_id: 0,
            looked: None,
            has_more: false,
            is_knocked: false,
            readable: VecDeque::new(),
            written: Vec::new(),
            closed: VecDeque::new(),
            drops: Drops::default(),
            has_dropped: false,
            next_sweep: None,
            buffer: vec![0; READ].into_boxed_slice(),
        })
    }

    /// When [`TcpPort::serve`] or [`TcpPort::read`] has something to do.
    pub(super) async fn ready(&self) {
        if self.has_more || self.is_knocked || !self.readable.is_empty() {
            // The runtime looks at the other sockets in between.
            tokio::task::yield_now().await;
        } else if self.poll.readable().await.is_err() {
            // Only when the runtime is going down.
            std::future::pending::<()>().await;
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.next_sweep
    }

    pub(super) fn len(&self) -> usize {
        self.connections.len()
    }

    /// Takes connections, goes on writing where there is room again, ends what is overdue: a bounded piece of it.
    pub(super) fn serve(&mut self, now: Instant) {
        self.look(now);
        if self.is_knocked {
            self.accept(now);
        }
        if self.next_sweep.is_some_and(|at| at <= now) {
            self.sweep(now);
        }
    }

    /// Reads from the connection whose turn it is and hands its datagrams to `handle`.
    pub(super) fn read(&mut self, now: Instant, mut handle: impl FnMut(Path, &[u8]) -> Standing) -> Turn {
        let Some(id) = self.readable.pop_front() else { return Turn::Nothing };
        self.read_from(now, id, &mut handle);
        Turn::Taken
    }

    /// Takes over what the kernel says about the connections.
    fn look(&mut self, now: Instant) {
        for _ in 0..LOOKS_AT_ONCE {
            self.has_more = self.events_came(now);
            if !self.has_more {
                return;
            }
            let mut broken = Vec::new();
            for event in &self.events {
                if event.token() == LISTENER {
                    self.is_knocked = true;
                    continue;
                }
                let id = ConnectionId(event.token().0 as u64);
                let Some(connection) = self.connections.get_mut(&id) else { continue };
                connection.is_ending |= event.is_read_closed() || event.is_error();
                if (event.is_readable() || connection.is_ending) && !connection.is_queued {
                    connection.is_queued = true;
                    self.readable.push_back(id);
                }
                if event.is_writable() && connection.write(now).is_err() {
                    broken.push(id);
                }
            }
            broken.into_iter().for_each(|id| self.end(id));
        }
    }

    /// Asks the kernel when the runtime says that there is something. While UDP never pauses the runtime says nothing new, so from time
    /// to time the kernel is asked all the same.
    fn events_came(&mut self, now: Instant) -> bool {
        let events = &mut self.events;
        let mut look = |poll: &mut Poll| {
            poll.poll(events, Some(Duration::ZERO))?;
            // Said so that the runtime tells us of the next one.
            if events.is_empty() { Err(io::Error::from(ErrorKind::WouldBlock)) } else { Ok(()) }
        };
        let is_due = self.looked.is_none_or(|at| now.saturating_duration_since(at) >= LOOK_EVERY);
        let looked = if is_due { look(self.poll.get_mut()) } else { self.poll.try_io_mut(Interest::READABLE, look) };
        if is_due || looked.is_ok() {
            self.looked = Some(now);
        }
        // A signal is no answer; the next look is soon.
        looked.is_ok()
    }

    fn accept(&mut self, now: Instant) {
        for _ in 0..ACCEPTS_AT_ONCE {
            match self.listener.accept() {
                Ok((stream, remote)) => self.enter(now, stream, remote),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.is_knocked = false;
                    return;
                }
                // Gone before we took it.
                Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
                Err(error) => {
                    // Out of files or memory: the others go on, and we come back with the next sweep.
                    tracing::warn!(%error, "a media connection could not be taken");
                    self.is_knocked = false;
                    self.next_sweep.get_or_insert(now + SWEEP);
                    return;
                }
            }
        }
    }

    fn enter(&mut self, now: Instant, mut stream: mio::net::TcpStream, remote: SocketAddr) {
        let id = ConnectionId(self.next_id);
        let path = Path::tcp(SocketAddr::new(remote.ip().to_canonical(), remote.port()), id);
        self.next_id += 1;
        let token = Token(id.0 as usize);
        let interest = mio::Interest::READABLE | mio::Interest::WRITABLE;
        // Small packets of sound wait for nobody; the buffer is a wish. Neither is worth losing the connection for.
        if let Err(error) =
            stream.set_nodelay(true).and_then(|()| SockRef::from(&stream).set_send_buffer_size(SEND_BUFFER))
        {
            tracing::debug!(%error, "a media connection keeps its default settings");
        }
        if self.poll.get_ref().registry().register(&mut stream, token, interest).is_err() {
            return self.drop_one(Dropped::TcpRefused);
        }
        let connection = Connection::new(now, stream, path);
        match self.guests.enter(id, connection.source()) {
            Err(_) => return self.drop_one(Dropped::TcpRefused),
            Ok(None) => {}
            Ok(Some(oldest)) => {
                self.drop_one(Dropped::TcpRefused);
                self.end(oldest);
            }
        }
        self.connections.insert(id, connection);
        self.next_sweep.get_or_insert(now + SWEEP);
    }

    fn read_from(&mut self, now: Instant, id: ConnectionId, handle: &mut impl FnMut(Path, &[u8]) -> Standing) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let (was_stranger, mut empty) = (connection.is_stranger(), 0);
        let reading = connection.read(now, &mut self.buffer, handle, || empty += 1);
        connection.is_queued = reading == Reading::More;
        if was_stranger && !connection.is_stranger() {
            self.guests.recognise(id, connection.source());
        }
        if empty > 0 {
            self.count(Dropped::TcpEmpty, empty);
        }
        match reading {
            Reading::Drained => {}
            Reading::More => self.readable.push_back(id),
            Reading::Ended => self.end(id),
            Reading::Broke(rule) => {
                self.drop_one(rule);
                self.end(id);
            }
        }
    }

    /// Puts datagrams behind what already waits for the connection. They leave with [`TcpPort::flush`].
    pub(super) fn send(&mut self, to: ConnectionId, transmit: &Transmit<'_>) {
        let size = transmit.segment_size.unwrap_or(transmit.bytes.len()).max(1);
        let Some(connection) = self.connections.get_mut(&to) else {
            return self.count(Dropped::TxTcpClosed, transmit.bytes.len().div_ceil(size) as u64);
        };
        let full = transmit.bytes.chunks(size).filter(|datagram| connection.push(datagram).is_err()).count();
        if self.written.last() != Some(&to) {
            self.written.push(to);
        }
        if full > 0 {
            self.count(Dropped::TxTcpFull, full as u64);
        }
    }

    /// Writes what was sent since the last time, with one call for each connection.
    pub(super) fn flush(&mut self, now: Instant) {
        let mut written = std::mem::take(&mut self.written);
        for id in written.drain(..) {
            let wrote = self.connections.get_mut(&id).map_or(Ok(()), |connection| connection.write(now));
            if wrote.is_err() {
                self.end(id);
            }
        }
        self.written = written;
    }

    /// Nobody is at the path any more: what waits is written and the connection closed.
    pub(super) fn part(&mut self, now: Instant, id: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&id) {
            connection.part(now, &mut self.buffer);
            self.end(id);
        }
    }

    /// A path that ended by itself, or because a rule was broken.
    pub(super) fn poll_closed(&mut self) -> Option<Path> {
        self.closed.pop_front()
    }

    /// What has been counted since the last time.
    pub(super) fn take_drops(&mut self) -> Option<Drops> {
        std::mem::take(&mut self.has_dropped).then(|| std::mem::take(&mut self.drops))
    }

    fn sweep(&mut self, now: Instant) {
        // Who could not be taken before may be taken now.
        self.is_knocked = true;
        let overdue: Vec<_> =
            self.connections.iter().filter_map(|(&id, connection)| Some((id, connection.overdue(now)?))).collect();
        for (id, why) in overdue {
            self.drop_one(why);
            self.end(id);
        }
        self.next_sweep = (!self.connections.is_empty()).then(|| now + SWEEP);
    }

    /// Dropping the stream closes it and takes it from the poll.
    fn end(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.remove(&id) else { return };
        self.guests.leave(id, connection.source());
        if !connection.is_stranger() {
            self.closed.push_back(connection.path());
        }
    }

    fn drop_one(&mut self, dropped: Dropped) {
        self.count(dropped, 1);
    }

    fn count(&mut self, dropped: Dropped, more: u64) {
        self.drops.add(dropped, more);
        self.has_dropped = true;
    }
}

#[cfg(test)]
mod tests;
