use axum::Json;
use axum::http::{HeaderMap, StatusCode};

use super::extract::Body;
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::booking::{Booked, BookingCheck, BookingChecked, BookingRequest};

/// Books a session. 409 `clash` names what stands in the way and the next free time. Sending the same key again answers the same booking.
#[utoipa::path(
    post,
    path = "/api/v1/bookings",
    tag = "bookings",
    params(("Idempotency-Key" = String, Header, description = "8 to 128 printable characters, new for every booking")),
    request_body = BookingRequest,
    responses((status = 201, body = Booked), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create(
    _headers: HeaderMap,
    Body(_asked): Body<BookingRequest>,
) -> Result<(StatusCode, Json<Booked>), Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// What is free and what is not, while the form is being filled in.
#[utoipa::path(
    post,
    path = "/api/v1/bookings/check",
    tag = "bookings",
    request_body = BookingCheck,
    responses((status = 200, body = BookingChecked), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn check(Body(_asked): Body<BookingCheck>) -> Result<Json<BookingChecked>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// The saved draft of this account; 404 when there is none.
#[utoipa::path(
    get,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    responses((status = 200, body = serde_json::Value), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn draft() -> Result<Json<serde_json::Value>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Any JSON up to 64 KiB.
#[utoipa::path(
    put,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    request_body = serde_json::Value,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn save_draft(Body(_draft): Body<serde_json::Value>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    delete,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn discard_draft() -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}
