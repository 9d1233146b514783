//! The pictures of different size inside one stream: how many there are now, and how large.

use crate::forward::select::SPATIAL_MAX;
use crate::packet::frame::{Frame, Sizes};
use crate::packet::vp8::PictureSize;

/// A larger picture that did not come with so many of the smallest has been given up by its encoder. Counted, not timed: a still screen
/// is sent once a second. At the lowest of three frame rates this is a second, at the full one a quarter.
const MISSED_MAX: u8 = 8;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pictures {
    sizes: Sizes,
    /// The most there were since a key frame told how many there are.
    known: u8,
    /// Pictures that come now.
    present: u8,
    /// Smallest pictures since each of the others came last.
    missed: [u8; SPATIAL_MAX],
    timestamp: Option<u32>,
}

impl Default for Pictures {
    fn default() -> Self {
        Self { sizes: Sizes::default(), known: 1, present: 1, missed: [0; SPATIAL_MAX], timestamp: None }
    }
}

impl Pictures {
    /// Per packet. Returns whether there are more or fewer of them now.
    pub(crate) fn came(&mut self, frame: &Frame, timestamp: u32) -> bool {
        let at = frame.cell.spatial().min(SPATIAL_MAX as u8 - 1);
        let before = self.present;
        if at == 0 && self.timestamp != Some(timestamp) {
            self.timestamp = Some(timestamp);
            let fresh = |missed: &u8| *missed <= MISSED_MAX;
            self.missed.iter_mut().skip(1).for_each(|missed| *missed = missed.saturating_add(1));
            let upper = self.missed.iter().take(usize::from(self.present)).skip(1).rposition(fresh);
            self.present = upper.map_or(1, |upper| upper as u8 + 2);
        } else if let Some(missed) = self.missed.get_mut(usize::from(at)) {
            *missed = 0;
            self.present = self.present.max(at + 1);
            self.known = self.known.max(self.present);
        }
        self.present != before
    }

    pub(crate) fn known(&self) -> u8 {
        self.known
    }

    pub(crate) fn present(&self) -> u8 {
        self.present
    }

    /// A key frame tells how many there are. Returns whether that is news.
    pub(crate) fn tell(&mut self, sizes: Sizes) -> bool {
        let before = self.present;
        let count = sizes.count.clamp(1, SPATIAL_MAX as u8);
        *self = Self { sizes, known: count, present: count, missed: [0; SPATIAL_MAX], timestamp: self.timestamp };
        before != count
    }

    pub(crate) fn size(&self, spatial: u8) -> PictureSize {
        self.sizes.of.get(usize::from(spatial)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::frame::Cell;

    fn frame(spatial: u8) -> Frame {
        Frame { cell: Cell::at(spatial, 0), ..Frame::UNDIVIDED }
    }

    #[test]
    fn a_picture_its_encoder_gave_up_is_noticed_and_one_that_returns_at_once() {
        let mut pictures = Pictures::default();
        for n in 0..10 {
            let changes = [0, 1, 2].map(|spatial| pictures.came(&frame(spatial), n));
            assert_eq!(changes, [false, n == 0, n == 0]);
        }
        assert_eq!(pictures.present(), 3);
        let gone = (10..40).find(|n| pictures.came(&frame(0), *n) | pictures.came(&frame(1), *n)).unwrap();
        assert_eq!((gone, pictures.present()), (10 + u32::from(MISSED_MAX), 2));
        assert!(pictures.came(&frame(2), 40));
        assert_eq!(pictures.present(), 3);
        assert!(pictures.tell(Sizes { count: 1, ..Sizes::default() }));
        assert_eq!((pictures.present(), pictures.known()), (1, 1));
    }
}
