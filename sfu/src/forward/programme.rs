//! The programme of a room for its recording: the same selection and the same switching as a viewer's main slot, without a viewer.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use crate::egress::Egress;
use crate::forward::rewrite::Content;
use crate::forward::slot::Passed;
use crate::forward::stream::{Stream, Taken};
use crate::id::{MediaKind, PeerId, RoomId, Ssrc, TrackRef};
use crate::slab::TrackAt;
use crate::tap::TapEvent;
use crate::track::Track;
use crate::track::history::Stored;
use crate::track::layer::LayerKey;

const VIDEO_CLOCK_HZ: u32 = 90_000;

pub(crate) struct Programme {
    room: RoomId,
    /// What the recording is to show.
    pub(crate) shown: Option<TrackAt>,
    /// Whose picture the reader was told he is getting. It follows `shown` when the new picture's first key frame passes.
    pub(crate) told: Option<TrackRef>,
    pub(crate) stream: Stream,
}

impl Programme {
    pub(crate) fn begin(now: Instant, room: RoomId, speaker: Option<PeerId>, egress: &mut impl Egress) -> Self {
        // Nobody sees this stream on a wire: any number does to begin with.
        let stream = Stream::new(Ssrc(room.0 as u32), MediaKind::Video, VIDEO_CLOCK_HZ);
        let programme = Self { room, shown: None, told: None, stream };
        egress.tap(room, TapEvent::Picture { at: now, track: None });
        programme.speaker(now, speaker, egress);
        programme
    }

    pub(crate) fn turn(&mut self, now: Instant, track: Option<TrackRef>, egress: &mut impl Egress) {
        if self.told != track {
            self.told = track;
            egress.tap(self.room, TapEvent::Picture { at: now, track });
        }
    }

    pub(crate) fn picture(
        &mut self,
        now: Instant,
        track: &Track,
        key: LayerKey,
        stored: Stored<'_>,
        egress: &mut impl Egress,
    ) -> Passed {
        let (numbers, passed) = match self.stream.take(now, track, key, stored.meta) {
            Taken::No => return Passed::No,
            Taken::Passed(numbers) => (numbers, Passed::Sent),
            Taken::Opened { numbers, left } => {
                self.turn(now, Some(track.name), egress);
                (numbers, Passed::Opened { left })
            }
        };
        let numbers = numbers.rewritten;
        let shared = match numbers.content {
            Content::Whole => stored.payload.get(usize::from(numbers.replaced)..).unwrap_or_default(),
            Content::Blank => &[],
        };
        let mut payload = BytesMut::with_capacity(numbers.descriptor().len() + shared.len());
        payload.extend_from_slice(numbers.descriptor());
        payload.extend_from_slice(shared);
        egress.tap(
            self.room,
            TapEvent::Video {
                at: now,
                track: track.name,
                seq: numbers.seq as u16,
                timestamp: numbers.timestamp,
                marker: stored.meta.marker,
                payload: payload.freeze(),
            },
        );
        passed
    }

    /// A packet of somebody who is heard. The numbers are the publisher's own.
    pub(crate) fn sound(&self, now: Instant, peer: PeerId, stored: Stored<'_>, egress: &mut impl Egress) {
        egress.tap(
            self.room,
            TapEvent::Audio {
                at: now,
                peer,
                seq: stored.meta.seq as u16,
                timestamp: stored.meta.timestamp,
                payload: Bytes::copy_from_slice(stored.payload),
            },
        );
    }

    pub(crate) fn speaker(&self, now: Instant, peer: Option<PeerId>, egress: &mut impl Egress) {
        egress.tap(self.room, TapEvent::Speaker { at: now, peer });
    }

    pub(crate) fn end(&self, now: Instant, egress: &mut impl Egress) {
        egress.tap(self.room, TapEvent::End { at: now });
    }
}
