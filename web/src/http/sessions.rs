//! Sessions: the calendar, one in detail, and what is done to it. A session that an account may not see does not exist for it.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use scheduler::admission::Grant;
use scheduler::booking::parse_times;
use scheduler::id::{SessionId, SiteId};
use scheduler::role::{SessionAction, sees};
use scheduler::session::{self, SESSIONS_LISTED_MAX, Sitter, Status};
use scheduler::store::{Bookings as _, Directory as _, Sessions as _};
use scheduler::text::Reason;
use scheduler::time::UtcTime;

use super::access::Who;
use super::bookings::issued_invitation;
use super::extract::{Body, Filter, Ids, OptionalBody};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::booking::{IssuedInvitations, Reissue};
use crate::api::convert;
use crate::api::session::{
    Cancel, InvitationProgress, InvitationState, InvitedSite, Joining, Reschedule, SessionDetail, SessionFilter,
    SessionSummary,
};
use crate::app::App;
use crate::clock;

/// The sessions this account may see, by start.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "sessions",
    params(SessionFilter),
    responses((status = 200, body = Vec<SessionSummary>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn list(
    State(app): State<App>,
    who: Who,
    Filter(filter): Filter<SessionFilter>,
) -> Result<Json<Vec<SessionSummary>>, Problem> {
    let query = session::SessionQuery {
        viewer: who.viewer(),
        from: filter.from.map(UtcTime::from_millis),
        to: filter.to.map(UtcTime::from_millis),
        state: filter.state.map(Into::into),
        text: filter.q,
        limit: SESSIONS_LISTED_MAX,
    };
    let found = app.store().sessions(&query, clock::now()).await?;
    let mut rows = Vec::with_capacity(found.len());
    for summary in found {
        let here = app.live().here(summary.id).await;
        rows.push(convert::summary(summary, here));
    }
    Ok(Json(rows))
}

#[utoipa::path(
    get,
    path = "/api/v1/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = SessionDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(State(app): State<App>, who: Who, Ids(id): Ids<String>) -> Result<Json<SessionDetail>, Problem> {
    let detail = visible(&app, &who, &id).await?;
    Ok(Json(detailed(&app, &who, detail).await?))
}

/// Moves a session that has not begun. 409 `clash` like a booking.
#[utoipa::path(
    patch,
    path = "/api/v1/sessions/{id}",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Reschedule,
    responses((status = 200, body = SessionDetail), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reschedule(
    State(app): State<App>,
    who: Who,
    Ids(id): Ids<String>,
    Body(asked): Body<Reschedule>,
) -> Result<Json<SessionDetail>, Problem> {
    let detail = acted_upon(&app, &who, &id, SessionAction::Reschedule).await?;
    let now = clock::now();
    let span = parse_times(UtcTime::from_millis(asked.starts_at), UtcTime::from_millis(asked.ends_at), now)?;
    app.store().reschedule(detail.session.id, span, now).await?;
    tracing::info!(session = %detail.session.id, by = %who.account.person.id, "moved a session");
    let detail = visible(&app, &who, &id).await?;
    Ok(Json(detailed(&app, &who, detail).await?))
}

#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/cancel",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Cancel,
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn cancel(
    State(app): State<App>,
    who: Who,
    Ids(id): Ids<String>,
    Body(asked): Body<Cancel>,
) -> Result<StatusCode, Problem> {
    let detail = acted_upon(&app, &who, &id, SessionAction::Cancel).await?;
    let reason = Reason::parse(&asked.reason).map_err(|fault| {
        let what = scheduler::field::FieldFault::from(fault);
        Problem::from(vec![scheduler::field::FieldProblem { field: "reason".to_owned(), what }])
    })?;
    app.store().cancel(detail.session.id, &reason, who.account.person.id, clock::now()).await?;
    tracing::info!(session = %detail.session.id, by = %who.account.person.id, "cancelled a session");
    app.live().end(detail.session.id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Issues links anew; the old ones die.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/invitations",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    request_body = Reissue,
    responses((status = 200, body = IssuedInvitations), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn reissue(
    State(app): State<App>,
    who: Who,
    Ids(id): Ids<String>,
    OptionalBody(asked): OptionalBody<Reissue>,
) -> Result<Json<IssuedInvitations>, Problem> {
    let detail = acted_upon(&app, &who, &id, SessionAction::ReissueLinks).await?;
    let sites: Option<Vec<SiteId>> = asked.site_ids.map(|ids| ids.into_iter().map(SiteId::from_uuid).collect());
    let issued = app.store().reissue_links(detail.session.id, sites.as_deref(), clock::now()).await?;
    tracing::info!(session = %detail.session.id, by = %who.account.person.id, links = issued.len(), "issued links anew");
    Ok(Json(IssuedInvitations { invitations: issued.iter().map(|issued| issued_invitation(&app, issued)).collect() }))
}

/// A join token for the signed-in person.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/join",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 200, body = Joining), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn join(State(app): State<App>, who: Who, Ids(id): Ids<String>) -> Result<Json<Joining>, Problem> {
    let session = parse(&id)?;
    let now = clock::now();
    let grant = app.store().admit(session, &who.viewer(), now).await?;
    Ok(Json(joining(&app, &grant, now).await?))
}

/// Ends a session that runs, from outside the meeting; everybody in it is told.
#[utoipa::path(
    post,
    path = "/api/v1/sessions/{id}/end",
    tag = "sessions",
    params(("id" = String, Path, description = "A UUID, or `demo`")),
    responses((status = 204), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn end(State(app): State<App>, who: Who, Ids(id): Ids<String>) -> Result<StatusCode, Problem> {
    let detail = acted_upon(&app, &who, &id, SessionAction::End).await?;
    app.store().end_session(detail.session.id, who.account.person.id, clock::now()).await?;
    tracing::info!(session = %detail.session.id, by = %who.account.person.id, "ended a session from the office");
    app.live().end(detail.session.id).await;
    Ok(StatusCode::NO_CONTENT)
}

fn parse(id: &str) -> Result<SessionId, Problem> {
    id.parse().map_err(|_| ProblemCode::NotFound.into())
}

/// The session, if it exists for this account.
pub async fn visible(app: &App, who: &Who, id: &str) -> Result<session::SessionDetail, Problem> {
    let detail = app.store().session(parse(id)?, clock::now()).await?.ok_or(ProblemCode::NotFound)?;
    let viewer = who.viewer();
    if sees(&viewer, detail.standing(&viewer)) { Ok(detail) } else { Err(ProblemCode::NotFound.into()) }
}

/// The session, if this account may do that to it now.
async fn acted_upon(app: &App, who: &Who, id: &str, action: SessionAction) -> Result<session::SessionDetail, Problem> {
    let detail = visible(app, who, id).await?;
    let viewer = who.viewer();
    if !action.allowed(&viewer, detail.standing(&viewer)) {
        return Err(ProblemCode::NotAllowed.into());
    }
    if !detail.may(&viewer, clock::now()).contains(&action) {
        return Err(wrong_moment(&detail.session.status).into());
    }
    Ok(detail)
}

fn wrong_moment(status: &Status) -> ProblemCode {
    match status {
        Status::Planned | Status::InSession { .. } => ProblemCode::SessionStarted,
        Status::Ended { .. } => ProblemCode::SessionEnded,
        Status::Cancelled { .. } => ProblemCode::SessionCancelled,
    }
}

/// The token and what the pre-join page shows beside it.
pub async fn joining(app: &App, grant: &Grant, now: UtcTime) -> Result<Joining, Problem> {
    let detail = app.store().session(grant.session, now).await?.ok_or(ProblemCode::NotFound)?;
    Ok(Joining {
        token: app.live().token(grant, now).reveal().clone(),
        session_id: grant.session.to_string(),
        name: grant.name.clone(),
        detail: grant.detail.clone(),
        role: grant.role.into(),
        title: detail.summary.title,
        starts_at: detail.summary.starts_at.millis(),
        ends_at: detail.summary.ends_at.millis(),
        opens_at: detail.summary.opens_at.millis(),
        state: detail.summary.state.into(),
    })
}

async fn detailed(app: &App, who: &Who, detail: session::SessionDetail) -> Result<SessionDetail, Problem> {
    let viewer = who.viewer();
    let id = detail.session.id;
    let may = detail.may(&viewer, clock::now()).into_iter().map(Into::into).collect();
    let own = |seat: &&session::Seat| seat.sitter.is(&viewer);
    let my_role = detail.seats.iter().find(own).map(|seat| seat.role.into());
    let technician_name = match detail.session.technician {
        Some(person) => app.store().person(person).await?.map(|person| person.name),
        None => None,
    };
    let presences = app.live().presences(id).await;
    let invited = |seat: session::Seat| match seat.sitter {
        Sitter::Person(_) => None,
        Sitter::Site(site) => Some(InvitedSite {
            presence: presences.get(&seat.participant).copied(),
            site: (*site).into(),
            group: seat.group,
            invitation: seat.invitation.map_or(
                InvitationProgress { state: InvitationState::Issued, opened_at: None, joined_at: None },
                Into::into,
            ),
        }),
    };
    Ok(SessionDetail {
        secretary_id: detail.session.secretary.uuid(),
        technician_name,
        central_site_id: detail.session.central_site.uuid(),
        recording_planned: detail.session.recording_planned,
        agenda: detail.agenda.into_iter().map(Into::into).collect(),
        invited: detail.seats.into_iter().filter_map(invited).collect(),
        cancel_reason: match detail.session.status {
            Status::Cancelled { reason, .. } => Some(reason),
            Status::Planned | Status::InSession { .. } | Status::Ended { .. } => None,
        },
        my_role,
        may,
        summary: convert::summary(detail.summary, app.live().here(id).await),
    })
}
