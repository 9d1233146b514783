//! The programme of a room on its way into a recording: what the chair put on screen (or the dominant speaker), and everybody
//! who is heard. Times are those of the engine's clock, so that the recorder needs none of its own.

use std::time::Instant;

use bytes::Bytes;

use crate::id::{PeerId, TrackRef};

/// In the order of arrival; packets of one stream may be late or missing, and the reader puts them in order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TapEvent {
    /// One Opus packet of one of the audible peers.
    Audio { at: Instant, peer: PeerId, seq: u16, timestamp: u32, payload: Bytes },
    /// One RTP payload of the programme's picture (VP8 descriptor first, RFC 7741), continuous in `seq` and `timestamp` over
    /// switches like a viewer's slot; every switch begins at a key frame.
    Video { at: Instant, track: TrackRef, seq: u16, timestamp: u32, marker: bool, payload: Bytes },
    /// The programme's picture is now this track's, first thing in a recording and at every change. `None`: nobody's picture is
    /// shown (every camera is off or gone), so the recording must not go on showing the last one.
    Picture { at: Instant, track: Option<TrackRef> },
    /// The dominant speaker changed.
    Speaker { at: Instant, peer: Option<PeerId> },
    /// Nothing more will come.
    End { at: Instant },
}
