//! The whole route table with the right each route asks for, and what every request passes.

pub mod access;
pub mod accounts;
pub mod attendance;
pub mod auth;
pub mod bookings;
pub mod directory;
pub mod document;
pub mod extract;
pub mod guard;
pub mod invitations;
pub mod live;
pub mod measure;
pub mod peer;
pub mod problem;
pub mod range;
pub mod recordings;
pub mod refusal;
pub mod sessions;
pub mod system;
pub mod ui;

#[cfg(test)]
mod tests;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, options};
use axum::{Extension, Router, middleware};
use scheduler::role::Permission::{BookSessions, ManageAccounts, ManageDirectory};
use tower_http::compression::CompressionLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::access::Access::{Anyone, EvenWithOneTimePassword, Needs, SignedIn};
use self::access::gate;
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(title = "Nhịp Cầu", description = "The conference bridge and its office"),
    components(schemas(problem::ProblemDocument))
)]
struct Described;

/// Every address of the API, and who may knock there. What an account may do with *one* session, recording or attendance list is
/// asked in the handler of `scheduler::role`'s second table, because it depends on that session.
fn table() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(gate(Anyone, routes!(system::show)))
        .routes(gate(Anyone, routes!(auth::sign_in)))
        .routes(gate(EvenWithOneTimePassword, routes!(auth::sign_out)))
        .routes(gate(EvenWithOneTimePassword, routes!(auth::me)))
        .routes(gate(EvenWithOneTimePassword, routes!(auth::change_password)))
        .routes(gate(Needs(ManageAccounts), routes!(accounts::list, accounts::create)))
        .routes(gate(Needs(ManageAccounts), routes!(accounts::edit)))
        .routes(gate(Needs(ManageAccounts), routes!(accounts::reset)))
        .routes(gate(SignedIn, routes!(directory::units)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::create_unit)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::edit_unit)))
        .routes(gate(SignedIn, routes!(directory::hubs)))
        .routes(gate(SignedIn, routes!(directory::sites)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::create_site)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::edit_site)))
        .routes(gate(SignedIn, routes!(directory::site_tree)))
        .routes(gate(SignedIn, routes!(directory::people)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::create_person)))
        .routes(gate(Needs(ManageDirectory), routes!(directory::edit_person)))
        .routes(gate(Needs(BookSessions), routes!(bookings::create)))
        .routes(gate(Needs(BookSessions), routes!(bookings::check)))
        .routes(gate(Needs(BookSessions), routes!(bookings::draft, bookings::save_draft, bookings::discard_draft)))
        .routes(gate(SignedIn, routes!(sessions::list)))
        .routes(gate(SignedIn, routes!(sessions::show, sessions::reschedule)))
        .routes(gate(SignedIn, routes!(sessions::cancel)))
        .routes(gate(SignedIn, routes!(sessions::end)))
        .routes(gate(SignedIn, routes!(sessions::reissue)))
        .routes(gate(SignedIn, routes!(sessions::join)))
        .routes(gate(Anyone, routes!(invitations::show)))
        .routes(gate(Anyone, routes!(invitations::join)))
        .routes(gate(SignedIn, routes!(attendance::show)))
        .routes(gate(SignedIn, routes!(attendance::edit)))
        .routes(gate(SignedIn, routes!(attendance::confirm_declared)))
        .routes(gate(SignedIn, routes!(attendance::workbook)))
        .routes(gate(SignedIn, routes!(recordings::list)))
        .routes(gate(SignedIn, routes!(recordings::show)))
        .routes(gate(SignedIn, routes!(recordings::media)))
        .merge(for_everybody_with_a_token())
}

/// WHIP and WHEP, which pages of other sites may call.
fn for_everybody_with_a_token() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(gate(Anyone, routes!(live::whip)))
        .routes(gate(Anyone, routes!(live::whip_patch, live::whip_delete)))
        .routes(gate(Anyone, routes!(live::whep)))
        .routes(gate(Anyone, routes!(live::whep_patch, live::whep_delete)))
        .route("/api/v1/sessions/{id}/whip", options(live::preflight))
        .route("/api/v1/sessions/{id}/whip/{resource}", options(live::preflight))
        .route("/api/v1/sessions/{id}/whep", options(live::preflight))
        .route("/api/v1/sessions/{id}/whep/{resource}", options(live::preflight))
        .layer(middleware::map_response(live::shared_with_other_sites))
}

/// The application, ready to be served.
pub fn router(app: &App) -> Router {
    let (api, _) = table().split_for_parts();
    api.route("/ws", any(live::socket))
        .route("/healthz", get(system::alive))
        .route("/readyz", get(system::ready))
        .route("/metrics", get(system::metrics))
        .route("/api/openapi.json", get(system::openapi))
        .fallback(ui::serve)
        .layer(DefaultBodyLimit::max(guard::BODY_MAX))
        .layer(middleware::from_fn(guard::only_from_our_pages))
        .layer(middleware::from_fn(guard::no_larger_than_allowed))
        .layer(middleware::from_fn_with_state(guard::ANSWERED_WITHIN, guard::answered_in_time))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(problem::in_the_readers_language))
        .layer(middleware::from_fn_with_state(app.settings().front.clone(), guard::with_careful_headers))
        .layer(middleware::from_fn(measure::requests))
        .layer(Extension(app.clone()))
        .with_state(app.clone())
}

/// The document that describes the table.
#[must_use]
pub fn document() -> String {
    document::written(&table().into_openapi())
}
