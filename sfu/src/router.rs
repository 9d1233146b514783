//! What is to be seen and heard in a room, before anybody's own wishes: the order of the pictures and the list of the audible.

use std::time::{Duration, Instant};

use crate::id::{PeerId, TrackRef};
use crate::slab::TrackAt;
use crate::track::loudness::AUDIBLE;

/// Speakers that are remembered in the order of their last word. More than any screen shows.
const SPEAKERS_MAX: usize = 64;

/// The audible: as many as the largest pool of audio slots, and some for those who hear themselves in the list and do not want to.
pub(crate) const AUDIBLE_MAX: usize = 8;

/// Somebody goes before another when he is louder by this many decibels: two people in one conversation do not change places with
/// every syllable.
const LOUDER: u8 = 6;

/// A member that sent nothing for this long is silent, whatever its last level was.
const STALE_AFTER: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(crate) struct Router {
    stage: Vec<TrackRef>,
    /// The last to speak first.
    speakers: Vec<PeerId>,
    audible: Vec<Audible>,
}

#[derive(Clone, Copy, Debug)]
struct Audible {
    track: TrackAt,
    loudness: u8,
    heard_at: Instant,
}

impl Audible {
    fn loudness_at(&self, now: Instant) -> u8 {
        if now.saturating_duration_since(self.heard_at) < STALE_AFTER { self.loudness } else { 0 }
    }
}

/// A picture that could be shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Picture {
    pub(crate) at: TrackAt,
    pub(crate) name: TrackRef,
    pub(crate) publisher: PeerId,
    /// Its publisher's place in the order of joining.
    pub(crate) joined: u64,
    pub(crate) life: Life,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Life {
    Flowing,
    /// It has been seen before: a site whose line broke keeps its place while nobody else needs it.
    Dried,
    /// Shown only where the chair or the viewer asked for it by name.
    Never,
}

/// The pictures of a room in the order in which they deserve a slot, in three groups between which a viewer's own wishes fit.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Order {
    /// The chair's choice.
    pub(crate) stage: Vec<TrackAt>,
    /// By voice, then by joining.
    pub(crate) rest: Vec<TrackAt>,
    /// May keep a slot nobody needs.
    pub(crate) kept: Vec<TrackAt>,
}

impl Router {
    pub(crate) fn set_stage(&mut self, stage: Vec<TrackRef>) -> bool {
        let changed = self.stage != stage;
        self.stage = stage;
        changed
    }

    pub(crate) fn spoke(&mut self, peer: PeerId) {
        self.speakers.retain(|other| *other != peer);
        self.speakers.insert(0, peer);
        self.speakers.truncate(SPEAKERS_MAX);
    }

    /// The peer left.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.speakers.retain(|other| *other != peer);
    }

    /// Order: stage, last speakers (the present one first), the rest in the order of joining. Of one publisher the screen goes first:
    /// who shares it wants it to be looked at.
    pub(crate) fn order(&self, pictures: &[Picture]) -> Order {
        let by_name = |name: &TrackRef| pictures.iter().find(|picture| picture.name == *name).map(|picture| picture.at);
        let mut flowing: Vec<&Picture> = pictures.iter().filter(|picture| picture.life == Life::Flowing).collect();
        let voice = |peer: PeerId| self.speakers.iter().position(|speaker| *speaker == peer).unwrap_or(usize::MAX);
        flowing.sort_by_key(|picture| {
            (voice(picture.publisher), picture.joined, std::cmp::Reverse(picture.name.source), picture.at)
        });
        let dried = pictures.iter().filter(|picture| picture.life == Life::Dried);
        Order {
            stage: self.stage.iter().filter_map(by_name).collect(),
            rest: flowing.into_iter().map(|picture| picture.at).collect(),
            kept: dried.map(|picture| picture.at).collect(),
        }
    }

    /// One packet of a microphone that may be heard. Returns whether the list changed.
    pub(crate) fn heard(&mut self, now: Instant, track: TrackAt, loudness: u8) -> bool {
        let heard = Audible { track, loudness, heard_at: now };
        let Some(at) = self.audible.iter().position(|audible| audible.track == track) else {
            return self.admit(now, heard);
        };
        if let Some(place) = self.audible.get_mut(at) {
            *place = heard;
        }
        self.rise(now, at)
    }

    fn admit(&mut self, now: Instant, newcomer: Audible) -> bool {
        if newcomer.loudness <= AUDIBLE {
            return false;
        }
        if self.audible.len() >= AUDIBLE_MAX {
            let quietest = self.audible.last().map_or(0, |last| last.loudness_at(now));
            if newcomer.loudness < quietest.saturating_add(LOUDER) {
                return false;
            }
            self.audible.pop();
        }
        self.audible.push(newcomer);
        self.rise(now, self.audible.len() - 1);
        true
    }

    /// Moves a member up past those it is clearly louder than.
    fn rise(&mut self, now: Instant, mut at: usize) -> bool {
        let start = at;
        while let Some(above) = at.checked_sub(1)
            && let (Some(higher), Some(this)) = (self.audible.get(above), self.audible.get(at))
            && this.loudness >= higher.loudness_at(now).saturating_add(LOUDER)
        {
            self.audible.swap(above, at);
            at = above;
        }
        at != start
    }

    pub(crate) fn inaudible(&mut self, track: TrackAt) -> bool {
        let before = self.audible.len();
        self.audible.retain(|audible| audible.track != track);
        self.audible.len() != before
    }

    pub(crate) fn is_audible(&self, track: TrackAt) -> bool {
        self.audible.iter().any(|audible| audible.track == track)
    }

    /// Loudest first.
    pub(crate) fn audible(&self) -> impl Iterator<Item = TrackAt> + '_ {
        self.audible.iter().map(|audible| audible.track)
    }
}

