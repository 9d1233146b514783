//! What every scalable codec says of a packet in other words: which layer its frame belongs to, who needs it, and who may begin with it.
//!
//! Inside one RTP stream there are up to four pictures of different size, each at up to four frame rates. A receiver is shown one cell
//! of this grid and needs the frames of that cell only. Which frames those are is asked once, when a packet comes in, and kept as a
//! mask of cells: per receiver nothing but one bit is looked at.

use crate::packet::vp8::PictureSize;

const SIDE: u8 = 4;

/// One choice of (spatial, temporal) inside a stream. What a codec numbers above 3 counts as 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Cell {
    spatial: u8,
    temporal: u8,
}

impl Cell {
    pub(crate) const fn at(spatial: u8, temporal: u8) -> Self {
        const fn within(layer: u8) -> u8 {
            if layer < SIDE { layer } else { SIDE - 1 }
        }
        Self { spatial: within(spatial), temporal: within(temporal) }
    }

    pub(crate) fn spatial(self) -> u8 {
        self.spatial
    }

    pub(crate) fn temporal(self) -> u8 {
        self.temporal
    }

    fn all() -> impl Iterator<Item = Self> {
        (0..SIDE).flat_map(|spatial| (0..SIDE).map(move |temporal| Self { spatial, temporal }))
    }
}

/// A set of cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Grid(u16);

impl Grid {
    pub(crate) const ALL: Self = Self(u16::MAX);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn where_(mut holds: impl FnMut(Cell) -> bool) -> Self {
        Cell::all().fold(Self::NONE, |grid, cell| if holds(cell) { grid.with(cell) } else { grid })
    }

    fn bit(cell: Cell) -> u16 {
        1 << (cell.spatial * SIDE + cell.temporal)
    }

    pub(crate) fn has(self, cell: Cell) -> bool {
        self.0 & Self::bit(cell) != 0
    }

    #[must_use]
    pub(crate) fn with(self, cell: Cell) -> Self {
        Self(self.0 | Self::bit(cell))
    }

    #[must_use]
    pub(crate) fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

/// Whether a receiver of less may begin to receive more with this frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Switch {
    No,
    /// It needs nothing of its own temporal layer and those above: who has had everything below may have it (VP8's Y, VP9's U).
    Temporal,
    /// It needs nothing but the picture below it at the same moment: who has that may have it.
    Spatial,
    /// Who can decode it can decode everything that follows in these cells (the switch indication of AV1's decode targets).
    To(Grid),
}

/// The frame a packet is part of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    pub(crate) cell: Cell,
    /// The cells that need it.
    pub(crate) present: Grid,
    pub(crate) switch: Switch,
    /// This is its first packet.
    pub(crate) starts: bool,
    /// This is its last packet, and the codec tells frames of one picture apart.
    pub(crate) ends: bool,
}

impl Frame {
    /// Of a stream whose packets do not say: everybody needs everything.
    pub(crate) const UNDIVIDED: Self =
        Self { cell: Cell::at(0, 0), present: Grid::ALL, switch: Switch::No, starts: false, ends: false };
}

/// The pictures in one stream, lowest first, as a key frame tells them. A size is zero where none is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Sizes {
    pub(crate) count: u8,
    pub(crate) of: [PictureSize; 3],
}

impl Sizes {
    pub(crate) fn one(size: PictureSize) -> Self {
        Self { count: 1, of: [size, PictureSize::default(), PictureSize::default()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_layers_above_the_grid_count_as_its_highest() {
        let grid = Grid::where_(|cell| cell.temporal() >= 2);
        assert!(grid.has(Cell::at(0, 2)) && grid.has(Cell::at(3, 7)) && !grid.has(Cell::at(3, 1)));
        assert_eq!(grid.without(grid), Grid::NONE);
        assert!(Grid::NONE.with(Cell::at(1, 1)).has(Cell::at(1, 1)));
        assert_eq!(Cell::at(9, 9), Cell::at(3, 3));
    }
}
