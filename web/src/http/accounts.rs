//! Accounts, for administrators. Passwords given here are for one sign-in and told once.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use scheduler::account::{self, AccountState, PasswordDue, SignInName};
use scheduler::id::PersonId;
use scheduler::store::{Accounts as _, Directory as _};
use uuid::Uuid;

use super::access::Who;
use super::extract::{Body, Ids};
use super::problem::{FieldCode, Problem, ProblemCode, ProblemDocument};
use crate::account::policy;
use crate::api::account::{Account, AccountPatch, NewAccount, OneTimePassword};
use crate::api::convert;
use crate::app::App;
use crate::clock;

#[utoipa::path(
    get,
    path = "/api/v1/accounts",
    tag = "accounts",
    responses((status = 200, body = Vec<Account>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list(State(app): State<App>) -> Result<Json<Vec<Account>>, Problem> {
    Ok(Json(app.store().accounts().await?.into_iter().map(Into::into).collect()))
}

/// Makes an account with a one-time password, told once.
#[utoipa::path(
    post,
    path = "/api/v1/accounts",
    tag = "accounts",
    request_body = NewAccount,
    responses((status = 201, body = OneTimePassword), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create(
    State(app): State<App>,
    who: Who,
    Body(input): Body<NewAccount>,
) -> Result<(StatusCode, Json<OneTimePassword>), Problem> {
    let id = PersonId::from_uuid(input.person_id);
    let unknown = || Problem::field("person_id", FieldCode::Unknown);
    let person = app.store().person(id).await?.ok_or_else(unknown)?;
    let username = match input.username {
        Some(name) => SignInName::parse(&name)?,
        None => SignInName::proposed(&person.name).ok_or_else(|| Problem::field("username", FieldCode::Required))?,
    };
    let password = policy::one_time()?;
    let account = account::NewAccount {
        person: id,
        username: username.clone(),
        password: app.hasher().hash(&password).await?,
        due: PasswordDue::Change,
        roles: convert::roles(&input.roles),
    };
    app.store().add_account(&account, clock::now()).await?;
    tracing::info!(person = %id, by = %who.account.person.id, "made an account");
    let told = OneTimePassword {
        person_id: input.person_id,
        username: username.as_str().to_owned(),
        one_time_password: password.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(told)))
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
pub async fn edit(
    State(app): State<App>,
    who: Who,
    Ids(person): Ids<Uuid>,
    Body(patch): Body<AccountPatch>,
) -> Result<Json<Account>, Problem> {
    let id = PersonId::from_uuid(person);
    if let Some(roles) = patch.roles {
        app.store().set_roles(id, &convert::roles(&roles)).await?;
        tracing::info!(person = %id, by = %who.account.person.id, ?roles, "set the roles of an account");
    }
    if let Some(disabled) = patch.disabled {
        let state = if disabled { AccountState::Disabled } else { AccountState::Enabled };
        app.store().set_account_state(id, state).await?;
        tracing::info!(person = %id, by = %who.account.person.id, ?state, "switched an account");
    }
    Ok(Json(find(&app, id).await?.into()))
}

/// A new one-time password; every sign-in of the account ends.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{person}/reset",
    tag = "accounts",
    params(("person" = Uuid, Path)),
    responses((status = 200, body = OneTimePassword), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reset(State(app): State<App>, who: Who, Ids(person): Ids<Uuid>) -> Result<Json<OneTimePassword>, Problem> {
    let id = PersonId::from_uuid(person);
    let account = find(&app, id).await?;
    let password = policy::one_time()?;
    let hash = app.hasher().hash(&password).await?;
    app.store().set_password(id, &hash, PasswordDue::Change, None).await?;
    tracing::info!(person = %id, by = %who.account.person.id, "reset a password");
    let one_time_password = password.reveal().to_owned();
    Ok(Json(OneTimePassword { person_id: person, username: account.username, one_time_password }))
}

async fn find(app: &App, id: PersonId) -> Result<account::Account, Problem> {
    let found = app.store().accounts().await?.into_iter().find(|account| account.person.id == id);
    found.ok_or_else(|| ProblemCode::NotFound.into())
}
