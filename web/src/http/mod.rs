//! The whole route table, and the document that describes it.

pub mod accounts;
pub mod attendance;
pub mod auth;
pub mod bookings;
pub mod directory;
pub mod document;
pub mod extract;
pub mod invitations;
pub mod live;
pub mod problem;
pub mod recordings;
pub mod sessions;
pub mod system;

use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "Nhịp Cầu", description = "The conference bridge and its office"),
    components(schemas(problem::ProblemDocument))
)]
struct Described;

/// Every address of the API.
pub fn table() -> OpenApiRouter {
    OpenApiRouter::with_openapi(Described::openapi())
        .routes(routes!(system::show))
        .routes(routes!(auth::sign_in))
        .routes(routes!(auth::sign_out))
        .routes(routes!(auth::me))
        .routes(routes!(auth::change_password))
        .routes(routes!(accounts::list, accounts::create))
        .routes(routes!(accounts::edit))
        .routes(routes!(accounts::reset))
        .routes(routes!(directory::units, directory::create_unit))
        .routes(routes!(directory::edit_unit))
        .routes(routes!(directory::sites, directory::create_site))
        .routes(routes!(directory::edit_site))
        .routes(routes!(directory::hubs))
        .routes(routes!(directory::site_tree))
        .routes(routes!(directory::people, directory::create_person))
        .routes(routes!(directory::edit_person))
        .routes(routes!(bookings::create))
        .routes(routes!(bookings::check))
        .routes(routes!(bookings::draft, bookings::save_draft, bookings::discard_draft))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::show, sessions::reschedule))
        .routes(routes!(sessions::cancel))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::reissue))
        .routes(routes!(sessions::join))
        .routes(routes!(invitations::show))
        .routes(routes!(invitations::join))
        .routes(routes!(attendance::show))
        .routes(routes!(attendance::edit))
        .routes(routes!(attendance::confirm_declared))
        .routes(routes!(attendance::workbook))
        .routes(routes!(recordings::list))
        .routes(routes!(recordings::show))
        .routes(routes!(recordings::media))
        .routes(routes!(live::whip))
        .routes(routes!(live::whip_patch, live::whip_delete))
        .routes(routes!(live::whep))
        .routes(routes!(live::whep_patch, live::whep_delete))
}

/// The document that describes the table.
#[must_use]
pub fn document() -> String {
    document::written(&table().into_openapi())
}
