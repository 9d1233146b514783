//! SIGKILL in the middle of a meeting and of a recording: what was acknowledged is there, and the file plays.

use std::fs::File;
use std::time::Duration;

use matroska_demuxer::{Frame, MatroskaFile};
use serde_json::Value;
use signaling::wire::{ClientMessage, RecordingState, ServerMessage};
use tests::app::App;
use tests::eventually;
use tests::participant::Participant;
use tests::peer::Wanted;

async fn joined_sites(app: &App) -> anyhow::Result<Vec<String>> {
    let attendance = app.signed_in("secretary").await?.get("/api/v1/sessions/demo/attendance").await?;
    let rows = attendance["rows"].as_array().cloned().unwrap_or_default();
    Ok(rows
        .iter()
        .filter(|row| row["intervals"].as_array().is_some_and(|intervals| !intervals.is_empty()))
        .filter_map(|row| row["participant_name"].as_str().map(str::to_owned))
        .collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_was_welcomed_is_in_the_attendance_after_the_server_was_killed() -> anyhow::Result<()> {
    let app = App::start().await?;
    let names = ["Xã Đầm Hà", "Xã Quảng Tân", "Đặc khu Cô Tô", "Đặc khu Vân Đồn"];
    let mut there = Vec::new();
    for name in names {
        there.push(Participant::join(&app, &app.token("delegate", name).await?).await?);
    }
    let app = App::restart_in(app.kill()).await?;
    let attended = joined_sites(&app).await?;
    for name in names {
        assert!(attended.iter().any(|site| site == name), "{name} was welcomed but is not in {attended:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_was_cut_by_a_kill_plays_up_to_its_last_second() -> anyhow::Result<()> {
    let app = App::start().await?;
    let mut chair = Participant::join(&app, &app.token("chair", "Chủ trì").await?).await?;
    let wanted = Wanted { publish: true, audio_slots: 0, video_slots: 0 };
    let (publisher, _) =
        super::whip::connect(&app, "/api/v1/sessions/demo/whip", ("delegate", "Xã Đầm Hà"), wanted).await?;
    let sending = publisher.publish(440.0);
    // In a conference a delegate is heard after the chair gave the floor.
    let site = chair
        .news("the WHIP site in the roster", |message| match message {
            ServerMessage::Participants { participants } => {
                participants.iter().find(|one| one.name == "Xã Đầm Hà").map(|one| one.id)
            }
            _ => None,
        })
        .await?;
    chair.done(ClientMessage::GiveFloor { participant: site }).await?;
    chair.done(ClientMessage::StartRecording {}).await?;
    chair
        .news("the recording runs", |message| match message {
            ServerMessage::Recording { recording: RecordingState::On { .. } } => Some(()),
            _ => None,
        })
        .await?;
    let recordings = app.data().join("recordings");
    eventually("some seconds on disk", Duration::from_secs(30), || {
        let bytes = bytes_under(&recordings);
        async move { (bytes > 150_000).then_some(()) }
    })
    .await;
    drop(sending);

    let app = App::restart_in(app.kill()).await?;
    let leader = app.signed_in("leader").await?;
    let ready = eventually("the recording is finished at start", Duration::from_secs(30), || async {
        let list = leader.get("/api/v1/recordings").await.ok()?;
        list.as_array()?
            .iter()
            .find(|recording| recording["state"] == "ready" && recording["session_id"] == "demo")
            .cloned()
    })
    .await;
    let duration_ms = ready["duration_ms"].as_u64().expect("a length");
    assert!(duration_ms >= 2_000, "{ready}");
    let (video, audio) = frames(&app, &leader, &ready).await?;
    assert!(video >= 25 && audio >= 50, "{video} pictures and {audio} sounds in {duration_ms} ms");

    let stranger = app.visitor()?.raw(&format!("/api/v1/recordings/{}", ready["id"].as_str().expect("an id"))).await?;
    assert!([401, 404].contains(&stranger.status().as_u16()));
    let delegate = app.signed_in("delegate").await?;
    let media = delegate.raw(&format!("/api/v1/recordings/{}/media", ready["id"].as_str().expect("an id"))).await?;
    assert_eq!(media.status(), 404, "a delegate has no right to recordings");
    Ok(())
}

fn bytes_under(folder: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => bytes_under(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

/// Downloads the recording and counts its frames with a demuxer that is not ours.
async fn frames(app: &App, leader: &tests::app::Visitor, recording: &Value) -> anyhow::Result<(usize, usize)> {
    let id = recording["id"].as_str().expect("an id");
    let bytes = leader.raw(&format!("/api/v1/recordings/{id}/media")).await?.bytes().await?;
    let path = app.data().join("downloaded.webm");
    std::fs::write(&path, &bytes)?;
    let mut file = MatroskaFile::open(File::open(&path)?)?;
    assert!(file.info().duration().is_some(), "a finished file says how long it is");
    let video = file.tracks().iter().find(|track| track.codec_id() == "V_VP8").expect("a picture").track_number().get();
    let audio =
        file.tracks().iter().find(|track| track.codec_id() == "A_OPUS").expect("a sound track").track_number().get();
    let mut frame = Frame::default();
    let (mut pictures, mut sounds) = (0, 0);
    while file.next_frame(&mut frame)? {
        pictures += usize::from(frame.track == video);
        sounds += usize::from(frame.track == audio);
    }
    Ok((pictures, sounds))
}
