use super::{World, at, stranger, viewer};
use crate::id::{RecordingId, SessionId};
use crate::record::{RecordingEnd, RecordingState, SpeakerSpan};
use crate::role::Viewer;
use crate::store::{NewRecording, RecordingQuery, RecordingRefused, Recordings};

fn id(number: u128) -> RecordingId {
    RecordingId::from_uuid(uuid::Uuid::from_u128(number))
}

fn new(number: u128, session: SessionId) -> NewRecording {
    NewRecording { id: id(number), session, file: format!("{number}.webm"), started_at: at(8, number as u32) }
}

fn query(viewer: Viewer) -> RecordingQuery {
    RecordingQuery { viewer, from: None, to: None, text: None, session: None, limit: 10 }
}

#[tokio::test]
async fn a_recording_is_begun_filled_with_speakers_and_finished_once() {
    let world = World::new().await;
    let session = world.booked(&["06895"], (8, 0), 60).await.session.id;
    world.store.begin_recording(&new(1, session)).await.unwrap();
    assert_eq!(world.store.unfinished_recordings().await.unwrap().len(), 1);
    let speaker = |to_ms| SpeakerSpan { participant: None, name: "Đặc khu Cô Tô".into(), from_ms: 1_000, to_ms };
    world.store.add_speakers(id(1), &[speaker(5_000)]).await.unwrap();
    world.store.add_speakers(id(1), &[speaker(9_000)]).await.unwrap();
    let end = RecordingEnd::Ready { duration_ms: 60_000, size_bytes: 1_234, sha256: [7; 32] };
    world.store.finish_recording(id(1), &end).await.unwrap();
    assert!(matches!(world.store.finish_recording(id(1), &end).await, Err(RecordingRefused::Over)));
    let recording = world.store.recording(id(1)).await.unwrap().unwrap();
    assert_eq!((recording.state, recording.duration_ms, recording.size_bytes), (RecordingState::Ready, 60_000, 1_234));
    assert_eq!((recording.speakers, recording.sha256), (vec![speaker(9_000)], Some("07".repeat(32))));
    assert!(world.store.unfinished_recordings().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_recorded_of_a_session_that_does_not_exist() {
    let world = World::new().await;
    assert!(matches!(world.store.begin_recording(&new(1, SessionId::DEMO)).await, Err(RecordingRefused::Unknown)));
    let end = RecordingEnd::Broken { size_bytes: 0 };
    assert!(matches!(world.store.finish_recording(id(1), &end).await, Err(RecordingRefused::Unknown)));
}

#[tokio::test]
async fn the_catalogue_is_for_those_with_the_right_and_found_by_the_names_of_speakers() {
    let world = World::new().await;
    let session = world.booked(&["06895"], (8, 0), 60).await.session.id;
    for number in [1, 2] {
        world.store.begin_recording(&new(number, session)).await.unwrap();
    }
    let speaker = SpeakerSpan { participant: None, name: "Đặc khu Cô Tô".into(), from_ms: 0, to_ms: 10 };
    world.store.add_speakers(id(1), &[speaker]).await.unwrap();
    let count = async |query: RecordingQuery| world.store.recordings(&query).await.unwrap().len();
    assert_eq!(count(query(viewer("lanhdao"))).await, 2);
    assert_eq!(count(query(viewer("thuky"))).await, 2);
    assert_eq!(count(query(viewer("chutri"))).await, 2);
    for without in [viewer("damha"), viewer("kythuat"), viewer("quantri"), stranger()] {
        assert_eq!(count(query(without)).await, 0);
    }
    assert_eq!(count(RecordingQuery { text: Some("co to".into()), ..query(viewer("lanhdao")) }).await, 1);
    assert_eq!(count(RecordingQuery { text: Some("thien tai".into()), ..query(viewer("lanhdao")) }).await, 2);
    assert_eq!(count(RecordingQuery { from: Some(at(8, 2)), ..query(viewer("lanhdao")) }).await, 1);
    let newest = world.store.recordings(&query(viewer("lanhdao"))).await.unwrap();
    assert_eq!(newest[0].id, id(2));
}
