//! The recorder's side of the tap: whether the programme is one continuous stream that begins, and turns, at key frames, and says in
//! good time whose picture it is.

use std::collections::BTreeMap;
use std::time::Duration;

use sfu::id::{MediaKind, TrackRef};
use sfu::tap::TapEvent;

use super::negotiate::AnsweredSlot;
use super::packet::{Rtp, StreamName, VP8, read_sound};
use super::slot::SlotReceiver;

const SSRC: u32 = 1;
const REFRESH_EVERY: Duration = Duration::from_millis(500);

/// One recording, from its start to its end.
#[derive(Debug)]
pub struct Tape {
    picture: SlotReceiver,
    /// What the programme says it shows.
    pub shown: Option<TrackRef>,
    said: bool,
    pub ended: bool,
    pub begun: Duration,
    refreshed_at: Duration,
    /// When which transport was heard last.
    pub heard: BTreeMap<u16, Duration>,
}

impl Tape {
    #[must_use]
    pub fn begin(now: Duration) -> Self {
        let slot = AnsweredSlot { mid: String::from("tape"), kind: MediaKind::Video, ssrc: SSRC, repair_ssrc: None };
        Self {
            picture: SlotReceiver::new(slot),
            shown: None,
            said: false,
            ended: false,
            begun: now,
            refreshed_at: now,
            heard: BTreeMap::new(),
        }
    }

    /// # Errors
    /// What no recorder could make sense of.
    pub fn take(&mut self, now: Duration, event: &TapEvent) -> Result<(), String> {
        if self.ended {
            return Err(format!("after the end of the recording: {event:?}"));
        }
        match event {
            TapEvent::Picture { track, .. } => {
                (self.shown, self.said) = (*track, true);
            }
            TapEvent::Video { track, seq, timestamp, marker, payload, .. } => {
                if Some(*track) != self.shown {
                    return Err(format!("a picture of {track:?} while the programme is {:?}", self.shown));
                }
                let (seq, timestamp, marker) = (*seq, *timestamp, *marker);
                self.picture.take(now, &Rtp { marker, payload_type: VP8, seq, timestamp, ssrc: SSRC, payload })?;
            }
            TapEvent::Audio { payload, .. } => {
                let mark = read_sound(payload)?;
                if !self.said {
                    return Err(String::from("a sound before the programme's picture is named"));
                }
                self.heard.insert(mark.stream.publisher, now);
            }
            TapEvent::Speaker { .. } => {}
            TapEvent::End { .. } => self.ended = true,
        }
        Ok(())
    }

    /// Whether the recorder cannot go on without a key frame.
    pub fn needs_refresh(&mut self, now: Duration) -> bool {
        if self.ended || now < self.refreshed_at + REFRESH_EVERY {
            return false;
        }
        let lost = self.picture.ask(now, Duration::from_secs(1)).picture_lost;
        if lost {
            self.refreshed_at = now;
        }
        lost
    }

    /// The recorder died; what it had written is finished by others.
    pub fn cut_off(&mut self) {
        self.ended = true;
    }

    /// When a whole frame of which stream was recorded last.
    #[must_use]
    pub fn recorded(&self) -> Option<(Duration, StreamName)> {
        self.picture.shown
    }

    #[must_use]
    pub fn frames(&self) -> u64 {
        self.picture.frames
    }
}
