//! The recording machine: what the tap hears goes in, bytes for the file come out. It is told every time, so the same events
//! make the same file.

use std::collections::VecDeque;
use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::TapEvent;
use super::head::{Head, HeadState};
use super::index::{Entry, Gap, RecordingIndex};
use super::picture::{Follows, PictureEvent, PictureStream};
use super::timeline::{Kind, Timeline, cues_element};
use super::vp8::{BLANK, BLANK_SIZE, FrameKind};
use crate::id::{PeerId, TrackRef};
use crate::mix::{CodecError, FRAME, MixRefused, Mixer, SAMPLE_RATE_HZ, TrackEncoder, ticks};

/// How far writing lags behind hearing: the time a packet has to arrive, be missed and be sent again. A killed process loses
/// this much and the second that was not yet full.
pub const LAG: Duration = Duration::from_millis(500);

/// What is due is handed out once a second.
const FLUSH_MS: u64 = 1_000;

/// While nobody's picture is shown, the blank one is repeated so often: a player that seeks into such a time finds a picture
/// within so much, and none waits for the next picture with its sound held back.
const BLANK_EVERY_MS: u64 = 5_000;

/// What the shell does, in this order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecorderOutput {
    /// The first bytes of the file, from now on; always of the same length. The first output of all.
    Head(Vec<u8>),
    /// One second: whole clusters for the end of the file in one write, and lines for the ledger beside it.
    Append {
        clusters: Vec<u8>,
        ledger: String,
    },
    /// `cues` go to the end of the file; once they are on the disk, `head` replaces the first bytes. The last output of all.
    Finish {
        cues: Vec<u8>,
        head: Vec<u8>,
    },
    Fact(RecorderFact),
}

/// What a recording in progress reports. Times are milliseconds from its start.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RecorderFact {
    /// The dominant speaker changed.
    Speaker { at_ms: u64, peer: Option<PeerId> },
    /// Another picture is shown.
    Picture { at_ms: u64, track: Option<TrackRef> },
    /// To be passed on as [`crate::command::Command::RefreshTap`].
    KeyFrameWanted,
    /// So much is in the file.
    Progress { duration_ms: u64, bytes: u64 },
    /// Nothing more is recorded. The file is valid up to the last progress.
    Failed(RecordFailure),
}

/// Why a recording ended before its time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RecordFailure {
    #[error("the disk is full")]
    DiskFull,
    #[error("the recording could not be written: {0}")]
    Disk(io::ErrorKind),
    #[error(transparent)]
    Codec(#[from] CodecError),
}

pub struct Recorder {
    started: Instant,
    now: Duration,
    mixer: Mixer<PeerId>,
    encoder: TrackEncoder,
    pictures: PictureStream,
    timeline: Timeline,
    showing: Showing,
    /// Time of the latest picture on the timeline.
    last_picture_ms: Option<u64>,
    head: Head,
    size: SizeFrom,
    entries: Vec<Entry>,
    /// Entries before this one have been handed out.
    told: usize,
    out: VecDeque<RecorderOutput>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Showing {
    Blank { next_ms: u64 },
    Picture,
}

/// Whose size the head tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SizeFrom {
    BlankPicture,
    FirstKeyFrame,
}

impl Recorder {
    /// The recording's time counts from `started`.
    pub fn new(started: Instant) -> Result<Self, CodecError> {
        let encoder = TrackEncoder::new()?;
        let head = Head { size: BLANK_SIZE, pre_skip: encoder.pre_skip(), state: HeadState::Open };
        Ok(Self {
            started,
            now: Duration::ZERO,
            mixer: Mixer::default(),
            encoder,
            pictures: PictureStream::new(),
            timeline: Timeline::new(),
            showing: Showing::Blank { next_ms: 0 },
            last_picture_ms: None,
            head,
            size: SizeFrom::BlankPicture,
            entries: Vec::new(),
            told: 0,
            out: VecDeque::from([RecorderOutput::Head(head.to_bytes())]),
        })
    }

