//! What this server is, for those who are not signed in yet, for its supervisor and for its monitoring.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use scheduler::id::SessionId;
use scheduler::store::Accounts as _;

use super::problem::ProblemDocument;
use crate::api::system::System;
use crate::app::App;
use crate::demo;

#[utoipa::path(
    get,
    path = "/api/v1/system",
    tag = "system",
    responses((status = 200, body = System), (status = "default", body = ProblemDocument, content_type = "application/problem+json"))
)]
pub async fn show(State(app): State<App>) -> Json<System> {
    let demo = app.is_demo();
    Json(System {
        version: env!("CARGO_PKG_VERSION"),
        demo,
        accounts: demo.then(demo::accounts),
        demo_session: demo.then(|| SessionId::DEMO.to_string()),
    })
}

/// The process runs.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// It can take work: the database answers and nothing is being shut down.
pub async fn ready(State(app): State<App>) -> Result<&'static str, (StatusCode, &'static str)> {
    if app.live().is_stopping() {
        return Err((StatusCode::SERVICE_UNAVAILABLE, "stopping\n"));
    }
    match app.store().has_accounts().await {
        Ok(_) => Ok("ready\n"),
        Err(failure) => {
            tracing::warn!(%failure, "not ready: the database does not answer");
            Err((StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"))
        }
    }
}

/// Prometheus text.
pub async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics().await)
}

pub async fn openapi() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-cache")], super::document())
}
