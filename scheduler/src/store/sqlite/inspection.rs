//! The whole of the database, for checking it.

use super::row::Columns;
use super::{Sqlite, recording};
use crate::id::SessionId;
use crate::record::Recording;
use crate::store::Inspection;
use crate::store_failure::StoreFailure;

impl Inspection for Sqlite {
    async fn check_integrity(&self) -> Result<Vec<String>, StoreFailure> {
        let mut tx = self.read().await?;
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
        let rows =
            sqlx::query("SELECT id FROM session ORDER BY starts_at, id").fetch_all(&mut *self.read().await?).await?;
        rows.iter().map(|row| row.parsed("id")).collect()
    }

    async fn all_recordings(&self) -> Result<Vec<Recording>, StoreFailure> {
        recording::every(&mut *self.read().await?).await
    }
}
