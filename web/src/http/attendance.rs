//! Attendance: shown to those the office's table names, changed by secretaries. To others it does not exist.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use scheduler::id::{ParticipantId, SessionId};
use scheduler::mark;
use scheduler::role::SessionAction;
use scheduler::session::SessionDetail;
use scheduler::store::Attendances as _;
use uuid::Uuid;

use super::access::Who;
use super::extract::{Body, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use super::sessions::visible;
use crate::api::attendance::{Attendance, AttendanceEdit, AttendanceRow};
use crate::api::convert;
use crate::app::App;
use crate::{clock, sheet};

#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/attendance",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Attendance), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(State(app): State<App>, who: Who, Ids(id): Ids<String>) -> Result<Json<Attendance>, Problem> {
    let detail = readable(&app, &who, &id).await?;
    Ok(Json(list(&app, detail).await?))
}

#[utoipa::path(
    put,
    path = "/api/v1/sessions/{id}/attendance/{row}",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("row" = Uuid, Path)),
    request_body = AttendanceEdit,
    responses((status = 200, body = AttendanceRow), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit(
    State(app): State<App>,
    who: Who,
    Ids((id, row)): Ids<(String, Uuid)>,
    Body(edit): Body<AttendanceEdit>,
) -> Result<Json<AttendanceRow>, Problem> {
    let session = editable(&app, &who, &id).await?;
    let edit =
        mark::AttendanceEdit { status: edit.status.map(Into::into), reason: edit.reason, confirmed: edit.confirmed };
    let row = ParticipantId::from_uuid(row);
    let edited = app.store().edit_attendance(session, row, &edit, who.account.person.id, clock::now()).await?;
    Ok(Json(edited.into()))
}

/// Confirms every declared headcount that is not yet confirmed.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/attendance/confirm-declared",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Attendance), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn confirm_declared(
    State(app): State<App>,
    who: Who,
    Ids(id): Ids<String>,
) -> Result<Json<Attendance>, Problem> {
    let session = editable(&app, &who, &id).await?;
    app.store().confirm_declared(session, who.account.person.id, clock::now()).await?;
    let detail = readable(&app, &who, &id).await?;
    Ok(Json(list(&app, detail).await?))
}

/// The list as a workbook.
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/attendance.xlsx",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn workbook(State(app): State<App>, who: Who, Ids(id): Ids<String>) -> Result<Response, Problem> {
    let detail = readable(&app, &who, &id).await?;
    let central = detail.session.central_site;
    let place = detail
        .seats
        .iter()
        .filter_map(|seat| seat.sitter.site())
        .find(|site| site.id == central)
        .map(|site| site.name.clone());
    let attendance = list(&app, detail).await?;
    tracing::info!(session = %id, by = %who.account.person.id, "exported an attendance list");
    let bytes = sheet::attendance(&attendance, place.as_deref()).map_err(|failure| {
        tracing::error!(%failure, "the workbook could not be written");
        ProblemCode::Internal
    })?;
    let headers = [
        (header::CONTENT_TYPE, sheet::MEDIA_TYPE.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"diem-danh-{}.xlsx\"", sheet::file_stem(&attendance)),
        ),
    ];
    Ok((headers, bytes).into_response())
}

async fn list(app: &App, detail: SessionDetail) -> Result<Attendance, Problem> {
    let id = detail.session.id;
    let attendance = app.store().attendance(id, clock::now()).await?.ok_or(ProblemCode::NotFound)?;
    Ok(convert::attendance(attendance, convert::summary(detail.summary, app.live().here(id).await)))
}

async fn readable(app: &App, who: &Who, id: &str) -> Result<SessionDetail, Problem> {
    let detail = visible(app, who, id).await?;
    let viewer = who.viewer();
    let allowed = SessionAction::ReadAttendance.allowed(&viewer, detail.standing(&viewer));
    if allowed { Ok(detail) } else { Err(ProblemCode::NotFound.into()) }
}

async fn editable(app: &App, who: &Who, id: &str) -> Result<SessionId, Problem> {
    let detail = readable(app, who, id).await?;
    let viewer = who.viewer();
    let allowed = SessionAction::EditAttendance.allowed(&viewer, detail.standing(&viewer));
    if allowed { Ok(detail.session.id) } else { Err(ProblemCode::NotAllowed.into()) }
}
