//! Tables `person` and `person_role`.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;

use super::Conn;
use super::row::{Columns, key, optional_key};
use crate::id::{PersonId, SiteId, UnitId};
use crate::person::{Person, PersonFields};
use crate::role::{Role, Roles};
use crate::store_failure::StoreFailure;

const SELECT_ALL: &str = "SELECT p.id, p.name, p.title, p.unit, u.name AS unit_name, p.site, p.phone
     FROM person p LEFT JOIN unit u ON u.id = p.unit ORDER BY p.name, p.id";
const SELECT_ONE: &str = "SELECT p.id, p.name, p.title, p.unit, u.name AS unit_name, p.site, p.phone
     FROM person p LEFT JOIN unit u ON u.id = p.unit WHERE p.id = $1";

pub(super) async fn all(conn: &mut Conn) -> Result<Vec<Person>, StoreFailure> {
    let mut roles: HashMap<PersonId, Vec<Role>> = HashMap::new();
    for row in sqlx::query("SELECT person, role FROM person_role").fetch_all(&mut *conn).await? {
        roles.entry(row.parsed("person")?).or_default().push(row.parsed("role")?);
    }
    let rows = sqlx::query(SELECT_ALL).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let own = roles.remove(&row.parsed("id")?).unwrap_or_default();
            read(row, Roles::new(own))
        })
        .collect()
}

pub(super) async fn one(conn: &mut Conn, id: PersonId) -> Result<Option<Person>, StoreFailure> {
    let Some(row) = sqlx::query(SELECT_ONE).bind(key(id.uuid())).fetch_optional(&mut *conn).await? else {
        return Ok(None);
    };
    let rows =
        sqlx::query("SELECT role FROM person_role WHERE person = $1").bind(key(id.uuid())).fetch_all(conn).await?;
    let roles: Vec<Role> = rows.iter().map(|row| row.parsed("role")).collect::<Result<_, _>>()?;
    read(&row, Roles::new(roles)).map(Some)
}

fn read(row: &SqliteRow, roles: Roles) -> Result<Person, StoreFailure> {
    Ok(Person {
        id: row.parsed("id")?,
        name: row.text("name")?,
        title: row.text("title")?,
        unit_id: row.optional_parsed("unit")?,
        unit_name: row.optional_text("unit_name")?,
        site_id: row.optional_parsed("site")?,
        phone: row.optional_text("phone")?,
        roles,
    })
}

pub(super) async fn put(conn: &mut Conn, id: PersonId, person: &PersonFields) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO person (id, name, title, unit, site, phone) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, title = excluded.title, unit = excluded.unit,
             site = excluded.site, phone = excluded.phone",
    )
    .bind(key(id.uuid()))
    .bind(person.name.as_str())
    .bind(person.title.as_str())
    .bind(optional_key(person.unit_id.map(UnitId::uuid)))
    .bind(optional_key(person.site_id.map(SiteId::uuid)))
    .bind(person.phone.as_ref().map(|phone| phone.as_str().to_owned()))
    .execute(&mut *conn)
    .await?;
    put_roles(conn, id, &person.roles).await
}

pub(super) async fn put_roles(conn: &mut Conn, id: PersonId, roles: &Roles) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM person_role WHERE person = $1").bind(key(id.uuid())).execute(&mut *conn).await?;
    for role in roles.iter() {
        sqlx::query("INSERT INTO person_role (person, role) VALUES ($1, $2)")
            .bind(key(id.uuid()))
            .bind(role.word())
            .execute(&mut *conn)
            .await?;
    }
    Ok(())
}

pub(super) async fn exists(conn: &mut Conn, id: PersonId) -> Result<bool, StoreFailure> {
    let row = sqlx::query("SELECT 1 FROM person WHERE id = $1").bind(key(id.uuid())).fetch_optional(conn).await?;
    Ok(row.is_some())
}
