//! Two choices, as pure functions: which slot a track goes to, and which layer of it.

/// Puts `wanted` (most important first, no repeats) into the slots. Nothing moves unless its meaning changed: a track that is still
/// wanted keeps its slot, newcomers take the places that became free. Slots left over keep what they show while it is in `kept`.
///
/// With [`Main::First`] the first slot has a meaning of its own (the main picture): it always shows the first of `wanted`, and what it
/// showed before takes the place the newcomer left.
pub(crate) fn settle<T: Copy + PartialEq>(slots: &mut [Option<T>], wanted: &[T], kept: &[T], main: Main) {
    let wanted = wanted.get(..slots.len()).unwrap_or(wanted);
    let still = |track: &T| wanted.contains(track) || kept.contains(track);
    for slot in slots.iter_mut() {
        *slot = slot.take().filter(still);
    }
    if main == Main::First
        && let Some(&first) = wanted.first()
        && slots.first() != Some(&Some(first))
    {
        let came_from = slots.iter().position(|slot| *slot == Some(first));
        if let Some(displaced) = slots.first_mut().and_then(|slot| slot.replace(first)) {
            // Where the newcomer was; else anywhere free below.
            let place = came_from.or_else(|| slots.iter().position(Option::is_none));
            if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
                *slot = Some(displaced);
            }
        } else if let Some(slot) = came_from.and_then(|place| slots.get_mut(place)) {
            *slot = None;
        }
    }
    for track in wanted {
        if slots.contains(&Some(*track)) {
            continue;
        }
        let free = slots.iter().position(Option::is_none);
        let place = free.or_else(|| slots.iter().position(|slot| slot.is_some_and(|held| !wanted.contains(&held))));
        if let Some(slot) = place.and_then(|place| slots.get_mut(place)) {
            *slot = Some(*track);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Main {
    /// The first slot is the main picture.
    First,
    /// All slots are alike.
    None,
}

/// Pictures of different size that one publisher sends at a time: simulcast streams, or spatial layers inside one stream.
pub(crate) const SPATIAL_MAX: usize = 3;

/// Frame rates of one picture that can be told apart. Browsers make three at most; what lies above counts as the highest of these.
pub(crate) const TEMPORAL_MAX: usize = 4;

/// What a track offers, lowest picture first. Simulcast or scalable, it looks the same from here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ladder {
    rungs: [Rung; SPATIAL_MAX],
    len: u8,
}

/// One size of picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Rung {
    pub(crate) flowing: bool,
    /// 0 until its first key frame.
    pub(crate) height: u16,
    /// Temporal layers that were seen; 1 where there are none to choose from.
    pub(crate) temporal_layers: u8,
    /// What it costs and gives up to and including each temporal layer. Of a scalable stream the lower pictures it is built upon are
    /// included. All zero until half a second of it was measured; entries above the last temporal layer repeat it.
    pub(crate) tiers: [Tier; TEMPORAL_MAX],
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Tier {
    /// RTP payload, without headers.
    pub(crate) bitrate_bps: u32,
    pub(crate) frames_per_s: u8,
}

/// How much of a track: the picture by its place on the [`Ladder`], and its highest temporal layer. As an answer of
/// [`choose_layer`], what a slot is turned to; as an argument, the most it may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Choice {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
}

impl Choice {
    pub(crate) const ALL: Self = Self { spatial: u8::MAX, temporal: u8::MAX };
}

impl Ladder {
    pub(crate) fn of(rungs: impl Iterator<Item = Rung>) -> Self {
        let mut ladder = Self::default();
        for (place, rung) in ladder.rungs.iter_mut().zip(rungs) {
            *place = rung;
            ladder.len += 1;
        }
        ladder
    }

    /// As if its publisher sent everything.
    #[must_use]
    pub(crate) fn all_flowing(mut self) -> Self {
        self.rungs.iter_mut().for_each(|rung| rung.flowing = true);
        self
    }

    pub(crate) fn rungs(&self) -> &[Rung] {
        self.rungs.get(..usize::from(self.len)).unwrap_or_default()
    }
}

