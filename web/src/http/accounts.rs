use axum::Json;
use axum::http::StatusCode;
use uuid::Uuid;

use super::extract::{Body, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::account::{Account, AccountPatch, NewAccount, OneTimePassword};

#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    tag = "accounts",
    responses((status = 200, body = Vec<Account>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list() -> Result<Json<Vec<Account>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Makes an account with a one-time password, told once.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    tag = "accounts",
    request_body = NewAccount,
    responses((status = 201, body = OneTimePassword), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create(Body(_input): Body<NewAccount>) -> Result<(StatusCode, Json<OneTimePassword>), Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// Disabling an account ends its sign-ins at once.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{person}",
    tag = "accounts",
    params(("person" = Uuid, Path)),
    request_body = AccountPatch,
    responses((status = 200, body = Account), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit(Ids(_id): Ids<Uuid>, Body(_patch): Body<AccountPatch>) -> Result<Json<Account>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// A new one-time password; every sign-in of the account ends.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{person}/reset",
    tag = "accounts",
    params(("person" = Uuid, Path)),
    responses((status = 200, body = OneTimePassword), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reset(Ids(_id): Ids<Uuid>) -> Result<Json<OneTimePassword>, Problem> {
    Err(ProblemCode::Unavailable.into())
}