    /// Takes an event of the tap. [`TapEvent::End`] finishes the recording; nothing may follow it.
    pub fn handle_event(&mut self, event: TapEvent) -> Result<(), CodecError> {
        match event {
            TapEvent::Audio { at, peer, seq: _, timestamp, payload } => {
                self.handle_timeout(at)?;
                let arrived = ticks(self.since_start(at), SAMPLE_RATE_HZ);
                match self.mixer.push(peer, arrived, timestamp, payload) {
                    // The engine forwards three voices at a time; a crowd of sixteen within seconds is noise.
                    Ok(()) | Err(MixRefused::TooManyVoices) => Ok(()),
                    Err(MixRefused::Codec(error)) => Err(error),
                }
            }
            TapEvent::Video { at, track: _, seq, timestamp, marker, payload } => {
                self.handle_timeout(at)?;
                self.pictures.push(self.since_start(at), seq, timestamp, marker, payload);
                self.take_pictures(self.now);
                Ok(())
            }
            TapEvent::Picture { at, track } => {
                self.handle_timeout(at)?;
                self.picture_changed(track);
                Ok(())
            }
            TapEvent::Speaker { at, peer } => {
                self.handle_timeout(at)?;
                let at_ms = millis(self.now);
                self.entries.push(Entry::Speaker { at_ms, peer });
                self.out.push_back(RecorderOutput::Fact(RecorderFact::Speaker { at_ms, peer }));
                Ok(())
            }
            TapEvent::End { at } => self.finish(at),
        }
    }

    /// Time passed. To be called a few times a second, so that silence is recorded too.
    pub fn handle_timeout(&mut self, at: Instant) -> Result<(), CodecError> {
        self.now = self.now.max(self.since_start(at));
        let horizon = self.now.saturating_sub(LAG);
        self.mix_to(horizon)?;
        self.take_pictures(self.now);
        let due = millis(horizon) / FLUSH_MS * FLUSH_MS;
        if due > self.timeline.cut_ms() {
            self.flush(due);
        }
        Ok(())
    }

    /// Nothing more comes: everything that waits is written, then what makes the file seekable.
    pub fn finish(&mut self, at: Instant) -> Result<(), CodecError> {
        self.handle_timeout(at)?;
        self.mix_to(self.now)?;
        while let Some(event) = self.pictures.poll_last() {
            self.take_picture(event);
        }
        self.fill_with_blank(self.duration_ms().max(1));
        let duration_ms = self.duration_ms();
        if self.pictures.follows() == Follows::Loss
            && let Some(from_ms) = self.last_picture_ms
        {
            self.entries.push(Entry::Gap(Gap { from_ms, to_ms: duration_ms }));
        }
        self.flush(duration_ms);
        let cues = cues_element(self.timeline.cues());
        let cues_at = self.timeline.file_bytes();
        let file_bytes = cues_at + cues.len() as u64;
        self.head.state = HeadState::Finished { duration_ms, cues_at, file_bytes };
        self.out.push_back(RecorderOutput::Finish { cues, head: self.head.to_bytes() });
        Ok(())
    }

    pub fn poll_output(&mut self) -> Option<RecorderOutput> {
        self.out.pop_front()
    }

    /// Of what has been recorded so far.
    #[must_use]
    pub fn index(&self) -> RecordingIndex {
        RecordingIndex::of(self.duration_ms(), self.timeline.cues().to_vec(), &self.entries)
    }

