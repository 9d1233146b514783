//! The application asked through its router, with a real store in a directory of its own and a media port on the loopback.

mod accounts;
mod bad_input;
mod matrix;
mod office;
mod recorded;
mod signing_in;
mod token_routes;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, Request, StatusCode, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::account::policy::OF_DEMONSTRATION as PASSWORD;
use crate::app::App;
use crate::command::start::{Ready, ready};
use crate::config::{Layer, Settings, settle};

/// A server that nobody listens to but the test.
struct World {
    router: Router,
    ready: Ready,
    _directory: tempfile::TempDir,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    bytes: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// Status and the problem's code, which agree with each other and with the content type.
    #[track_caller]
    fn refusal(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(body["status"], self.status.as_u16());
        (self.status.as_u16(), body["code"].as_str().unwrap().to_owned())
    }
}

/// What is sent besides the method and the path.
#[derive(Default, Clone)]
struct Sent<'a> {
    cookie: Option<&'a str>,
    headers: Vec<(&'static str, &'a str)>,
    body: Option<Vec<u8>>,
}

impl World {
    async fn demo() -> Self {
        Self::of(Layer { demo: Some(true), ..Layer::default() }).await
    }

    async fn of(layer: Layer) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            data: directory.path().join("data"),
            media_udp: "127.0.0.1:0".parse().unwrap(),
            media_tcp: None,
            ..settle(layer, None).unwrap()
        };
        let ready = ready(settings).await.unwrap();
        Self { router: crate::http::router(&ready.app), ready, _directory: directory }
    }

    fn app(&self) -> &App {
        &self.ready.app
    }

    async fn send(&self, method: &str, path: &str, sent: Sent<'_>) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "hop.test");
        if let Some(cookie) = sent.cookie {
            request = request.header("cookie", format!("nc_session={cookie}")).header("origin", "http://hop.test");
        }
        for (name, value) in &sent.headers {
            request = request.header(HeaderName::from_static(name), *value);
        }
        let body = sent.body.map_or(Body::empty(), Body::from);
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, 16 << 20).await.unwrap().to_vec();
        Answer { status: parts.status, headers: parts.headers, bytes }
    }

    async fn get(&self, cookie: &str, path: &str) -> Answer {
        self.send("GET", path, Sent { cookie: Some(cookie), ..Sent::default() }).await
    }

    async fn post(&self, cookie: &str, path: &str, body: Value) -> Answer {
        self.json("POST", cookie, path, body).await
    }

    async fn json(&self, method: &str, cookie: &str, path: &str, body: Value) -> Answer {
        let headers = vec![("content-type", "application/json"), ("idempotency-key", "a-key-of-the-test")];
        self.send(method, path, Sent { cookie: Some(cookie), headers, body: Some(body.to_string().into_bytes()) }).await
    }

    async fn attempt(&self, username: &str, password: &str) -> Answer {
        let body = serde_json::json!({ "username": username, "password": password }).to_string();
        let headers = vec![("content-type", "application/json")];
        self.send("POST", "/api/v1/auth/sign-in", Sent { headers, body: Some(body.into_bytes()), cookie: None }).await
    }

    /// The value of the cookie of a demo account.
    async fn signed_in(&self, username: &str) -> String {
        cookie_of(&self.attempt(username, PASSWORD).await)
    }
}

#[track_caller]
fn cookie_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", String::from_utf8_lossy(&answer.bytes));
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap();
    set.strip_prefix("nc_session=").unwrap().split(';').next().unwrap().to_owned()
}
