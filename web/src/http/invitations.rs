//! The way in by a link. Its secret is the only proof; whoever has it takes the site's seat.

use axum::Json;
use axum::extract::State;
use scheduler::invitation::LinkSecret;
use scheduler::store::Sessions as _;

use super::extract::Ids;
use super::problem::{Problem, ProblemCode, ProblemDocument};
use super::sessions::joining;
use crate::api::session::{InvitationView, Joining};
use crate::app::App;
use crate::clock;

/// What the holder of a link sees. Reading it marks the invitation as opened.
#[utoipa::path(
    get,
    path = "/api/v1/invitations/{secret}",
    tag = "invitations",
    params(("secret" = String, Path)),
    responses((status = 200, body = InvitationView), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(State(app): State<App>, Ids(secret): Ids<String>) -> Result<Json<InvitationView>, Problem> {
    let view = app.store().open_invitation(&parse(&secret)?, clock::now()).await?.ok_or(ProblemCode::NotFound)?;
    Ok(Json(view.into()))
}

/// A join token for the holder of a link.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/{secret}/join",
    tag = "invitations",
    params(("secret" = String, Path)),
    responses((status = 200, body = Joining), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn join(State(app): State<App>, Ids(secret): Ids<String>) -> Result<Json<Joining>, Problem> {
    let now = clock::now();
    let grant = app.store().admit_invited(&parse(&secret)?, now).await?;
    Ok(Json(joining(&app, &grant, now).await?))
}

fn parse(secret: &str) -> Result<LinkSecret, Problem> {
    LinkSecret::parse(secret).map_err(|_| ProblemCode::NotFound.into())
}
