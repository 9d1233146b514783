//! Table `lease`: who was known to be in a session, and when last.

use std::collections::BTreeMap;

use super::Conn;
use super::row::{Columns, key};
use crate::id::{ParticipantId, SessionId};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

pub(super) async fn renew(
    conn: &mut Conn,
    session: SessionId,
    here: &[ParticipantId],
    now: UtcTime,
) -> Result<(), StoreFailure> {
    for participant in here {
        sqlx::query(
            "INSERT INTO lease (session, participant, seen_at) VALUES ($1, $2, $3)
             ON CONFLICT (session, participant) DO UPDATE SET seen_at = MAX(seen_at, excluded.seen_at)",
        )
        .bind(key(session.uuid()))
        .bind(key(participant.uuid()))
        .bind(now.millis())
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

pub(super) async fn of(conn: &mut Conn, session: SessionId) -> Result<BTreeMap<ParticipantId, UtcTime>, StoreFailure> {
    let rows = sqlx::query("SELECT participant, seen_at FROM lease WHERE session = $1")
        .bind(key(session.uuid()))
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.parsed("participant")?, row.time("seen_at")?))).collect()
}

/// What was read from them has been written down as marks.
pub(super) async fn drop_all(conn: &mut Conn, session: SessionId) -> Result<(), StoreFailure> {
    sqlx::query("DELETE FROM lease WHERE session = $1").bind(key(session.uuid())).execute(conn).await?;
    Ok(())
}
