//! Table `agenda_item`.

use super::Conn;
use super::row::{Columns, key};
use crate::agenda::AgendaItem;
use crate::id::SessionId;
use crate::store_failure::StoreFailure;

pub(super) async fn of(conn: &mut Conn, session: SessionId) -> Result<Vec<AgendaItem>, StoreFailure> {
    let rows = sqlx::query("SELECT title, minutes, presenter FROM agenda_item WHERE session = $1 ORDER BY position")
        .bind(key(session.uuid()))
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AgendaItem {
                title: row.text("title")?,
                minutes: row.number("minutes")?,
                presenter: row.optional_text("presenter")?,
            })
        })
        .collect()
}

pub(super) async fn add(conn: &mut Conn, session: SessionId, items: &[AgendaItem]) -> Result<(), sqlx::Error> {
    for (item, position) in items.iter().zip(0_i64..) {
        sqlx::query(
            "INSERT INTO agenda_item (session, position, title, minutes, presenter) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(key(session.uuid()))
        .bind(position)
        .bind(&item.title)
        .bind(i64::from(item.minutes))
        .bind(&item.presenter)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}
