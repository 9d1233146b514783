//! Units, sites and people: everybody signed in reads them, administrators change them.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::NaiveDate;
use scheduler::id::{HubId, PersonId, SiteId, UnitId};
use scheduler::person::PersonForm;
use scheduler::site::SiteForm;
use scheduler::store::Directory as _;
use scheduler::unit::{self, UnitForm};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::extract::{Body, Filter, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::account::OfficeRole;
use crate::api::convert;
use crate::api::directory::{Hub, Person, PersonInput, Site, SiteInput, TreeNode, Unit, UnitInput};
use crate::app::App;
use crate::clock;

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OnDay {
    /// `2026-11-24`
    pub on: Option<NaiveDate>,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PeopleFilter {
    #[param(inline)]
    pub role: Option<OfficeRole>,
}

/// Units that existed on a day; today when it is left out.
#[utoipa::path(
    get,
    path = "/api/v1/units",
    tag = "directory",
    params(OnDay),
    responses((status = 200, body = Vec<Unit>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn units(State(app): State<App>, Filter(filter): Filter<OnDay>) -> Result<Json<Vec<Unit>>, Problem> {
    let day = filter.on.unwrap_or_else(|| clock::now().office_date());
    let units = app.store().units().await?;
    Ok(Json(unit::on(&units, day).into_iter().map(Into::into).collect()))
}

#[utoipa::path(
    post,
    path = "/api/v1/units",
    tag = "directory",
    request_body = UnitInput,
    responses((status = 201, body = Unit), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_unit(
    State(app): State<App>,
    Body(input): Body<UnitInput>,
) -> Result<(StatusCode, Json<Unit>), Problem> {
    let id = app.store().add_unit(&unit_form(input).parse()?).await?;
    Ok((StatusCode::CREATED, Json(unit_again(&app, id).await?)))
}

#[utoipa::path(
    patch,
    path = "/api/v1/units/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = UnitInput,
    responses((status = 200, body = Unit), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_unit(
    State(app): State<App>,
    Ids(id): Ids<Uuid>,
    Body(input): Body<UnitInput>,
) -> Result<Json<Unit>, Problem> {
    let id = UnitId::from_uuid(id);
    app.store().edit_unit(id, &unit_form(input).parse()?).await?;
    Ok(Json(unit_again(&app, id).await?))
}

#[utoipa::path(
    get,
    path = "/api/v1/sites",
    tag = "directory",
    responses((status = 200, body = Vec<Site>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sites(State(app): State<App>) -> Result<Json<Vec<Site>>, Problem> {
    let directory = app.store().site_directory(clock::now().office_date()).await?;
    let mut sites = directory.sites.clone();
    sites.sort_by_cached_key(|site| directory.place(site));
    Ok(Json(sites.into_iter().map(Into::into).collect()))
}

#[utoipa::path(
    post,
    path = "/api/v1/sites",
    tag = "directory",
    request_body = SiteInput,
    responses((status = 201, body = Site), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_site(
    State(app): State<App>,
    Body(input): Body<SiteInput>,
) -> Result<(StatusCode, Json<Site>), Problem> {
    let id = app.store().add_site(&site_form(input).parse()?).await?;
    Ok((StatusCode::CREATED, Json(site_again(&app, id).await?)))
}

#[utoipa::path(
    patch,
    path = "/api/v1/sites/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = SiteInput,
    responses((status = 200, body = Site), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_site(
    State(app): State<App>,
    Ids(id): Ids<Uuid>,
    Body(input): Body<SiteInput>,
) -> Result<Json<Site>, Problem> {
    let id = SiteId::from_uuid(id);
    app.store().edit_site(id, &site_form(input).parse()?).await?;
    Ok(Json(site_again(&app, id).await?))
}

/// The sites as a tree to tick: groups by network hub and kind.
#[utoipa::path(
    get,
    path = "/api/v1/site-tree",
    tag = "directory",
    responses((status = 200, body = Vec<TreeNode>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn site_tree(State(app): State<App>) -> Result<Json<Vec<TreeNode>>, Problem> {
    let directory = app.store().site_directory(clock::now().office_date()).await?;
    Ok(Json(directory.tree().into_iter().map(Into::into).collect()))
}

#[utoipa::path(
    get,
    path = "/api/v1/people",
    tag = "directory",
    params(PeopleFilter),
    responses((status = 200, body = Vec<Person>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn people(
    State(app): State<App>,
    Filter(filter): Filter<PeopleFilter>,
) -> Result<Json<Vec<Person>>, Problem> {
    let people = app.store().people(filter.role.map(Into::into)).await?;
    Ok(Json(people.into_iter().map(Into::into).collect()))
}

#[utoipa::path(
    post,
    path = "/api/v1/people",
    tag = "directory",
    request_body = PersonInput,
    responses((status = 201, body = Person), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_person(
    State(app): State<App>,
    Body(input): Body<PersonInput>,
) -> Result<(StatusCode, Json<Person>), Problem> {
    let id = app.store().add_person(&person_form(input).parse()?).await?;
    Ok((StatusCode::CREATED, Json(person_again(&app, id).await?)))
}

#[utoipa::path(
    patch,
    path = "/api/v1/people/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = PersonInput,
    responses((status = 200, body = Person), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_person(
    State(app): State<App>,
    Ids(id): Ids<Uuid>,
    Body(input): Body<PersonInput>,
) -> Result<Json<Person>, Problem> {
    let id = PersonId::from_uuid(id);
    app.store().edit_person(id, &person_form(input).parse()?).await?;
    Ok(Json(person_again(&app, id).await?))
}

/// The nodes of the network tree on which sites hang.
#[utoipa::path(
    get,
    path = "/api/v1/hubs",
    tag = "directory",
    responses((status = 200, body = Vec<Hub>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn hubs(State(app): State<App>) -> Result<Json<Vec<Hub>>, Problem> {
    Ok(Json(app.store().hubs().await?.into_iter().map(Into::into).collect()))
}

fn unit_form(input: UnitInput) -> UnitForm {
    UnitForm {
        code: input.code,
        name: input.name,
        kind: input.kind.into(),
        parent: input.parent_id.map(UnitId::from_uuid),
        valid_from: input.valid_from,
        valid_to: input.valid_to,
        successors: input.successors.into_iter().map(UnitId::from_uuid).collect(),
    }
}

fn site_form(input: SiteInput) -> SiteForm {
    SiteForm {
        code: input.code,
        name: input.name,
        short_name: input.short_name,
        room: input.room,
        unit_id: UnitId::from_uuid(input.unit_id),
        hub_id: input.hub_id.map(HubId::from_uuid),
        seats: input.seats,
        contact_name: input.contact_name,
        contact_phone: input.contact_phone,
        central: input.central,
    }
}

fn person_form(input: PersonInput) -> PersonForm {
    PersonForm {
        name: input.name,
        title: input.title,
        unit_id: input.unit_id.map(UnitId::from_uuid),
        site_id: input.site_id.map(SiteId::from_uuid),
        phone: input.phone,
        roles: convert::roles(&input.roles),
    }
}

async fn unit_again(app: &App, id: UnitId) -> Result<Unit, Problem> {
    let found = app.store().units().await?.into_iter().find(|unit| unit.id == id);
    found.map(Into::into).ok_or_else(|| ProblemCode::NotFound.into())
}

async fn site_again(app: &App, id: SiteId) -> Result<Site, Problem> {
    app.store().site(id).await?.map(Into::into).ok_or_else(|| ProblemCode::NotFound.into())
}

async fn person_again(app: &App, id: PersonId) -> Result<Person, Problem> {
    app.store().person(id).await?.map(Into::into).ok_or_else(|| ProblemCode::NotFound.into())
}
