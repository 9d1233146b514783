//! One outgoing stream: what feeds it now, what it waits for, and its numbers.

use std::time::{Duration, Instant};

use crate::forward::gate::Gate;
use crate::forward::rewrite::{Content, Opening, Origin, Rewriter, Rewritten};
use crate::id::{MediaKind, Ssrc};
use crate::packet::frame::Cell;
use crate::track::Track;
use crate::track::clock::{micros_since, ticks};
use crate::track::history::PacketMeta;
use crate::track::layer::{Layer, LayerKey};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Feed {
    Idle,
    /// Nothing is sent until `next` offers a beginning, or `stopgap`, a smaller layer of the same track, does so sooner.
    Waiting {
        next: LayerKey,
        stopgap: Option<LayerKey>,
    },
    /// `now` goes on until `next`, another layer of the same track, offers a beginning.
    Live {
        now: LayerKey,
        next: Option<LayerKey>,
    },
}

#[derive(Clone, Debug)]
pub(crate) struct Stream {
    feed: Feed,
    gate: Gate,
    pub(crate) rewriter: Rewriter,
    rate_hz: u32,
    sent_at: Option<Instant>,
}

/// What became of a packet that was offered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    No,
    Passed(Numbers),
    /// The first of an era. `left` fed the stream until now, or might have, and is not wanted any more.
    Opened {
        numbers: Numbers,
        left: Option<LayerKey>,
    },
}

/// What a packet goes out with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Numbers {
    pub(crate) rewritten: Rewritten,
    /// The last packet of the picture as this receiver is shown it.
    pub(crate) ends_picture: bool,
}

/// When the clocks of two layers put a switch further from its arrival than this, one of them is wrong.
const CLOCKS_APART_MAX_S: i64 = 1;

/// A source whose newest packet is older than this is not merely between two frames.
const STANDSTILL: Duration = Duration::from_millis(250);

impl Stream {
    pub(crate) fn new(ssrc: Ssrc, kind: MediaKind, rate_hz: u32) -> Self {
        // One Opus packet, or a millisecond of picture.
        let step = match kind {
            MediaKind::Audio => rate_hz / 50,
            MediaKind::Video => rate_hz / 1_000,
        };
        Self { feed: Feed::Idle, gate: Gate::new(), rewriter: Rewriter::new(ssrc, step), rate_hz, sent_at: None }
    }

    /// The layers this stream must be offered packets of.
    pub(crate) fn sources(&self) -> [Option<LayerKey>; 2] {
        match self.feed {
            Feed::Idle => [None, None],
            Feed::Waiting { next, stopgap } => [Some(next), stopgap],
            Feed::Live { now, next } => [Some(now), next],
        }
    }

    /// The layer whose packets are going out.
    pub(crate) fn live(&self) -> Option<LayerKey> {
        match self.feed {
            Feed::Live { now, .. } => Some(now),
            Feed::Idle | Feed::Waiting { .. } => None,
        }
    }

    /// The layers whose key frames would be of use now.
    pub(crate) fn awaited(&self) -> impl Iterator<Item = LayerKey> + use<> {
        let awaited = match self.feed {
            Feed::Idle => [None, None],
            Feed::Waiting { next, stopgap } => [Some(next), stopgap],
            Feed::Live { now, next } => [next.or(Some(now)), None],
        };
        awaited.into_iter().flatten()
    }

    /// Those of them that are not on their way already.
    pub(crate) fn missed(&self) -> impl Iterator<Item = LayerKey> + use<> {
        let live = self.live();
        let turning = self.gate.waits_for_key_frame();
        self.awaited().filter(move |key| turning || Some(*key) != live)
    }

    pub(crate) fn stop(&mut self) {
        self.feed = Feed::Idle;
    }

    /// Turns to another layer at its next beginning. Another layer of the same track relieves the present one without a gap; another
    /// track does not: what is shown must be what the viewer was told. Where nothing of this track is shown yet, `stopgap` may begin.
    /// Of whatever is passed on, no more than `cell` is.
    pub(crate) fn aim(&mut self, target: LayerKey, cell: Cell, stopgap: Option<LayerKey>) {
        self.gate.want(cell);
        self.feed = match self.feed {
            Feed::Live { now, .. } if now == target => Feed::Live { now, next: None },
            Feed::Live { now, .. } if now.track == target.track => Feed::Live { now, next: Some(target) },
            Feed::Idle | Feed::Waiting { .. } | Feed::Live { .. } => Feed::Waiting { next: target, stopgap },
        };
    }

