//! Table `idempotency`: wishes already granted, by the name their sender gave them.

use super::Conn;
use super::row::{Columns, key};
use crate::booking::IdempotencyKey;
use crate::id::{PersonId, SessionId};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

pub(super) struct Granted {
    pub(super) session: SessionId,
    pub(super) fingerprint: String,
}

pub(super) async fn find(
    conn: &mut Conn,
    person: PersonId,
    wish: &IdempotencyKey,
    now: UtcTime,
) -> Result<Option<Granted>, StoreFailure> {
    let row =
        sqlx::query("SELECT session, fingerprint FROM idempotency WHERE person = $1 AND key = $2 AND kept_until > $3")
            .bind(key(person.uuid()))
            .bind(wish.as_str())
            .bind(now.millis())
            .fetch_optional(conn)
            .await?;
    row.map(|row| Ok(Granted { session: row.parsed("session")?, fingerprint: row.text("fingerprint")? })).transpose()
}

/// Also forgets the wishes whose time has passed.
pub(super) async fn keep(
    conn: &mut Conn,
    person: PersonId,
    wish: &IdempotencyKey,
    granted: &Granted,
    now: UtcTime,
    until: UtcTime,
) -> Result<(), StoreFailure> {
    sqlx::query("DELETE FROM idempotency WHERE kept_until <= $1").bind(now.millis()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO idempotency (person, key, fingerprint, session, kept_until) VALUES ($1, $2, $3, $4, $5)")
        .bind(key(person.uuid()))
        .bind(wish.as_str())
        .bind(&granted.fingerprint)
        .bind(key(granted.session.uuid()))
        .bind(until.millis())
        .execute(conn)
        .await?;
    Ok(())
}
