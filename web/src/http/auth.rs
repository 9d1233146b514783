//! Signing in and out.

use std::net::IpAddr;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scheduler::account::{AccountState, Credentials, PasswordDue, SignInName, TokenHash, WebSession};
use scheduler::store::{Accounts as _, PolicySettings as _};

use super::access::{COOKIE, Who, presented};
use super::extract::Body;
use super::peer::Peer;
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::account::password::Verdict;
use crate::account::policy::NewPassword;
use crate::api::account::{Me, PasswordChange, SignIn};
use crate::api::convert;
use crate::app::App;
use crate::{clock, secret};

/// Signs in; the cookie `nc_session` is set.
#[utoipa::path(
    post,
    path = "/api/v1/auth/sign-in",
    tag = "auth",
    request_body = SignIn,
    responses((status = 200, body = Me), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sign_in(
    State(app): State<App>,
    Peer(address): Peer,
    headers: HeaderMap,
    Body(asked): Body<SignIn>,
) -> Result<impl IntoResponse, Problem> {
    count_attempt(&app, &asked.username, address)?;
    let credentials = prove(&app, &asked.username, asked.password).await?;
    app.forgive(&asked.username);
    // Whoever signs in gets a new secret, and the one his browser had dies.
    if let Some(old) = presented(&headers) {
        app.store().close_web_session(old).await?;
    }
    let (token, set_cookie) = open(&app, &credentials).await?;
    let signed_in = app.store().signed_in(token, clock::now()).await?.ok_or(ProblemCode::SignInFailed)?;
    tracing::info!(person = %credentials.person, "signed in");
    Ok((set_cookie, Json(convert::me(&signed_in, app.is_demo()))))
}

fn count_attempt(app: &App, name: &str, address: Option<IpAddr>) -> Result<(), Problem> {
    app.try_sign_in(name, address).map_err(|wait| {
        metrics::counter!("nhipcau_sign_in_refused_total").increment(1);
        Problem::new(ProblemCode::TooManyAttempts).with_retry_after(wait.seconds())
    })
}

/// The credentials, if the password is right. Whatever is wrong, the answer and the time it takes are the same.
async fn prove(app: &App, username: &str, password: String) -> Result<Credentials, Problem> {
    let stored = match SignInName::parse(username) {
        Ok(name) => app.store().credentials(&name).await?,
        Err(_) => None,
    };
    let verdict = app.hasher().verify(password, stored.as_ref().map(|credentials| &credentials.password)).await?;
    match (verdict, stored) {
        (Verdict::Right, Some(credentials)) if credentials.state == AccountState::Enabled => Ok(credentials),
        (Verdict::Right | Verdict::Wrong, _) => Err(ProblemCode::SignInFailed.into()),
    }
}

async fn open(app: &App, credentials: &Credentials) -> Result<(TokenHash, SetCookie), Problem> {
    let secret = secret::random::<32>()?;
    let token = TokenHash::of(&secret);
    let now = clock::now();
    let lifetime = app.store().policies().await?.web_session;
    let session = WebSession { token, person: credentials.person, expires_at: now.plus(lifetime) };
    app.store().open_web_session(&session, now).await?;
    Ok((token, cookie(app, &URL_SAFE_NO_PAD.encode(secret), lifetime)))
}

type SetCookie = AppendHeaders<[(HeaderName, String); 1]>;

/// `SameSite=Strict`: the page is one application, its own requests carry the cookie also after a link from elsewhere led to it.
fn cookie(app: &App, value: &str, lifetime: Duration) -> SetCookie {
    let secure = if app.settings().front.is_https() { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict; Max-Age={}{secure}", lifetime.as_secs());
    AppendHeaders([(header::SET_COOKIE, text)])
}

/// Ends this sign-in here and on the server.
#[utoipa::path(
    post,
    path = "/api/v1/auth/sign-out",
    tag = "auth",
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sign_out(State(app): State<App>, who: Who) -> Result<impl IntoResponse, Problem> {
    app.store().close_web_session(who.token).await?;
    // The browser also forgets what it kept of this account's answers.
    let clear = [(HeaderName::from_static("clear-site-data"), "\"cache\"")];
    Ok((StatusCode::NO_CONTENT, clear, cookie(&app, "", Duration::ZERO)))
}

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/api/v1/auth/me",
    tag = "auth",
    responses((status = 200, body = Me), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn me(State(app): State<App>, who: Who) -> Json<Me> {
    Json(convert::me(&who.account, app.is_demo()))
}

/// Changes the own password; every other sign-in of this account ends.
#[utoipa::path(
    post,
    path = "/api/v1/auth/password",
    tag = "auth",
    request_body = PasswordChange,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn change_password(
    State(app): State<App>,
    Peer(address): Peer,
    who: Who,
    Body(asked): Body<PasswordChange>,
) -> Result<StatusCode, Problem> {
    count_attempt(&app, &who.account.username, address)?;
    let same = asked.current == asked.new;
    let new = NewPassword::parse(asked.new).map_err(|_| ProblemCode::PasswordWeak)?;
    match prove(&app, &who.account.username, asked.current).await {
        Ok(_) if same => return Err(ProblemCode::PasswordWeak.into()),
        Ok(_) => {}
        Err(problem) if problem.code() == ProblemCode::SignInFailed => return Err(ProblemCode::PasswordWrong.into()),
        Err(problem) => return Err(problem),
    }
    app.forgive(&who.account.username);
    let hash = app.hasher().hash(&new).await?;
    app.store().set_password(who.account.person.id, &hash, PasswordDue::Keep, Some(who.token)).await?;
    tracing::info!(person = %who.account.person.id, "changed the password");
    Ok(StatusCode::NO_CONTENT)
}
