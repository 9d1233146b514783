//! Tables `unit` and `unit_successor`.

use std::collections::HashMap;

use super::Conn;
use super::row::{Columns, key, optional_key};
use crate::id::UnitId;
use crate::store_failure::StoreFailure;
use crate::unit::{Unit, UnitFields};

pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Unit>, StoreFailure> {
    let mut successors: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
    for row in
        sqlx::query("SELECT unit, successor FROM unit_successor ORDER BY successor").fetch_all(&mut *conn).await?
    {
        successors.entry(row.parsed("unit")?).or_default().push(row.parsed("successor")?);
    }
    let rows =
        sqlx::query("SELECT id, code, name, kind, parent, valid_from, valid_to FROM unit ORDER BY code, valid_from")
            .fetch_all(conn)
            .await?;
    rows.iter()
        .map(|row| {
            let id = row.parsed("id")?;
            Ok(Unit {
                id,
                code: row.text("code")?,
                name: row.text("name")?,
                kind: row.parsed("kind")?,
                parent: row.optional_parsed("parent")?,
                valid_from: row.parsed("valid_from")?,
                valid_to: row.optional_date("valid_to")?,
                successors: successors.remove(&id).unwrap_or_default(),
            })
        })
        .collect()
}

/// Adds it, or changes it if it is there.
pub(super) async fn put(conn: &mut Conn, id: UnitId, unit: &UnitFields) -> Result<(), sqlx::Error> {
    // Not one upsert: SQLite asks the trigger for an insertion before it sees that the row is there, and a unit would be told that its
    // own code is taken.
    for statement in [
        "UPDATE unit SET code = $2, name = $3, kind = $4, parent = $5, valid_from = $6, valid_to = $7 WHERE id = $1",
        "INSERT INTO unit (id, code, name, kind, parent, valid_from, valid_to) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    ] {
        let done = sqlx::query(statement)
            .bind(key(id.uuid()))
            .bind(unit.code.as_str())
            .bind(unit.name.as_str())
            .bind(unit.kind.word())
            .bind(optional_key(unit.parent.map(UnitId::uuid)))
            .bind(unit.valid_from.to_string())
            .bind(unit.valid_to.map(|date| date.to_string()))
            .execute(&mut *conn)
            .await?;
        if done.rows_affected() > 0 {
            break;
        }
    }
    sqlx::query("DELETE FROM unit_successor WHERE unit = $1").bind(key(id.uuid())).execute(&mut *conn).await?;
    for successor in &unit.successors {
        sqlx::query("INSERT OR IGNORE INTO unit_successor (unit, successor) VALUES ($1, $2)")
            .bind(key(id.uuid()))
            .bind(key(successor.uuid()))
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}
