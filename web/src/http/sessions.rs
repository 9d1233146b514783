use axum::Json;
use axum::http::StatusCode;

use super::extract::{Body, Filter, Ids, OptionalBody};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::booking::{IssuedInvitations, Reissue};
use crate::api::session::{Cancel, JoinRequest, Joining, Reschedule, SessionDetail, SessionFilter, SessionSummary};

/// The sessions this account may see, by start.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "sessions",
    params(SessionFilter),
    responses((status = 200, body = Vec<SessionSummary>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list(Filter(_filter): Filter<SessionFilter>) -> Result<Json<Vec<SessionSummary>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = SessionDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(Ids(_id): Ids<String>) -> Result<Json<SessionDetail>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Moves a session that has not begun. 409 `clash` like a booking.
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Reschedule,
    responses((status = 200, body = SessionDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reschedule(Ids(_id): Ids<String>, Body(_asked): Body<Reschedule>) -> Result<Json<SessionDetail>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/cancel",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Cancel,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn cancel(Ids(_id): Ids<String>, Body(_asked): Body<Cancel>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Issues links anew; the old ones die.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/invitations",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Reissue,
    responses((status = 200, body = IssuedInvitations), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reissue(
    Ids(_id): Ids<String>,
    OptionalBody(_asked): OptionalBody<Reissue>,
) -> Result<Json<IssuedInvitations>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// A join token for the signed-in person.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/join",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = JoinRequest,
    responses((status = 200, body = Joining), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn join(
    Ids(_id): Ids<String>,
    OptionalBody(_asked): OptionalBody<JoinRequest>,
) -> Result<Json<Joining>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Ends a session that runs, from outside the meeting; everybody in it is told.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/end",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn end(Ids(_id): Ids<String>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}
