//! Table `booking_draft`: the one unfinished form of each person.

use super::Conn;
use super::row::{Columns, key};
use crate::booking::Draft;
use crate::id::PersonId;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

pub(super) async fn save(conn: &mut Conn, person: PersonId, json: &str, now: UtcTime) -> Result<(), StoreFailure> {
    sqlx::query(
        "INSERT INTO booking_draft (person, json, saved_at) VALUES ($1, $2, $3)
         ON CONFLICT (person) DO UPDATE SET json = excluded.json, saved_at = excluded.saved_at",
    )
    .bind(key(person.uuid()))
    .bind(json)
    .bind(now.millis())
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn of(conn: &mut Conn, person: PersonId) -> Result<Option<Draft>, StoreFailure> {
    let row = sqlx::query("SELECT json, saved_at FROM booking_draft WHERE person = $1")
        .bind(key(person.uuid()))
        .fetch_optional(conn)
        .await?;
    row.map(|row| Ok(Draft { json: row.text("json")?, saved_at: row.time("saved_at")? })).transpose()
}

pub(super) async fn drop(conn: &mut Conn, person: PersonId) -> Result<(), StoreFailure> {
    sqlx::query("DELETE FROM booking_draft WHERE person = $1").bind(key(person.uuid())).execute(conn).await?;
    Ok(())
}
