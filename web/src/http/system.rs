use axum::Json;

use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::system::System;

#[utoipa::path(
    get,
    path = "/api/v1/system",
    tag = "system",
    responses((status = 200, body = System), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show() -> Result<Json<System>, Problem> {
    Err(ProblemCode::Unavailable.into())
}
