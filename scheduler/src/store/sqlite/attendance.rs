//! Marks in, attendance out.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Conn, Sqlite, lease, mark, person, policy, session_row};
use crate::attendance::{self, Attendance, AttendanceRow, EditRefused, Record};
use crate::due::{self, DueEnd, Unended};
use crate::id::{MarkId, ParticipantId, PersonId, SessionId, derived};
use crate::mark::{AttendanceEdit, AttendanceStatus, EndedBy, Fact, Mark};
use crate::session::{Opening, Status};
use crate::store::{Attendances, MarkRefused};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

impl Attendances for Sqlite {
    async fn store_marks(&self, marks: Vec<Mark>) -> Result<(), MarkRefused> {
        if marks.is_empty() { Ok(()) } else { self.marks.store(marks).await }
    }

    async fn renew_leases(&self, id: SessionId, here: &[ParticipantId], now: UtcTime) -> Result<(), StoreFailure> {
        if here.is_empty() {
            return Ok(());
        }
        let mut tx = self.write().await?;
        lease::renew(&mut tx, id, here, now).await?;
        Ok(tx.commit().await?)
    }

    async fn marks(&self, id: SessionId) -> Result<Vec<Mark>, StoreFailure> {
        mark::of(&mut *self.read().await?, id).await
    }

    async fn attendance(&self, id: SessionId, now: UtcTime) -> Result<Option<Attendance>, StoreFailure> {
        fold(&mut *self.read().await?, id, now).await
    }

    async fn edit_attendance(
        &self,
        id: SessionId,
        row: ParticipantId,
        edit: &AttendanceEdit,
        by: PersonId,
        now: UtcTime,
    ) -> Result<AttendanceRow, EditRefused> {
        let mut tx = self.write().await?;
        let before = fold(&mut tx, id, now).await?.ok_or(EditRefused::Unknown)?;
        let current = before.rows.iter().find(|known| known.participant == row).ok_or(EditRefused::Unknown)?;
        let edit = attendance::parse_edit(edit, current)?;
        mark::append(&mut tx, &[edited(id, row, edit, by, now)]).await?;
        let after = fold(&mut tx, id, now).await?.ok_or(EditRefused::Unknown)?;
        tx.commit().await.map_err(StoreFailure::from)?;
        after.rows.into_iter().find(|known| known.participant == row).ok_or(EditRefused::Unknown)
    }

    async fn confirm_declared(&self, id: SessionId, by: PersonId, now: UtcTime) -> Result<Attendance, EditRefused> {
        let mut tx = self.write().await?;
        let before = fold(&mut tx, id, now).await?.ok_or(EditRefused::Unknown)?;
        let open = before.rows.iter().filter(|row| row.confirmed.is_none() && row.status != AttendanceStatus::Absent);
        let edits: Vec<Mark> = open
            .filter_map(|row| {
                let edit = AttendanceEdit { confirmed: Some(row.declared?), ..AttendanceEdit::default() };
                Some(edited(id, row.participant, edit, by, now))
            })
            .collect();
        if edits.is_empty() {
            return Ok(before);
        }
        mark::append(&mut tx, &edits).await?;
        let after = fold(&mut tx, id, now).await?.ok_or(EditRefused::Unknown)?;
        tx.commit().await.map_err(StoreFailure::from)?;
        Ok(after)
    }

    async fn recover_attendance(&self, now: UtcTime) -> Result<Vec<SessionId>, StoreFailure> {
        let mut tx = self.write().await?;
        let mut mended = Vec::new();
        for id in session_row::running(&mut tx).await? {
            if close_open_presences(&mut tx, id, now).await? > 0 {
                tracing::warn!(session = %id, "the bridge stopped in the middle of this session; open presences end where they were last seen");
                mended.push(id);
            }
        }
        tx.commit().await?;
        Ok(mended)
    }

    async fn end_overdue(&self, now: UtcTime) -> Result<Vec<SessionId>, StoreFailure> {
        // Looked at without the write lock first: nearly always there is nothing to end.
        let nothing = overdue(&mut *self.read().await?, now).await?.is_empty();
        if nothing {
            return Ok(Vec::new());
        }
        let mut tx = self.write().await?;
        let due = overdue(&mut tx, now).await?;
        for end in &due {
            close_open_presences(&mut tx, end.session, now).await?;
            let ended = Mark {
                // Ended by the clock twice is ended once.
                id: MarkId::from_uuid(derived("ended by the clock", &[end.session.uuid().as_bytes()])),
                session: end.session,
                at: end.at,
                fact: Fact::Ended { by: EndedBy::Clock {} },
            };
            mark::append(&mut tx, &[ended]).await?;
        }
        tx.commit().await?;
        Ok(due.into_iter().map(|end| end.session).collect())
    }
}

/// Writes down where presences that nobody ended were last seen. Returns how many marks that took.
async fn close_open_presences(conn: &mut Conn, id: SessionId, now: UtcTime) -> Result<usize, StoreFailure> {
    let leases = lease::of(conn, id).await?;
    let closing = attendance::close_unfinished(id, &mark::of(conn, id).await?, &leases, now);
    mark::append(conn, &closing).await?;
    lease::drop_all(conn, id).await?;
    Ok(closing.len())
}

async fn overdue(conn: &mut Conn, now: UtcTime) -> Result<Vec<DueEnd>, StoreFailure> {
    let policies = policy::all(conn).await?;
    let mut unended = Vec::new();
    for session in session_row::overdue(conn, &policies, now).await? {
        let last_seen = lease::of(conn, session.id).await?.into_values().max();
        unended.push(Unended { session, last_seen });
    }
    Ok(due::due(now, &unended, &policies))
}

fn edited(session: SessionId, participant: ParticipantId, edit: AttendanceEdit, by: PersonId, now: UtcTime) -> Mark {
    Mark { id: MarkId::from_uuid(Uuid::now_v7()), session, at: now, fact: Fact::Edited { participant, by, edit } }
}

pub(super) async fn fold(conn: &mut Conn, id: SessionId, now: UtcTime) -> Result<Option<Attendance>, StoreFailure> {
    let Some(detail) = session_row::detail(conn, id, now).await? else { return Ok(None) };
    let marks = match detail.session.opening {
        Opening::ByTime => mark::of(conn, id).await?,
        Opening::Always => attendance::latest_holding(mark::of(conn, id).await?),
    };
    let names: HashMap<PersonId, String> =
        person::all(conn).await?.into_iter().map(|person| (person.id, person.name)).collect();
    let policies = policy::all(conn).await?;
    let ended_at = match detail.session.status {
        Status::Ended { at } => Some(at),
        Status::Planned | Status::InSession { .. } | Status::Cancelled { .. } => None,
    };
    let record =
        Record { seats: &detail.seats, agenda: &detail.agenda, marks: &marks, quorum: policies.quorum, ended_at, now };
    Ok(Some(attendance::fold(record, |person| names.get(&person).cloned())))
}
