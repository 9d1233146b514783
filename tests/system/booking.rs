//! Two sessions that share a site at the same time are impossible, however many ask at once.

use serde_json::{Value, json};
use tests::app::{App, Visitor};
use uuid::Uuid;

/// What the booking page would send: the first site of the first hub, next Tuesday morning.
pub(crate) async fn request(secretary: &Visitor, title: &str, site: &Value) -> anyhow::Result<Value> {
    let chairs = secretary.get("/api/v1/people?role=chair").await?;
    let secretaries = secretary.get("/api/v1/people?role=secretary").await?;
    let sites = secretary.get("/api/v1/sites").await?;
    let central =
        sites.as_array().and_then(|sites| sites.iter().find(|site| site["central"] == true)).expect("a central site");
    let starts_at = next_week();
    Ok(json!({
        "title": title,
        "short_title": "Họp thử",
        "mode": "conference",
        "starts_at": starts_at,
        "ends_at": starts_at + 90 * 60_000,
        "chair_id": chairs[0]["id"],
        "secretary_id": secretaries[0]["id"],
        "central_site_id": central["id"],
        "selection": [{"kind": "site", "site_id": site["id"]}],
        "agenda": [{"title": "Khai mạc", "minutes": 10, "presenter": null}],
        "recording_planned": false,
    }))
}

/// A moment of next week that no demo session occupies: 03:00 at night in the province.
fn next_week() -> i64 {
    const DAY: i64 = 24 * 3_600_000;
    let now = chrono::Utc::now().timestamp_millis();
    (now / DAY + 8) * DAY + 20 * 3_600_000
}

pub(crate) async fn some_site(visitor: &Visitor) -> anyhow::Result<Value> {
    let sites = visitor.get("/api/v1/sites").await?;
    let found = sites.as_array().and_then(|sites| sites.iter().find(|site| site["central"] == false)).cloned();
    Ok(found.expect("the demo province has sites"))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_64_racing_bookings_of_one_site_exactly_one_wins_and_63_are_told_the_clash() -> anyhow::Result<()> {
    let app = App::start().await?;
    let secretary = app.signed_in("secretary").await?;
    let site = some_site(&secretary).await?;
    let mut racers = tokio::task::JoinSet::new();
    for racer in 0..64 {
        let secretary = secretary.clone();
        let body = request(&secretary, &format!("Cuộc họp {racer}"), &site).await?;
        racers.spawn(async move { secretary.post_once("/api/v1/bookings", &Uuid::new_v4().to_string(), &body).await });
    }
    let (mut won, mut clashed) = (0, 0);
    while let Some(racer) = racers.join_next().await {
        match racer?? {
            (201, _) => won += 1,
            (409, problem) => {
                assert_eq!(problem["code"], "clash", "{problem}");
                let clashes = problem["clashes"].as_array().expect("the clash is named");
                assert!(!clashes.is_empty() && clashes[0]["session_title"].is_string(), "{problem}");
                clashed += 1;
            }
            (status, body) => panic!("{status} {body}"),
        }
    }
    assert_eq!((won, clashed), (1, 63));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_sent_twice_with_one_key_is_made_once_and_adjacent_times_do_not_clash() -> anyhow::Result<()> {
    let app = App::start().await?;
    let secretary = app.signed_in("secretary").await?;
    let site = some_site(&secretary).await?;
    let mut body = request(&secretary, "Giao ban", &site).await?;
    let (first, answer) = secretary.post_once("/api/v1/bookings", "the-same-key-twice", &body).await?;
    assert_eq!(first, 201, "{answer}");
    let (second, again) = secretary.post_once("/api/v1/bookings", "the-same-key-twice", &body).await?;
    assert_eq!((second, &again["session"]["id"]), (201, &answer["session"]["id"]));

    let ends_at = body["ends_at"].as_i64().expect("a number");
    body["starts_at"] = json!(ends_at);
    body["ends_at"] = json!(ends_at + 3_600_000);
    let (adjacent, answer) = secretary.post_once("/api/v1/bookings", "right-after-it", &body).await?;
    assert_eq!(adjacent, 201, "half-open intervals touch without a clash: {answer}");
    Ok(())
}
