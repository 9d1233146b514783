//! What each layer inside a stream weighs: bits and frames a second by spatial and temporal layer, for who must choose among them.

use std::time::{Duration, Instant};

use crate::forward::select::{SPATIAL_MAX, TEMPORAL_MAX, Tier};
use crate::packet::frame::Cell;

/// Long enough for four frames of the slowest temporal layer of a 30 Hz picture, short enough for a choice soon after the start.
const WINDOW: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rates {
    since: Option<Instant>,
    cells: [[Weight; TEMPORAL_MAX]; SPATIAL_MAX],
    /// Temporal layers seen of each: one more than the highest.
    temporal: [u8; SPATIAL_MAX],
}

#[derive(Clone, Copy, Debug, Default)]
struct Weight {
    bytes: u32,
    frames: u32,
    newest_timestamp: u32,
    bits_per_s: f32,
    frames_per_s: f32,
}

impl Rates {
    /// Per packet.
    pub(crate) fn add(&mut self, now: Instant, cell: Cell, timestamp: u32, bytes: usize) {
        let since = *self.since.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= WINDOW {
            self.since = Some(now);
            self.turn(passed);
        }
        let spatial = usize::from(cell.spatial()).min(SPATIAL_MAX - 1);
        let temporal = usize::from(cell.temporal()).min(TEMPORAL_MAX - 1);
        if let Some(seen) = self.temporal.get_mut(spatial) {
            *seen = (*seen).max(temporal as u8 + 1);
        }
        if let Some(cell) = self.cells.get_mut(spatial).and_then(|row| row.get_mut(temporal)) {
            cell.bytes = cell.bytes.saturating_add(u32::try_from(bytes).unwrap_or(0));
            if cell.newest_timestamp != timestamp || cell.frames == 0 {
                cell.newest_timestamp = timestamp;
                cell.frames += 1;
            }
        }
    }

    /// Half of the last window, half of those before: a key frame is seen, and forgotten within two seconds.
    fn turn(&mut self, passed: Duration) {
        let seconds = passed.as_secs_f32();
        for cell in self.cells.iter_mut().flatten() {
            let (bits, frames) = (cell.bytes as f32 * 8.0 / seconds, cell.frames as f32 / seconds);
            let first = cell.bits_per_s == 0.0;
            cell.bits_per_s = if first { bits } else { (cell.bits_per_s + bits) / 2.0 };
            cell.frames_per_s = if first { frames } else { (cell.frames_per_s + frames) / 2.0 };
            (cell.bytes, cell.frames) = (0, 0);
        }
    }

    pub(crate) fn temporal_layers(&self, spatial: u8) -> u8 {
        self.temporal.get(usize::from(spatial)).copied().unwrap_or(0).max(1)
    }

    /// Up to and including each temporal layer, with all spatial layers below.
    pub(crate) fn tiers(&self, spatial: u8) -> [Tier; TEMPORAL_MAX] {
        let mut tiers = [Tier::default(); TEMPORAL_MAX];
        for (place, upto) in tiers.iter_mut().zip(1..) {
            let rows = self.cells.iter().take(usize::from(spatial) + 1);
            let bits: f32 = rows.flat_map(|row| row.iter().take(upto)).map(|cell| cell.bits_per_s).sum();
            let own = self.cells.get(usize::from(spatial));
            let frames: f32 = own.into_iter().flat_map(|row| row.iter().take(upto)).map(|cell| cell.frames_per_s).sum();
            *place = Tier { bitrate_bps: bits as u32, frames_per_s: frames.round() as u8 };
        }
        tiers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_temporal_layers_add_up_and_the_picture_above_includes_the_one_below() {
        let start = Instant::now();
        let mut rates = Rates::default();
        for frame in 0..120u32 {
            let now = start + Duration::from_millis(u64::from(frame) * 1_000 / 30);
            let temporal = [0, 2, 1, 2][frame as usize % 4];
            for (spatial, bytes) in [(0, 250), (1, 1_000)] {
                rates.add(now, Cell::at(spatial, temporal), frame * 3_000, bytes / 2);
                rates.add(now, Cell::at(spatial, temporal), frame * 3_000, bytes / 2);
            }
        }
        assert_eq!(rates.temporal_layers(1), 3);
        let near = |value: u32, wanted: u32| value.abs_diff(wanted) * 10 <= wanted;
        let (low, high) = (rates.tiers(0), rates.tiers(1));
        assert!(near(low[0].bitrate_bps, 15_000) && near(low[1].bitrate_bps, 30_000), "{low:?}");
        assert!(near(low[2].bitrate_bps, 60_000) && low[3].bitrate_bps == low[2].bitrate_bps);
        assert!(near(high[2].bitrate_bps, 300_000), "{high:?}");
        assert!((7..=8).contains(&high[0].frames_per_s) && (29..=31).contains(&high[2].frames_per_s));
    }

    #[test]
    fn nothing_is_claimed_before_it_was_measured() {
        let mut rates = Rates::default();
        rates.add(Instant::now(), Cell::at(0, 0), 1, 1_000);
        assert_eq!(rates.tiers(0), [Tier::default(); TEMPORAL_MAX]);
        assert_eq!(rates.temporal_layers(0), 1);
    }
}
