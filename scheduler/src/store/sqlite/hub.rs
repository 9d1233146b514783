//! Table `hub`.

use super::Conn;
use super::row::{Columns, key, optional_key};
use crate::id::HubId;
use crate::store_failure::StoreFailure;
use crate::unit::Hub;

pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Hub>, StoreFailure> {
    let rows = sqlx::query("SELECT id, name, parent, rank FROM hub ORDER BY rank, name").fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            Ok(Hub {
                id: row.parsed("id")?,
                name: row.text("name")?,
                parent: row.optional_parsed("parent")?,
                rank: row.number("rank")?,
            })
        })
        .collect()
}

pub(super) async fn put(conn: &mut Conn, hub: &Hub) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO hub (id, name, parent, rank) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, parent = excluded.parent, rank = excluded.rank",
    )
    .bind(key(hub.id.uuid()))
    .bind(&hub.name)
    .bind(optional_key(hub.parent.map(HubId::uuid)))
    .bind(i64::from(hub.rank))
    .execute(conn)
    .await?;
    Ok(())
}

/// The place after the last one.
pub(super) async fn next_rank(conn: &mut Conn) -> Result<u16, StoreFailure> {
    let row = sqlx::query("SELECT COALESCE(MAX(rank) + 1, 0) AS rank FROM hub").fetch_one(conn).await?;
    row.number("rank")
}
