//! The ways into a running meeting: the page's WebSocket, and WHIP (RFC 9725) and WHEP for everything that is no page of ours.
//!
//! WHIP and WHEP ask for a join token and nothing else, so pages of other sites may use them: no cookie is read here.

use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use scheduler::id::SessionId;
use serde::Deserialize;
use signaling::serve::{CallRefused, Caller, Published};
use signaling::wire::RefusalCode;
use utoipa::IntoParams;
use uuid::Uuid;

use super::extract::{Filter, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::app::App;

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
/// Seconds after which a full or stopping server is worth asking again.
const RETRY_S: u32 = 5;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct As {
    /// Tells apart those who share a pool token.
    #[serde(rename = "as")]
    pub name: Option<String>,
}

/// The WebSocket of `signaling/PROTOCOL.md`.
pub async fn socket(State(app): State<App>, Query(query): Query<As>, upgrade: WebSocketUpgrade) -> Response {
    app.live().socket(upgrade, query.name)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whip,
    Whep,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Whip => "whip",
            Self::Whep => "whep",
        }
    }
}

/// WHIP: publishes. `Authorization: Bearer` with a join token; 201 with the answer, `Location` and `ETag`.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/whip",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), As),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip(
    State(app): State<App>,
    Ids(id): Ids<String>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    open(&app, Kind::Whip, &id, query.name.as_deref(), &headers, &body).await
}

/// WHEP: receives. The offer's recvonly m-lines are its slots.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/whep",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), As),
    request_body(content = String, content_type = "application/sdp"),
    responses((status = 201, body = String, content_type = "application/sdp"), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep(
    State(app): State<App>,
    Ids(id): Ids<String>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    open(&app, Kind::Whep, &id, query.name.as_deref(), &headers, &body).await
}

/// Candidates, or new ICE credentials for a restart (RFC 8840). `If-Match` names the ICE session, or is `*` for a restart.
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}/whip/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = Uuid, Path), As),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 200, body = String, content_type = "application/trickle-ice-sdpfrag"), (status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip_patch(
    State(app): State<App>,
    Ids(at): Ids<(String, Uuid)>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    patch(&app, at, query.name.as_deref(), &headers, &body).await
}

/// Candidates, or new ICE credentials for a restart (RFC 8840). `If-Match` names the ICE session, or is `*` for a restart.
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}/whep/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = Uuid, Path), As),
    request_body(content = String, content_type = "application/trickle-ice-sdpfrag"),
    responses((status = 200, body = String, content_type = "application/trickle-ice-sdpfrag"), (status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep_patch(
    State(app): State<App>,
    Ids(at): Ids<(String, Uuid)>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    patch(&app, at, query.name.as_deref(), &headers, &body).await
}

/// Ends it.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/whip/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = Uuid, Path), As),
    responses((status = 200), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whip_delete(
    State(app): State<App>,
    Ids(at): Ids<(String, Uuid)>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    close(&app, at, query.name.as_deref(), &headers).await
}

/// Ends it.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}/whep/{resource}",
    tag = "live",
    params(("id" = String, Path, description = "A UUID, or `demo`"), ("resource" = Uuid, Path), As),
    responses((status = 200), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn whep_delete(
    State(app): State<App>,
    Ids(at): Ids<(String, Uuid)>,
    Filter(query): Filter<As>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    close(&app, at, query.name.as_deref(), &headers).await
}

/// What a browser asks before a page of another site may call: no token is needed to learn how to call.
pub async fn preflight() -> impl IntoResponse {
    (
        StatusCode::NO_CONTENT,
        [
            (HeaderName::from_static("accept-post"), SDP),
            (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, PATCH, DELETE, OPTIONS"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type, if-match"),
            (header::ACCESS_CONTROL_MAX_AGE, "7200"),
        ],
    )
}

/// Lets pages of other sites read the answers; no cookie is involved, so `*` gives nothing away.
pub async fn shared_with_other_sites(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("location, etag, accept-patch, retry-after, www-authenticate"),
    );
    response
}

async fn open(
    app: &App,
    kind: Kind,
    id: &str,
    name: Option<&str>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Problem> {
    let caller = caller(id, name, headers)?;
    require_media_type(headers, SDP)?;
    if !accepts_sdp(headers) {
        return Err(ProblemCode::NotAcceptable.into());
    }
    let offer = text(body)?;
    let host = app.live().host();
    let opened = match kind {
        Kind::Whip => host.whip(caller, offer).await,
        Kind::Whep => host.whep(caller, offer).await,
    };
    let Published { resource, answer } = opened.map_err(refusal)?;
    let etag = app.live().note_ice(resource, &answer);
    let created = [
        (header::CONTENT_TYPE, SDP.to_owned()),
        (header::LOCATION, format!("/api/v1/sessions/{id}/{}/{resource}", kind.word())),
        (header::ETAG, etag),
        (HeaderName::from_static("accept-patch"), FRAGMENT.to_owned()),
    ];
    Ok((StatusCode::CREATED, created, answer).into_response())
}

async fn patch(
    app: &App,
    at: (String, Uuid),
    name: Option<&str>,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Response, Problem> {
    let (id, resource) = at;
    let caller = caller(&id, name, headers)?;
    require_media_type(headers, FRAGMENT)?;
    let condition = headers.get(header::IF_MATCH).ok_or(ProblemCode::PreconditionRequired)?;
    let current = app.live().ice_of(resource);
    let met = condition.to_str().is_ok_and(|condition| {
        condition.split(',').map(str::trim).any(|tag| tag == "*" || current.as_deref() == Some(tag))
    });
    if !met {
        // A resource that is not there says so before it speaks of its state.
        return Err(if current.is_some() { ProblemCode::PreconditionFailed } else { ProblemCode::NotFound }.into());
    }
    let fragment = app.live().host().trickle(caller, resource, text(body)?).await.map_err(refusal)?;
    if fragment.is_empty() {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let etag = app.live().note_ice(resource, &fragment);
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, FRAGMENT.to_owned()), (header::ETAG, etag)], fragment).into_response())
}

async fn close(app: &App, at: (String, Uuid), name: Option<&str>, headers: &HeaderMap) -> Result<StatusCode, Problem> {
    let (id, resource) = at;
    let caller = caller(&id, name, headers)?;
    app.live().host().unpublish(caller, resource).await.map_err(refusal)?;
    app.live().forget_ice(resource);
    Ok(StatusCode::OK)
}

fn caller<'a>(id: &str, name: Option<&'a str>, headers: &'a HeaderMap) -> Result<Caller<'a>, Problem> {
    let session: SessionId = id.parse().map_err(|_| ProblemCode::NotFound)?;
    let presented = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        presented.and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or(ProblemCode::TokenInvalid)?;
    Ok(Caller { session: signaling::id::SessionId(session.uuid()), token: token.trim(), name })
}

fn require_media_type(headers: &HeaderMap, wanted: &str) -> Result<(), Problem> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let essence = given.split(';').next().unwrap_or("").trim();
    if essence.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(ProblemCode::UnsupportedMediaType.into()) }
}

