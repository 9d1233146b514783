//! How the shell reaches the engine.

use std::future::Future;
use std::pin::Pin;

use sfu::command::{Command, CommandRefused, Reply};

pub type CommandFuture = Pin<Box<dyn Future<Output = Result<Reply, CommandRefused>> + Send>>;

pub trait MediaPort: Send + Sync + 'static {
    fn command(&self, command: Command) -> CommandFuture;
}
