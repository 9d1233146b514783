//! Packet indices of one stream: rollover (RFC 3711 section 3.3.1) and the window that lets each index pass once (section 3.3.2).

/// Packets behind the newest one that may still come late. RFC 3711 asks for at least 64; a key frame of a screen at several
/// Mbit/s is some hundred packets, and two network paths can reorder that much.
const WINDOW: u64 = 1024;
const WORDS: usize = (WINDOW / 64) as usize;

/// The index is 48 bits: 32 of rollover counter, 16 of sequence number. Beyond it the key must not be used any more.
const INDEX_MAX: u64 = (1 << 48) - 1;

/// Remembers which indices have passed. Nothing is remembered before [`Window::accept`], so unauthenticated packets leave no trace.
#[derive(Clone, Debug)]
pub(super) struct Window {
    newest: Option<u64>,
    /// Bit `index % WINDOW` of the last `WINDOW` indices.
    seen: [u64; WORDS],
}

impl Window {
    pub(super) const fn new() -> Self {
        Self { newest: None, seen: [0; WORDS] }
    }

    /// The index a 16-bit sequence number stands for: the one nearest to the newest. `None` lies before the stream's beginning
    /// or after its key's end.
    pub(super) fn index_of(&self, seq: u16) -> Option<u64> {
        let Some(newest) = self.newest else { return Some(u64::from(seq)) };
        let ahead = seq.wrapping_sub((newest & 0xffff) as u16).cast_signed();
        newest.checked_add_signed(i64::from(ahead)).filter(|&index| index <= INDEX_MAX)
    }

    /// Whether `index` has passed before, or is too old to tell.
    pub(super) fn is_spent(&self, index: u64) -> bool {
        let Some(newest) = self.newest else { return false };
        if index > newest {
            return false;
        }
        newest - index >= WINDOW || self.word(index) & Self::bit(index) != 0
    }

    pub(super) fn accept(&mut self, index: u64) {
        let first_new = match self.newest {
            None => index,
            Some(newest) if index > newest => newest + 1,
            Some(_) => {
                self.set(index);
                return;
            }
        };
        if index - first_new >= WINDOW {
            self.seen = [0; WORDS];
        } else {
            (first_new..index).for_each(|skipped| self.clear(skipped));
        }
        self.newest = Some(index);
        self.set(index);
    }

    fn bit(index: u64) -> u64 {
        1 << (index % 64)
    }

    fn place(index: u64) -> usize {
        (index / 64 % WORDS as u64) as usize
    }

    fn word(&self, index: u64) -> u64 {
        self.seen.get(Self::place(index)).copied().unwrap_or(0)
    }

    fn set(&mut self, index: u64) {
        if let Some(word) = self.seen.get_mut(Self::place(index)) {
            *word |= Self::bit(index);
        }
    }

    fn clear(&mut self, index: u64) {
        if let Some(word) = self.seen.get_mut(Self::place(index)) {
            *word &= !Self::bit(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_index_passes_exactly_once() {
        let mut window = Window::new();
        for index in [7, 9, 8, 100] {
            assert!(!window.is_spent(index));
            window.accept(index);
            assert!(window.is_spent(index));
        }
        assert!(!window.is_spent(99));
    }

    #[test]
    fn what_is_older_than_the_window_is_spent() {
        let mut window = Window::new();
        window.accept(5);
        window.accept(5 + WINDOW);
        assert!(window.is_spent(5));
        assert!(window.is_spent(4));
        assert!(!window.is_spent(6));
    }

    #[test]
    fn the_rollover_counter_survives_three_wraps_with_loss_and_reordering() {
        let mut window = Window::new();
        let mut expected = BTreeSet::new();
        let indices = (30_000u64..30_000 + 3 * 65_536).filter(|index| index % 7 != 3);
        for pair in indices.collect::<Vec<_>>().chunks(2) {
            for &index in pair.iter().rev() {
                assert_eq!(window.index_of(index as u16), Some(index));
                assert!(!window.is_spent(index));
                window.accept(index);
                expected.insert(index);
            }
        }
        assert!(expected.iter().all(|&index| window.is_spent(index)));
    }

    #[test]
    fn a_sequence_number_before_the_first_packet_has_no_index() {
        let mut window = Window::new();
        window.accept(3);
        assert_eq!(window.index_of(65_530), None);
        assert_eq!(window.index_of(1), Some(1));
    }

    #[test]
    fn the_key_ends_after_two_to_the_48_packets() {
        let mut window = Window::new();
        window.accept(INDEX_MAX);
        assert_eq!(window.index_of(0), None);
    }

    proptest! {
        #[test]
        fn the_window_agrees_with_a_set_of_everything_seen(steps in proptest::collection::vec((0u64..3_000, any::<bool>()), 1..400)) {
            let mut window = Window::new();
            let mut seen = BTreeSet::new();
            let mut base = 10_000u64;
            for (offset, forward) in steps {
                let index = if forward { base + offset } else { base.saturating_sub(offset) };
                let newest = seen.last().copied().unwrap_or(0);
                let spent = seen.contains(&index) || (!seen.is_empty() && index <= newest && newest - index >= WINDOW);
                prop_assert_eq!(window.is_spent(index), spent);
                if !spent {
                    window.accept(index);
                    seen.insert(index);
                    base = base.max(index);
                }
            }
        }
    }
}
