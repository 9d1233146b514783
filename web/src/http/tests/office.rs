use super::*;
use serde_json::json;

const QUARTER: i64 = 15 * 60_000;

/// A booking of the Đầm Hà hub for the day after tomorrow, in an hour that the demo's meetings leave free.
async fn booking(world: &World, secretary: &str) -> Value {
    let tree = world.get(secretary, "/api/v1/site-tree").await.json();
    let groups = tree[2]["children"].as_array().unwrap();
    let hub = groups.iter().find(|group| group["name"] == "Cụm Đầm Hà").unwrap()["id"].clone();
    let chairs = world.get(secretary, "/api/v1/people?role=chair").await.json();
    let secretaries = world.get(secretary, "/api/v1/people?role=secretary").await.json();
    let now = crate::clock::now().millis();
    let starts_at = (now + 40 * 24 * 3_600_000) / QUARTER * QUARTER;
    json!({
        "title": "Rà soát phòng, chống lụt bão", "short_title": "Phòng chống bão", "mode": "conference",
        "starts_at": starts_at, "ends_at": starts_at + 4 * QUARTER,
        "chair_id": chairs[0]["id"], "secretary_id": secretaries[0]["id"],
        "central_site_id": tree[0]["children"][0]["id"],
        "selection": [{ "kind": "subtree", "group_id": hub }],
        "agenda": [{ "title": "Khai mạc", "minutes": 10 }], "recording_planned": true
    })
}

async fn book(world: &World, cookie: &str, key: &str, booking: &Value) -> Answer {
    let headers = vec![("content-type", "application/json"), ("idempotency-key", key)];
    let sent = Sent { cookie: Some(cookie), headers, body: Some(booking.to_string().into_bytes()) };
    world.send("POST", "/api/v1/bookings", sent).await
}

#[tokio::test]
async fn a_second_booking_of_the_same_sites_is_refused_by_name_and_offered_another_time() {
    let world = World::demo().await;
    let secretary = world.signed_in("thuky").await;
    let wish = booking(&world, &secretary).await;
    let first = book(&world, &secretary, "first", &wish).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.json());
    assert_eq!(first.json()["session"]["sites"], 3);
    let again = book(&world, &secretary, "first", &wish).await;
    assert_eq!(again.json(), first.json(), "the same key is the same booking, links included");
    let second = book(&world, &secretary, "second", &wish).await;
    assert_eq!(second.refusal(), (409, "clash".to_owned()));
    let clashes = second.json()["clashes"].as_array().unwrap().clone();
    assert!(clashes.iter().any(|clash| clash["what"] == "site" && clash["name"] == "Xã Đầm Hà"), "{clashes:?}");
    assert!(clashes.iter().all(|clash| clash["session_title"] == "Rà soát phòng, chống lụt bão"));
    assert!(second.json()["free_slot"]["starts_at"].as_i64() >= wish["ends_at"].as_i64());
    let other = book(
        &world,
        &secretary,
        "first",
        &json!({ "title": "other", "short_title": "o", "mode": "training",
        "starts_at": wish["starts_at"], "ends_at": wish["ends_at"], "chair_id": wish["chair_id"],
        "secretary_id": wish["secretary_id"], "central_site_id": wish["central_site_id"], "selection": [] }),
    )
    .await;
    assert_eq!(other.refusal(), (409, "idempotency_key_reused".to_owned()));
}

