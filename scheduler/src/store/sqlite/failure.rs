//! What SQLite's errors mean to the caller.

use crate::store_failure::StoreFailure;

impl From<sqlx::Error> for StoreFailure {
    fn from(error: sqlx::Error) -> Self {
        let detail = error.to_string();
        match error {
            sqlx::Error::PoolTimedOut => StoreFailure::Busy,
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreFailure::Closed,
            sqlx::Error::Io(_) => StoreFailure::Disk { detail },
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_) | sqlx::Error::Decode(_) => {
                StoreFailure::Corrupt { detail }
            }
            sqlx::Error::Database(database) => {
                let code: i32 = database.code().and_then(|code| code.parse().ok()).unwrap_or(0);
                // The low byte is the primary result code (sqlite.org/rescode.html).
                match code & 0xff {
                    5 | 6 => StoreFailure::Busy,
                    13 => StoreFailure::DiskFull,
                    // IOERR, CANTOPEN, READONLY
                    10 | 14 | 8 => StoreFailure::Disk { detail },
                    // CORRUPT, NOTADB
                    11 | 26 => StoreFailure::Corrupt { detail },
                    _ => StoreFailure::Refused { detail },
                }
            }
            // sqlx may add variants; none of them is something the caller could act on differently.
            _ => StoreFailure::Refused { detail },
        }
    }
}

/// A constraint of ours that a statement ran into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Constraint {
    ClaimClash,
    CapacityExceeded,
    UnitCodeTaken,
    SiteCodeTaken,
    UsernameTaken,
    AccountTaken,
    Reference,
}

pub(super) fn constraint(error: &sqlx::Error) -> Option<Constraint> {
    let database = error.as_database_error()?;
    if database.is_foreign_key_violation() {
        return Some(Constraint::Reference);
    }
    match database.message() {
        "claim_clash" => Some(Constraint::ClaimClash),
        "capacity_exceeded" => Some(Constraint::CapacityExceeded),
        "unit_code_taken" => Some(Constraint::UnitCodeTaken),
        "UNIQUE constraint failed: site.code" => Some(Constraint::SiteCodeTaken),
        "UNIQUE constraint failed: account.username" => Some(Constraint::UsernameTaken),
        "UNIQUE constraint failed: account.person" => Some(Constraint::AccountTaken),
        // Two bookings of one resource that begin in the same millisecond meet at the key before the trigger.
        "UNIQUE constraint failed: claim.resource_kind, claim.resource_id, claim.starts_at" => {
            Some(Constraint::ClaimClash)
        }
        _ => None,
    }
}
