//! Recordings from the live meeting's order to the catalogue's entry.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use scheduler::id::{RecordingId, SessionId};
use scheduler::record::{RecordingEnd, speaker_spans};
use scheduler::store::{Attendances as _, NewRecording, Office, Recordings as _, Sessions as _};
use scheduler::store_failure::StoreFailure;
use scheduler::time::UtcTime;
use sfu::command::Command;
use sfu::id::RoomId;
use sfu::net::recorder::{self, RecordError, RecorderHandle, RecordingSummary};
use sfu::net::{Bridge, TapSender};
use sfu::tap::RecorderFact;
use signaling::clock::UtcMs;
use signaling::serve::{Host, PortFuture, RecordingPort, RecordingUnavailable};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::clock;

/// Clones share the recordings that run.
#[derive(Clone)]
pub struct Recordings {
    store: Office,
    bridge: Bridge,
    directory: PathBuf,
    running: Arc<Mutex<HashMap<SessionId, Running>>>,
    /// Who is told when a recording ends before its time. Known once the host has been made, which needs this port first.
    host: Arc<OnceLock<Host>>,
}

struct Running {
    id: RecordingId,
    started_at: UtcTime,
    file: PathBuf,
    handle: RecorderHandle,
}

impl Recordings {
    #[must_use]
    pub fn new(store: Office, bridge: Bridge, directory: PathBuf) -> Self {
        Self { store, bridge, directory, running: Arc::default(), host: Arc::default() }
    }

    /// To be called once, before the first meeting.
    pub fn report_to(&self, host: Host) {
        if self.host.set(host).is_err() {
            tracing::warn!("recordings report to a host already");
        }
    }

    /// Finishes what a killed server left behind. To be called before the first meeting.
    pub async fn finish_interrupted(&self) -> Result<(), StoreFailure> {
        for recording in self.store.unfinished_recordings().await? {
            let path = self.directory.join(&recording.file);
            let finished = salvage(path).await;
            tracing::info!(recording = %recording.id, whole = finished.is_ok(), "finished a recording that was interrupted");
            self.enter(recording.session_id, recording.id, recording.started_at, finished).await;
        }
        Ok(())
    }

    async fn begin(&self, session: SessionId, room: RoomId) -> Result<UtcTime, RecordingUnavailable> {
        let id = RecordingId::from_uuid(Uuid::now_v7());
        let name = format!("{id}.webm");
        let file = self.directory.join(&name);
        let path = file.clone();
        let started_at = clock::now();
        let recording = tokio::task::spawn_blocking(move || recorder::start(&path))
            .await
            .map_err(|_| RecordingUnavailable)?
            .map_err(|failure| unavailable("its files cannot be made", &failure))?;
        let entry = NewRecording { id, session, file: name, started_at };
        if let Err(failure) = self.store.begin_recording(&entry).await {
            // Dropping the recorder ends it; nobody has been told of this file.
            discard(&file);
            return Err(unavailable("the catalogue does not take it", &failure));
        }
        let running = Running { id, started_at, file, handle: recording.handle };
        if let Err(failure) = self.bridge.start_tap(room, TapSender::new(recording.tap)).await {
            self.conclude(session, running).await;
            return Err(unavailable("the media engine gives no programme", &failure));
        }
        self.lock().insert(session, running);
        tokio::spawn(self.clone().attend(session, id, room, recording.facts));
        tracing::info!(%session, recording = %id, "recording");
        Ok(started_at)
    }

    async fn end(&self, session: SessionId, room: RoomId) {
        if let Err(refused) = self.bridge.stop_tap(room).await {
            tracing::debug!(%session, %refused, "the programme had ended already");
        }
        let running = self.lock().remove(&session);
        if let Some(running) = running {
            self.conclude(session, running).await;
        }
    }

    /// Listens to one recorder until it ends.
    async fn attend(self, session: SessionId, id: RecordingId, room: RoomId, mut facts: mpsc::Receiver<RecorderFact>) {
        while let Some(fact) = facts.recv().await {
            match fact {
                RecorderFact::KeyFrameWanted => {
                    if let Err(refused) = self.bridge.command(Command::RefreshTap { room }).await {
                        tracing::debug!(%session, %refused, "no key frame can be asked for");
                    }
                }
                RecorderFact::Failed(failure) => {
                    tracing::error!(%session, recording = %id, %failure, "the recording ended before its time; the meeting goes on");
                    metrics::counter!("nhipcau_recordings_failed_total").increment(1);
                    self.end_failed(session, id, room).await;
                }
                RecorderFact::Progress { duration_ms, bytes } => {
                    tracing::trace!(%session, duration_ms, bytes, "recording goes on");
                }
                RecorderFact::Speaker { .. } | RecorderFact::Picture { .. } => {}
            }
        }
    }