#[tokio::test]
async fn a_booking_that_cannot_be_says_which_fields_are_wrong() {
    let world = World::demo().await;
    let secretary = world.signed_in("thuky").await;
    let mut wish = booking(&world, &secretary).await;
    wish["ends_at"] = wish["starts_at"].clone();
    wish["title"] = json!("Họp\u{7}");
    wish["agenda"] = json!([{ "title": "", "minutes": 0 }]);
    let refused = book(&world, &secretary, "key", &wish).await;
    assert_eq!(refused.refusal(), (422, "invalid".to_owned()));
    let fields: Vec<(String, String)> = refused.json()["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| (field["field"].as_str().unwrap().to_owned(), field["code"].as_str().unwrap().to_owned()))
        .collect();
    let expected = [
        ("title", "unshowable"),
        ("ends_at", "ends_before_start"),
        ("agenda[0].title", "required"),
        ("agenda[0].minutes", "number_out_of_range"),
    ];
    assert_eq!(fields, expected.map(|(field, code)| (field.to_owned(), code.to_owned())));
    let mut unknown = booking(&world, &secretary).await;
    unknown["selection"] = json!([{ "kind": "subtree", "group_id": "everybody" }]);
    let refused = book(&world, &secretary, "key", &unknown).await.json();
    assert_eq!(refused["fields"], json!([{ "field": "selection[0]", "code": "unknown" }]));
    let sent = Sent {
        cookie: Some(&secretary),
        headers: vec![("content-type", "application/json")],
        body: Some(unknown.to_string().into_bytes()),
    };
    let keyless = world.send("POST", "/api/v1/bookings", sent).await;
    assert_eq!(keyless.refusal(), (422, "idempotency_key_missing".to_owned()));
}

#[tokio::test]
async fn the_holder_of_a_link_is_let_in_when_the_doors_are_open_and_not_before() {
    let world = World::demo().await;
    let secretary = world.signed_in("thuky").await;
    let wish = booking(&world, &secretary).await;
    let booked = book(&world, &secretary, "key", &wish).await.json();
    let link = booked["invitations"][1]["link"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/invitations/{}", link.strip_prefix("/j/").unwrap());
    let view = world.send("GET", &path, Sent::default()).await.json();
    assert_eq!(
        (view["site_name"].as_str(), view["state"].as_str()),
        (booked["invitations"][1]["name"].as_str(), Some("scheduled"))
    );
    let early = world.send("POST", &format!("{path}/join"), Sent::default()).await;
    assert_eq!(early.refusal(), (409, "not_open_yet".to_owned()));
    assert_eq!(early.json()["opens_at"], booked["session"]["opens_at"]);
    let id = booked["session"]["id"].as_str().unwrap();
    let reissued = world.post(&secretary, &format!("/api/v1/sessions/{id}/invitations"), json!({})).await.json();
    assert_eq!(reissued["invitations"].as_array().unwrap().len(), 3);
    assert_eq!(
        world.send("GET", &path, Sent::default()).await.refusal(),
        (404, "not_found".to_owned()),
        "the old link died"
    );
    let cancelled =
        world.post(&secretary, &format!("/api/v1/sessions/{id}/cancel"), json!({ "reason": "Bão số 9" })).await;
    assert_eq!(cancelled.status, StatusCode::NO_CONTENT);
    let detail = world.get(&secretary, &format!("/api/v1/sessions/{id}")).await.json();
    assert_eq!((detail["state"].as_str(), detail["cancel_reason"].as_str()), (Some("cancelled"), Some("Bão số 9")));
    let again = world.post(&secretary, &format!("/api/v1/sessions/{id}/cancel"), json!({ "reason": "Bão số 9" })).await;
    assert_eq!(again.refusal(), (409, "session_cancelled".to_owned()));
}

#[tokio::test]
async fn what_an_account_may_not_see_does_not_exist_for_it() {
    let world = World::demo().await;
    let (secretary, delegate) = (world.signed_in("thuky").await, world.signed_in("coto").await);
    let wish = booking(&world, &secretary).await;
    let booked = book(&world, &secretary, "key", &wish).await.json();
    let id = booked["session"]["id"].as_str().unwrap();
    for path in [
        format!("/api/v1/sessions/{id}"),
        format!("/api/v1/sessions/{id}/attendance"),
        format!("/api/v1/sessions/{id}/attendance.xlsx"),
    ] {
        assert_eq!(world.get(&delegate, &path).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    for path in [
        format!("/api/v1/sessions/{id}/join"),
        format!("/api/v1/sessions/{id}/end"),
        format!("/api/v1/sessions/{id}/attendance/confirm-declared"),
    ] {
        assert_eq!(world.post(&delegate, &path, json!({})).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
    let list = world.get(&delegate, "/api/v1/sessions").await.json();
    assert!(list.as_array().unwrap().iter().all(|session| session["id"] != id), "nor is it in his list");
    for nonsense in ["demo2", "0", "%00", "ffffffff-ffff-ffff-ffff-ffffffffffff"] {
        assert_eq!(
            world.get(&secretary, &format!("/api/v1/sessions/{nonsense}")).await.refusal(),
            (404, "not_found".to_owned()),
            "{nonsense}"
        );
    }
}

#[tokio::test]
async fn attendance_is_read_edited_and_taken_away_as_a_workbook() {
    use calamine::Reader as _;
    let world = World::demo().await;
    let (secretary, leader) = (world.signed_in("thuky").await, world.signed_in("lanhdao").await);
    let sessions = world.get(&secretary, "/api/v1/sessions?state=ended").await.json();
    let id = sessions[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{id}/attendance");
    let list = world.get(&leader, &path).await.json();
    let row = list["rows"][0]["id"].as_str().unwrap().to_owned();
    let row_path = format!("{path}/{row}");
    let edit = |body| world.json("PUT", &secretary, &row_path, body);
    let before = list["rows"][0]["status"].clone();
    assert_ne!(before, "absent");
    assert_eq!(edit(json!({ "status": "absent" })).await.refusal(), (422, "reason_required".to_owned()));
    let edited = edit(json!({ "status": "absent", "reason": "Mưa lũ chia cắt", "confirmed": 0 })).await.json();
    assert_eq!((edited["status"].as_str(), edited["edited_by"].as_str()), (Some("absent"), Some("Trần Thu Hà")));
    let refused = world.json("PUT", &leader, &row_path, json!({ "confirmed": 5 })).await;
    assert_eq!(refused.refusal(), (403, "not_allowed".to_owned()));
    let book = world.get(&leader, &format!("{path}.xlsx")).await;
    assert_eq!(book.headers[header::CONTENT_TYPE], crate::sheet::MEDIA_TYPE);
    assert!(
        book.headers[header::CONTENT_DISPOSITION].to_str().unwrap().starts_with("attachment; filename=\"diem-danh-")
    );
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(book.bytes)).unwrap();
    let sheet = workbook.worksheet_range("Điểm danh").unwrap();
    let first = sheet.get_value((8, 1)).map(ToString::to_string);
    assert_eq!(first.as_deref(), edited["participant_name"].as_str());
    assert_eq!(sheet.get_value((8, 10)).map(ToString::to_string).as_deref(), Some("Mưa lũ chia cắt"));
}
