//! Which packets of a stream one receiver is shown: the frames of one cell of its grid of layers (`packet::frame`).
//!
//! - **Less** is shown at once, from the next picture on, if everything the smaller cell needs has been passed on. It has, unless frames
//!   were left out that only the smaller one needs (the lower pictures of a stream whose pictures build upon each other on key
//!   pictures only): then a key frame is waited for.
//! - **More** is shown from a frame on that allows it, and from a key frame on in any case.
//!
//! A cell holds from one packet on. A late packet is judged by the cell that held when its neighbours were: a frame is passed on whole
//! or not at all. The last few changes are remembered for that.

use crate::forward::sieve::Ring;
use crate::packet::frame::{Cell, Frame, Grid, Switch};
use crate::track::history::PacketMeta;

/// Changes of cell that late packets and repairs are judged by. They come a few times a second at the most, and repairs within one.
const STEPS: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Gate {
    wanted: Cell,
    steps: [Step; STEPS],
    /// Cells of which nothing was left out since their last beginning.
    whole: Grid,
    /// Packets that ended a picture, for when they are asked for again.
    ends: Ring<16>,
}

/// From this packet on, this cell.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: u64,
    cell: Cell,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let everything = Cell::at(u8::MAX, u8::MAX);
        Self {
            wanted: everything,
            steps: [Step { from: 0, cell: everything }; STEPS],
            whole: Grid::ALL,
            ends: Ring::default(),
        }
    }

    pub(crate) fn want(&mut self, cell: Cell) {
        self.wanted = cell;
    }

    /// Nothing but a key frame leads from what is shown to the picture that is wanted.
    pub(crate) fn waits_for_key_frame(&self) -> bool {
        self.now().spatial() != self.wanted.spatial() && !self.whole.has(self.wanted)
    }

    /// A stretch of a layer begins with the packet at `place`.
    pub(crate) fn begin(&mut self, place: u64) {
        self.step(place, self.wanted);
        self.whole = Grid::ALL;
    }

    /// Whether the packet at `place` is passed on. `newest` is the newest place so far and its source's timestamp.
    pub(crate) fn lets_through(&mut self, place: u64, newest: (u64, u32), meta: &PacketMeta) -> bool {
        let frame = &meta.frame;
        if place > newest.0 {
            self.ends.clear(newest.0 + 1, place);
            self.turn(place, newest.1, meta);
        }
        let cell = self.at(place);
        let through = frame.present.has(cell);
        if !through {
            self.whole = self.whole.without(frame.present);
        } else if frame.ends && frame.cell.spatial() == cell.spatial() {
            self.ends.set(place);
        }
        through
    }

    /// The last packet of the largest picture shown ends the picture, whatever larger ones the source sends behind it.
    pub(crate) fn ends_picture(&self, place: u64) -> bool {
        self.ends.has(place)
    }

    fn turn(&mut self, place: u64, timestamp: u32, meta: &PacketMeta) {
        let now = self.now();
        if meta.opens {
            self.whole = Grid::ALL;
            if now != self.wanted {
                self.step(place, self.wanted);
            }
            return;
        }
        if now == self.wanted || !meta.frame.starts {
            return;
        }
        if meta.timestamp != timestamp {
            // A picture begins: what is missing before it belongs to those before.
            let slower = Cell::at(now.spatial(), now.temporal().min(self.wanted.temporal()));
            if let Some(cell) = [self.wanted, slower].into_iter().find(|cell| self.whole.has(*cell)) {
                self.step(place, cell);
            }
        }
        if let Some(cell) = self.risen(&meta.frame) {
            self.step(place, cell);
            self.whole = self.whole.with(cell);
        }
    }

    fn risen(&self, frame: &Frame) -> Option<Cell> {
        let (now, own, wanted) = (self.now(), frame.cell, self.wanted);
        match frame.switch {
            Switch::No => None,
            Switch::Temporal => {
                let below = Cell::at(now.spatial(), own.temporal().checked_sub(1)?);
                let next = own.temporal() == now.temporal() + 1 && own.temporal() <= wanted.temporal();
                (next && self.whole.has(below)).then(|| Cell::at(now.spatial(), own.temporal()))
            }
            Switch::Spatial => {
                let next = own.spatial() == now.spatial() + 1 && own.spatial() <= wanted.spatial();
                (next && self.whole.has(now)).then(|| Cell::at(own.spatial(), now.temporal()))
            }
            Switch::To(cells) => {
                let faster = Cell::at(now.spatial(), wanted.temporal());
                let decoded = frame.present.has(now) && self.whole.has(now);
                [wanted, faster].into_iter().find(|cell| decoded && *cell != now && cells.has(*cell))
            }
        }
    }

    /// The cell shown at present.
    pub(crate) fn now(&self) -> Cell {
        let [first, ..] = &self.steps;
        first.cell
    }

    fn at(&self, place: u64) -> Cell {
        let [first, .., last] = &self.steps;
        if place >= first.from {
            return first.cell;
        }
        self.steps.iter().find(|step| step.from <= place).unwrap_or(last).cell
    }

    /// Newest first.
    fn step(&mut self, from: u64, cell: Cell) {
        if cell == self.now() {
            return;
        }
        self.steps.rotate_right(1);
        let [first, ..] = &mut self.steps;
        *first = Step { from, cell };
    }
}

#[cfg(test)]
mod tests;
