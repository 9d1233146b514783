use super::*;
use scheduler::id::{RecordingId, SessionId};
use scheduler::record::RecordingEnd;
use scheduler::store::{NewRecording, Recordings as _};
use uuid::Uuid;

/// A finished recording of the demo session whose file holds the numbers 0 to 255.
async fn recorded(world: &World) -> String {
    let id = RecordingId::from_uuid(Uuid::now_v7());
    let file = format!("{id}.webm");
    let bytes: Vec<u8> = (0..=255).collect();
    std::fs::write(world.app().recording_path(&file), &bytes).unwrap();
    let started_at = crate::clock::now();
    world
        .app()
        .store()
        .begin_recording(&NewRecording { id, session: SessionId::DEMO, file, started_at })
        .await
        .unwrap();
    let end = RecordingEnd::Ready { duration_ms: 8000, size_bytes: 256, sha256: [7; 32] };
    world.app().store().finish_recording(id, &end).await.unwrap();
    id.to_string()
}

#[tokio::test]
async fn a_leader_plays_a_recording_from_the_middle_and_nobody_keeps_a_copy() {
    let world = World::demo().await;
    let (id, leader) = (recorded(&world).await, world.signed_in("lanhdao").await);
    let list = world.get(&leader, "/api/v1/recordings").await.json();
    assert_eq!(
        (list[0]["id"].as_str(), list[0]["state"].as_str(), list[0]["session_id"].as_str()),
        (Some(id.as_str()), Some("ready"), Some("demo"))
    );
    let path = format!("/api/v1/recordings/{id}/media");
    let sent = Sent { cookie: Some(&leader), headers: vec![("range", "bytes=100-109")], body: None };
    let part = world.send("GET", &path, sent).await;
    assert_eq!((part.status, part.bytes), (StatusCode::PARTIAL_CONTENT, (100..110).collect::<Vec<u8>>()));
    assert_eq!(part.headers[header::CONTENT_TYPE], "video/webm");
    assert_eq!(part.headers[header::CACHE_CONTROL], "private, no-store");
    let sent = Sent { cookie: Some(&leader), headers: vec![("range", "bytes=999-")], body: None };
    let outside = world.send("GET", &path, sent).await;
    assert_eq!(outside.refusal(), (416, "range_not_satisfiable".to_owned()));
    assert_eq!(outside.headers[header::CONTENT_RANGE], "bytes */256");
}

#[tokio::test]
async fn people_without_the_right_find_no_recording_at_all() {
    let world = World::demo().await;
    let id = recorded(&world).await;
    for username in ["damha", "kythuat", "quantri"] {
        let cookie = world.signed_in(username).await;
        for path in [format!("/api/v1/recordings/{id}"), format!("/api/v1/recordings/{id}/media")] {
            assert_eq!(world.get(&cookie, &path).await.refusal(), (404, "not_found".to_owned()), "{username} {path}");
        }
        assert_eq!(world.get(&cookie, "/api/v1/recordings").await.json(), serde_json::json!([]), "{username}");
    }
    let secretary = world.signed_in("thuky").await;
    let other = Uuid::now_v7();
    for path in [format!("/api/v1/recordings/{other}"), "/api/v1/recordings/..%2F..%2Fnhipcau.db/media".to_owned()] {
        assert_eq!(world.get(&secretary, &path).await.refusal(), (404, "not_found".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn a_recording_whose_file_is_gone_is_not_served() {
    let world = World::demo().await;
    let (id, leader) = (recorded(&world).await, world.signed_in("lanhdao").await);
    std::fs::remove_file(world.app().recording_path(&format!("{id}.webm"))).unwrap();
    assert_eq!(
        world.get(&leader, &format!("/api/v1/recordings/{id}/media")).await.refusal(),
        (404, "not_found".to_owned())
    );
}
