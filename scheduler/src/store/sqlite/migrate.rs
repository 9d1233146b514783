//! Bringing the database up to date: the files of `migrations/sqlite`, carried inside the program.

use std::cmp::Ordering;
use std::path::PathBuf;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::SqlitePool;

use crate::store_failure::StoreFailure;

/// Why the store could not be opened: each with the sentence that ends the start.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OpenFailure {
    #[error("cannot write in the data directory {}: {detail}", path.display())]
    Directory { path: PathBuf, detail: String },
    #[error("the key of links {} cannot be read: {detail}; restore it from the backup, or delete it and issue all links anew", path.display())]
    LinkKey { path: PathBuf, detail: String },
    #[error("the database was written by a newer version of this program (migration {version}); start that version")]
    Newer { version: i64 },
    #[error(
        "the database was written by an older version of this program (migration {version}); start this one on it first, or on a copy"
    )]
    Older { version: i64 },
    #[error(
        "migration {version} was changed after it ran on this database; install the program this database belongs to"
    )]
    Changed { version: i64 },
    #[error("migration {version} failed, nothing was changed: {detail}")]
    Migration { version: i64, detail: String },
    #[error("the database cannot be opened: {0}")]
    Database(StoreFailure),
}

impl OpenFailure {
    pub(super) fn from_engine(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

macro_rules! files {
    ($($version:literal $name:literal),+ $(,)?) => {
        &[$(($version, $name, include_str!(concat!("../../../migrations/sqlite/", $name, ".sql")))),+]
    };
}

const FILES: &[(i64, &str, &str)] = files![
    1 "0001_directory",
    2 "0002_accounts",
    3 "0003_policy",
    4 "0004_sessions",
    5 "0005_claims",
    6 "0006_marks",
    7 "0007_recordings",
];

pub(super) async fn run(writer: &SqlitePool) -> Result<(), OpenFailure> {
    let migrations = FILES.iter().map(|(version, name, sql)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, (*sql).into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect()).run(writer).await.map_err(|error| match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            OpenFailure::Newer { version }
        }
        MigrateError::VersionMismatch(version) => OpenFailure::Changed { version },
        MigrateError::ExecuteMigration(source, version) => {
            OpenFailure::Migration { version, detail: source.to_string() }
        }
        MigrateError::Execute(source) => OpenFailure::from_engine(source),
        // sqlx's enum is open; the rest concerns kinds of migrations that we do not have.
        other => OpenFailure::Migration { version: 0, detail: other.to_string() },
    })
}

/// Whether this program can read the database as it is.
pub(super) async fn check(readers: &SqlitePool) -> Result<(), OpenFailure> {
    let newest: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations WHERE success")
        .fetch_one(readers)
        .await
        .map_err(OpenFailure::from_engine)?;
    match newest.cmp(&FILES.last().map_or(0, |(version, _, _)| *version)) {
        Ordering::Less => Err(OpenFailure::Older { version: newest }),
        Ordering::Equal => Ok(()),
        Ordering::Greater => Err(OpenFailure::Newer { version: newest }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_carried_in_the_program_once() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let mut on_disk: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        on_disk.sort();
        let carried: Vec<String> = FILES.iter().map(|(_, name, _)| format!("{name}.sql")).collect();
        assert_eq!(on_disk, carried);
        assert!(FILES.iter().zip(1..).all(|((version, _, _), expected)| *version == expected));
    }
}
