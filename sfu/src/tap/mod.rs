//! The programme of a room on its way into a recording: what the chair put on screen (or the dominant speaker), and everybody
//! who is heard. Times are those of the engine's clock, so that the recorder needs none of its own.
//!
//! # What is in a recording
//! One WebM file: the programme's picture as it was received (VP8, never transcoded, so recording costs next to nothing and its
//! quality is the meeting's), and one Opus track with all voices mixed, continuous from the first millisecond to the last, silence
//! included. Pictures may change their size in the middle; a time without anybody's picture shows a blank one.
//!
//! ```text
//! head        EBML header, segment size, [seek head | void], info with [duration | void], tracks: always the same length
//! cluster     at most a second; begins with a key frame, or has none
//! cluster     ...
//! cues        key frame -> cluster; only in a finished file
//! ```
//! Beside it lies a text file with the same name and the ending `ledger`: who spoke, whose picture was shown, what is missing.
//!
//! # How it survives
//! - Clusters are written once a second, each second in one write, and put on the disk at most two seconds later. Until the end the
//!   segment's size is "unknown", which players take as it is: a file whose writer was killed plays up to its last whole cluster.
//! - Finishing appends the cues and then rewrites the head, less than a disk's sector, in place. It takes as long for four hours as for
//!   four seconds. [`Survey`] does the same at the next start, after cutting off a cluster that is not whole. A kill in between
//!   leaves a file that can be finished again.
//! - A packet that is missing is waited for, for its retransmission. What is lost for good is concealed in sound; the picture stands
//!   still until the next key frame, which is asked for, and the ledger says from when to when.
//!
//! # The parts
//! [`Recorder`] is the machine; `picture` makes frames of packets, `mix` makes sound of them, `timeline` puts both in order and into
//! clusters, `head` and `ebml` write what surrounds them, `index` keeps the ledger, `salvage` reads files back. The shell
//! with the file and the thread is `net::recorder`.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod ebml;
mod head;
mod index;
mod picture;
mod recorder;
mod salvage;
#[cfg(test)]
pub(crate) mod studio;
mod timeline;
mod vp8;

use std::time::Instant;

use bytes::Bytes;

use crate::id::{PeerId, TrackRef};

pub use index::{Gap, RecordingIndex, Span};
pub use recorder::{LAG, RecordFailure, Recorder, RecorderFact, RecorderOutput};
pub use salvage::{Completion, SalvageError, Survey};
pub use timeline::Cue;

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
