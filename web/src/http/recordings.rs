//! Recordings: listed and played for those the office's table names; to others they do not exist.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use scheduler::id::RecordingId;
use scheduler::record::{self, RecordingState, agenda_positions};
use scheduler::role::SessionAction;
use scheduler::session::SessionDetail;
use scheduler::store::{Attendances as _, RecordingQuery, Recordings as _, Sessions as _};
use scheduler::time::UtcTime;
use uuid::Uuid;

use super::access::Who;
use super::extract::{Filter, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use super::range;
use crate::api::recording::{RecordingDetail, RecordingFilter, RecordingSummary};
use crate::app::App;
use crate::clock;

/// Rows of one answer; more is asked for by time.
const LISTED_MAX: u16 = 500;

#[utoipa::path(
    get,
    path = "/api/v1/recordings",
    tag = "recordings",
    params(RecordingFilter),
    responses((status = 200, body = Vec<RecordingSummary>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    who: Who,
    Filter(filter): Filter<RecordingFilter>,
) -> Result<Json<Vec<RecordingSummary>>, Problem> {
    let query = RecordingQuery {
        viewer: who.viewer(),
        from: filter.from.map(UtcTime::from_millis),
        to: filter.to.map(UtcTime::from_millis),
        text: filter.q,
        session: None,
        limit: LISTED_MAX,
    };
    Ok(Json(app.store().recordings(&query).await?.into_iter().map(Into::into).collect()))
}

#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}",
    tag = "recordings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = RecordingDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(State(app): State<App>, who: Who, Ids(id): Ids<Uuid>) -> Result<Json<RecordingDetail>, Problem> {
    let (recording, session) = readable(&app, &who, id).await?;
    let marks = app.store().marks(recording.session_id).await?;
    let agenda = agenda_positions(&session.agenda, &marks, recording.started_at, recording.duration_ms);
    Ok(Json(RecordingDetail {
        agenda: agenda.into_iter().map(Into::into).collect(),
        sha256: recording.sha256.clone(),
        summary: recording.into(),
    }))
}

/// The file, whole or by one byte range.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/media",
    tag = "recordings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "video/webm"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn media(
    State(app): State<App>,
    who: Who,
    Ids(id): Ids<Uuid>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (recording, _) = readable(&app, &who, id).await?;
    if recording.state == RecordingState::Recording {
        return Err(ProblemCode::NotFound.into());
    }
    if headers.get(axum::http::header::RANGE).is_none() {
        tracing::info!(recording = %recording.id, by = %who.account.person.id, "opened a recording");
    }
    range::file(&app.recording_path(&recording.file), "video/webm", &headers).await
}

async fn readable(app: &App, who: &Who, id: Uuid) -> Result<(record::Recording, SessionDetail), Problem> {
    let recording = app.store().recording(RecordingId::from_uuid(id)).await?.ok_or(ProblemCode::NotFound)?;
    let session = app.store().session(recording.session_id, clock::now()).await?.ok_or(ProblemCode::NotFound)?;
    let viewer = who.viewer();
    let allowed = SessionAction::ReadRecordings.allowed(&viewer, session.standing(&viewer));
    if allowed { Ok((recording, session)) } else { Err(ProblemCode::NotFound.into()) }
}
