use super::*;

#[tokio::test]
async fn signing_in_gives_a_cookie_that_scripts_and_other_sites_cannot_have() {
    let world = World::demo().await;
    let answer = world.attempt("ThuKy", PASSWORD).await;
    let set = answer.headers[header::SET_COOKIE].to_str().unwrap().to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Max-Age=43200"), "{set}");
    assert_eq!(answer.json()["name"], "Trần Thu Hà");
    assert_eq!(answer.json()["roles"], serde_json::json!(["secretary"]));
    let me = world.get(&cookie_of(&answer), "/api/v1/auth/me").await;
    assert_eq!(me.json(), answer.json());
}

#[tokio::test]
async fn behind_tls_the_cookie_is_secure_and_browsers_are_told_to_stay_there() {
    let world = World::of(Layer { demo: Some(true), behind_proxy: Some(true), ..Layer::default() }).await;
    let answer = world.attempt("thuky", PASSWORD).await;
    assert!(answer.headers[header::SET_COOKIE].to_str().unwrap().ends_with("; Secure"));
    assert_eq!(answer.headers[header::STRICT_TRANSPORT_SECURITY], "max-age=31536000");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_read_the_same() {
    let world = World::demo().await;
    let wrong = world.attempt("thuky", "Nhipcau@2025").await;
    let unknown = world.attempt("nobody", "Nhipcau@2025").await;
    let unusable = world.attempt("không phải tên", "Nhipcau@2025").await;
    assert_eq!(wrong.refusal(), (401, "sign_in_failed".to_owned()));
    assert_eq!(wrong.bytes, unknown.bytes);
    assert_eq!(wrong.bytes, unusable.bytes);
    assert!(wrong.headers.get(header::SET_COOKIE).is_none());
}

#[tokio::test]
async fn the_sixth_try_in_a_minute_has_to_wait() {
    let world = World::demo().await;
    for _ in 0..5 {
        assert_eq!(world.attempt("thuky", "wrong").await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = world.attempt("thuky", PASSWORD).await;
    assert_eq!(refused.refusal(), (429, "too_many_attempts".to_owned()));
    let wait: u32 = refused.headers[header::RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(refused.json()["retry_after_s"], wait);
}

#[tokio::test]
async fn signing_in_again_ends_the_old_cookie_and_signing_out_the_new_one() {
    let world = World::demo().await;
    let first = world.signed_in("thuky").await;
    let body = serde_json::json!({ "username": "thuky", "password": PASSWORD });
    let second = cookie_of(&world.post(&first, "/api/v1/auth/sign-in", body).await);
    assert_ne!(first, second);
    assert_eq!(world.get(&first, "/api/v1/auth/me").await.refusal(), (401, "not_signed_in".to_owned()));
    let out = world.post(&second, "/api/v1/auth/sign-out", Value::Null).await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert!(out.headers[header::SET_COOKIE].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(world.get(&second, "/api/v1/auth/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_foreign_page_cannot_use_the_cookie() {
    let world = World::demo().await;
    let cookie = world.signed_in("thuky").await;
    let out = "/api/v1/auth/sign-out";
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let presented = format!("nc_session={cookie}");
        let headers = vec![("cookie", presented.as_str()), foreign];
        let answer = world.send("POST", out, Sent { headers, ..Sent::default() }).await;
        assert_eq!(answer.refusal(), (403, "cross_origin".to_owned()), "{foreign:?}");
    }
    let presented = format!("nc_session={cookie}");
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let headers =
            vec![("cookie", presented.as_str()), (name, value), ("upgrade", "websocket"), ("connection", "upgrade")];
        let socket = world.send("GET", "/ws", Sent { headers, ..Sent::default() }).await;
        assert_eq!(socket.refusal(), (403, "cross_origin".to_owned()));
    }
    assert_eq!(world.get(&cookie, "/api/v1/auth/me").await.status, StatusCode::OK, "it is still signed in");
}
