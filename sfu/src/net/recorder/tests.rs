use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::id::PeerId;
use crate::tap::studio::{Film, Studio};

/// Six seconds of a camera and a change of speaker, with their times from `started` on.
fn meeting(started: Instant) -> Vec<TapEvent> {
    let mut studio = Studio::starting(started);
    studio.film(1, (640, 360), 50, 0, 6_000, 0);
    studio.plan(1_000, |at| TapEvent::Speaker { at, peer: Some(PeerId(1)) });
    studio.plan(6_000, |at| TapEvent::End { at });
    studio.events()
}

async fn play(recording: &Recording, events: Vec<TapEvent>) {
    for event in events {
        if recording.tap.send(event).await.is_err() {
            return; // It has failed: the test looks at how.
        }
    }
}

fn film_at(path: &Path) -> Film {
    Film { bytes: std::fs::read(path).expect("the file"), ..Film::default() }
}

fn sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().to_vec()
}

async fn facts_of(mut facts: mpsc::Receiver<RecorderFact>) -> Vec<RecorderFact> {
    let mut all = Vec::new();
    while let Some(fact) = facts.recv().await {
        all.push(fact);
    }
    all
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[tokio::test]
async fn a_recording_is_ready_to_play_the_moment_it_ends() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    let recording = start(&path).expect("starts");
    play(&recording, meeting(Instant::now())).await;
    let summary = recording.handle.finish().await.expect("finishes");
    let film = film_at(&path);
    assert!((6_000..7_000).contains(&summary.index.duration_ms), "{}", summary.index.duration_ms);
    assert_eq!(film.duration_ms(), Some(summary.index.duration_ms as f64));
    assert_eq!(summary.bytes, film.bytes.len() as u64);
    assert_eq!(summary.sha256.to_vec(), sha256(&film.bytes));
    assert_eq!(film.track(1).len(), 150);
    let facts = facts_of(recording.facts).await;
    assert!(facts.iter().any(|fact| matches!(fact, RecorderFact::Speaker { peer: Some(PeerId(1)), .. })));
    assert!(facts.iter().filter(|fact| matches!(fact, RecorderFact::Progress { .. })).count() >= 5);

    let again = tokio::task::spawn_blocking(move || finish_interrupted(&path)).await.expect("runs").expect("reads");
    assert_eq!(again, summary, "reading a finished recording changes nothing");
}

#[tokio::test]
async fn finishing_without_an_end_from_the_engine_keeps_what_was_sent() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    let recording = start(&path).expect("starts");
    let mut events = meeting(Instant::now());
    events.pop();
    play(&recording, events).await;
    let summary = recording.handle.finish().await.expect("finishes");
    assert_eq!(film_at(&path).track(1).len(), 150);
    assert!(summary.index.duration_ms >= 5_960);
}

#[tokio::test]
async fn a_tap_that_is_dropped_ends_the_recording() {
    let folder = folder();
    let recording = start(&folder.path().join("demo.webm")).expect("starts");
    drop(recording.tap);
    let mut facts = recording.facts;
    while facts.recv().await.is_some() {}
    assert!(recording.handle.finish().await.is_ok());
}

#[test]
fn a_recording_never_overwrites_another_and_needs_its_folder() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    std::fs::write(&path, "precious").expect("writes");
    for path in [path.clone(), folder.path().join("none/demo.webm"), folder.path().join("demo.mp4")] {
        assert!(matches!(start(&path), Err(RecordError::Create(_))));
    }
    assert_eq!(std::fs::read(&path).expect("reads"), b"precious");
}

#[tokio::test]
async fn a_recording_in_progress_is_not_finished_by_somebody_else() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    let recording = start(&path).expect("starts");
    assert!(matches!(finish_interrupted(&path), Err(RecordError::InProgress)));
    recording.handle.finish().await.expect("finishes");
}

