//! Who may knock at which address. The right stands beside the route in the table; no handler asks for a role.

use axum::extract::{Extension, FromRequestParts, Request, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum_extra::extract::CookieJar;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use scheduler::account::{PasswordDue, SignedIn, TokenHash};
use scheduler::role::{Permission, Viewer};
use scheduler::store::Accounts as _;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt as _};

use super::problem::{Problem, ProblemCode};
use crate::app::App;
use crate::clock;

pub const COOKIE: &str = "nc_session";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Nobody is asked who he is. The handler may ask for a secret of another kind: a link's or a token.
    Anyone,
    /// Any account, also one that still has its one-time password.
    EvenWithOneTimePassword,
    SignedIn,
    /// An account with the right; others read that they may not.
    Needs(Permission),
}

/// Puts the right before the routes.
pub fn gate<S: Clone + Send + Sync + 'static>(access: Access, routes: UtoipaMethodRouter<S>) -> UtoipaMethodRouter<S> {
    routes.layer(middleware::from_fn_with_state(access, pass))
}

async fn pass(
    State(access): State<Access>,
    Extension(app): Extension<App>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if access != Access::Anyone {
        let who = recognise(&app, request.headers()).await?;
        may_pass(access, &who.account)?;
        request.extensions_mut().insert(who);
    }
    Ok(next.run(request).await)
}

async fn recognise(app: &App, headers: &HeaderMap) -> Result<Who, Problem> {
    let token = presented(headers).ok_or(ProblemCode::NotSignedIn)?;
    let account = app.store().signed_in(token, clock::now()).await?.ok_or(ProblemCode::NotSignedIn)?;
    Ok(Who { account, token })
}

/// The hash of the cookie's secret, if there is a cookie that could be ours.
#[must_use]
pub fn presented(headers: &HeaderMap) -> Option<TokenHash> {
    let jar = CookieJar::from_headers(headers);
    let secret = URL_SAFE_NO_PAD.decode(jar.get(COOKIE)?.value()).ok()?;
    (secret.len() == 32).then(|| TokenHash::of(&secret))
}

fn may_pass(access: Access, who: &SignedIn) -> Result<(), ProblemCode> {
    let changed = who.due == PasswordDue::Keep;
    match access {
        Access::Anyone | Access::EvenWithOneTimePassword => Ok(()),
        Access::SignedIn | Access::Needs(_) if !changed => Err(ProblemCode::PasswordMustChange),
        Access::SignedIn => Ok(()),
        Access::Needs(permission) if who.person.roles.may(permission) => Ok(()),
        Access::Needs(_) => Err(ProblemCode::NotAllowed),
    }
}

/// The account behind a request that passed its gate, and the cookie it came with.
#[derive(Clone)]
pub struct Who {
    pub account: SignedIn,
    pub token: TokenHash,
}

impl Who {
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        self.account.person.viewer()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        // Absent only where the table forgot the gate: then nobody is signed in.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| ProblemCode::NotSignedIn.into())
    }
}
