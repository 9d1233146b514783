use axum::Json;
use axum::response::Response;
use uuid::Uuid;

use super::extract::{Body, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::attendance::{Attendance, AttendanceEdit, AttendanceRow};

#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/attendance",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Attendance), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(Ids(_id): Ids<String>) -> Result<Json<Attendance>, Problem> {
    Err(ProblemCode::Unavailable.into())
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
    Ids((_id, _row)): Ids<(String, Uuid)>,
    Body(_edit): Body<AttendanceEdit>,
) -> Result<Json<AttendanceRow>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Confirms every declared headcount that is not yet confirmed.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/attendance/confirm-declared",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Attendance), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn confirm_declared(Ids(_id): Ids<String>) -> Result<Json<Attendance>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// The list as a workbook.
#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}/attendance.xlsx",
    tag = "attendance",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn workbook(Ids(_id): Ids<String>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}