    async fn end_failed(&self, session: SessionId, id: RecordingId, room: RoomId) {
        let is_this = |running: &mut Running| running.id == id;
        let running = {
            let mut all = self.lock();
            if all.get_mut(&session).is_some_and(is_this) { all.remove(&session) } else { None }
        };
        let Some(running) = running else { return };
        if let Err(refused) = self.bridge.stop_tap(room).await {
            tracing::debug!(%session, %refused, "the programme had ended already");
        }
        if let Some(host) = self.host.get() {
            host.recording_failed(signaling::id::SessionId(session.uuid())).await;
        }
        self.conclude(session, running).await;
    }

    /// Finishes the file and enters it.
    async fn conclude(&self, session: SessionId, running: Running) {
        let Running { id, started_at, file, handle } = running;
        let finished = match handle.finish().await {
            Ok(summary) => Ok(summary),
            Err(failure) => {
                tracing::warn!(recording = %id, %failure, "finishing what the recorder left");
                salvage(file).await
            }
        };
        self.enter(session, id, started_at, finished).await;
    }

    async fn enter(
        &self,
        session: SessionId,
        id: RecordingId,
        started_at: UtcTime,
        finished: Result<RecordingSummary, RecordError>,
    ) {
        let end = match finished {
            Ok(summary) => RecordingEnd::Ready {
                duration_ms: summary.index.duration_ms,
                size_bytes: summary.bytes,
                sha256: summary.sha256,
            },
            Err(failure) => {
                tracing::error!(recording = %id, %failure, "a recording is broken");
                RecordingEnd::Broken { size_bytes: 0 }
            }
        };
        if let RecordingEnd::Ready { duration_ms, .. } = end
            && let Err(failure) = self.name_speakers(session, id, started_at, duration_ms).await
        {
            tracing::warn!(recording = %id, %failure, "who spoke when could not be entered");
        }
        if let Err(refused) = self.store.finish_recording(id, &end).await {
            tracing::error!(recording = %id, %refused, "a finished recording could not be entered; the next start enters it");
        }
    }

    /// From the marks: they are on the disk whatever became of the recorder.
    async fn name_speakers(
        &self,
        session: SessionId,
        id: RecordingId,
        started_at: UtcTime,
        duration_ms: u64,
    ) -> Result<(), scheduler::store::RecordingRefused> {
        let marks = self.store.marks(session).await?;
        let seats = self.store.seats(session).await?;
        let spans = speaker_spans(&seats, &marks, started_at, duration_ms);
        self.store.add_speakers(id, &spans).await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<SessionId, Running>> {
        // Every change under this lock is complete in itself.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RecordingPort for Recordings {
    fn start(
        &self,
        session: signaling::id::SessionId,
        room: RoomId,
    ) -> PortFuture<Result<UtcMs, RecordingUnavailable>> {
        let this = self.clone();
        Box::pin(async move {
            let at = this.begin(SessionId::from_uuid(session.0), room).await?;
            Ok(UtcMs(at.millis()))
        })
    }

    fn stop(&self, session: signaling::id::SessionId, room: RoomId) -> PortFuture<()> {
        let this = self.clone();
        Box::pin(async move { this.end(SessionId::from_uuid(session.0), room).await })
    }
}

async fn salvage(file: PathBuf) -> Result<RecordingSummary, RecordError> {
    tokio::task::spawn_blocking(move || recorder::finish_interrupted(&file)).await.unwrap_or(Err(RecordError::Gone))
}

fn unavailable(what: &'static str, failure: &dyn std::fmt::Display) -> RecordingUnavailable {
    tracing::error!(%failure, "a recording cannot be started: {what}");
    RecordingUnavailable
}

fn discard(file: &Path) {
    for path in [file.to_owned(), recorder::ledger_path(file)] {
        if let Err(failure) = std::fs::remove_file(&path) {
            tracing::warn!(%failure, "an empty recording stays in the directory");
        }
    }
}
