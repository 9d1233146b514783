//! Which layers of a camera somebody has a use for. Its publisher switches the others off and spares his line and his machine.
//!
//! A layer is wanted from the moment somebody would be shown it, and unwanted only after nobody would for [`LINGER`]: switching on
//! costs a key frame of all layers and a moment of blur, leaving on costs some seconds of upstream. Whoever watches a layer counts for
//! it whatever he would rather see, so a picture never stops because its viewer's wish has moved on.
//!
//! **The lowest layer always stays on.** From it a viewer has his first picture at once, out of the history, and the sharper one a
//! round trip later; and by it the room knows that the camera is alive at all. It costs a tenth of what the three cost together.

use std::time::{Duration, Instant};

use crate::track::LAYERS_MAX;

/// A chair who looks from one site to the other and back, and a speaker interrupted by a word, switch nothing.
const LINGER: Duration = Duration::from_secs(4);

/// Some of a track's layers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct LayerSet(u8);

impl LayerSet {
    /// The lowest `count`.
    fn lowest(count: usize) -> Self {
        (0..count.min(LAYERS_MAX) as u8).fold(Self::default(), Self::with)
    }

    #[must_use]
    fn with(self, layer: u8) -> Self {
        Self(self.0 | (1 << layer.min(7)))
    }

    pub(crate) fn has(self, layer: u8) -> bool {
        layer < 8 && self.0 & (1 << layer) != 0
    }
}

#[derive(Debug)]
pub(crate) struct Demand {
    all: LayerSet,
    wanted: LayerSet,
    told: LayerSet,
    used_at: [Option<Instant>; LAYERS_MAX],
}

impl Demand {
    /// A publisher begins with everything it has.
    pub(crate) fn new(layers: usize) -> Self {
        let all = LayerSet::lowest(layers);
        Self { all, wanted: all, told: all, used_at: [None; LAYERS_MAX] }
    }

    /// Whatever was known of its viewers counts no more: it begins again with everything.
    pub(crate) fn reset(&mut self) {
        self.wanted = self.all;
    }

    /// The track begins to flow: its viewers are given time to come.
    pub(crate) fn begin(&mut self, now: Instant) {
        for (used_at, layer) in self.used_at.iter_mut().zip(0..) {
            if self.wanted.has(layer) {
                *used_at = Some(now);
            }
        }
    }

    /// Somebody is shown this layer now, or would be if it came.
    pub(crate) fn uses(&mut self, now: Instant, layer: u8) {
        if let Some(used_at) = self.used_at.get_mut(usize::from(layer)).filter(|_| self.all.has(layer)) {
            *used_at = Some(now);
            self.wanted = self.wanted.with(layer);
        }
    }

    /// Lets go of what nobody has used for a while.
    pub(crate) fn settle(&mut self, now: Instant) {
        let used = |at: &Option<Instant>| at.is_some_and(|used_at| now.saturating_duration_since(used_at) < LINGER);
        self.wanted = (0..).zip(&self.used_at).fold(LayerSet::lowest(1), |kept, (layer, used_at)| {
            if self.wanted.has(layer) && used(used_at) { kept.with(layer) } else { kept }
        });
    }

    /// What is wanted, if that is something else than was told last.
    pub(crate) fn take_news(&mut self) -> Option<LayerSet> {
        if self.told == self.wanted {
            return None;
        }
        self.told = self.wanted;
        Some(self.told)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layers(of: LayerSet) -> Vec<u8> {
        (0..8).filter(|layer| of.has(*layer)).collect()
    }

    fn second(start: Instant, n: u64) -> Instant {
        start + Duration::from_secs(n)
    }

    #[test]
    fn what_nobody_uses_is_let_go_after_a_while_and_the_lowest_never() {
        let start = Instant::now();
        let mut demand = Demand::new(3);
        demand.begin(start);
        demand.settle(second(start, 3));
        assert_eq!(demand.take_news(), None, "viewers may still come");
        demand.settle(second(start, 4));
        assert_eq!(demand.take_news().map(layers), Some(vec![0]));
        demand.settle(second(start, 1_000));
        assert_eq!(demand.take_news(), None);
    }

    #[test]
    fn a_layer_is_wanted_at_once_and_outlives_its_last_viewer_by_some_seconds() {
        let start = Instant::now();
        let mut demand = Demand::new(3);
        demand.settle(second(start, 10));
        demand.take_news();
        demand.uses(second(start, 20), 2);
        assert_eq!(demand.take_news().map(layers), Some(vec![0, 2]));
        demand.settle(second(start, 23));
        assert_eq!(demand.take_news(), None);
        demand.settle(second(start, 24));
        assert_eq!(demand.take_news().map(layers), Some(vec![0]));
    }

    #[test]
    fn a_camera_that_is_switched_off_begins_again_with_everything() {
        let start = Instant::now();
        let mut demand = Demand::new(3);
        demand.settle(second(start, 10));
        demand.take_news();
        demand.reset();
        assert_eq!(demand.take_news().map(layers), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_track_of_one_layer_has_nothing_to_tell() {
        let start = Instant::now();
        let mut demand = Demand::new(1);
        for layer in 0..3 {
            demand.uses(start, layer);
        }
        demand.settle(second(start, 10));
        assert_eq!(demand.take_news(), None);
    }

    proptest! {
        #[test]
        fn who_is_told_everything_knows_that_each_used_layer_is_on(
            count in 1usize..=LAYERS_MAX,
            steps in proptest::collection::vec((0u64..3_000, 0u8..4, 0u8..4), 1..200),
        ) {
            let mut now = Instant::now();
            let mut demand = Demand::new(count);
            let mut known = demand.told;
            for (passed_ms, act, layer) in steps {
                now += Duration::from_millis(passed_ms);
                match act {
                    0 => demand.begin(now),
                    1 => demand.settle(now),
                    2 => demand.reset(),
                    _ => demand.uses(now, layer),
                }
                known = demand.take_news().unwrap_or(known);
                prop_assert!(known.has(0));
                prop_assert!(act != 3 || usize::from(layer) >= count || known.has(layer));
                prop_assert!(layers(known).iter().all(|layer| usize::from(*layer) < count));
            }
        }
    }
}
