//! The store on SQLite: one writer, several readers, one file.
//!
//! Why what was answered survives `SIGKILL` and a power cut: every answer comes after `COMMIT` has returned; with the write-ahead log and
//! `synchronous = FULL` a commit returns only after the log has been flushed to the disk; at the next open SQLite replays the log up to
//! the last whole commit. A transaction whose future is dropped half-way is rolled back. So an answered write is there, and an unanswered
//! one is there whole or not at all.
//!
//! Why two bookings cannot both look and then both write: a write transaction begins with `BEGIN IMMEDIATE`, so that what it reads is
//! already under the only write lock; and even a mistake there ends at the triggers of the `claim` and `demand` tables.

mod account;
mod agenda_item;
mod archive;
mod attendance;
mod booking;
mod check;
mod claim;
mod directory;
mod door;
mod draft;
mod failure;
mod hub;
mod idempotency;
mod invitation;
mod lease;
mod link_key;
mod mark;
mod migrate;
mod participant;
mod person;
mod policy;
mod recording;
mod row;
mod seed;
mod session;
mod session_row;
mod site;
mod speaker;
mod unit;
mod web_session;
mod writer;

#[cfg(test)]
mod tests;

pub use archive::Archive;
pub use migrate::OpenFailure;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite as Engine, SqliteConnection, Transaction};

use crate::invitation::LinkKey;
use crate::store_failure::StoreFailure;
use writer::MarkWriter;

const DATABASE: &str = "nhipcau.db";

/// How long a write waits for another process (a backup, a shell) to let go of the file before it fails as busy.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a request waits for a free connection: longer, and its reader has gone.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// Reading is short; more readers than this only queue on the processor.
const READERS: u32 = 4;

/// A handle; clones share the connections.
#[derive(Clone, Debug)]
pub struct Sqlite {
    writer: SqlitePool,
    readers: SqlitePool,
    marks: MarkWriter,
    link_key: Arc<LinkKey>,
}

impl Sqlite {
    /// Opens the database in this directory, making what is missing (the directory, the file, the key of links) and bringing an older one
    /// up to date. Must be called inside a tokio runtime: the task that stores marks starts here.
    pub async fn open(directory: &Path) -> Result<Self, OpenFailure> {
        std::fs::create_dir_all(directory)
            .map_err(|source| OpenFailure::Directory { path: directory.to_owned(), detail: source.to_string() })?;
        let link_key = link_key::load_or_create(&directory.join("link.key"))?;
        let options = SqliteConnectOptions::new()
            .filename(directory.join(DATABASE))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = pool(1).connect_with(options.clone()).await.map_err(OpenFailure::from_engine)?;
        migrate::run(&writer).await?;
        let readers =
            pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(OpenFailure::from_engine)?;
        let marks = MarkWriter::start(writer.clone());
        Ok(Self { writer, readers, marks, link_key: Arc::new(link_key) })
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreFailure> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }

    /// Stores the marks that wait, then closes. Whoever asks for anything afterwards is told [`StoreFailure::Closed`].
    pub async fn close(&self) {
        self.marks.drain().await;
        self.readers.close().await;
        // The last connection to close moves the write-ahead log into the file.
        self.writer.close().await;
    }

    /// Resolves when no mark will be stored any more: the disk has failed under them, or [`Self::close`] was called.
    pub async fn marks_ended(&self) {
        self.marks.ended().await;
    }

    /// A write transaction, which holds the write lock from its first moment.
    async fn write(&self) -> Result<Transaction<'static, Engine>, StoreFailure> {
        Ok(self.writer.begin_with("BEGIN IMMEDIATE").await?)
    }

    /// A read transaction: all its reads see the same moment.
    async fn read(&self) -> Result<Transaction<'static, Engine>, StoreFailure> {
        Ok(self.readers.begin().await?)
    }
}

/// What the files of this folder run their statements on.
type Conn = SqliteConnection;

fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection to a file does not go stale.
        .idle_timeout(None)
        .max_lifetime(None)
        // A full disk or a failed read makes SQLite roll back by itself (sqlite.org/lang_transaction.html), after which sqlx's own
        // rollback fails and it counts the connection as inside a transaction for ever. Such a connection is replaced.
        .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
}
