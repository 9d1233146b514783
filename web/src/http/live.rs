use axum::http::StatusCode;
use axum::response::Response;

use super::extract::Ids;
use super::problem::{Problem, ProblemCode, ProblemDocument};

/// WHIP: publishes. `Authorization: Bearer` with a join token; 201 with the answer, `Location` and `ETag`.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/whip",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("as" = Option<String>, Query, description = "Tells apart those who share a pool token")),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip(Ids(_id): Ids<String>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Candidates, or new ICE credentials for a restart (RFC 8840).
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}/whip/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = String, Path)),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip_patch(Ids((_id, _resource)): Ids<(String, String)>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Ends it.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/whip/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = String, Path)),
    responses((status = 200), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip_delete(Ids((_id, _resource)): Ids<(String, String)>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// WHEP: receives. `Authorization: Bearer` with a join token; 201 with the answer, `Location` and `ETag`.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/whep",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("as" = Option<String>, Query, description = "Tells apart those who share a pool token")),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep(Ids(_id): Ids<String>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Candidates, or new ICE credentials for a restart (RFC 8840).
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}/whep/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = String, Path)),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep_patch(Ids((_id, _resource)): Ids<(String, String)>) -> Result<Response, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Ends it.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/whep/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = String, Path)),
    responses((status = 200), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep_delete(Ids((_id, _resource)): Ids<(String, String)>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}