fn accepts_sdp(headers: &HeaderMap) -> bool {
    let wanted: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    wanted.is_empty()
        || wanted.iter().flat_map(|list| list.split(',')).any(|range| {
            let essence = range.split(';').next().unwrap_or("").trim();
            ["*/*", "application/*", SDP].iter().any(|ours| essence.eq_ignore_ascii_case(ours))
        })
}

fn text(body: &Bytes) -> Result<String, Problem> {
    String::from_utf8(body.to_vec()).map_err(|_| ProblemCode::OfferInvalid.into())
}

fn refusal(refused: CallRefused) -> Problem {
    match refused {
        CallRefused::Token(_) => ProblemCode::TokenInvalid.into(),
        CallRefused::NoSuchResource => ProblemCode::NotFound.into(),
        CallRefused::Refused(code) => of_meeting(code),
    }
}

fn of_meeting(code: RefusalCode) -> Problem {
    use RefusalCode as R;
    match code {
        R::TokenInvalid | R::TokenExpired => ProblemCode::TokenInvalid.into(),
        R::SessionUnknown | R::NoSuchParticipant | R::NotHere => ProblemCode::NotFound.into(),
        R::SessionNotOpenYet => ProblemCode::NotOpenYet.into(),
        R::SessionEnded => ProblemCode::SessionEnded.into(),
        R::SessionFull => Problem::new(ProblemCode::SessionFull).with_retry_after(RETRY_S),
        R::NotAllowed => ProblemCode::NotAllowed.into(),
        R::OfferTooLarge => ProblemCode::TooLarge.into(),
        R::OfferUnsupported => ProblemCode::OfferUnsupported.into(),
        R::OfferInvalid | R::NoMedia => ProblemCode::OfferInvalid.into(),
        R::MediaUnavailable | R::NotStored => Problem::new(ProblemCode::Unavailable).with_retry_after(RETRY_S),
        R::Version
        | R::OutOfTurn
        | R::SourceLocked
        | R::SourceAbsent
        | R::ScreenTaken
        | R::AlreadyAsked
        | R::NotAsked
        | R::NotHoldingFloor
        | R::FloorFull
        | R::RecordingUnavailable
        | R::TextInvalid
        | R::NumberOutOfRange => ProblemCode::Malformed.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_in_sdp_must_be_acceptable() {
        let with = |accept: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            accepts_sdp(&headers)
        };
        assert!(accepts_sdp(&HeaderMap::new()));
        assert!(with("application/sdp") && with("*/*") && with("text/html, application/SDP;q=0.5"));
        assert!(!with("application/json"));
    }
}
