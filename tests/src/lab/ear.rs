//! What a listener hears of one voice: a frame counts when it can be played no later than the budget after it was spoken. It can be
//! played when it came itself, in its own packet or as a copy in a later one, or when the frame after it came with FEC inside.

use std::time::Duration;

use super::microphone::{EVERY, Sound};

/// Mouth to ear: beyond this, people begin to talk into one another (ITU-T G.114).
pub const BUDGET: Duration = Duration::from_millis(400);

#[derive(Clone, Debug)]
pub struct Ear {
    /// When frame 0 was spoken.
    began: Duration,
    /// Whether each frame was there in time.
    in_time: Vec<bool>,
    /// When anything of it came, in time or not.
    came: Vec<Duration>,
}

/// What was heard of what was spoken in a stretch of time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Heard {
    pub spoken: usize,
    pub in_time: usize,
    /// Frames in a row that were not there in time, at the worst.
    pub longest_run: usize,
}

impl Heard {
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * self.in_time as f64 / self.spoken.max(1) as f64
    }
}

impl Ear {
    #[must_use]
    pub fn new(began: Duration) -> Self {
        Self { began, in_time: Vec::new(), came: Vec::new() }
    }

    pub fn hears(&mut self, now: Duration, sound: Sound) {
        self.came.push(now);
        self.plays(now, sound.frame);
        if sound.fec
            && let Some(before) = sound.frame.checked_sub(1)
        {
            self.plays(now, before);
        }
    }

    /// Pieces that came from `from` to `to`, in time or not.
    #[must_use]
    pub fn came(&self, from: Duration, to: Duration) -> usize {
        let place = |at: Duration| self.came.partition_point(|came| *came < at);
        place(to) - place(from)
    }

    fn plays(&mut self, now: Duration, frame: u32) {
        let at = frame as usize;
        if self.in_time.len() <= at {
            self.in_time.resize(at + 1, false);
        }
        if now <= self.began + EVERY * frame + BUDGET {
            self.in_time[at] = true;
        }
    }

    /// Of what was spoken from `from` to `to`.
    #[must_use]
    pub fn heard(&self, from: Duration, to: Duration) -> Heard {
        let frame = |at: Duration| (at.saturating_sub(self.began).as_micros() / EVERY.as_micros()) as usize;
        let (mut in_time, mut run, mut longest_run) = (0, 0, 0);
        for at in frame(from)..frame(to) {
            if self.in_time.get(at).copied().unwrap_or(false) {
                in_time += 1;
                run = 0;
            } else {
                run += 1;
                longest_run = longest_run.max(run);
            }
        }
        Heard { spoken: frame(to) - frame(from), in_time, longest_run }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_when_it_or_its_stand_in_comes_in_time() {
        let mut ear = Ear::new(Duration::ZERO);
        let sound = |frame, fec| Sound { publisher: 1, frame, fec };
        let ms = Duration::from_millis;
        ear.hears(ms(50), sound(0, false));
        ear.hears(ms(90), sound(2, true));
        ear.hears(ms(470), sound(3, false));
        let heard = ear.heard(Duration::ZERO, ms(100));
        assert_eq!(heard, Heard { spoken: 5, in_time: 3, longest_run: 2 });
    }
}
