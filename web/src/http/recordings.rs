use axum::Json;
use axum::response::Response;
use uuid::Uuid;

use super::extract::{Filter, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::recording::{RecordingDetail, RecordingFilter, RecordingSummary};

#[utoipa::path(
    get,
    path = "/api/v1/recordings",
    tag = "recordings",
    params(RecordingFilter),
    responses((status = 200, body = Vec<RecordingSummary>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list(Filter(_filter): Filter<RecordingFilter>) -> Result<Json<Vec<RecordingSummary>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}",
    tag = "recordings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = RecordingDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(Ids(_id): Ids<Uuid>) -> Result<Json<RecordingDetail>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// The file, whole or by one byte range.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{id}/media",
    tag = "recordings",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "video/webm"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn media(Ids(_id): Ids<Uuid>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}
