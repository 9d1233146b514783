//! For tests: speakers and cameras in front of a recorder, in virtual time, and the file it makes.

use std::collections::VecDeque;
use std::io::Cursor;
use std::time::{Duration, Instant};

use bytes::Bytes;
use matroska_demuxer::MatroskaFile;

use super::{Recorder, RecorderFact, RecorderOutput, RecordingIndex, TapEvent};
use crate::id::{PeerId, Source, TrackRef};
use crate::mix::{FRAME, TrackEncoder};

/// The bytes and the ledger as they lie on the disk.
#[derive(Clone, Default)]
pub(crate) struct Film {
    pub(crate) bytes: Vec<u8>,
    pub(crate) ledger: String,
    /// Lengths the file had after each write.
    pub(crate) lengths: Vec<usize>,
    pub(crate) facts: Vec<RecorderFact>,
}

/// One block as a demuxer reads it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Shot {
    pub(crate) at_ms: u64,
    pub(crate) key: bool,
    pub(crate) data: Vec<u8>,
}

impl Film {
    pub(crate) fn take(&mut self, output: RecorderOutput) {
        match output {
            RecorderOutput::Head(head) if self.bytes.is_empty() => self.bytes = head,
            RecorderOutput::Head(head) => self.bytes[..head.len()].copy_from_slice(&head),
            RecorderOutput::Append { clusters, ledger } => {
                self.bytes.extend(clusters);
                self.ledger.push_str(&ledger);
            }
            RecorderOutput::Finish { cues, head } => {
                self.bytes.extend(cues);
                self.bytes[..head.len()].copy_from_slice(&head);
            }
            RecorderOutput::Fact(fact) => return self.facts.push(fact),
        }
        self.lengths.push(self.bytes.len());
    }

    pub(crate) fn open(&self) -> MatroskaFile<Cursor<&[u8]>> {
        MatroskaFile::open(Cursor::new(self.bytes.as_slice())).expect("a WebM file")
    }

    /// All blocks of a track: 1 picture, 2 sound.
    pub(crate) fn track(&self, track: u64) -> Vec<Shot> {
        let mut file = self.open();
        let mut frame = matroska_demuxer::Frame::default();
        let mut shots = Vec::new();
        while file.next_frame(&mut frame).expect("whole blocks") {
            if frame.track == track {
                let key = frame.is_keyframe == Some(true);
                shots.push(Shot { at_ms: frame.timestamp, key, data: std::mem::take(&mut frame.data) });
            }
        }
        shots
    }

    pub(crate) fn duration_ms(&self) -> Option<f64> {
        self.open().info().duration()
    }
}

/// A frame that looks like VP8 to whoever reads only its first bytes.
pub(crate) fn vp8_frame(key: Option<(u16, u16)>, index: u32) -> Vec<u8> {
    let mut data = vec![0x01];
    if let Some((width, height)) = key {
        data = vec![0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a];
        data.extend(width.to_le_bytes());
        data.extend(height.to_le_bytes());
    }
    data.extend(index.to_be_bytes());
    data.resize(900, 0xa5);
    data
}

pub(crate) fn camera(peer: u64) -> TrackRef {
    TrackRef { peer: PeerId(peer), source: Source::Camera }
}

pub(crate) struct Studio {
    pub(crate) started: Instant,
    pub(crate) recorder: Recorder,
    pub(crate) film: Film,
    /// Not yet arrived, in order of their time.
    coming: VecDeque<(u64, TapEvent)>,
}

impl Studio {
    pub(crate) fn open() -> Self {
        Self::starting(Instant::now())
    }

    pub(crate) fn starting(started: Instant) -> Self {
        let recorder = Recorder::new(started).expect("opus");
        Self { started, recorder, film: Film::default(), coming: VecDeque::new() }
    }

    pub(crate) fn at(&self, ms: u64) -> Instant {
        self.started + Duration::from_millis(ms)
    }

    pub(crate) fn plan(&mut self, at_ms: u64, event: impl FnOnce(Instant) -> TapEvent) {
        let event = event(self.at(at_ms));
        self.coming.push_back((at_ms, event));
    }

    /// Somebody whistles one note from `from_ms` to `to_ms`.
    pub(crate) fn whistle(&mut self, peer: u64, hz: f32, from_ms: u64, to_ms: u64) {
        let mut encoder = TrackEncoder::new().expect("opus");
        for (index, at_ms) in (from_ms..to_ms).step_by(20).enumerate() {
            let samples: [f32; FRAME] = std::array::from_fn(|sample| {
                0.5 * (std::f32::consts::TAU * hz * (index * FRAME + sample) as f32 / 48_000.0).sin()
            });
            let payload = encoder.encode(&samples).expect("encodes");
            let (seq, timestamp) = (index as u16, (index * FRAME) as u32);
            self.plan(at_ms, |at| TapEvent::Audio { at, peer: PeerId(peer), seq, timestamp, payload });
        }
    }

    /// 25 pictures a second of one packet each; a key frame every `key_every` pictures. The first is number `first`.
    pub(crate) fn film(&mut self, peer: u64, size: (u16, u16), key_every: u32, from_ms: u64, to_ms: u64, first: u32) {
        for (index, at_ms) in (from_ms..to_ms).step_by(40).enumerate() {
            let index = index as u32;
            let frame = vp8_frame(index.is_multiple_of(key_every).then_some(size), first + index);
            let payload = Bytes::from([&[0x90, 0x80, 0x01], frame.as_slice()].concat());
            let (seq, timestamp) = ((first + index) as u16, (at_ms * 90) as u32);
            self.plan(at_ms, |at| TapEvent::Video { at, track: camera(peer), seq, timestamp, marker: true, payload });
        }
    }

    /// What was planned, in order.
    pub(crate) fn events(mut self) -> Vec<TapEvent> {
        self.coming.make_contiguous().sort_by_key(|(at_ms, _)| *at_ms);
        self.coming.into_iter().map(|(_, event)| event).collect()
    }

    /// Loses what has not come yet and fits `lost`.
    pub(crate) fn coming_without(&mut self, lost: impl Fn(&TapEvent) -> bool) {
        self.coming.retain(|(_, event)| !lost(event));
    }

    /// Lets time pass up to `until_ms`, in steps of 100 ms and at every event.
    pub(crate) fn run(&mut self, until_ms: u64) {
        self.coming.make_contiguous().sort_by_key(|(at_ms, _)| *at_ms);
        let mut tick = 0;
        while tick <= until_ms {
            while let Some((_, event)) = self.coming.pop_front_if(|(at_ms, _)| *at_ms <= tick) {
                self.recorder.handle_event(event).expect("taken");
                self.develop();
            }
            self.recorder.handle_timeout(self.at(tick)).expect("taken");
            self.develop();
            tick += 10;
        }
    }

    /// Runs to `end_ms` and finishes.
    pub(crate) fn wrap(mut self, end_ms: u64) -> (Film, RecordingIndex) {
        self.run(end_ms);
        self.recorder.handle_event(TapEvent::End { at: self.at(end_ms) }).expect("taken");
        self.develop();
        let index = self.recorder.index();
        (self.film, index)
    }

    fn develop(&mut self) {
        while let Some(output) = self.recorder.poll_output() {
            self.film.take(output);
        }
    }
}