/// The lowest flowing picture that fills a place of this height, or the highest there is, within what is allowed; when nothing that is
/// allowed flows, the smallest that does. A picture below the allowed one comes at its full frame rate. `None`: nothing flows.
pub(crate) fn choose_layer(ladder: &Ladder, drawn_height: Option<u16>, allowed: Choice) -> Option<Choice> {
    let flowing = (0u8..).zip(ladder.rungs()).filter(|(_, rung)| rung.flowing);
    // Enlarging by a quarter is not seen on a tile, and saves a layer.
    let fills =
        |height: u16| drawn_height.is_some_and(|drawn| height > 0 && u32::from(height) * 5 / 4 >= u32::from(drawn));
    let within = flowing.clone().filter(|(at, _)| *at <= allowed.spatial);
    let filling = within.clone().find(|(_, rung)| fills(rung.height));
    let (spatial, _) = filling.or_else(|| within.last()).or_else(|| flowing.clone().next())?;
    Some(Choice { spatial, temporal: if spatial < allowed.spatial { u8::MAX } else { allowed.temporal } })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ladder(flowing: [bool; 3]) -> Ladder {
        let rung = |(flowing, height)| Rung { flowing, height, temporal_layers: 1, ..Rung::default() };
        Ladder::of(flowing.into_iter().zip([180, 360, 720]).map(rung))
    }

    fn chosen(flowing: [bool; 3], drawn: Option<u16>) -> Option<u8> {
        choose_layer(&ladder(flowing), drawn, Choice::ALL).map(|choice| choice.spatial)
    }

    #[test]
    fn the_drawn_height_chooses_the_layer() {
        let all = [true; 3];
        assert_eq!(chosen(all, Some(150)), Some(0));
        assert_eq!(chosen(all, Some(220)), Some(0));
        assert_eq!(chosen(all, Some(300)), Some(1));
        assert_eq!(chosen(all, Some(1080)), Some(2));
        assert_eq!(chosen(all, None), Some(2));
    }

    #[test]
    fn a_layer_the_publisher_switched_off_is_not_waited_for() {
        assert_eq!(chosen([true, false, false], Some(720)), Some(0));
        assert_eq!(chosen([false, true, true], Some(100)), Some(1));
        assert_eq!(chosen([false; 3], Some(100)), None);
    }

    #[test]
    fn what_is_allowed_bounds_what_is_drawn() {
        let upto = |flowing, drawn, spatial, temporal| {
            choose_layer(&ladder(flowing), drawn, Choice { spatial, temporal }).unwrap()
        };
        let all = [true; 3];
        assert_eq!(upto(all, Some(1080), 1, 0), Choice { spatial: 1, temporal: 0 });
        assert_eq!(upto(all, Some(150), 1, 0), Choice { spatial: 0, temporal: u8::MAX });
        assert_eq!(upto(all, None, 0, 1), Choice { spatial: 0, temporal: 1 });
        assert_eq!(upto([false, true, true], None, 0, 1), Choice { spatial: 1, temporal: 1 });
    }

    #[test]
    fn the_new_speaker_and_the_old_change_places_and_nobody_else_moves() {
        let mut slots = [Some('a'), Some('b'), Some('c'), Some('d')];
        settle(&mut slots, &['c', 'a', 'b', 'd'], &[], Main::First);
        assert_eq!(slots, [Some('c'), Some('b'), Some('a'), Some('d')]);
    }

    #[test]
    fn a_speaker_from_outside_pushes_out_only_who_is_no_longer_wanted() {
        let mut slots = [Some('a'), Some('b'), Some('c')];
        settle(&mut slots, &['x', 'a', 'b'], &[], Main::First);
        assert_eq!(slots, [Some('x'), Some('b'), Some('a')]);
    }

    #[test]
    fn a_site_whose_line_broke_keeps_its_place_while_nobody_needs_it() {
        let mut slots = [Some('a'), Some('b'), None];
        settle(&mut slots, &['a', 'c'], &['b'], Main::First);
        assert_eq!(slots, [Some('a'), Some('b'), Some('c')]);
        settle(&mut slots, &['a', 'c', 'd'], &['b'], Main::First);
        assert_eq!(slots, [Some('a'), Some('d'), Some('c')]);
    }

    proptest! {
        #[test]
        fn every_wanted_track_has_one_slot_and_who_may_stay_stays(
            before in proptest::collection::vec(proptest::option::of(0u8..12), 1..8),
            wanted in proptest::collection::hash_set(0u8..12, 0..10),
            main: bool,
        ) {
            let mut seen = std::collections::HashSet::new();
            let before: Vec<_> = before.into_iter().map(|slot| slot.filter(|track| seen.insert(*track))).collect();
            let wanted: Vec<u8> = wanted.into_iter().collect();
            let main = if main { Main::First } else { Main::None };
            let mut slots = before.clone();
            settle(&mut slots, &wanted, &[], main);
            let shown: Vec<u8> = slots.iter().flatten().copied().collect();
            let expected = &wanted[..wanted.len().min(slots.len())];
            prop_assert_eq!(shown.len(), expected.len());
            prop_assert!(expected.iter().all(|track| shown.contains(track)));
            if main == Main::First && !wanted.is_empty() {
                prop_assert_eq!(slots[0], Some(wanted[0]));
            }
            let moved = before.iter().zip(&slots).filter(|(was, is)| was.is_some_and(|was| expected.contains(&was)) && was != is).count();
            let movable = if main == Main::First { 2 } else { 0 };
            prop_assert!(moved <= movable);
            let mut again = slots.clone();
            settle(&mut again, &wanted, &[], main);
            prop_assert_eq!(again, slots);
        }
    }
}
