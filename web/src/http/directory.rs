use axum::Json;
use axum::http::StatusCode;
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::extract::{Body, Filter, Ids};
use super::problem::{Problem, ProblemCode, ProblemDocument};
use crate::api::account::OfficeRole;
use crate::api::directory::{Hub, Person, PersonInput, Site, SiteInput, TreeNode, Unit, UnitInput};

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
pub async fn units(Filter(_on): Filter<OnDay>) -> Result<Json<Vec<Unit>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    post,
    path = "/api/v1/units",
    tag = "directory",
    request_body = UnitInput,
    responses((status = 201, body = Unit), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_unit(Body(_input): Body<UnitInput>) -> Result<(StatusCode, Json<Unit>), Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    patch,
    path = "/api/v1/units/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = UnitInput,
    responses((status = 200, body = Unit), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_unit(Ids(_id): Ids<Uuid>, Body(_input): Body<UnitInput>) -> Result<Json<Unit>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    get,
    path = "/api/v1/sites",
    tag = "directory",
    responses((status = 200, body = Vec<Site>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn sites() -> Result<Json<Vec<Site>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    post,
    path = "/api/v1/sites",
    tag = "directory",
    request_body = SiteInput,
    responses((status = 201, body = Site), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_site(Body(_input): Body<SiteInput>) -> Result<(StatusCode, Json<Site>), Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    patch,
    path = "/api/v1/sites/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = SiteInput,
    responses((status = 200, body = Site), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_site(Ids(_id): Ids<Uuid>, Body(_input): Body<SiteInput>) -> Result<Json<Site>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// The sites as a tree to tick: groups by network hub and kind.
#[utoipa::path(
    get,
    path = "/api/v1/site-tree",
    tag = "directory",
    responses((status = 200, body = Vec<TreeNode>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn site_tree() -> Result<Json<Vec<TreeNode>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    get,
    path = "/api/v1/people",
    tag = "directory",
    params(PeopleFilter),
    responses((status = 200, body = Vec<Person>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn people(Filter(_filter): Filter<PeopleFilter>) -> Result<Json<Vec<Person>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    post,
    path = "/api/v1/people",
    tag = "directory",
    request_body = PersonInput,
    responses((status = 201, body = Person), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn create_person(Body(_input): Body<PersonInput>) -> Result<(StatusCode, Json<Person>), Problem> {
    Err(ProblemCode::Unavailable.into())
}

#[utoipa::path(
    patch,
    path = "/api/v1/people/{id}",
    tag = "directory",
    params(("id" = Uuid, Path)),
    request_body = PersonInput,
    responses((status = 200, body = Person), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn edit_person(Ids(_id): Ids<Uuid>, Body(_input): Body<PersonInput>) -> Result<Json<Person>, Problem> {
    Err(ProblemCode::Unavailable.into())
}

/// The nodes of the network tree on which sites hang.
#[utoipa::path(
    get,
    path = "/api/v1/hubs",
    tag = "directory",
    responses((status = 200, body = Vec<Hub>), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn hubs() -> Result<Json<Vec<Hub>>, Problem> {
    Err(ProblemCode::Unavailable.into())
}
