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

/// What is known about a layer when one must be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct LayerFact {
    pub(crate) flowing: bool,
    /// 0 until its first key frame.
    pub(crate) height: u16,
}

/// The lowest flowing layer that fills a picture of this height, or the highest there is. `None`: no layer flows.
///
/// This is the place where the send-side estimate will have its say: until then the drawn size decides alone.
pub(crate) fn choose_layer(layers: impl Iterator<Item = LayerFact> + Clone, drawn_height: Option<u16>) -> Option<u8> {
    let flowing = (0u8..).zip(layers).filter(|(_, layer)| layer.flowing);
    let highest = flowing.clone().last().map(|(at, _)| at);
    let Some(drawn) = drawn_height else { return highest };
    // Enlarging by a quarter is not seen on a tile, and saves a layer.
    let fills = |height: u16| height > 0 && u32::from(height) * 5 / 4 >= u32::from(drawn);
    flowing.clone().find(|(_, layer)| fills(layer.height)).map(|(at, _)| at).or(highest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layers(flowing: [bool; 3]) -> impl Iterator<Item = LayerFact> + Clone {
        flowing.into_iter().zip([180, 360, 720]).map(|(flowing, height)| LayerFact { flowing, height })
    }

    #[test]
    fn the_drawn_height_chooses_the_layer() {
        let all = [true; 3];
        assert_eq!(choose_layer(layers(all), Some(150)), Some(0));
        assert_eq!(choose_layer(layers(all), Some(220)), Some(0));
        assert_eq!(choose_layer(layers(all), Some(300)), Some(1));
        assert_eq!(choose_layer(layers(all), Some(1080)), Some(2));
        assert_eq!(choose_layer(layers(all), None), Some(2));
    }

    #[test]
    fn a_layer_the_publisher_switched_off_is_not_waited_for() {
        assert_eq!(choose_layer(layers([true, false, false]), Some(720)), Some(0));
        assert_eq!(choose_layer(layers([false, true, true]), Some(100)), Some(1));
        assert_eq!(choose_layer(layers([false; 3]), Some(100)), None);
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
