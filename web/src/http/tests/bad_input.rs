use super::*;
use serde_json::json;

#[tokio::test]
async fn every_answer_carries_the_headers_of_a_careful_site() {
    let world = World::demo().await;
    for path in ["/", "/join/demo", "/api/v1/system", "/api/v1/nowhere", "/healthz", "/assets/missing.js"] {
        let answer = world.send("GET", path, Sent::default()).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe") && !policy.contains('*'),
            "{path}: {policy}"
        );
        assert!(policy.contains("connect-src 'self' ws://hop.test wss://hop.test;"), "{path}: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("x-frame-options", "DENY"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(answer.headers[name], value, "{path}");
        }
        assert!(
            answer.headers["permissions-policy"]
                .to_str()
                .unwrap()
                .contains("camera=(self), microphone=(self), display-capture=(self)")
        );
        assert!(answer.headers.get(header::SERVER).is_none());
    }
    let api = world.send("GET", "/api/v1/system", Sent::default()).await;
    assert_eq!(api.headers[header::CACHE_CONTROL], "no-store");
}

#[tokio::test]
async fn every_address_that_is_no_file_is_a_page_of_the_application() {
    let world = World::demo().await;
    for path in ["/", "/sessions", "/j/abcdef", "/wall/demo"] {
        let answer = world.send("GET", path, Sent::default()).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(answer.headers[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{path}");
    }
    for path in ["/assets/missing.js", "/../../etc/passwd.txt", "/api/v2/x"] {
        let answer = world.send("GET", path, Sent::default()).await;
        assert_eq!(answer.refusal(), (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_refusal_is_a_problem_document_in_the_readers_language() {
    let world = World::demo().await;
    let vietnamese = world.send("GET", "/api/v1/sessions", Sent::default()).await;
    assert_eq!(vietnamese.refusal(), (401, "not_signed_in".to_owned()));
    assert_eq!(vietnamese.json()["type"], "/problems/not_signed_in");
    assert_eq!(vietnamese.json()["title"], "Bạn chưa đăng nhập hoặc phiên đăng nhập đã hết");
    let headers = vec![("accept-language", "en-GB,en;q=0.9")];
    let english = world.send("GET", "/api/v1/sessions", Sent { headers, ..Sent::default() }).await;
    assert_eq!(english.json()["title"], "You are not signed in, or your sign-in has expired");
    assert_eq!(english.headers[header::CONTENT_LANGUAGE], "en");
}

#[tokio::test]
async fn bad_bodies_and_methods_get_the_status_that_fits() {
    let world = World::demo().await;
    let cookie = world.signed_in("thuky").await;
    let check = "/api/v1/bookings/check";
    let send = |kind: &'static str, body: Vec<u8>| {
        let sent = Sent { cookie: Some(&cookie), headers: vec![("content-type", kind)], body: Some(body) };
        world.send("POST", check, sent)
    };
    assert_eq!(send("application/json", b"{".to_vec()).await.refusal(), (400, "malformed".to_owned()));
    assert_eq!(send("application/json", b"\xff\xfe".to_vec()).await.refusal(), (400, "malformed".to_owned()));
    assert_eq!(send("application/json", b"{\"foo\":1}".to_vec()).await.refusal(), (422, "invalid".to_owned()));
    assert_eq!(send("text/plain", b"{}".to_vec()).await.refusal(), (415, "unsupported_media_type".to_owned()));
    assert_eq!(send("application/json", "[".repeat(10_000).into_bytes()).await.refusal(), (422, "invalid".to_owned()));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(5_000_000)).into_bytes();
    assert_eq!(send("application/json", large.clone()).await.refusal(), (413, "too_large".to_owned()));
    let length = large.len().to_string();
    let headers = vec![("content-type", "application/json"), ("content-length", length.as_str())];
    let declared = world.send("POST", check, Sent { cookie: Some(&cookie), headers, body: Some(large) }).await;
    assert_eq!(declared.refusal(), (413, "too_large".to_owned()));
    let deleted = world.send("DELETE", "/api/v1/sessions", Sent { cookie: Some(&cookie), ..Sent::default() }).await;
    assert_eq!(deleted.refusal(), (405, "method_not_allowed".to_owned()));
    assert!(deleted.headers[header::ALLOW].to_str().unwrap().contains("GET"));
    assert_eq!(world.get(&cookie, "/api/v1/sessions?unknown=1").await.refusal(), (422, "invalid".to_owned()));
    assert_eq!(world.get(&cookie, "/api/v1/sessions?from=soon").await.refusal(), (422, "invalid".to_owned()));
}

#[tokio::test]
async fn a_draft_is_kept_for_its_writer_alone_and_only_up_to_its_size() {
    let world = World::demo().await;
    let (secretary, draft) = (world.signed_in("thuky").await, "/api/v1/bookings/draft");
    assert_eq!(world.get(&secretary, draft).await.refusal(), (404, "not_found".to_owned()));
    let form = json!({ "title": "Giao ban", "step": 2 });
    assert_eq!(world.json("PUT", &secretary, draft, form.clone()).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&secretary, draft).await.json(), form);
    let large = json!({ "title": "x".repeat(70_000) });
    assert_eq!(world.json("PUT", &secretary, draft, large).await.refusal(), (413, "too_large".to_owned()));
    assert_eq!(world.json("DELETE", &secretary, draft, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&secretary, draft).await.status, StatusCode::NOT_FOUND);
}
