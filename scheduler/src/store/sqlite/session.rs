//! Table `session`, written: a session is added once, and then only its times and its status change.

use super::Conn;
use super::row::{key, optional_key, searchable};
use crate::agenda::AgendaItem;
use crate::id::{PersonId, SessionId};
use crate::session::{Opening, Seat, Session, Status};
use crate::store_failure::StoreFailure;
use crate::text::Reason;
use crate::time::{Span, UtcTime};

/// A session as it is written for the first time.
pub(super) struct NewSession<'a> {
    pub(super) session: &'a Session,
    pub(super) chair_name: &'a str,
    pub(super) selection_json: String,
    pub(super) agenda: &'a [AgendaItem],
    pub(super) seats: &'a [Seat],
    pub(super) booked_at: UtcTime,
}

pub(super) async fn add(conn: &mut Conn, new: &NewSession<'_>) -> Result<(), StoreFailure> {
    let session = new.session;
    sqlx::query(
        "INSERT INTO session (id, title, short_title, search, mode, starts_at, ends_at, always_open, chair, secretary, technician,
             central_site, recording_planned, selection, booked_by, booked_at, status)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'planned')",
    )
    .bind(key(session.id.uuid()))
    .bind(&session.title)
    .bind(&session.short_title)
    .bind(searchable(&[&session.title, new.chair_name]))
    .bind(session.mode.word())
    .bind(session.span.from().millis())
    .bind(session.span.to().millis())
    .bind(i64::from(session.opening == Opening::Always))
    .bind(key(session.chair.uuid()))
    .bind(key(session.secretary.uuid()))
    .bind(optional_key(session.technician.map(PersonId::uuid)))
    .bind(key(session.central_site.uuid()))
    .bind(i64::from(session.recording_planned))
    .bind(&new.selection_json)
    .bind(optional_key(session.booked_by.map(PersonId::uuid)))
    .bind(new.booked_at.millis())
    .execute(&mut *conn)
    .await?;
    super::agenda_item::add(conn, session.id, new.agenda).await?;
    for seat in new.seats {
        super::participant::add(conn, session.id, seat).await?;
    }
    Ok(())
}

pub(super) async fn set_span(conn: &mut Conn, session: SessionId, span: Span) -> Result<(), StoreFailure> {
    sqlx::query("UPDATE session SET starts_at = $2, ends_at = $3 WHERE id = $1")
        .bind(key(session.uuid()))
        .bind(span.from().millis())
        .bind(span.to().millis())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn cancel(
    conn: &mut Conn,
    session: SessionId,
    reason: &Reason,
    by: PersonId,
    now: UtcTime,
) -> Result<(), StoreFailure> {
    sqlx::query(
        "UPDATE session SET status = 'cancelled', status_at = $2, cancel_reason = $3, cancelled_by = $4 WHERE id = $1",
    )
    .bind(key(session.uuid()))
    .bind(now.millis())
    .bind(reason.as_str())
    .bind(key(by.uuid()))
    .execute(conn)
    .await?;
    Ok(())
}

/// The chair began. Only a planned session begins; hearing it again changes nothing.
pub(super) async fn note_started(conn: &mut Conn, session: SessionId, at: UtcTime) -> Result<(), StoreFailure> {
    sqlx::query("UPDATE session SET status = 'in_session', status_at = $2 WHERE id = $1 AND status = 'planned'")
        .bind(key(session.uuid()))
        .bind(at.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// It is over, and what it held is free from then on. The demonstration is never over: its doors are open again at once.
pub(super) async fn note_ended(conn: &mut Conn, session: SessionId, at: UtcTime) -> Result<(), StoreFailure> {
    sqlx::query(
        "UPDATE session SET status = CASE always_open WHEN 1 THEN 'planned' ELSE 'ended' END,
             status_at = CASE always_open WHEN 1 THEN NULL ELSE $2 END
         WHERE id = $1 AND status IN ('planned', 'in_session')",
    )
    .bind(key(session.uuid()))
    .bind(at.millis())
    .execute(&mut *conn)
    .await?;
    super::claim::give_back_from(conn, session, at).await
}

/// Whether it is still to be held: only then may it be moved or cancelled.
pub(super) fn is_planned(session: &Session) -> bool {
    session.status == Status::Planned && session.opening == Opening::ByTime
}
