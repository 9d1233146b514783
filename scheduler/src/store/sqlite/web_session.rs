//! Table `web_session`: browsers that are signed in.

use super::account::due;
use super::row::{Columns, key};
use super::{Conn, person};
use crate::account::{SignedIn, TokenHash, WebSession};
use crate::id::PersonId;
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

/// Also drops what has expired, so that the table cannot grow beyond those who are signed in.
pub(super) async fn open(conn: &mut Conn, session: &WebSession, now: UtcTime) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM web_session WHERE expires_at <= $1").bind(now.millis()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO web_session (token_hash, person, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(session.token.hex())
        .bind(key(session.person.uuid()))
        .bind(now.millis())
        .bind(session.expires_at.millis())
        .execute(conn)
        .await?;
    Ok(())
}

pub(super) async fn signed_in(
    conn: &mut Conn,
    token: TokenHash,
    now: UtcTime,
) -> Result<Option<SignedIn>, StoreFailure> {
    let row = sqlx::query(
        "SELECT w.person, w.expires_at, a.username, a.must_change FROM web_session w JOIN account a ON a.person = w.person
         WHERE w.token_hash = $1 AND w.expires_at > $2 AND a.disabled = 0",
    )
    .bind(token.hex())
    .bind(now.millis())
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let person = person::one(conn, row.parsed("person")?).await?;
    person
        .map(|person| {
            Ok(SignedIn {
                person,
                username: row.text("username")?,
                due: due(row.flag("must_change")?),
                expires_at: row.time("expires_at")?,
            })
        })
        .transpose()
}

pub(super) async fn close(conn: &mut Conn, token: TokenHash) -> Result<(), StoreFailure> {
    sqlx::query("DELETE FROM web_session WHERE token_hash = $1").bind(token.hex()).execute(conn).await?;
    Ok(())
}

pub(super) async fn close_all(conn: &mut Conn, person: PersonId, keep: Option<TokenHash>) -> Result<(), StoreFailure> {
    sqlx::query("DELETE FROM web_session WHERE person = $1 AND ($2 IS NULL OR token_hash <> $2)")
        .bind(key(person.uuid()))
        .bind(keep.map(TokenHash::hex))
        .execute(conn)
        .await?;
    Ok(())
}
