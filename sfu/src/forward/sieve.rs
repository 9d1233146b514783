//! Numbers without holes out of numbers some of which are taken out.
//!
//! A number that is newer than every other may be taken out: those behind it then move up. A number that was skipped over cannot: what
//! came behind it has been numbered as if it were there. So the sieve counts what it took out, and remembers for the last few hundred
//! numbers which: with this a late one finds its place, and the way back leads from an outgoing number to the one it came from.
//! Fixed size, nothing is allocated.

/// `WORDS` times 64 numbers are remembered.
#[derive(Clone, Debug)]
pub(crate) struct Sieve<const WORDS: usize> {
    taken: Ring<WORDS>,
    newest: u64,
    /// Taken out so far.
    total: u64,
}

impl<const WORDS: usize> Sieve<WORDS> {
    /// `newest`: one less than the first number.
    pub(crate) fn after(newest: u64) -> Self {
        Self { taken: Ring::default(), newest, total: 0 }
    }

    pub(crate) fn newest(&self) -> u64 {
        self.newest
    }

    /// A number was used; those before it, back to the newest, may still come.
    pub(crate) fn advance(&mut self, number: u64) {
        if number > self.newest {
            self.taken.clear(self.newest + 1, number);
            self.newest = number;
        }
    }

    /// Takes a number out. Returns whether it could be.
    pub(crate) fn take_out(&mut self, number: u64) -> bool {
        if number <= self.newest {
            return false;
        }
        self.advance(number);
        self.taken.set(number);
        self.total += 1;
        true
    }

    /// The outgoing number. `None`: it was taken out, or is too old.
    pub(crate) fn out_of(&self, number: u64) -> Option<u64> {
        if number <= self.newest && (!self.remembers(number) || self.taken.has(number)) {
            return None;
        }
        Some(self.rank(number))
    }

    /// The way back. `None`: never used, or too old.
    pub(crate) fn source_of(&self, out: u64) -> Option<u64> {
        // `rank` never falls and grows by one at each number that was not taken out: the first of its kind is the one.
        let (mut low, mut high) = (self.oldest(), self.newest);
        while low < high {
            let middle = low + (high - low) / 2;
            if self.rank(middle) < out {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (self.rank(low) == out && !self.taken.has(low)).then_some(low)
    }

    /// Outgoing numbers from `out` on were never used: what they were given to is as if it had not been.
    pub(crate) fn rewind(&mut self, out: u64) {
        if let Some(number) = self.source_of(out) {
            self.total -= self.taken.count(number, self.newest);
            self.newest = number.saturating_sub(1);
        }
    }

    /// One past the newest outgoing number.
    pub(crate) fn next_out(&self) -> u64 {
        self.newest + 1 - self.total
    }

    fn rank(&self, number: u64) -> u64 {
        let later = if number < self.newest { self.taken.count(number + 1, self.newest) } else { 0 };
        number - (self.total - later)
    }

    fn oldest(&self) -> u64 {
        (self.newest + 1).saturating_sub(Ring::<WORDS>::LEN)
    }

    fn remembers(&self, number: u64) -> bool {
        number >= self.oldest()
    }
}

/// One bit for each of the last numbers.
#[derive(Clone, Debug)]
pub(crate) struct Ring<const WORDS: usize> {
    words: [u64; WORDS],
}

impl<const WORDS: usize> Default for Ring<WORDS> {
    fn default() -> Self {
        Self { words: [0; WORDS] }
    }
}

impl<const WORDS: usize> Ring<WORDS> {
    pub(crate) const LEN: u64 = WORDS as u64 * 64;

    fn word(number: u64) -> usize {
        (number / 64) as usize % WORDS
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.words.get(Self::word(number)).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub(crate) fn set(&mut self, number: u64) {
        if let Some(word) = self.words.get_mut(Self::word(number)) {
            *word |= 1 << (number % 64);
        }
    }

    /// From `first` to `last`.
    pub(crate) fn clear(&mut self, first: u64, last: u64) {
        if last - first >= Self::LEN {
            self.words.fill(0);
            return;
        }
        for (number, mask) in Self::spans(first, last) {
            if let Some(word) = self.words.get_mut(Self::word(number)) {
                *word &= !mask;
            }
        }
    }

    /// Not more than [`Self::LEN`] numbers.
    fn count(&self, first: u64, last: u64) -> u64 {
        let ones = |(number, mask): (u64, u64)| {
            self.words.get(Self::word(number)).map_or(0, |word| (word & mask).count_ones())
        };
        Self::spans(first, last).map(|span| u64::from(ones(span))).sum()
    }

    /// The words between two numbers: any number in each, and which of its bits.
    fn spans(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
        (first / 64..=last / 64).map(move |word| {
            let from = if word == first / 64 { u64::MAX << (first % 64) } else { u64::MAX };
            let to = if word == last / 64 { u64::MAX >> (63 - last % 64) } else { u64::MAX };
            (word * 64, from & to)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_taken_out_leaves_no_hole_and_what_was_skipped_keeps_its_place() {
        let mut sieve = Sieve::<2>::after(99);
        sieve.advance(100);
        assert!(sieve.take_out(101));
        sieve.advance(104);
        assert_eq!(
            [100, 101, 102, 103, 104, 105].map(|n| sieve.out_of(n)),
            [Some(100), None, Some(101), Some(102), Some(103), Some(104)]
        );
        assert!(!sieve.take_out(103), "what came behind it is numbered already");
        assert_eq!(
            [100, 101, 102, 103, 104].map(|n| sieve.source_of(n)),
            [Some(100), Some(102), Some(103), Some(104), None]
        );
        assert_eq!(sieve.next_out(), 104);
        sieve.rewind(102);
        assert_eq!((sieve.newest(), sieve.next_out()), (102, 102));
        assert_eq!((sieve.out_of(100), sieve.out_of(102), sieve.out_of(103)), (Some(100), Some(101), Some(102)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Against a list of everything that was ever taken out.
        #[test]
        fn it_counts_as_a_list_of_all_numbers_would(
            steps in proptest::collection::vec((1u64..90, any::<bool>()), 1..300),
            start in 0u64..1_000,
        ) {
            let mut sieve = Sieve::<4>::after(start);
            let mut taken = std::collections::BTreeSet::new();
            let mut newest = start;
            for (ahead, out) in steps {
                // Mostly one by one, sometimes with a jump.
                newest += if ahead > 80 { ahead * 3 } else { 1 };
                if out {
                    prop_assert!(sieve.take_out(newest));
                    taken.insert(newest);
                } else {
                    sieve.advance(newest);
                }
                prop_assert_eq!(sieve.newest(), newest);
            }
            let oldest = (newest + 1).saturating_sub(256);
            let mut used = 0;
            for number in oldest..=newest + 2 {
                let wanted = number - taken.range(..number).count() as u64;
                if taken.contains(&number) {
                    prop_assert_eq!(sieve.out_of(number), None);
                    continue;
                }
                prop_assert_eq!(sieve.out_of(number), Some(wanted));
                if number <= newest {
                    prop_assert_eq!(sieve.source_of(wanted), Some(number));
                    used = wanted + 1;
                }
            }
            if used > 0 {
                prop_assert_eq!(sieve.source_of(used), None);
                prop_assert_eq!(sieve.next_out(), used);
            }
            if oldest > 0 && oldest > start {
                prop_assert_eq!(sieve.out_of(oldest - 1), None);
            }
        }
    }
}
