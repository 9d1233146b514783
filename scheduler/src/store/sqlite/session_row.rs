//! Table `session`, read.

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite as Engine};

use super::row::{Columns, key, optional_key, patterns};
use super::{Conn, agenda_item, participant, policy};
use crate::id::{SessionId, SiteId};
use crate::policy::Policies;
use crate::role::joins_any;
use crate::session::{
    Opening, SESSIONS_LISTED_MAX, Session, SessionDetail, SessionQuery, SessionSummary, State, Status,
};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

const SELECT: &str = "SELECT s.*, c.name AS chair_name, k.name AS secretary_name,
     (SELECT COUNT(*) FROM participant p WHERE p.session = s.id AND p.site IS NOT NULL AND p.walked_in = 0) AS sites,
     (SELECT COUNT(*) FROM recording r WHERE r.session = s.id AND r.state <> 'broken') AS recordings
 FROM session s JOIN person c ON c.id = s.chair JOIN person k ON k.id = s.secretary WHERE ";

pub(super) async fn detail(
    conn: &mut Conn,
    id: SessionId,
    now: UtcTime,
) -> Result<Option<SessionDetail>, StoreFailure> {
    let policies = policy::all(conn).await?;
    let mut query = QueryBuilder::<Engine>::new(SELECT);
    query.push("s.id = ").push_bind(key(id.uuid()));
    let Some(row) = query.build().fetch_optional(&mut *conn).await? else { return Ok(None) };
    let session = read(&row, &policies)?;
    Ok(Some(SessionDetail {
        summary: summary(&row, &session, now)?,
        agenda: agenda_item::of(conn, id).await?,
        seats: participant::of(conn, id).await?,
        session,
    }))
}

pub(super) async fn list(
    conn: &mut Conn,
    asked: &SessionQuery,
    now: UtcTime,
) -> Result<Vec<SessionSummary>, StoreFailure> {
    let policies = policy::all(conn).await?;
    let mut query = QueryBuilder::<Engine>::new(SELECT);
    query.push("(s.always_open = 1 OR (s.ends_at > ").push_bind(asked.from.map_or(i64::MIN, UtcTime::millis));
    query.push(" AND s.starts_at < ").push_bind(asked.to.map_or(i64::MAX, UtcTime::millis)).push("))");
    if !joins_any(&asked.viewer) {
        let person = key(asked.viewer.person.uuid());
        let site = optional_key(asked.viewer.site.map(SiteId::uuid));
        query.push(" AND (s.always_open = 1 OR ").push_bind(person.clone());
        query.push(" IN (s.chair, s.secretary, s.technician, s.booked_by) OR EXISTS (SELECT 1 FROM participant p");
        query.push(" WHERE p.session = s.id AND p.walked_in = 0 AND (p.person = ").push_bind(person);
        query.push(" OR p.site = ").push_bind(site).push(")))");
    }
    if let Some(state) = asked.state {
        push_state(&mut query, state, &policies, now);
    }
    for pattern in patterns(asked.text.as_deref()) {
        query.push(" AND s.search LIKE ").push_bind(pattern).push(" ESCAPE '\\'");
    }
    query.push(" ORDER BY s.starts_at, s.id LIMIT ").push_bind(i64::from(asked.limit.min(SESSIONS_LISTED_MAX)));
    let rows = query.build().fetch_all(conn).await?;
    rows.iter().map(|row| summary(row, &read(row, &policies)?, now)).collect()
}

/// The same distinction as [`Session::state`], for the database.
fn push_state(query: &mut QueryBuilder<Engine>, state: State, policies: &Policies, now: UtcTime) {
    let open_if_begins_by = now.plus(policies.open_lead).millis();
    match state {
        State::Scheduled => {
            query
                .push(" AND s.status = 'planned' AND s.always_open = 0 AND s.starts_at > ")
                .push_bind(open_if_begins_by);
        }
        State::Open => {
            query.push(" AND s.status = 'planned' AND (s.always_open = 1 OR s.starts_at <= ");
            query.push_bind(open_if_begins_by).push(")");
        }
        State::InSession => {
            query.push(" AND s.status = 'in_session'");
        }
        State::Ended => {
            query.push(" AND s.status = 'ended'");
        }
        State::Cancelled => {
            query.push(" AND s.status = 'cancelled'");
        }
    }
}

/// Sessions that have neither ended nor been cancelled and whose planned end has passed.
pub(super) async fn overdue(conn: &mut Conn, policies: &Policies, now: UtcTime) -> Result<Vec<Session>, StoreFailure> {
    let rows = sqlx::query(
        "SELECT * FROM session WHERE status IN ('planned', 'in_session') AND always_open = 0 AND ends_at <= $1",
    )
    .bind(now.millis())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| read(row, policies)).collect()
}

/// Sessions in which presences may still be open.
pub(super) async fn running(conn: &mut Conn) -> Result<Vec<SessionId>, StoreFailure> {
    let rows = sqlx::query(
        "SELECT id FROM session s WHERE status IN ('planned', 'in_session') AND EXISTS (SELECT 1 FROM mark m WHERE m.session = s.id)",
    )
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| row.parsed("id")).collect()
}

fn read(row: &SqliteRow, policies: &Policies) -> Result<Session, StoreFailure> {
    let span = row.span()?;
    Ok(Session {
        id: row.parsed("id")?,
        title: row.text("title")?,
        short_title: row.text("short_title")?,
        mode: row.parsed("mode")?,
        span,
        opens_at: span.from().minus(policies.open_lead),
        opening: if row.flag("always_open")? { Opening::Always } else { Opening::ByTime },
        status: status(row)?,
        chair: row.parsed("chair")?,
        secretary: row.parsed("secretary")?,
        technician: row.optional_parsed("technician")?,
        central_site: row.parsed("central_site")?,
        recording_planned: row.flag("recording_planned")?,
        booked_by: row.optional_parsed("booked_by")?,
    })
}

fn status(row: &SqliteRow) -> Result<Status, StoreFailure> {
    let at = row.optional_time("status_at")?;
    match (row.text("status")?.as_str(), at) {
        ("planned", None) => Ok(Status::Planned),
        ("in_session", Some(since)) => Ok(Status::InSession { since }),
        ("ended", Some(at)) => Ok(Status::Ended { at }),
        ("cancelled", Some(at)) => {
            Ok(Status::Cancelled { at, reason: row.optional_text("cancel_reason")?.unwrap_or_default() })
        }
        (other, _) => Err(super::row::corrupt("status", other)),
    }
}

fn summary(row: &SqliteRow, session: &Session, now: UtcTime) -> Result<SessionSummary, StoreFailure> {
    Ok(SessionSummary {
        id: session.id,
        title: session.title.clone(),
        short_title: session.short_title.clone(),
        mode: session.mode,
        starts_at: session.span.from(),
        ends_at: session.span.to(),
        opens_at: session.opens_at,
        state: session.state(now),
        chair_id: session.chair,
        chair_name: row.text("chair_name")?,
        secretary_name: row.text("secretary_name")?,
        sites: row.number("sites")?,
        recordings: row.number("recordings")?,
    })
}
