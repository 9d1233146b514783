//! Recordings on the disk: the thread that drives [`Recorder`] and the files it writes.
//!
//! Opus and the disk block, so each recording has a thread of its own; nothing of it is on the way of a forwarded packet. A
//! recording is `NAME.webm` and `NAME.ledger` beside it (see [`crate::tap`]). Whoever starts the server again calls
//! [`finish_interrupted`] on every recording that was not finished.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod disk;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use self::disk::{Disk, Reel};
use crate::tap::{
    RecordFailure, Recorder, RecorderFact, RecorderOutput, RecordingIndex, SalvageError, Survey, TapEvent,
};

pub use self::disk::ledger_path;

/// Events on their way from the engine: four seconds of an 8 Mbit/s picture and three voices, longer than a disk stalls. The
/// engine never waits for a disk: what does not fit is lost to the recording like a packet on the line (a gap in the ledger, a
/// key frame asked for), and nobody in the meeting notices.
const EVENTS_MAX: usize = 4_096;

/// Facts on their way to the host, a few a second. A host that does not read them loses the newest; what it needs afterwards is
/// in the summary and in the ledger.
const FACTS_MAX: usize = 256;

/// Silence is recorded too: time goes on without events.
const TICK: Duration = Duration::from_millis(100);

/// The disk is told to keep what it got with every second write, so every two seconds.
const WRITES_PER_SYNC: u32 = 2;

/// A recording in progress.
#[derive(Debug)]
pub struct Recording {
    /// Where the engine puts the room's tap. Use `try_send`; [`TapEvent::End`] or dropping it finishes the recording.
    pub tap: mpsc::Sender<TapEvent>,
    /// Ends with the recording.
    pub facts: mpsc::Receiver<RecorderFact>,
    pub handle: RecorderHandle,
}

#[derive(Debug)]
pub struct RecorderHandle {
    stop: oneshot::Sender<()>,
    done: oneshot::Receiver<Result<RecordingSummary, RecordError>>,
}

/// A finished recording.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordingSummary {
    pub index: RecordingIndex,
    pub bytes: u64,
    /// Of the finished file.
    pub sha256: [u8; 32],
}

