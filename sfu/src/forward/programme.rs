//! The programme of a room for its recording: the same selection and the same switching as a viewer's main slot, without a viewer.

use std::time::Instant;

use bytes::{Bytes, BytesMut};

use crate::egress::Egress;
use crate::forward::slot::Passed;
use crate::forward::stream::{Stream, Taken};
use crate::id::{MediaKind, PeerId, RoomId, Ssrc};
use crate::slab::TrackAt;
use crate::tap::TapEvent;
use crate::track::Track;
use crate::track::history::Stored;
use crate::track::layer::LayerKey;

const VIDEO_CLOCK_HZ: u32 = 90_000;

pub(crate) struct Programme {
    room: RoomId,
    pub(crate) shown: Option<TrackAt>,
    pub(crate) stream: Stream,
}

impl Programme {
    pub(crate) fn new(room: RoomId) -> Self {
        // Nobody sees this stream on a wire: any number does to begin with.
        let stream = Stream::new(Ssrc(room.0 as u32), MediaKind::Video, VIDEO_CLOCK_HZ);
        Self { room, shown: None, stream }
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
            Taken::Opened { numbers, left } => (numbers, Passed::Opened { left }),
        };
        let shared = stored.payload.get(usize::from(numbers.replaced)..).unwrap_or_default();
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
