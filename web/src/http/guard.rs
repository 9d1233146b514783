//! What every request passes and every answer carries: the origin check and the headers of a careful site.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::StreamExt as _;

use super::problem::{Problem, ProblemCode};
use crate::config::Front;

/// A request that carries our cookie and can change something, or opens the WebSocket, must prove that one of our own pages sent it.
///
/// `Sec-Fetch-Site` is the browser's own word; `Origin` stands in where a browser is too old for it. A request with the cookie and
/// neither is refused: every browser sends `Origin` with a POST. Without the cookie there is nothing to misuse.
pub async fn only_from_our_pages(request: Request, next: Next) -> Result<Response, Problem> {
    let path = request.uri().path();
    let harmless = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) && path != "/ws";
    let harmless = harmless || takes_tokens_only(path);
    if harmless || is_own(request.headers()) {
        Ok(next.run(request).await)
    } else {
        Err(ProblemCode::CrossOrigin.into())
    }
}

/// WHIP and WHEP never look at the cookie: the token in `Authorization` is the proof, and pages of other sites may have one.
fn takes_tokens_only(path: &str) -> bool {
    let mut segments = path.strip_prefix("/api/v1/sessions/").unwrap_or("").split('/');
    matches!(segments.nth(1), Some("whip" | "whep"))
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or(""));
    match (text(HeaderName::from_static("sec-fetch-site")), text(header::ORIGIN)) {
        (Some("same-origin"), _) => true,
        // Typed into the address bar, or a bookmark: nobody's page.
        (Some("none"), None) => true,
        (Some(_), _) => false,
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(header::HOST)
        }
        (None, None) => !headers.contains_key(header::COOKIE),
    }
}

/// JSON or SDP of a request: a booking of a thousand rules is 100 KiB, an offer of a hundred m-lines 80 KiB.
pub const BODY_MAX: usize = 256 * 1024;
/// Who sends more than [`BODY_MAX`] but no more than this is heard out, so that he reads the refusal: a connection closed in the
/// middle of sending shows him a network error instead.
const HEARD_OUT_MAX: u64 = 16 * 1024 * 1024;
const HEARD_OUT_WITHIN: Duration = Duration::from_secs(10);

/// Refuses a body that says of itself that it is too large. One that does not say so ends at the extractor's limit.
pub async fn no_larger_than_allowed(request: Request, next: Next) -> Result<Response, Problem> {
    let declared =
        request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    match declared {
        Some(length) if length > BODY_MAX as u64 => {
            if length <= HEARD_OUT_MAX {
                let mut body = request.into_body().into_data_stream();
                let rest = async { while let Some(Ok(_)) = body.next().await {} };
                // Whoever is slower gets the refusal in the middle.
                let _late = tokio::time::timeout(HEARD_OUT_WITHIN, rest).await;
            }
            Err(ProblemCode::TooLarge.into())
        }
        Some(_) | None => Ok(next.run(request).await),
    }
}

/// A body of the largest size at 70 kbit/s, and the slowest work we do. What streams for longer (a recording, the WebSocket) has begun
/// its answer by then.
pub const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// Who sends a body byte by byte does not hold a handler for ever.
pub async fn answered_in_time(
    State(within): State<Duration>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    tokio::time::timeout(within, next.run(request)).await.map_err(|_late| ProblemCode::Timeout.into())
}

/// Headers of every answer.
pub async fn with_careful_headers(State(front): State<Front>, request: Request, next: Next) -> Response {
    let policy = content_policy(request.headers());
    let is_api = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    if front.is_https() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    if is_api && !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

const FIXED: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    // The secret of an invitation stands in the address: it must not travel on.
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), fullscreen=(self), autoplay=(self), speaker-selection=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=(), serial=(), bluetooth=(), hid=(), midi=()",
    ),
    ("x-permitted-cross-domain-policies", "none"),
];

/// Everything from this server alone, nothing inline. `'self'` covers the WebSocket in new browsers; older ones need it named.
fn content_policy(headers: &HeaderMap) -> String {
    let host =
        headers.get(header::HOST).and_then(|value| value.to_str().ok()).and_then(|host| host.parse::<Authority>().ok());
    let sockets = match host {
        // An authority has no blank, comma or semicolon, so it cannot add a directive.
        Some(host) if host.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]".contains(&byte)) => {
            format!(" ws://{host} wss://{host}")
        }
        Some(_) | None => String::new(),
    };
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob:; connect-src 'self'{sockets}; worker-src 'self' blob:; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(list: &[(&'static str, &'static str)]) -> HeaderMap {
        list.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_page_of_ours_may_change_things_and_a_foreign_one_may_not() {
        let own = [("host", "hop.vn:8443"), ("cookie", "nc_session=x")];
        let with = |more: &[(&'static str, &'static str)]| is_own(&headers(&[&own, more].concat()));
        assert!(with(&[("sec-fetch-site", "same-origin"), ("origin", "https://hop.vn:8443")]));
        assert!(with(&[("origin", "https://hop.vn:8443")]));
        for foreign in ["https://evil.example", "https://hop.vn", "null", "https://hop.vn:8443.evil.example", ""] {
            assert!(!with(&[("origin", foreign)]), "{foreign}");
        }
        assert!(!with(&[("sec-fetch-site", "same-site"), ("origin", "https://hop.vn:8443")]));
        assert!(!with(&[("sec-fetch-site", "cross-site")]));
        assert!(!with(&[]), "the cookie alone proves nothing");
        assert!(is_own(&headers(&[("host", "hop.vn")])), "without a cookie there is nothing to misuse");
    }

    #[test]
    fn only_the_token_routes_are_open_to_pages_of_other_sites() {
        assert!(takes_tokens_only("/api/v1/sessions/demo/whip"));
        assert!(takes_tokens_only("/api/v1/sessions/demo/whep/6d8a"));
        assert!(!takes_tokens_only("/api/v1/sessions/whip"));
        assert!(!takes_tokens_only("/api/v1/sessions/demo/cancel"));
        assert!(!takes_tokens_only("/api/v1/auth/sign-in"));
    }

    #[tokio::test]
    async fn a_body_that_never_ends_is_answered_all_the_same() {
        let routes = axum::Router::new()
            .route("/", axum::routing::post(async |_: axum::body::Bytes| "read"))
            .layer(axum::middleware::from_fn_with_state(Duration::from_millis(20), answered_in_time));
        let endless = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
        let request = Request::post("/").body(axum::body::Body::from_stream(endless)).unwrap();
        let response = tower::ServiceExt::oneshot(routes, request).await.unwrap();
        assert_eq!(response.status(), axum::http::StatusCode::REQUEST_TIMEOUT);
    }

    #[test]
    fn a_forged_host_cannot_add_a_directive() {
        for host in ["hop.vn; script-src *", "hop.vn,evil.example", "user@evil.example"] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            assert!(content_policy(&headers).contains("connect-src 'self';"), "{host}");
        }
        assert!(
            content_policy(&headers(&[("host", "[::1]:8080")]))
                .contains("connect-src 'self' ws://[::1]:8080 wss://[::1]:8080;")
        );
    }
}