impl RecordingSummary {
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.index.duration_ms)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Nothing was begun.
    #[error("the recording's files could not be made")]
    Create(#[source] io::Error),
    /// The file is valid up to the last progress and can be finished by [`finish_interrupted`], once the cause is gone.
    #[error("the recording ended before its time: {0}")]
    Failed(#[from] RecordFailure),
    #[error(transparent)]
    Salvage(#[from] SalvageError),
    /// Another recorder of this or another process is writing it.
    #[error("the recording is still being written")]
    InProgress,
    /// The recorder's thread died; [`finish_interrupted`] can finish the file.
    #[error("the recorder is gone")]
    Gone,
}

/// Begins a recording at `path` (which must end in `.webm` and not exist) now. Blocks for the time of creating two files.
pub fn start(path: &Path) -> Result<Recording, RecordError> {
    let reel = Reel::create(path).map_err(RecordError::Create)?;
    record_on(reel)
}

impl RecorderHandle {
    /// Finishes the recording with everything the tap has sent so far. It is ready to be played when this returns; after a
    /// failure this tells the cause.
    pub async fn finish(self) -> Result<RecordingSummary, RecordError> {
        // The thread may have ended by itself already, which is as good.
        let _ended = self.stop.send(());
        self.done.await.unwrap_or(Err(RecordError::Gone))
    }
}

/// Finishes what a killed process left, or reads a finished recording; doing it twice changes nothing. Blocks for as long as
/// reading the file twice takes.
pub fn finish_interrupted(path: &Path) -> Result<RecordingSummary, RecordError> {
    let mut reel = match Reel::open(path) {
        Ok(Some(reel)) => reel,
        Ok(None) => return Err(RecordError::InProgress),
        Err(error) => return Err(SalvageError::Disk(error).into()),
    };
    let survey = Survey::of(&mut reel.reader())?;
    if let Some(completion) = survey.completion() {
        reel.cut_to(completion.cut_to).map_err(SalvageError::Disk)?;
        complete(&mut reel, &completion.cues, &completion.head).map_err(SalvageError::Disk)?;
    }
    let ledger = reel.read_ledger().map_err(SalvageError::Disk)?;
    reel.summary(survey.index(&ledger)).map_err(|error| SalvageError::Disk(error).into())
}

fn record_on(disk: impl Disk + 'static) -> Result<Recording, RecordError> {
    let recorder = Recorder::new(Instant::now()).map_err(RecordFailure::Codec)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(RecordError::Create)?;
    let (tap, events) = mpsc::channel(EVENTS_MAX);
    let (tell, facts) = mpsc::channel(FACTS_MAX);
    let (stop, stopped) = oneshot::channel();
    let (finished, done) = oneshot::channel();
    let mut session = Session { recorder, disk, facts: tell, unsynced: 0 };
    std::thread::Builder::new()
        .name("recorder".into())
        .spawn(move || {
            runtime.block_on(async {
                let result = session.run(events, stopped).await;
                if let Err(failure) = &result {
                    tracing::error!(%failure, "a recording ended before its time");
                }
                let failed = result.as_ref().err().copied();
                // Who waits for the end is told first: a host that no longer reads its facts must not hold it up.
                let _listener_gone = finished.send(result.map_err(RecordError::from));
                if let Some(failure) = failed {
                    let _listener_gone = session.facts.send(RecorderFact::Failed(failure)).await;
                }
            });
        })
        .map_err(RecordError::Create)?;
    Ok(Recording { tap, facts, handle: RecorderHandle { stop, done } })
}

/// What the thread has in its hands.
struct Session<D> {
    recorder: Recorder,
    disk: D,
    facts: mpsc::Sender<RecorderFact>,
    unsynced: u32,
}

enum Step {
    Event(TapEvent),
    Tick,
    Stop,
}

impl<D: Disk> Session<D> {
    async fn run(
        &mut self,
        mut events: mpsc::Receiver<TapEvent>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<RecordingSummary, RecordFailure> {
        let recorded = self.record(&mut events, stopped).await;
        if recorded.is_err() {
            // The file ends at its last whole second. If the disk refuses this too, the next start cuts the tail off.
            if let Err(error) = self.disk.cut_tail() {
                tracing::warn!(%error, "the unfinished end of a recording stays until it is finished");
            }
        }
        recorded?;
        self.disk.summary(self.recorder.index()).map_err(|error| failure(&error))
    }

    async fn record(
        &mut self,
        events: &mut mpsc::Receiver<TapEvent>,
        mut stopped: oneshot::Receiver<()>,
    ) -> Result<(), RecordFailure> {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut handle_dropped = false;
        self.carry_out()?;
        loop {
            // Events first: a tick's time must not overtake the times of events that wait.
            let step = tokio::select! {
                biased;
                event = events.recv() => event.map_or(Step::Stop, Step::Event),
                stop = &mut stopped, if !handle_dropped => match stop {
                    Ok(()) => Step::Stop,
                    Err(_) => { handle_dropped = true; Step::Tick }
                },
                _ = ticks.tick() => Step::Tick,
            };
            match step {
                Step::Event(TapEvent::End { at }) => {
                    self.recorder.finish(at)?;
                    return self.carry_out();
                }
                Step::Event(event) => self.recorder.handle_event(event)?,
                Step::Tick => self.recorder.handle_timeout(Instant::now())?,
                Step::Stop => {
                    self.recorder.finish(Instant::now())?;
                    return self.carry_out();
                }
            }
            self.carry_out()?;
        }
    }

    fn carry_out(&mut self) -> Result<(), RecordFailure> {
        while let Some(output) = self.recorder.poll_output() {
            match output {
                RecorderOutput::Head(head) => self.disk.write_head(&head).map_err(|error| failure(&error))?,
                RecorderOutput::Append { clusters, ledger } => {
                    self.disk.append(&clusters).map_err(|error| failure(&error))?;
                    self.disk.note(&ledger).map_err(|error| failure(&error))?;
                    self.unsynced += 1;
                    if self.unsynced == WRITES_PER_SYNC {
                        self.unsynced = 0;
                        self.disk.sync().map_err(|error| failure(&error))?;
                    }
                }
                RecorderOutput::Finish { cues, head } => {
                    complete(&mut self.disk, &cues, &head).map_err(|error| failure(&error))?;
                }
                RecorderOutput::Fact(fact) => {
                    if let Err(mpsc::error::TrySendError::Full(fact)) = self.facts.try_send(fact) {
                        tracing::debug!(?fact, "a recording's fact found nobody reading");
                    }
                }
            }
        }
        Ok(())
    }
}

/// Cues before head, each on the disk before the next: a head that tells of cues is true from its first moment.
fn complete(disk: &mut impl Disk, cues: &[u8], head: &[u8]) -> io::Result<()> {
    disk.append(cues)?;
    disk.sync()?;
    disk.write_head(head)?;
    disk.sync()
}

fn failure(error: &io::Error) -> RecordFailure {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            RecordFailure::DiskFull
        }
        kind => RecordFailure::Disk(kind),
    }
}

#[cfg(test)]
mod tests;
