//! Bits in the order video codecs write them, most significant first. Reading past the end gives nothing, never a panic.

pub(crate) struct Bits<'a> {
    bytes: &'a [u8],
    /// Bits read.
    at: usize,
}

impl<'a> Bits<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(crate) fn flag(&mut self) -> Option<bool> {
        let byte = self.bytes.get(self.at / 8)?;
        let bit = byte >> (7 - self.at % 8) & 1;
        self.at += 1;
        Some(bit == 1)
    }

    /// Up to 32 bits.
    pub(crate) fn take(&mut self, count: u8) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value)
    }

    pub(crate) fn byte(&mut self, count: u8) -> Option<u8> {
        u8::try_from(self.take(count)?).ok()
    }

    pub(crate) fn skip(&mut self, count: u32) -> Option<()> {
        let at = self.at.checked_add(usize::try_from(count).ok()?)?;
        (at <= self.bytes.len() * 8).then(|| self.at = at)
    }

    /// `ue(v)` of H.264, section 9.1: Exp-Golomb.
    pub(crate) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > 31 {
                return None;
            }
        }
        Some(((1u64 << zeros) - 1) as u32 + self.take(zeros)?)
    }

    /// `ns(n)` of the AV1 RTP specification, appendix A.2: a value below `n`.
    pub(crate) fn below(&mut self, n: u32) -> Option<u32> {
        let width = u8::try_from(32 - n.leading_zeros()).ok()?;
        let short = (1u64 << width) as u32 - n;
        let value = self.take(width.checked_sub(1)?)?;
        if value < short {
            return Some(value);
        }
        Some((value << 1 | u32::from(self.flag()?)) - short)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The other direction, for making vectors.
    #[derive(Default)]
    pub(crate) struct Writer {
        bytes: Vec<u8>,
        used: usize,
    }

    impl Writer {
        pub(crate) fn put(&mut self, value: u32, count: u8) -> &mut Self {
            for bit in (0..count).rev() {
                if self.used.is_multiple_of(8) {
                    self.bytes.push(0);
                }
                *self.bytes.last_mut().unwrap() |= ((value >> bit & 1) as u8) << (7 - self.used % 8);
                self.used += 1;
            }
            self
        }

        pub(crate) fn exp_golomb(&mut self, value: u32) -> &mut Self {
            let width = u8::try_from(32 - (value + 1).leading_zeros()).unwrap();
            self.put(0, width - 1).put(value + 1, width)
        }

        pub(crate) fn below(&mut self, value: u32, n: u32) -> &mut Self {
            let width = u8::try_from(32 - n.leading_zeros()).unwrap();
            let short = (1 << width) - n;
            if value < short { self.put(value, width - 1) } else { self.put(value + short, width) }
        }

        pub(crate) fn bytes(&self) -> Vec<u8> {
            self.bytes.clone()
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(numbers in proptest::collection::vec((0u32..70_000, 1u32..40), 1..20)) {
            let mut writer = Writer::default();
            for (number, n) in &numbers {
                writer.put(*number, 17).exp_golomb(*number).below(number % n, *n);
            }
            let bytes = writer.bytes();
            let mut bits = Bits::of(&bytes);
            for (number, n) in &numbers {
                prop_assert_eq!(bits.take(17), Some(*number));
                prop_assert_eq!(bits.exp_golomb(), Some(*number));
                prop_assert_eq!(bits.below(*n), Some(number % n));
            }
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..12), n in 0u32..100, skip: u32) {
            let mut bits = Bits::of(&bytes);
            let _ = bits.skip(skip);
            for _ in 0..20 {
                let _ = (bits.exp_golomb(), bits.below(n), bits.take(32));
            }
        }
    }
}
