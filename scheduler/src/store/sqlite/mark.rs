//! Table `mark`: the chain of facts, and what each fact changes elsewhere in the same transaction.

use std::collections::HashMap;

use super::row::{Columns, corrupt, key};
use super::{Conn, invitation, session};
use crate::chain::{self, Entry};
use crate::id::SessionId;
use crate::mark::{Fact, Mark};
use crate::store_failure::StoreFailure;

/// The last entry of a session's chain.
struct Head {
    number: u64,
    hash: String,
}

/// Adds the marks that are not there yet. Their sessions must exist.
pub(super) async fn append(conn: &mut Conn, marks: &[Mark]) -> Result<(), StoreFailure> {
    let mut heads: HashMap<SessionId, Head> = HashMap::new();
    for mark in marks {
        if is_stored(conn, mark).await? {
            continue;
        }
        let head = match heads.remove(&mark.session) {
            Some(head) => head,
            None => last(conn, mark.session).await?,
        };
        heads.insert(mark.session, add(conn, mark, &head).await?);
        take_effect(conn, mark).await?;
    }
    Ok(())
}

async fn is_stored(conn: &mut Conn, mark: &Mark) -> Result<bool, StoreFailure> {
    let row = sqlx::query("SELECT 1 FROM mark WHERE id = $1").bind(key(mark.id.uuid())).fetch_optional(conn).await?;
    Ok(row.is_some())
}

async fn last(conn: &mut Conn, session: SessionId) -> Result<Head, StoreFailure> {
    let row = sqlx::query("SELECT entry, hash FROM mark WHERE session = $1 ORDER BY entry DESC LIMIT 1")
        .bind(key(session.uuid()))
        .fetch_optional(conn)
        .await?;
    match row {
        Some(row) => Ok(Head { number: row.number("entry")?, hash: row.text("hash")? }),
        None => Ok(Head { number: 0, hash: chain::genesis(session) }),
    }
}

async fn add(conn: &mut Conn, mark: &Mark, head: &Head) -> Result<Head, StoreFailure> {
    let number = head.number + 1;
    let fact = serde_json::to_string(&mark.fact).map_err(|error| corrupt("fact", &error.to_string()))?;
    let hash = chain::link(&head.hash, mark.id, number, mark.at, &fact);
    sqlx::query("INSERT INTO mark (id, session, entry, at, fact, hash) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(key(mark.id.uuid()))
        .bind(key(mark.session.uuid()))
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .bind(mark.at.millis())
        .bind(fact)
        .bind(&hash)
        .execute(conn)
        .await?;
    Ok(Head { number, hash })
}

/// Tables that follow from the marks change together with them.
async fn take_effect(conn: &mut Conn, mark: &Mark) -> Result<(), StoreFailure> {
    match &mark.fact {
        Fact::Started { .. } => session::note_started(conn, mark.session, mark.at).await,
        Fact::Ended { .. } => session::note_ended(conn, mark.session, mark.at).await,
        Fact::Joined { .. } => invitation::note_joined(conn, mark).await,
        Fact::ModeSet { .. }
        | Fact::AgendaItem { .. }
        | Fact::Interrupted {}
        | Fact::Left { .. }
        | Fact::Removed { .. }
        | Fact::Lost { .. }
        | Fact::Seen { .. }
        | Fact::Declared { .. }
        | Fact::Asked { .. }
        | Fact::RequestWithdrawn { .. }
        | Fact::FloorTaken { .. }
        | Fact::FloorLeft { .. }
        | Fact::RecordingStarted {}
        | Fact::RecordingStopped {}
        | Fact::Speaking { .. }
        | Fact::Edited { .. } => Ok(()),
    }
}

pub(super) async fn of(conn: &mut Conn, session: SessionId) -> Result<Vec<Mark>, StoreFailure> {
    let entries = entries(conn, session).await?;
    entries
        .into_iter()
        .map(|entry| {
            let fact = serde_json::from_str(&entry.fact).map_err(|error| corrupt("fact", &error.to_string()))?;
            Ok(Mark { id: entry.id, session, at: entry.at, fact })
        })
        .collect()
}

pub(super) async fn entries(conn: &mut Conn, session: SessionId) -> Result<Vec<Entry>, StoreFailure> {
    let rows = sqlx::query("SELECT id, entry, at, fact, hash FROM mark WHERE session = $1 ORDER BY entry")
        .bind(key(session.uuid()))
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Entry {
                id: row.parsed("id")?,
                number: row.number("entry")?,
                at: row.time("at")?,
                fact: row.text("fact")?,
                hash: row.text("hash")?,
            })
        })
        .collect()
}

pub(super) async fn session_exists(conn: &mut Conn, session: SessionId) -> Result<bool, StoreFailure> {
    let row = sqlx::query("SELECT 1 FROM session WHERE id = $1").bind(key(session.uuid())).fetch_optional(conn).await?;
    Ok(row.is_some())
}
