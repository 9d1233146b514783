use axum::Json;

use super::extract::{Ids, OptionalBody};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::session::{InvitationView, JoinRequest, Joining};

/// What the holder of a link sees. Reading it marks the invitation as opened.
#[utoipa::path(
    get,
    path = "/api/v1/invitations/{secret}",
    tag = "invitations",
    params(("secret" = String, Path)),
    responses((status = 200, body = InvitationView), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(Ids(_secret): Ids<String>) -> Result<Json<InvitationView>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// A join token for the holder of a link.
#[utoipa::path(
    post,
    path = "/api/v1/invitations/{secret}/join",
    tag = "invitations",
    params(("secret" = String, Path)),
    request_body = JoinRequest,
    responses((status = 200, body = Joining), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn join(
    Ids(_secret): Ids<String>,
    OptionalBody(_asked): OptionalBody<JoinRequest>,
) -> Result<Json<Joining>, Problem> {
    Err(ProblemCode::Unavailable.into())
}
