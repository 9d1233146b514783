use super::*;
use serde_json::json;

const NEW: &str = "Cầu-Truyền-Hình-1";

#[tokio::test]
async fn the_first_administrator_can_do_nothing_before_he_has_changed_his_password() {
    let world = World::of(Layer::default()).await;
    let first = world.ready.first_account.as_ref().unwrap();
    let given = first.password.reveal().clone();
    let cookie = cookie_of(&world.attempt(&first.username, &given).await);
    let me = world.get(&cookie, "/api/v1/auth/me").await.json();
    assert_eq!((me["must_change_password"].as_bool(), me["roles"][0].as_str()), (Some(true), Some("admin")));
    assert_eq!(world.get(&cookie, "/api/v1/accounts").await.refusal(), (403, "password_must_change".to_owned()));
    assert_eq!(world.get(&cookie, "/api/v1/units").await.refusal(), (403, "password_must_change".to_owned()));
    let change = |current: &str, new: &str| json!({ "current": current, "new": new });
    let password = "/api/v1/auth/password";
    assert_eq!(
        world.post(&cookie, password, change(&given, "short")).await.refusal(),
        (422, "password_weak".to_owned())
    );
    assert_eq!(
        world.post(&cookie, password, change(&given, &given)).await.refusal(),
        (422, "password_weak".to_owned())
    );
    assert_eq!(world.post(&cookie, password, change("wrong", NEW)).await.refusal(), (422, "password_wrong".to_owned()));
    assert_eq!(world.post(&cookie, password, change(&given, NEW)).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&cookie, "/api/v1/accounts").await.status, StatusCode::OK);
    assert_eq!(world.attempt(&first.username, &given).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.attempt(&first.username, NEW).await.status, StatusCode::OK);
}

#[tokio::test]
async fn no_account_has_a_known_password_outside_the_demo() {
    let world = World::of(Layer::default()).await;
    for account in crate::demo::accounts() {
        assert_eq!(
            world.attempt(&account.username, &account.password).await.status,
            StatusCode::UNAUTHORIZED,
            "{}",
            account.username
        );
    }
    let system = world.send("GET", "/api/v1/system", Sent::default()).await.json();
    assert_eq!(
        (system["demo"].as_bool(), system.get("accounts"), system.get("demo_session")),
        (Some(false), None, None)
    );
}

#[tokio::test]
async fn an_administrator_makes_resets_and_disables_an_account() {
    let world = World::demo().await;
    let admin = world.signed_in("quantri").await;
    let person = json!({ "name": "Đỗ Thị Hòa", "title": "Chuyên viên", "roles": [] });
    let person = world.post(&admin, "/api/v1/people", person).await;
    assert_eq!(person.status, StatusCode::CREATED);
    let id = person.json()["id"].as_str().unwrap().to_owned();
    let account = json!({ "person_id": id, "roles": ["secretary"] });
    let made = world.post(&admin, "/api/v1/accounts", account.clone()).await.json();
    assert_eq!(made["username"], "do.thi.hoa");
    let taken = world.post(&admin, "/api/v1/accounts", account).await;
    assert_eq!(taken.refusal(), (409, "username_taken".to_owned()));
    let second = json!({ "person_id": id, "username": "hoa", "roles": ["leader"] });
    let second = world.post(&admin, "/api/v1/accounts", second).await;
    assert_eq!(second.refusal(), (409, "already_exists".to_owned()));
    let given = made["one_time_password"].as_str().unwrap().to_owned();
    let hers = cookie_of(&world.attempt("do.thi.hoa", &given).await);
    let reset = world.post(&admin, &format!("/api/v1/accounts/{id}/reset"), Value::Null).await.json();
    assert_ne!(reset["one_time_password"], made["one_time_password"]);
    assert_eq!(world.get(&hers, "/api/v1/auth/me").await.status, StatusCode::UNAUTHORIZED, "a reset signs her out");
    let again = cookie_of(&world.attempt("do.thi.hoa", reset["one_time_password"].as_str().unwrap()).await);
    let disabled = world.json("PATCH", &admin, &format!("/api/v1/accounts/{id}"), json!({ "disabled": true })).await;
    assert_eq!(disabled.json()["disabled"], true);
    assert_eq!(world.get(&again, "/api/v1/auth/me").await.status, StatusCode::UNAUTHORIZED, "so does disabling");
    let own = world.get(&admin, "/api/v1/auth/me").await.json()["person_id"].as_str().unwrap().to_owned();
    let suicide = world.json("PATCH", &admin, &format!("/api/v1/accounts/{own}"), json!({ "disabled": true })).await;
    assert_eq!(suicide.refusal(), (409, "last_admin".to_owned()));
}
