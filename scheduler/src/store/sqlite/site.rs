//! Table `site`.

use sqlx::sqlite::SqliteRow;

use super::Conn;
use super::row::{Columns, key, optional_key};
use crate::id::{HubId, SiteId};
use crate::site::{Site, SiteFields};
use crate::store_failure::StoreFailure;

pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Site>, StoreFailure> {
    let rows = sqlx::query("SELECT * FROM site ORDER BY code").fetch_all(conn).await?;
    rows.iter().map(read).collect()
}

pub(super) async fn one(conn: &mut Conn, id: SiteId) -> Result<Option<Site>, StoreFailure> {
    let row = sqlx::query("SELECT * FROM site WHERE id = $1").bind(key(id.uuid())).fetch_optional(conn).await?;
    row.as_ref().map(read).transpose()
}

pub(super) fn read(row: &SqliteRow) -> Result<Site, StoreFailure> {
    Ok(Site {
        id: row.parsed("id")?,
        code: row.text("code")?,
        name: row.text("name")?,
        short_name: row.text("short_name")?,
        room: row.optional_text("room")?,
        unit_id: row.parsed("unit")?,
        hub_id: row.optional_parsed("hub")?,
        seats: row.number("seats")?,
        contact_name: row.optional_text("contact_name")?,
        contact_phone: row.optional_text("contact_phone")?,
        central: row.flag("central")?,
    })
}

pub(super) async fn put(conn: &mut Conn, id: SiteId, site: &SiteFields) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO site (id, code, name, short_name, room, unit, hub, seats, contact_name, contact_phone, central)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name, short_name = excluded.short_name,
             room = excluded.room, unit = excluded.unit, hub = excluded.hub, seats = excluded.seats,
             contact_name = excluded.contact_name, contact_phone = excluded.contact_phone, central = excluded.central",
    )
    .bind(key(id.uuid()))
    .bind(site.code.as_str())
    .bind(site.name.as_str())
    .bind(site.short_name.as_str())
    .bind(site.room.as_ref().map(|room| room.as_str().to_owned()))
    .bind(key(site.unit_id.uuid()))
    .bind(optional_key(site.hub_id.map(HubId::uuid)))
    .bind(i64::from(site.seats))
    .bind(site.contact_name.as_ref().map(|name| name.as_str().to_owned()))
    .bind(site.contact_phone.as_ref().map(|phone| phone.as_str().to_owned()))
    .bind(i64::from(site.central))
    .execute(conn)
    .await?;
    Ok(())
}
