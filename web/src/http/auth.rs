use axum::Json;
use axum::http::StatusCode;

use super::extract::Body;
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::account::{Me, PasswordChange, SignIn};

/// Signs in; the cookie `nc_session` is set.
#[utoipa::path(
    post,
    path = "/api/v1/auth/sign-in",
    tag = "auth",
    request_body = SignIn,
    responses((status = 200, body = Me), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sign_in(Body(_asked): Body<SignIn>) -> Result<Json<Me>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Ends this sign-in here and on the server.
#[utoipa::path(
    post,
    path = "/api/v1/auth/sign-out",
    tag = "auth",
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sign_out() -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    responses((status = 200, body = Me), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn me() -> Result<Json<Me>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Changes the own password; every other sign-in of this account ends.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password",
    tag = "auth",
    request_body = PasswordChange,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn change_password(Body(_asked): Body<PasswordChange>) -> Result<StatusCode, Problem> {
    Err(ProblemCode::Unavailable.into())
}
