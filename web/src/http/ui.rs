//! The user interface, embedded in the binary. Every address that is no file of it is a page of the one application.

use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::problem::{Problem, ProblemCode};

#[derive(RustEmbed)]
#[folder = "ui/dist"]
#[allow_missing = true]
struct Files;

/// What stands in for the page in a binary that was built without it.
const NOT_BUILT: &str = "<!doctype html><html lang=vi><meta charset=utf-8><title>Nhịp Cầu</title>\
    <p>Giao diện chưa được đóng gói vào chương trình này; hãy dựng bằng <code>make run</code>.\n\
    <p lang=en>The user interface is not built into this binary; build with <code>make run</code>.\n";

/// Everything the route table does not know.
pub async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") {
        return Problem::new(ProblemCode::NotFound).into_response();
    }
    if let Some(file) = Files::get(path).filter(|_| path != "index.html") {
        return embedded(&file, &headers, if path.starts_with("assets/") { Keep::Forever } else { Keep::AskAgain });
    }
    // A missing script must not come back as a page: the browser would run HTML.
    if path.rsplit('/').next().is_some_and(|name| name.contains('.')) {
        return Problem::new(ProblemCode::NotFound).into_response();
    }
    match Files::get("index.html") {
        Some(page) => embedded(&page, &headers, Keep::AskAgain),
        None => (StatusCode::OK, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], NOT_BUILT).into_response(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Its name has its hash in it.
    Forever,
    AskAgain,
}

fn embedded(file: &EmbeddedFile, headers: &HeaderMap, keep: Keep) -> Response {
    let etag = format!("\"{}\"", hex::encode(file.metadata.sha256_hash().get(..16).unwrap_or_default()));
    let cache = match keep {
        Keep::Forever => "public, max-age=31536000, immutable",
        Keep::AskAgain => "no-cache",
    };
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let caching = [(header::CACHE_CONTROL, cache.to_owned()), (header::ETAG, etag.clone())];
    if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let media_type = file.metadata.mimetype().to_owned();
    let media_type = if media_type.starts_with("text/") { format!("{media_type}; charset=utf-8") } else { media_type };
    (caching, [(header::CONTENT_TYPE, media_type)], file.data.clone().into_owned()).into_response()
}