#[test]
fn an_interrupted_recording_is_finished_with_who_spoke_when() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    let mut studio = Studio::open();
    studio.film(1, (640, 360), 50, 0, 6_000, 0);
    studio.plan(1_000, |at| TapEvent::Speaker { at, peer: Some(PeerId(8)) });
    studio.run(6_000);
    let film = studio.film;
    std::fs::write(&path, &film.bytes[..film.bytes.len() - 100]).expect("writes");
    std::fs::write(ledger_path(&path), format!("{}speaker 48", film.ledger)).expect("writes");

    let summary = finish_interrupted(&path).expect("finishes");
    assert_eq!(summary.index.duration_ms, 4_000, "the second that was cut is gone, the others are there");
    let speaker = summary.index.speakers.first().expect("a speaker");
    assert_eq!((speaker.from_ms, speaker.to_ms, speaker.what), (1_000, 4_000, PeerId(8)));
    let bytes = film_at(&path).bytes;
    assert_eq!(summary.sha256.to_vec(), sha256(&bytes));
    assert_eq!(finish_interrupted(&path).expect("reads"), summary);
    assert!(film_at(&path).bytes == bytes);
}

#[test]
fn what_cannot_be_finished_is_named_and_left_alone() {
    let folder = folder();
    let path = folder.path().join("demo.webm");
    assert!(matches!(finish_interrupted(&path), Err(RecordError::Salvage(SalvageError::Disk(_)))));
    std::fs::write(&path, "").expect("writes");
    assert!(matches!(finish_interrupted(&path), Err(RecordError::Salvage(SalvageError::Empty))));
    std::fs::write(&path, "x".repeat(5_000)).expect("writes");
    assert!(matches!(finish_interrupted(&path), Err(RecordError::Salvage(SalvageError::NotARecording))));
    assert_eq!(std::fs::read(&path).expect("reads").len(), 5_000);
}

/// A disk whose n-th call fails. A failing write has written half.
struct BadDisk {
    reel: Reel,
    calls_left: Arc<AtomicU32>,
    error: io::ErrorKind,
}

impl BadDisk {
    fn call(&self) -> io::Result<()> {
        let left = self.calls_left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        left.map(|_| ()).map_err(|_| io::Error::from(self.error))
    }
}

impl Disk for BadDisk {
    fn write_head(&mut self, head: &[u8]) -> io::Result<()> {
        self.call()?;
        self.reel.write_head(head)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Err(error) = self.call() {
            let length = self.reel.length();
            self.reel.append(&bytes[..bytes.len() / 2])?;
            self.reel.forget_after(length);
            return Err(error);
        }
        self.reel.append(bytes)
    }

    fn note(&mut self, lines: &str) -> io::Result<()> {
        self.call()?;
        self.reel.note(lines)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.call()?;
        self.reel.sync()
    }

    fn cut_tail(&mut self) -> io::Result<()> {
        self.call()?;
        self.reel.cut_tail()
    }

    fn summary(&self, index: RecordingIndex) -> io::Result<RecordingSummary> {
        self.reel.summary(index)
    }
}

#[tokio::test]
async fn whichever_call_of_the_disk_fails_the_failure_is_told_and_the_file_can_be_finished() {
    let folder = folder();
    let mut finished = 0;
    for calls in 0..24 {
        let error = if calls % 2 == 0 { io::ErrorKind::StorageFull } else { io::ErrorKind::Other };
        let path = folder.path().join(format!("{calls}.webm"));
        let reel = Reel::create(&path).expect("creates");
        let recording =
            record_on(BadDisk { reel, calls_left: Arc::new(AtomicU32::new(calls)), error }).expect("starts");
        play(&recording, meeting(Instant::now())).await;
        let Recording { tap, facts, handle } = recording;
        let result = handle.finish().await;
        drop(tap);
        let failed = facts_of(facts).await.into_iter().rev().find_map(|fact| match fact {
            RecorderFact::Failed(failure) => Some(failure),
            _ => None,
        });
        match result {
            Ok(_) => {
                finished += 1;
                assert_eq!(failed, None);
            }
            Err(RecordError::Failed(failure)) => {
                assert_eq!(failed, Some(failure), "call {calls}");
                assert_eq!(failure == RecordFailure::DiskFull, error == io::ErrorKind::StorageFull);
            }
            Err(other) => panic!("call {calls}: {other}"),
        }
        match finish_interrupted(&path) {
            Ok(summary) => assert_eq!(film_at(&path).duration_ms(), Some(summary.index.duration_ms as f64)),
            Err(RecordError::Salvage(SalvageError::Empty)) => assert!(calls <= 3, "call {calls} lost everything"),
            Err(other) => panic!("call {calls}: {other}"),
        }
    }
    assert!((2..20).contains(&finished), "{finished} of 24 finished");
}