    fn since_start(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.started)
    }

    /// The sound is continuous, so it is as long as the recording; a last picture may lie a moment behind it.
    fn duration_ms(&self) -> u64 {
        let sound = u64::try_from(self.mixer.position()).unwrap_or(0) * 1_000 / u64::from(SAMPLE_RATE_HZ);
        sound.max(self.last_picture_ms.map_or(0, |at_ms| at_ms + 1))
    }

    fn mix_to(&mut self, until: Duration) -> Result<(), CodecError> {
        let until = ticks(until, SAMPLE_RATE_HZ);
        while self.mixer.position() + FRAME as i64 <= until {
            let at_ms = u64::try_from(self.mixer.position()).unwrap_or(0) * 1_000 / u64::from(SAMPLE_RATE_HZ);
            let packet = self.encoder.encode(&self.mixer.mix())?;
            self.timeline.push(at_ms, Kind::Sound, packet);
        }
        Ok(())
    }

    fn picture_changed(&mut self, track: Option<TrackRef>) {
        let at_ms = millis(self.now);
        self.entries.push(Entry::Picture { at_ms, track });
        self.out.push_back(RecorderOutput::Fact(RecorderFact::Picture { at_ms, track }));
        if track.is_none() && self.showing == Showing::Picture {
            self.pictures.stop();
            self.showing = Showing::Blank { next_ms: at_ms };
        }
    }

    fn take_pictures(&mut self, now: Duration) {
        while let Some(event) = self.pictures.poll(now) {
            self.take_picture(event);
        }
    }

    fn take_picture(&mut self, event: PictureEvent) {
        let (at_ms, kind, follows, data) = match event {
            PictureEvent::Frame { at_ms, kind, follows, data } => (at_ms, kind, follows, data),
            PictureEvent::KeyFrameWanted => {
                return self.out.push_back(RecorderOutput::Fact(RecorderFact::KeyFrameWanted));
            }
        };
        if self.timeline.cut_ms() > 0 {
            self.fill_with_blank(at_ms);
        }
        self.showing = Showing::Picture;
        if let (FrameKind::Key(size), SizeFrom::BlankPicture) = (kind, self.size) {
            self.size = SizeFrom::FirstKeyFrame;
            self.head.size = size;
            self.out.push_back(RecorderOutput::Head(self.head.to_bytes()));
        }
        let before = self.last_picture_ms;
        let at_ms = self.place_picture(at_ms, kind, data);
        if let (Follows::Loss, Some(from_ms)) = (follows, before) {
            self.entries.push(Entry::Gap(Gap { from_ms, to_ms: at_ms }));
        }
    }

    /// Pictures never go back in time, nor two at once.
    fn place_picture(&mut self, at_ms: u64, kind: FrameKind, data: Bytes) -> u64 {
        let at_ms = at_ms.max(self.timeline.cut_ms()).max(self.last_picture_ms.map_or(0, |last| last + 1));
        self.last_picture_ms = Some(at_ms);
        let kind = match kind {
            FrameKind::Key(_) => Kind::KeyFrame,
            FrameKind::Delta => Kind::Frame,
        };
        self.timeline.push(at_ms, kind, data);
        at_ms
    }

    fn fill_with_blank(&mut self, until_ms: u64) {
        while let Showing::Blank { next_ms } = self.showing
            && next_ms < until_ms
        {
            self.place_picture(next_ms, FrameKind::Key(BLANK_SIZE), Bytes::from_static(BLANK));
            self.showing = Showing::Blank { next_ms: next_ms + BLANK_EVERY_MS };
        }
    }

    fn flush(&mut self, until_ms: u64) {
        self.fill_with_blank(until_ms);
        if self.timeline.cut_ms() == 0 {
            // The recording opens with its first picture, not with the blank moment before it came.
            self.timeline.begin_pictures_at(0);
        }
        let clusters = self.timeline.cut(until_ms);
        let ledger = self.entries.iter().skip(self.told).map(|entry| entry.to_line()).collect();
        self.told = self.entries.len();
        self.out.push_back(RecorderOutput::Append { clusters, ledger });
        let (duration_ms, bytes) = (until_ms, self.timeline.file_bytes());
        self.out.push_back(RecorderOutput::Fact(RecorderFact::Progress { duration_ms, bytes }));
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
