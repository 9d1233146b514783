//! Table `speaker_span`: who spoke in a recording.

use std::collections::HashMap;

use super::Conn;
use super::row::{Columns, key, optional_key, searchable};
use crate::id::{ParticipantId, RecordingId};
use crate::record::SpeakerSpan;
use crate::store_failure::StoreFailure;

/// A span told again, perhaps longer now, replaces itself.
pub(super) async fn add(conn: &mut Conn, recording: RecordingId, spans: &[SpeakerSpan]) -> Result<(), StoreFailure> {
    for span in spans {
        sqlx::query(
            "INSERT INTO speaker_span (recording, from_ms, to_ms, participant, name, search) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (recording, from_ms, name) DO UPDATE SET to_ms = MAX(to_ms, excluded.to_ms)",
        )
        .bind(key(recording.uuid()))
        .bind(i64::try_from(span.from_ms).unwrap_or(i64::MAX))
        .bind(i64::try_from(span.to_ms).unwrap_or(i64::MAX))
        .bind(optional_key(span.participant.map(ParticipantId::uuid)))
        .bind(&span.name)
        .bind(searchable(&[&span.name]))
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

pub(super) async fn of(
    conn: &mut Conn,
    recordings: &[RecordingId],
) -> Result<HashMap<RecordingId, Vec<SpeakerSpan>>, StoreFailure> {
    let mut spans = HashMap::new();
    for recording in recordings {
        let rows = sqlx::query(
            "SELECT from_ms, to_ms, participant, name FROM speaker_span WHERE recording = $1 ORDER BY from_ms, name",
        )
        .bind(key(recording.uuid()))
        .fetch_all(&mut *conn)
        .await?;
        let own = rows.iter().map(|row| {
            Ok(SpeakerSpan {
                participant: row.optional_parsed("participant")?,
                name: row.text("name")?,
                from_ms: row.number("from_ms")?,
                to_ms: row.number("to_ms")?,
            })
        });
        spans.insert(*recording, own.collect::<Result<Vec<_>, StoreFailure>>()?);
    }
    Ok(spans)
}
