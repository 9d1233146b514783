//! Counts requests by route, never by address: a path with an id in it would make a figure of every session.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

#[allow(clippy::disallowed_methods, reason = "this is the shell's clock")]
pub async fn requests(request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let route = request.extensions().get::<MatchedPath>().map_or("page", MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::histogram!("nhipcau_http_request_seconds", "route" => route.clone()).record(began.elapsed());
    metrics::counter!("nhipcau_http_requests_total", "method" => method, "route" => route, "status" => status)
        .increment(1);
    response
}
