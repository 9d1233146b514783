//! Table `recording`.

use std::collections::HashMap;

use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Sqlite as Engine};

use super::row::{Columns, key, patterns};
use super::{Conn, Sqlite, speaker};
use crate::id::{RecordingId, SessionId};
use crate::record::{Recording, RecordingEnd, RecordingState, SpeakerSpan};
use crate::role::Permission;
use crate::store::{NewRecording, RecordingQuery, RecordingRefused, Recordings};
use crate::store_failure::StoreFailure;
use crate::time::UtcTime;

const SELECT: &str = "SELECT r.*, s.title, c.name AS chair_name
 FROM recording r JOIN session s ON s.id = r.session JOIN person c ON c.id = s.chair WHERE ";

/// Rows of one answer; more is asked for by span.
const LISTED_MAX: u16 = 1_000;

impl Recordings for Sqlite {
    async fn begin_recording(&self, new: &NewRecording) -> Result<(), RecordingRefused> {
        let mut tx = self.write().await?;
        if !super::mark::session_exists(&mut tx, new.session).await? {
            return Err(RecordingRefused::Unknown);
        }
        sqlx::query(
            "INSERT INTO recording (id, session, file, started_at, state) VALUES ($1, $2, $3, $4, 'recording')",
        )
        .bind(key(new.id.uuid()))
        .bind(key(new.session.uuid()))
        .bind(&new.file)
        .bind(new.started_at.millis())
        .execute(&mut *tx)
        .await
        .map_err(StoreFailure::from)?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn add_speakers(&self, id: RecordingId, speakers: &[SpeakerSpan]) -> Result<(), RecordingRefused> {
        let mut tx = self.write().await?;
        state(&mut tx, id).await?.ok_or(RecordingRefused::Unknown)?;
        speaker::add(&mut tx, id, speakers).await?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn finish_recording(&self, id: RecordingId, end: &RecordingEnd) -> Result<(), RecordingRefused> {
        let mut tx = self.write().await?;
        match state(&mut tx, id).await?.ok_or(RecordingRefused::Unknown)? {
            RecordingState::Recording => {}
            RecordingState::Ready | RecordingState::Broken => return Err(RecordingRefused::Over),
        }
        let (state, duration_ms, size_bytes, sha256) = match end {
            RecordingEnd::Ready { duration_ms, size_bytes, sha256 } => {
                (RecordingState::Ready, *duration_ms, *size_bytes, Some(hex::encode(sha256)))
            }
            RecordingEnd::Broken { size_bytes } => (RecordingState::Broken, 0, *size_bytes, None),
        };
        sqlx::query("UPDATE recording SET state = $2, duration_ms = $3, size_bytes = $4, sha256 = $5 WHERE id = $1")
            .bind(key(id.uuid()))
            .bind(state.word())
            .bind(i64::try_from(duration_ms).unwrap_or(i64::MAX))
            .bind(i64::try_from(size_bytes).unwrap_or(i64::MAX))
            .bind(sha256)
            .execute(&mut *tx)
            .await
            .map_err(StoreFailure::from)?;
        Ok(tx.commit().await.map_err(StoreFailure::from)?)
    }

    async fn unfinished_recordings(&self) -> Result<Vec<Recording>, StoreFailure> {
        let mut query = QueryBuilder::<Engine>::new(SELECT);
        query.push("r.state = 'recording' ORDER BY r.started_at");
        read_all(&mut *self.read().await?, query).await
    }

    async fn recording(&self, id: RecordingId) -> Result<Option<Recording>, StoreFailure> {
        let mut query = QueryBuilder::<Engine>::new(SELECT);
        query.push("r.id = ").push_bind(key(id.uuid()));
        Ok(read_all(&mut *self.read().await?, query).await?.pop())
    }

    async fn recordings(&self, asked: &RecordingQuery) -> Result<Vec<Recording>, StoreFailure> {
        let mut query = QueryBuilder::<Engine>::new(SELECT);
        query.push("r.started_at >= ").push_bind(asked.from.map_or(i64::MIN, UtcTime::millis));
        query.push(" AND r.started_at < ").push_bind(asked.to.map_or(i64::MAX, UtcTime::millis));
        if !asked.viewer.roles.may(Permission::ReadRecordings) {
            // A chair has those of his own sessions; everybody else none.
            query.push(" AND s.chair = ").push_bind(key(asked.viewer.person.uuid()));
        }
        if let Some(session) = asked.session {
            query.push(" AND r.session = ").push_bind(key(session.uuid()));
        }
        for pattern in patterns(asked.text.as_deref()) {
            query.push(" AND (s.search LIKE ").push_bind(pattern.clone()).push(" ESCAPE '\\' OR EXISTS");
            query.push(" (SELECT 1 FROM speaker_span w WHERE w.recording = r.id AND w.search LIKE ").push_bind(pattern);
            query.push(" ESCAPE '\\'))");
        }
        query.push(" ORDER BY r.started_at DESC, r.id LIMIT ").push_bind(i64::from(asked.limit.min(LISTED_MAX)));
        read_all(&mut *self.read().await?, query).await
    }
}

/// All there are, oldest first.
pub(super) async fn every(conn: &mut Conn) -> Result<Vec<Recording>, StoreFailure> {
    let mut query = QueryBuilder::<Engine>::new(SELECT);
    query.push("1 ORDER BY r.started_at, r.id");
    read_all(conn, query).await
}

async fn state(conn: &mut Conn, id: RecordingId) -> Result<Option<RecordingState>, StoreFailure> {
    let row =
        sqlx::query("SELECT state FROM recording WHERE id = $1").bind(key(id.uuid())).fetch_optional(conn).await?;
    row.map(|row| row.parsed("state")).transpose()
}

async fn read_all(conn: &mut Conn, mut query: QueryBuilder<Engine>) -> Result<Vec<Recording>, StoreFailure> {
    let rows = query.build().fetch_all(&mut *conn).await?;
    let ids: Vec<RecordingId> = rows.iter().map(|row| row.parsed("id")).collect::<Result<_, _>>()?;
    let mut speakers = speaker::of(conn, &ids).await?;
    rows.iter().map(|row| read(row, &mut speakers)).collect()
}

fn read(row: &SqliteRow, speakers: &mut HashMap<RecordingId, Vec<SpeakerSpan>>) -> Result<Recording, StoreFailure> {
    let id: RecordingId = row.parsed("id")?;
    let session: SessionId = row.parsed("session")?;
    Ok(Recording {
        id,
        session_id: session,
        title: row.text("title")?,
        chair_name: row.text("chair_name")?,
        file: row.text("file")?,
        started_at: row.time("started_at")?,
        duration_ms: row.number("duration_ms")?,
        size_bytes: row.number("size_bytes")?,
        sha256: row.optional_text("sha256")?,
        state: row.parsed("state")?,
        speakers: speakers.remove(&id).unwrap_or_default(),
    })
}
