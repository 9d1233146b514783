use super::*;

const WHIP: &str = "/api/v1/sessions/demo/whip";
const SDP: (&str, &str) = ("content-type", "application/sdp");

async fn token(world: &World, username: &str) -> String {
    let cookie = world.signed_in(username).await;
    let joining = world.post(&cookie, "/api/v1/sessions/demo/join", Value::Null).await.json();
    format!("Bearer {}", joining["token"].as_str().unwrap())
}

async fn call(world: &World, method: &str, path: &str, headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
    world.send(method, path, Sent { cookie: None, headers: headers.to_vec(), body: Some(body.to_vec()) }).await
}

#[tokio::test]
async fn a_page_of_another_site_learns_how_to_publish() {
    let world = World::demo().await;
    let asked = [
        ("origin", "https://elsewhere.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let answer = call(&world, "OPTIONS", WHIP, &asked, b"").await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(answer.headers["accept-post"], "application/sdp");
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    assert!(answer.headers[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap().contains("authorization"));
    assert!(answer.headers.get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());
    let refused = call(
        &world,
        "POST",
        WHIP,
        &[("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site"), SDP],
        b"v=0",
    )
    .await;
    assert_eq!(refused.refusal(), (401, "token_invalid".to_owned()));
    assert_eq!(refused.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*", "the other page may read the refusal");
    assert!(refused.headers[header::WWW_AUTHENTICATE].to_str().unwrap().starts_with("Bearer"));
    let office = call(&world, "POST", "/api/v1/auth/sign-in", &[("origin", "https://elsewhere.example")], b"{}").await;
    assert!(office.headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).is_none(), "nothing else is shared");
}

#[tokio::test]
async fn an_offer_is_refused_for_what_is_wrong_with_it() {
    let world = World::demo().await;
    let bearer = token(&world, "chutri").await;
    let authorized = ("authorization", bearer.as_str());
    let kind = call(&world, "POST", WHIP, &[authorized, ("content-type", "application/json")], b"{}").await;
    assert_eq!(kind.refusal(), (415, "unsupported_media_type".to_owned()));
    let accept = call(&world, "POST", WHIP, &[authorized, SDP, ("accept", "application/json")], b"v=0\r\n").await;
    assert_eq!(accept.refusal(), (406, "not_acceptable".to_owned()));
    assert_eq!(
        call(&world, "POST", WHIP, &[authorized, SDP], b"hello").await.refusal(),
        (400, "offer_invalid".to_owned())
    );
    assert_eq!(
        call(&world, "POST", WHIP, &[authorized, SDP], b"\xff\xfe").await.refusal(),
        (400, "offer_invalid".to_owned())
    );
    let large = vec![b'a'; 300 * 1024];
    assert_eq!(call(&world, "POST", WHIP, &[authorized, SDP], &large).await.refusal(), (413, "too_large".to_owned()));
    let forged = format!("{bearer}x");
    assert_eq!(
        call(&world, "POST", WHIP, &[("authorization", &forged), SDP], b"v=0\r\n").await.refusal(),
        (401, "token_invalid".to_owned())
    );
    let other = "/api/v1/sessions/5ab055b6-0000-4000-8000-000000000000/whip";
    assert_eq!(
        call(&world, "POST", other, &[authorized, SDP], b"v=0\r\n").await.refusal(),
        (401, "token_invalid".to_owned()),
        "the token names its session"
    );
    assert_eq!(call(&world, "GET", WHIP, &[authorized], b"").await.refusal(), (405, "method_not_allowed".to_owned()));
}

#[tokio::test]
async fn a_resource_that_is_not_there_is_404_and_a_condition_is_asked_for() {
    let world = World::demo().await;
    let bearer = token(&world, "chutri").await;
    let authorized = ("authorization", bearer.as_str());
    let fragment = ("content-type", "application/trickle-ice-sdpfrag");
    let path = format!("{WHIP}/{}", uuid::Uuid::new_v4());
    assert_eq!(call(&world, "DELETE", &path, &[authorized], b"").await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(
        call(&world, "PATCH", &path, &[authorized, fragment], b"").await.refusal(),
        (428, "precondition_required".to_owned())
    );
    assert_eq!(
        call(&world, "PATCH", &path, &[authorized, fragment, ("if-match", "\"x\"")], b"").await.refusal(),
        (404, "not_found".to_owned())
    );
    assert_eq!(
        call(&world, "PATCH", &path, &[authorized, SDP, ("if-match", "*")], b"").await.refusal(),
        (415, "unsupported_media_type".to_owned())
    );
    assert_eq!(call(&world, "DELETE", &path, &[], b"").await.refusal(), (401, "token_invalid".to_owned()));
}
