//! Tables `claim` and `demand`: who holds what when, and how many sites the bridge carries.

use super::Conn;
use super::row::{Columns, key, optional_key};
use crate::clash::{Calendar, ClashWhat, Demand, Held, Resource};
use crate::id::SessionId;
use crate::policy::Policies;
use crate::store_failure::StoreFailure;
use crate::time::{Span, UtcTime};

/// Everything held during a span, but for what one session holds.
pub(super) async fn calendar(
    conn: &mut Conn,
    during: Span,
    except: Option<SessionId>,
    policies: &Policies,
) -> Result<Calendar, StoreFailure> {
    let except = optional_key(except.map(SessionId::uuid));
    let claims = sqlx::query(
        "SELECT c.resource_id, c.session_id, c.starts_at, c.ends_at, s.title FROM claim c JOIN session s ON s.id = c.session_id
         WHERE c.ends_at > $1 AND c.starts_at < $2 AND ($3 IS NULL OR c.session_id <> $3) ORDER BY c.starts_at, c.session_id",
    )
    .bind(during.from().millis())
    .bind(during.to().millis())
    .bind(&except)
    .fetch_all(&mut *conn)
    .await?;
    let held = claims.iter().map(|row| {
        Ok(Held {
            resource: row.parsed("resource_id")?,
            session: row.parsed("session_id")?,
            title: row.text("title")?,
            span: row.span()?,
        })
    });
    let held = held.collect::<Result<_, StoreFailure>>()?;
    let rows = sqlx::query(
        "SELECT d.session_id, d.starts_at, d.ends_at, d.sites, s.title FROM demand d JOIN session s ON s.id = d.session_id
         WHERE d.ends_at > $1 AND d.starts_at < $2 AND ($3 IS NULL OR d.session_id <> $3) ORDER BY d.starts_at, d.session_id",
    )
    .bind(during.from().millis())
    .bind(during.to().millis())
    .bind(&except)
    .fetch_all(conn)
    .await?;
    let demands = rows.iter().map(|row| {
        Ok(Demand {
            session: row.parsed("session_id")?,
            title: row.text("title")?,
            span: row.span()?,
            sites: row.number("sites")?,
        })
    });
    Ok(Calendar { held, demands: demands.collect::<Result<_, StoreFailure>>()?, limit: policies.capacity_sites })
}

/// Fails at the first overlap, whatever was looked at before.
pub(super) async fn take(
    conn: &mut Conn,
    session: SessionId,
    span: Span,
    resources: &[Resource],
) -> Result<(), sqlx::Error> {
    let sites = resources.iter().filter(|resource| resource.what == ClashWhat::Site).count();
    for resource in resources {
        let kind = if resource.what == ClashWhat::Site { "site" } else { "person" };
        sqlx::query(
            "INSERT INTO claim (resource_kind, resource_id, starts_at, ends_at, session_id) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(kind)
        .bind(key(resource.id))
        .bind(span.from().millis())
        .bind(span.to().millis())
        .bind(key(session.uuid()))
        .execute(&mut *conn)
        .await?;
    }
    if sites > 0 {
        sqlx::query("INSERT INTO demand (session_id, starts_at, ends_at, sites) VALUES ($1, $2, $3, $4)")
            .bind(key(session.uuid()))
            .bind(span.from().millis())
            .bind(span.to().millis())
            .bind(i64::try_from(sites).unwrap_or(i64::MAX))
            .execute(conn)
            .await?;
    }
    Ok(())
}

pub(super) async fn release(conn: &mut Conn, session: SessionId) -> Result<(), StoreFailure> {
    let session = key(session.uuid());
    sqlx::query("DELETE FROM claim WHERE session_id = $1").bind(&session).execute(&mut *conn).await?;
    sqlx::query("DELETE FROM demand WHERE session_id = $1").bind(&session).execute(conn).await?;
    Ok(())
}

/// A session that ended early gives back the rest of its time.
pub(super) async fn give_back_from(conn: &mut Conn, session: SessionId, at: UtcTime) -> Result<(), StoreFailure> {
    let session = key(session.uuid());
    for sql in [
        "DELETE FROM claim WHERE session_id = $1 AND starts_at >= $2",
        "UPDATE claim SET ends_at = $2 WHERE session_id = $1 AND ends_at > $2",
        "DELETE FROM demand WHERE session_id = $1 AND starts_at >= $2",
        "UPDATE demand SET ends_at = $2 WHERE session_id = $1 AND ends_at > $2",
    ] {
        sqlx::query(sql).bind(&session).bind(at.millis()).execute(&mut *conn).await?;
    }
    Ok(())
}
