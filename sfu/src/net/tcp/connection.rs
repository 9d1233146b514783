//! One connection: what is read from it, what waits to be written, and when it has to go.

use std::io::{self, ErrorKind, Read};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::net::TcpStream;

use super::frame::Deframer;
use super::guests::Source;
use super::outbox::{Full, Outbox};
use crate::engine::Dropped;
use crate::transport::Path;

/// From the connection to its first genuine check: the check is on its way before the connection stands, so this is many round trips
/// of a satellite line.
const PROVE_WITHIN: Duration = Duration::from_secs(10);

/// A browser checks a spare connection every 25 s. One that says nothing for longer than two of these has gone without a word.
const SILENT_MAX: Duration = Duration::from_secs(60);

/// A line that takes nothing for so long is dead or useless for talking. The client makes another connection when it can.
const STUCK_MAX: Duration = Duration::from_secs(10);

pub(super) struct Connection {
    stream: TcpStream,
    path: Path,
    source: Source,
    stage: Stage,
    deframer: Deframer,
    outbox: Outbox,
    /// The other side has closed its half: the end of the stream has to be read, however little comes before it.
    pub(super) is_ending: bool,
    /// It is among those that have something to be read.
    pub(super) is_queued: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Stage {
    Stranger { until: Instant },
    Proven { heard: Instant },
}

/// What the engine knows about a path after it has seen a datagram from there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::net) enum Standing {
    Stranger,
    Proven,
}

/// What one reading brought.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reading {
    /// The connection has nothing more just now.
    Drained,
    /// There may be more.
    More,
    Ended,
    /// It broke a rule.
    Broke(Dropped),
}

impl Connection {
    pub(super) fn new(now: Instant, stream: TcpStream, path: Path) -> Self {
        Self {
            stream,
            path,
            source: Source::of(path.remote.ip()),
            stage: Stage::Stranger { until: now + PROVE_WITHIN },
            deframer: Deframer::default(),
            outbox: Outbox::default(),
            is_ending: false,
            is_queued: false,
        }
    }

    pub(super) fn path(&self) -> Path {
        self.path
    }

    pub(super) fn source(&self) -> Source {
        self.source
    }

    pub(super) fn is_stranger(&self) -> bool {
        matches!(self.stage, Stage::Stranger { .. })
    }

    /// Reads once into `buffer` and hands each datagram to `handle`.
    pub(super) fn read(
        &mut self,
        now: Instant,
        buffer: &mut [u8],
        mut handle: impl FnMut(Path, &[u8]) -> Standing,
        mut empty: impl FnMut(),
    ) -> Reading {
        let len = match self.stream.read(buffer) {
            Ok(0) => return Reading::Ended,
            Ok(len) => len,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Reading::Drained,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Reading::More,
            Err(_) => return Reading::Ended,
        };
        let mut input = buffer.get(..len).unwrap_or_default();
        loop {
            let datagram = match self.deframer.next(&mut input) {
                Ok(Some([])) => {
                    empty();
                    continue;
                }
                Ok(Some(datagram)) => datagram,
                Ok(None) => break,
                Err(_) => return Reading::Broke(Dropped::TcpOversize),
            };
            match (handle(self.path, datagram), self.stage) {
                (_, Stage::Proven { .. }) | (Standing::Proven, _) => self.stage = Stage::Proven { heard: now },
                // Who begins with anything but a genuine check is not listened to any further.
                (Standing::Stranger, Stage::Stranger { .. }) => return Reading::Broke(Dropped::TcpStranger),
            }
        }
        // Less than was asked for is all there is, unless the end follows.
        if len == buffer.len() || self.is_ending { Reading::More } else { Reading::Drained }
    }

    pub(super) fn push(&mut self, datagram: &[u8]) -> Result<(), Full> {
        self.outbox.push(datagram)
    }

    pub(super) fn write(&mut self, now: Instant) -> io::Result<()> {
        if self.outbox.is_empty() { Ok(()) } else { self.outbox.write_to(now, &mut self.stream) }
    }

    /// Why it has to go, if it has to.
    pub(super) fn overdue(&self, now: Instant) -> Option<Dropped> {
        match self.stage {
            Stage::Stranger { until } if now >= until => Some(Dropped::TcpLate),
            Stage::Stranger { .. } => None,
            Stage::Proven { .. } if self.outbox.stuck_for(now) >= STUCK_MAX => Some(Dropped::TcpStalled),
            Stage::Proven { heard } if now.saturating_duration_since(heard) >= SILENT_MAX => Some(Dropped::TcpSilent),
            Stage::Proven { .. } => None,
        }
    }

    /// Says what is still to be said. Closing with something unread would make the kernel throw that away.
    pub(super) fn part(&mut self, now: Instant, buffer: &mut [u8]) {
        // What cannot be said to a connection that is going has no other way.
        let _unsaid = self.write(now);
        let _gone = self.stream.shutdown(Shutdown::Write);
        let _unread = self.stream.read(buffer);
    }
}