/// What one viewer's video slots should show, most important first: the stage, his pins, the rest; nothing of his own, nothing twice.
pub(crate) fn wishes(
    order: &Order,
    pinned: impl Iterator<Item = TrackAt>,
    own: impl Fn(TrackAt) -> bool,
    slots: usize,
) -> Vec<TrackAt> {
    let mut wanted: Vec<TrackAt> = Vec::with_capacity(slots);
    for track in order.stage.iter().copied().chain(pinned).chain(order.rest.iter().copied()) {
        if wanted.len() == slots {
            break;
        }
        if !wanted.contains(&track) && !own(track) {
            wanted.push(track);
        }
    }
    wanted
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::id::Source;
    use crate::slab::Place;

    fn picture(at: u32, peer: u64, source: Source, life: Life) -> Picture {
        let publisher = PeerId(peer);
        Picture { at: TrackAt::of(at), name: TrackRef { peer: publisher, source }, publisher, joined: peer, life }
    }

    fn places(tracks: &[TrackAt]) -> Vec<u32> {
        tracks.iter().map(|track| track.at()).collect()
    }

    fn audible(router: &Router) -> Vec<u32> {
        router.audible().map(Place::at).collect()
    }

    #[test]
    fn the_stage_comes_before_the_pins_and_these_before_the_voices() {
        let pictures: Vec<_> = (0..6).map(|n| picture(n, u64::from(n), Source::Camera, Life::Flowing)).collect();
        let mut router = Router::default();
        router.spoke(PeerId(4));
        router.spoke(PeerId(5));
        router.set_stage(vec![TrackRef { peer: PeerId(3), source: Source::Camera }]);
        let order = router.order(&pictures);
        let pinned = [TrackAt::of(2), TrackAt::of(3)];
        let wanted = wishes(&order, pinned.into_iter(), |track| track == TrackAt::of(0), 9);
        assert_eq!(places(&wanted), [3, 2, 5, 4, 1]);
        assert_eq!(places(&wishes(&order, pinned.into_iter(), |_| false, 2)), [3, 2]);
    }

    #[test]
    fn a_shared_screen_goes_before_its_owners_face() {
        let pictures = [picture(0, 1, Source::Camera, Life::Flowing), picture(1, 1, Source::Screen, Life::Flowing)];
        assert_eq!(places(&Router::default().order(&pictures).rest), [1, 0]);
    }

    #[test]
    fn what_never_flowed_is_shown_only_by_name() {
        let pictures = [picture(0, 1, Source::Camera, Life::Never), picture(1, 2, Source::Camera, Life::Dried)];
        let mut router = Router::default();
        let order = router.order(&pictures);
        assert_eq!((places(&order.rest), places(&order.kept)), (vec![], vec![1]));
        router.set_stage(vec![pictures[0].name]);
        assert_eq!(places(&router.order(&pictures).stage), [0]);
    }

    #[test]
    fn a_new_voice_is_audible_with_its_first_packet() {
        let now = Instant::now();
        let mut router = Router::default();
        for track in 0..AUDIBLE_MAX as u32 {
            assert!(router.heard(now, TrackAt::of(track), 50));
        }
        assert!(!router.heard(now, TrackAt::of(20), 50));
        assert!(router.heard(now, TrackAt::of(20), 90));
        assert_eq!(audible(&router)[0], 20);
        assert_eq!(audible(&router).len(), AUDIBLE_MAX);
    }

    #[test]
    fn a_muted_microphone_takes_no_place() {
        let mut router = Router::default();
        assert!(!router.heard(Instant::now(), TrackAt::of(1), 0));
        assert!(audible(&router).is_empty());
    }

    #[test]
    fn two_in_conversation_do_not_change_places_with_every_syllable() {
        let now = Instant::now();
        let mut router = Router::default();
        router.heard(now, TrackAt::of(1), 80);
        router.heard(now, TrackAt::of(2), 80);
        for n in 0..100 {
            assert!(!router.heard(now, TrackAt::of(1 + n % 2), 78 + (n % 5) as u8));
        }
        assert!(router.heard(now, TrackAt::of(2), 90));
    }

    proptest! {
        #[test]
        fn the_audible_are_few_and_different(heard in proptest::collection::vec((0u32..20, 0u8..=127, 0u64..400), 1..300)) {
            let mut now = Instant::now();
            let mut router = Router::default();
            for (track, loudness, pause) in heard {
                now += Duration::from_millis(pause);
                let before = audible(&router);
                let changed = router.heard(now, TrackAt::of(track), loudness);
                let after = audible(&router);
                prop_assert_eq!(changed, before != after);
                prop_assert!(after.len() <= AUDIBLE_MAX);
                let different: std::collections::HashSet<_> = after.iter().collect();
                prop_assert_eq!(different.len(), after.len());
            }
        }
    }
}