    /// Per packet and receiver: passes it on, begins with it, or has no use for it.
    pub(crate) fn take(&mut self, now: Instant, track: &Track, key: LayerKey, meta: &PacketMeta) -> Taken {
        if self.live() == Some(key) {
            return self.number(now, meta).map_or(Taken::No, Taken::Passed);
        }
        let (feed, relieved, left) = match self.feed {
            _ if !meta.opens => return Taken::No,
            Feed::Live { now: fed_by, next: Some(next) } if next == key => {
                (Feed::Live { now: key, next: None }, Some(fed_by), Some(fed_by))
            }
            Feed::Waiting { next, stopgap } if next == key => (Feed::Live { now: key, next: None }, None, stopgap),
            Feed::Waiting { next, stopgap } if stopgap == Some(key) => {
                (Feed::Live { now: key, next: Some(next) }, None, None)
            }
            Feed::Idle | Feed::Waiting { .. } | Feed::Live { .. } => return Taken::No,
        };
        let ticks = self.ticks_since_last(now, track, relieved, key, meta.timestamp);
        self.rewriter.begin(key, meta, Opening::Live { ticks });
        self.gate.begin(self.rewriter.newest().0 + 1);
        self.feed = feed;
        match self.number(now, meta) {
            Some(numbers) => Taken::Opened { numbers, left },
            None => Taken::No,
        }
    }

    /// The numbers of a packet of the layer that feeds the stream, unless it is not for this receiver.
    fn number(&mut self, now: Instant, meta: &PacketMeta) -> Option<Numbers> {
        let place = self.rewriter.place(meta)?;
        let rewritten = if self.gate.lets_through(place, self.rewriter.newest(), meta) {
            self.rewriter.rewrite(meta)?
        } else {
            self.rewriter.refuse(meta)?
        };
        if rewritten.content == Content::Whole {
            self.sent_at = Some(now);
        }
        Some(Numbers { rewritten, ends_picture: self.gate.ends_picture(place) })
    }

    /// What a packet went out with, once more.
    pub(crate) fn again(&self, origin: Origin, meta: &PacketMeta) -> Option<Numbers> {
        let rewritten = self.rewriter.again(origin, meta)?;
        Some(Numbers { rewritten, ends_picture: self.gate.ends_picture(origin.place) })
    }

    /// The layers inside the stream that are shown.
    pub(crate) fn shown(&self) -> Cell {
        self.gate.now()
    }

    /// Whether what came at `newest_at` is the past for this stream: it has sent something later, and time does not run backwards.
    pub(crate) fn has_passed(&self, newest_at: Instant) -> bool {
        self.sent_at.is_some_and(|sent_at| sent_at > newest_at + STANDSTILL)
    }

    /// Begins with a packet of the past. The caller passes on everything up to the present, of which the newest came at `newest_at`,
    /// and then calls [`Self::caught_up`]. Were it taken for newer than it is, the receiver's clock would run ahead a little with
    /// every switch.
    pub(crate) fn begin_replay(
        &mut self,
        now: Instant,
        key: LayerKey,
        cell: Cell,
        first: &PacketMeta,
        newest_at: Instant,
    ) {
        self.gate.want(cell);
        let ticks = self.ticks_by_arrival(now) - ticks(micros_since(now, newest_at), self.rate_hz);
        self.rewriter.begin(key, first, Opening::Replay { ticks });
        self.gate.begin(self.rewriter.newest().0 + 1);
        self.feed = Feed::Live { now: key, next: None };
    }

    pub(crate) fn caught_up(&mut self, newest: u64) {
        self.rewriter.catch_up(newest);
    }

    fn ticks_by_arrival(&self, now: Instant) -> i64 {
        self.sent_at.map_or(0, |at| ticks(micros_since(now, at), self.rate_hz))
    }

    /// Between layers of one track the capture times are known exactly; between tracks the time that passed here is what counts.
    fn ticks_since_last(
        &self,
        now: Instant,
        track: &Track,
        relieved: Option<LayerKey>,
        key: LayerKey,
        timestamp: u32,
    ) -> i64 {
        // A key frame whose beginning had to be repaired comes after frames that are younger than it.
        let by_arrival = self.ticks_by_arrival(now) - behind_newest(track, key, timestamp);
        let by_capture = relieved.filter(|relieved| relieved.track == key.track).and_then(|relieved| {
            track.ticks_between(relieved.layer, self.rewriter.newest_source_timestamp()?, key.layer, timestamp)
        });
        by_capture
            .filter(|ticks| (ticks - by_arrival).abs() < CLOCKS_APART_MAX_S * i64::from(self.rate_hz))
            .unwrap_or(by_arrival)
    }
}

/// How much older than its layer's newest packet a packet is.
fn behind_newest(track: &Track, key: LayerKey, timestamp: u32) -> i64 {
    let newest = track.layer(key.layer).and_then(Layer::newest_timestamp).unwrap_or(timestamp);
    i64::from((newest.wrapping_sub(timestamp) as i32).max(0))
}
