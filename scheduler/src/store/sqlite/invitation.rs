//! Table `invitation`: links, of which only the hash of the secret is here.

use sqlx::sqlite::SqliteRow;

use super::Conn;
use super::row::{Columns, key};
use crate::id::{InvitationId, ParticipantId, SessionId, derived};
use crate::invitation::{InvitationState, IssuedInvitation, LinkKey, LinkSecret};
use crate::mark::{Fact, Mark};
use crate::session::{Seat, Sitter};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

/// The state in a row that has `invitation`, `opened_at` and `joined_at`; `None` when the seat has no link.
pub(super) fn state(row: &SqliteRow) -> Result<Option<InvitationState>, StoreFailure> {
    if row.optional_text("invitation")?.is_none() {
        return Ok(None);
    }
    Ok(Some(match (row.optional_time("opened_at")?, row.optional_time("joined_at")?) {
        (Some(opened_at), Some(joined_at)) => InvitationState::Joined { opened_at, joined_at },
        (Some(opened_at), None) => InvitationState::Opened { opened_at },
        (None, _) => InvitationState::Issued,
    }))
}

/// Issues the next link of each of these seats that is a site's; the link before it dies with its hash.
pub(super) async fn issue(
    conn: &mut Conn,
    link_key: &LinkKey,
    seats: &[&Seat],
    now: UtcTime,
) -> Result<Vec<IssuedInvitation>, StoreFailure> {
    let mut issued = Vec::new();
    for seat in seats {
        let Sitter::Site(site) = &seat.sitter else { continue };
        let id = invitation_of(seat.participant);
        let number = last_issue(conn, id).await?.unwrap_or(0) + 1;
        let secret = link_key.secret(id, number);
        sqlx::query(
            "INSERT INTO invitation (id, participant, issue, secret_hash, issued_at) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (id) DO UPDATE SET issue = excluded.issue, secret_hash = excluded.secret_hash,
                 issued_at = excluded.issued_at, opened_at = NULL, joined_at = NULL",
        )
        .bind(key(id.uuid()))
        .bind(key(seat.participant.uuid()))
        .bind(i64::from(number))
        .bind(secret.hash())
        .bind(now.millis())
        .execute(&mut *conn)
        .await?;
        issued.push(IssuedInvitation { participant: seat.participant, site: site.id, name: seat.name.clone(), secret });
    }
    Ok(issued)
}

/// The links in force, derived anew: what a repeated booking is answered with.
pub(super) async fn current(
    conn: &mut Conn,
    link_key: &LinkKey,
    seats: &[Seat],
) -> Result<Vec<IssuedInvitation>, StoreFailure> {
    let mut current = Vec::new();
    for seat in seats {
        let (Sitter::Site(site), id) = (&seat.sitter, invitation_of(seat.participant)) else { continue };
        if let Some(number) = last_issue(conn, id).await? {
            let secret = link_key.secret(id, number);
            current.push(IssuedInvitation {
                participant: seat.participant,
                site: site.id,
                name: seat.name.clone(),
                secret,
            });
        }
    }
    Ok(current)
}

fn invitation_of(participant: ParticipantId) -> InvitationId {
    InvitationId::from_uuid(derived("invitation", &[participant.uuid().as_bytes()]))
}

async fn last_issue(conn: &mut Conn, id: InvitationId) -> Result<Option<u32>, StoreFailure> {
    let row =
        sqlx::query("SELECT issue FROM invitation WHERE id = $1").bind(key(id.uuid())).fetch_optional(conn).await?;
    row.map(|row| row.number("issue")).transpose()
}

/// Whose link it is.
pub(super) async fn find(
    conn: &mut Conn,
    secret: &LinkSecret,
) -> Result<Option<(SessionId, ParticipantId)>, StoreFailure> {
    // Found by its hash: how long the search takes says nothing of the secret.
    let row = sqlx::query(
        "SELECT p.session, p.id FROM invitation i JOIN participant p ON p.id = i.participant WHERE i.secret_hash = $1",
    )
    .bind(secret.hash())
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((row.parsed("session")?, row.parsed("id")?))).transpose()
}

pub(super) async fn note_opened(conn: &mut Conn, participant: ParticipantId, now: UtcTime) -> Result<(), StoreFailure> {
    sqlx::query("UPDATE invitation SET opened_at = $2 WHERE participant = $1 AND opened_at IS NULL")
        .bind(key(participant.uuid()))
        .bind(now.millis())
        .execute(conn)
        .await?;
    Ok(())
}

/// Whoever came in has joined, by his link or by an account of his site.
pub(super) async fn note_joined(conn: &mut Conn, mark: &Mark) -> Result<(), StoreFailure> {
    let Fact::Joined { participant, .. } = &mark.fact else { return Ok(()) };
    sqlx::query(
        "UPDATE invitation SET joined_at = $2, opened_at = COALESCE(opened_at, $2) WHERE participant = $1 AND joined_at IS NULL",
    )
    .bind(key(participant.uuid()))
    .bind(mark.at.millis())
    .execute(conn)
    .await?;
    Ok(())
}
