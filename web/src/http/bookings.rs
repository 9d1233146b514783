//! Booking a session: the wish, what stands in its way, and the unfinished form.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use scheduler::booking::{self, BookingProbe, DRAFT_BYTES_MAX, IdempotencyKey};
use scheduler::id::{PersonId, SessionId, SiteId};
use scheduler::selection;
use scheduler::store::Bookings as _;
use scheduler::time::UtcTime;

use super::access::Who;
use super::extract::Body;
use super::problem::{FieldCode, Problem, ProblemCode, ProblemDocument};
use crate::api::booking::{
    AgendaItem, Booked, BookingCheck, BookingChecked, BookingRequest, IssuedInvitation, SelectionRule,
};
use crate::api::convert;
use crate::app::App;
use crate::clock;

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
    State(app): State<App>,
    who: Who,
    headers: HeaderMap,
    Body(asked): Body<BookingRequest>,
) -> Result<(StatusCode, Json<Booked>), Problem> {
    let key = headers.get("idempotency-key").ok_or(ProblemCode::IdempotencyKeyMissing)?;
    let key = key
        .to_str()
        .ok()
        .and_then(|text| IdempotencyKey::parse(text).ok())
        .ok_or(ProblemCode::IdempotencyKeyMissing)?;
    let now = clock::now();
    let booking = request(asked)?.parse(now)?;
    let booked = app.store().book(&booking, who.account.person.id, &key, now).await?;
    let invitations = booked.invitations.iter().map(|issued| issued_invitation(&app, issued)).collect();
    Ok((StatusCode::CREATED, Json(Booked { session: convert::summary(booked.session, None), invitations })))
}

/// What is free and what is not, while the form is being filled in.
#[utoipa::path(
    post,
    path = "/api/v1/bookings/check",
    tag = "bookings",
    request_body = BookingCheck,
    responses((status = 200, body = BookingChecked), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn check(State(app): State<App>, Body(asked): Body<BookingCheck>) -> Result<Json<BookingChecked>, Problem> {
    let session_id = asked.session_id.map(|id| id.parse::<SessionId>()).transpose();
    let probe = BookingProbe {
        starts_at: UtcTime::from_millis(asked.starts_at),
        ends_at: UtcTime::from_millis(asked.ends_at),
        selection: rules(asked.selection)?,
        central_site_id: asked.central_site_id.map(SiteId::from_uuid),
        chair_id: asked.chair_id.map(PersonId::from_uuid),
        secretary_id: asked.secretary_id.map(PersonId::from_uuid),
        technician_id: asked.technician_id.map(PersonId::from_uuid),
        session_id: session_id.map_err(|_| Problem::field("session_id", FieldCode::Unknown))?,
    };
    Ok(Json(app.store().check_booking(&probe, clock::now()).await?.into()))
}

/// The saved draft of this account; 404 when there is none.
#[utoipa::path(
    get,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    responses((status = 200, body = serde_json::Value), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn draft(State(app): State<App>, who: Who) -> Result<impl IntoResponse, Problem> {
    let draft = app.store().draft(who.account.person.id).await?.ok_or(ProblemCode::NotFound)?;
    Ok(([(header::CONTENT_TYPE, "application/json")], draft.json))
}

/// Any JSON up to 64 KiB.
#[utoipa::path(
    put,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    request_body = serde_json::Value,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn save_draft(
    State(app): State<App>,
    who: Who,
    Body(draft): Body<serde_json::Value>,
) -> Result<StatusCode, Problem> {
    let json = draft.to_string();
    if json.len() > DRAFT_BYTES_MAX {
        return Err(ProblemCode::TooLarge.into());
    }
    app.store().save_draft(who.account.person.id, &json, clock::now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[utoipa::path(
    delete,
    path = "/api/v1/bookings/draft",
    tag = "bookings",
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn discard_draft(State(app): State<App>, who: Who) -> Result<StatusCode, Problem> {
    app.store().drop_draft(who.account.person.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn request(asked: BookingRequest) -> Result<booking::BookingRequest, Problem> {
    Ok(booking::BookingRequest {
        title: asked.title,
        short_title: asked.short_title,
        mode: asked.mode.into(),
        starts_at: UtcTime::from_millis(asked.starts_at),
        ends_at: UtcTime::from_millis(asked.ends_at),
        chair_id: PersonId::from_uuid(asked.chair_id),
        secretary_id: PersonId::from_uuid(asked.secretary_id),
        technician_id: asked.technician_id.map(PersonId::from_uuid),
        central_site_id: SiteId::from_uuid(asked.central_site_id),
        selection: rules(asked.selection)?,
        agenda: asked.agenda.into_iter().map(AgendaItem::into).collect(),
        recording_planned: asked.recording_planned,
    })
}

fn rules(asked: Vec<SelectionRule>) -> Result<Vec<selection::SelectionRule>, Problem> {
    let rule = |(index, rule): (usize, SelectionRule)| {
        rule.try_into()
            .map_err(|convert::UnknownGroup| Problem::field(&format!("selection[{index}]"), FieldCode::Unknown))
    };
    asked.into_iter().enumerate().map(rule).collect()
}

/// With the address the holder will open.
pub fn issued_invitation(app: &App, issued: &scheduler::invitation::IssuedInvitation) -> IssuedInvitation {
    let front = app.settings().public_url.as_deref().unwrap_or("");
    IssuedInvitation {
        participant_id: issued.participant.uuid(),
        site_id: issued.site.uuid(),
        name: issued.name.clone(),
        link: format!("{front}/j/{}", issued.secret.reveal()),
    }
}
