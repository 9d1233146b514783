//! What the shell needs of the world, and `web` provides.

use std::future::Future;
use std::pin::Pin;

use crate::clock::UtcMs;
use crate::id::SessionId;
use crate::mark::Mark;
use crate::media::RoomId;
use crate::meeting::SessionBrief;

pub type PortFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Where marks become durable. What they stand for is acknowledged only after this has answered.
pub trait MarkSink: Send + Sync + 'static {
    /// All of them or none. Calls of many meetings may share one flush. Repeating a mark is harmless.
    fn store(&self, marks: Vec<Mark>) -> PortFuture<Result<(), NotStored>>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the marks could not be stored")]
pub struct NotStored;

/// Where recordings are made. One at a time for a session.
pub trait RecordingPort: Send + Sync + 'static {
    /// Opens the file and asks the engine for the room's programme. Answers the time of the recording's first instant.
    fn start(&self, session: SessionId, room: RoomId) -> PortFuture<Result<UtcMs, RecordingUnavailable>>;

    /// Answers when the file is finished.
    fn stop(&self, session: SessionId, room: RoomId) -> PortFuture<()>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the recording could not be started")]
pub struct RecordingUnavailable;

/// Where a session that is not running here can be learnt of. Asked when somebody with a valid token comes to it, so that a server
/// that was killed opens its meetings again as people come back.
pub trait SessionSource: Send + Sync + 'static {
    fn brief(&self, session: SessionId) -> PortFuture<Result<SessionBrief, OpenRefused>>;
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OpenRefused {
    #[error("no such session")]
    Unknown,
    #[error("the doors are not open yet")]
    NotOpenYet,
    #[error("the session is over")]
    Ended,
    #[error("the server is stopping")]
    Stopping,
    #[error("the media engine gives no room")]
    NoRoom,
    #[error("the office does not answer")]
    Unavailable,
}
