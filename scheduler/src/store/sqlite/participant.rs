//! Table `participant`: seats, with their invitations beside them.

use sqlx::sqlite::SqliteRow;

use super::row::{Columns, corrupt, key, optional_key};
use super::{Conn, invitation, site};
use crate::id::{PersonId, SessionId};
use crate::session::{Invited, Seat, Sitter};
use crate::store_failure::StoreFailure;

pub(super) async fn of(conn: &mut Conn, session: SessionId) -> Result<Vec<Seat>, StoreFailure> {
    let rows = sqlx::query(
        "SELECT p.id AS participant, p.person, p.role, p.name AS seat_name, p.short_name AS seat_short_name, p.detail, p.group_name,
                p.walked_in, s.*, i.id AS invitation, i.opened_at, i.joined_at
         FROM participant p LEFT JOIN site s ON s.id = p.site LEFT JOIN invitation i ON i.participant = p.id
         WHERE p.session = $1 ORDER BY p.place, p.id",
    )
    .bind(key(session.uuid()))
    .fetch_all(conn)
    .await?;
    rows.iter().map(read).collect()
}

fn read(row: &SqliteRow) -> Result<Seat, StoreFailure> {
    let person: Option<PersonId> = row.optional_parsed("person")?;
    let sitter = match person {
        Some(person) => Sitter::Person(person),
        None if row.optional_text("code")?.is_some() => Sitter::Site(Box::new(site::read(row)?)),
        None => return Err(corrupt("site", "a seat of nobody")),
    };
    Ok(Seat {
        participant: row.parsed("participant")?,
        sitter,
        role: row.parsed("role")?,
        name: row.text("seat_name")?,
        short_name: row.text("seat_short_name")?,
        detail: row.optional_text("detail")?,
        group: row.optional_text("group_name")?,
        invited: if row.flag("walked_in")? { Invited::WalkedIn } else { Invited::AtBooking },
        invitation: invitation::state(row)?,
    })
}

/// Adds a seat after the last one; one that is there stays as it is.
pub(super) async fn add(conn: &mut Conn, session: SessionId, seat: &Seat) -> Result<(), sqlx::Error> {
    let (site, person) = match &seat.sitter {
        Sitter::Site(site) => (Some(site.id.uuid()), None),
        Sitter::Person(person) => (None, Some(person.uuid())),
    };
    sqlx::query(
        "INSERT INTO participant (id, session, site, person, role, name, short_name, detail, group_name, place, walked_in)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, (SELECT COUNT(*) FROM participant WHERE session = $2), $10)
         ON CONFLICT DO NOTHING",
    )
    .bind(key(seat.participant.uuid()))
    .bind(key(session.uuid()))
    .bind(optional_key(site))
    .bind(optional_key(person))
    .bind(seat.role.word())
    .bind(&seat.name)
    .bind(&seat.short_name)
    .bind(&seat.detail)
    .bind(&seat.group)
    .bind(i64::from(seat.invited == Invited::WalkedIn))
    .execute(conn)
    .await?;
    Ok(())
}
