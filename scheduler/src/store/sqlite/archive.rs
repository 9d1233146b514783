//! The whole of a database, for checking it. It is left as it is: it may be a backup on a read-only medium, or that of a server at work.

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::row::Columns;
use super::{BUSY_TIMEOUT, DATABASE, OpenFailure, attendance, mark, migrate, pool, recording};
use crate::attendance::Attendance;
use crate::chain::{self, ChainVerdict};
use crate::id::SessionId;
use crate::record::Recording;
use crate::store::Inspection;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

#[derive(Clone, Debug)]
pub struct Archive {
    readers: SqlitePool,
    /// The write-ahead log that was not there.
    quiet: Option<PathBuf>,
}

impl Archive {
    pub async fn open(directory: &Path) -> Result<Self, OpenFailure> {
        let log = directory.join(format!("{DATABASE}-wal"));
        // A database without a log has been closed cleanly, and its file alone is the whole of it. Without this promise SQLite would make
        // a log and its shared memory beside the file, and fail where it may not.
        let quiet = Some(log).filter(|log| !log.exists());
        let options = SqliteConnectOptions::new()
            .filename(directory.join(DATABASE))
            .read_only(true)
            .immutable(quiet.is_some())
            .busy_timeout(BUSY_TIMEOUT);
        let readers = pool(1).connect_with(options).await.map_err(OpenFailure::from_engine)?;
        migrate::check(&readers).await?;
        Ok(Self { readers, quiet })
    }

    /// Whether a server began to write while the database was read as one that nobody writes: what was found then counts for nothing.
    pub fn was_disturbed(&self) -> bool {
        self.quiet.as_ref().is_some_and(|log| log.exists())
    }

    pub async fn close(&self) {
        self.readers.close().await;
    }
}

impl Inspection for Archive {
    async fn check_integrity(&self) -> Result<Vec<String>, StoreFailure> {
        let mut tx = self.readers.begin().await?;
        let rows = sqlx::query("PRAGMA integrity_check").fetch_all(&mut *tx).await?;
        let said: Vec<String> = rows.iter().map(|row| row.text("integrity_check")).collect::<Result<_, _>>()?;
        let orphans = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut *tx).await?;
        let orphans =
            orphans.iter().map(|row| row.text("table").map(|table| format!("a row of {table} refers to nothing")));
        let mut complaints: Vec<String> = said.into_iter().filter(|line| line != "ok").collect();
        complaints.extend(orphans.collect::<Result<Vec<_>, _>>()?);
        Ok(complaints)
    }

    async fn all_sessions(&self) -> Result<Vec<SessionId>, StoreFailure> {
        let rows = sqlx::query("SELECT id FROM session ORDER BY starts_at, id").fetch_all(&self.readers).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }

    async fn verify_marks(&self, id: SessionId) -> Result<ChainVerdict, StoreFailure> {
        let entries = mark::entries(&mut *self.readers.acquire().await?, id).await?;
        Ok(chain::verify(id, &entries))
    }

    async fn fold_attendance(&self, id: SessionId, now: UtcTime) -> Result<Option<Attendance>, StoreFailure> {
        attendance::fold(&mut *self.readers.begin().await?, id, now).await
    }

    async fn all_recordings(&self) -> Result<Vec<Recording>, StoreFailure> {
        recording::every(&mut *self.readers.acquire().await?).await
    }
}
