//! One speaker on the timeline: packets in any order become a continuous signal, or silence.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

use super::clock::{Arrival, ArrivalClock};
use super::codec::{CodecError, GRAIN, NotOpus, PACKET_SAMPLES_MAX, VoiceDecoder};
use super::{FRAME, MixedFrame, SAMPLE_RATE_HZ};

/// Packets that wait for their moment: half a second of the shortest ones. A sender of more is not heard; the oldest go.
const WAITING_MAX: usize = 200;

/// After this much guessing the guess is a hum: silence is better. (libopus fades its guess out over about as long.)
const CONCEAL_MAX: usize = 4_800;

/// Off by less than this nobody hears or sees; correcting it would only stir the signal.
const OFFSET_SLACK: i64 = 240;

/// At most 1 % faster or slower, a sixth of a semitone: a clock that drifts by 100 ppm is corrected unheard, and a delay that
/// fell by 500 ms is caught up with in under a minute.
const STRETCH_MAX: i64 = 10;

/// A voice that begins in the middle of a sound begins softly (5 ms), without a click.
const FADE_IN: usize = 240;

pub(super) struct Voice {
    clock: ArrivalClock,
    decoder: VoiceDecoder,
    /// By unwrapped timestamp. The sequence number is not needed: Opus timestamps count samples, so a hole is a hole.
    waiting: BTreeMap<i64, Bytes>,
    state: State,
}

enum State {
    Silent {
        since: i64,
    },
    Speaking {
        /// Timestamp of the next sample to be heard: the first of `pcm`. It belongs to the next frame's place on the timeline.
        cursor: i64,
        pcm: VecDeque<f32>,
        /// Samples guessed since the last packet.
        guessed: usize,
        /// Samples still to be faded in.
        fade: usize,
    },
}

/// What filling the next samples came to.
#[derive(PartialEq, Eq)]
enum Filled {
    Enough,
    /// No packet is left and guessing has ended.
    RanDry,
}

impl Voice {
    pub(super) fn new(position: i64) -> Result<Self, CodecError> {
        Ok(Self {
            clock: ArrivalClock::new(SAMPLE_RATE_HZ),
            decoder: VoiceDecoder::new()?,
            waiting: BTreeMap::new(),
            state: State::Silent { since: position },
        })
    }

    /// Since when nothing has been heard of it; `None` while it is heard or has something to say.
    pub(super) fn silent_since(&self) -> Option<i64> {
        match self.state {
            State::Silent { since } if self.waiting.is_empty() => Some(since),
            State::Silent { .. } | State::Speaking { .. } => None,
        }
    }

    pub(super) fn push(&mut self, position: i64, arrived: i64, timestamp: u32, payload: Bytes) {
        if VoiceDecoder::samples_of(&payload).is_err() {
            return;
        }
        let at = match self.clock.observe(arrived, timestamp) {
            Arrival::OnTime(at) => at,
            Arrival::Late(_) => return,
            Arrival::Restarted(at) => {
                self.waiting.clear();
                self.state = State::Silent { since: position };
                at
            }
        };
        if let State::Speaking { cursor, pcm, .. } = &self.state
            && at < cursor + pcm.len() as i64
        {
            return; // Its moment was concealed already.
        }
        self.waiting.insert(at, payload);
        if self.waiting.len() > WAITING_MAX {
            self.waiting.pop_first();
        }
    }

    /// Adds this voice's sound from `position` on to `mix`, times `gain`.
    pub(super) fn add_to(&mut self, mix: &mut MixedFrame, position: i64, gain: f32) {
        self.begin(position);
        let target = self.clock.offset();
        let State::Speaking { cursor, .. } = &self.state else { return };
        let error = target.map_or(0, |target| target - (position - cursor));
        let step = if error.abs() < OFFSET_SLACK { 0 } else { (error / 480).clamp(-STRETCH_MAX, STRETCH_MAX) };
        // To end up later on the timeline, fewer samples must last for the frame.
        let wanted = usize::try_from(FRAME as i64 - step).unwrap_or(FRAME);
        let filled = self.fill(wanted);
        let State::Speaking { cursor, pcm, fade, .. } = &mut self.state else { return };
        let heard: Vec<f32> = pcm.drain(..wanted.min(pcm.len())).collect();
        *cursor += wanted as i64;
        let faded = heard.iter().map(|sample| {
            let level = (FADE_IN - *fade) as f32 / FADE_IN as f32;
            *fade = fade.saturating_sub(1);
            sample * level * gain
        });
        add_stretched(mix, &faded.collect::<Vec<_>>(), wanted);
        if filled == Filled::RanDry {
            self.state = State::Silent { since: position + FRAME as i64 };
        }
    }

    /// A silent voice speaks again when the moment of its first packet lies in the frame at `position`.
    fn begin(&mut self, position: i64) {
        let (State::Silent { .. }, Some((&first, _)), Some(offset)) =
            (&self.state, self.waiting.first_key_value(), self.clock.offset())
        else {
            return;
        };
        if first + offset >= position + FRAME as i64 {
            return;
        }
        // Later than it should be: begin now, and let the stretch bring it to its place.
        let lead = usize::try_from(first + offset - position).unwrap_or(0);
        let pcm = VecDeque::from(vec![0.0; lead]);
        let cursor = first - lead as i64;
        self.state = State::Speaking { cursor, pcm, guessed: 0, fade: FADE_IN };
    }

    fn fill(&mut self, wanted: usize) -> Filled {
        let State::Speaking { cursor, pcm, guessed, .. } = &mut self.state else { return Filled::RanDry };
        while pcm.len() < wanted {
            let next = *cursor + pcm.len() as i64;
            let Some(first) = self.waiting.first_entry() else {
                if *guessed >= CONCEAL_MAX {
                    return Filled::RanDry;
                }
                *guessed += extend(pcm, self.decoder.guess(FRAME), FRAME, 0);
                continue;
            };
            let samples = VoiceDecoder::samples_of(first.get()).unwrap_or(FRAME);
            let hole = first.key() - next;
            if hole > 0 {
                let hole = usize::try_from(hole).unwrap_or(usize::MAX);
                *guessed += bridge(pcm, &mut self.decoder, first.get(), hole, samples, *guessed);
                continue;
            }
            let overlap = usize::try_from(-hole).unwrap_or(usize::MAX);
            let packet = first.remove();
            if overlap < samples {
                extend(pcm, self.decoder.decode(&packet), samples, overlap);
                *guessed = 0;
            }
        }
        Filled::Enough
    }
}

/// One step over a hole before `next`: the last stretch from what `next` repeats in-band, what lies before it guessed, and
/// silence where guessing has gone on for too long. Returns the samples guessed.
fn bridge(
    pcm: &mut VecDeque<f32>,
    decoder: &mut VoiceDecoder,
    next: &[u8],
    hole: usize,
    samples: usize,
    guessed: usize,
) -> usize {
    if hole == samples {
        return extend(pcm, decoder.recover(next, samples), samples, 0);
    }
    let before_next = if hole > samples { hole - samples } else { hole };
    let length = before_next.min(FRAME);
    if guessed < CONCEAL_MAX && length.is_multiple_of(GRAIN) {
        return extend(pcm, decoder.guess(length), length, 0);
    }
    pcm.extend(std::iter::repeat_n(0.0, length));
    length
}

/// Appends exactly `samples - skip` samples, zeros where the decoder made less: the timeline must not slip. Returns them.
fn extend(pcm: &mut VecDeque<f32>, made: Result<&[f32], NotOpus>, samples: usize, skip: usize) -> usize {
    let samples = samples.min(PACKET_SAMPLES_MAX);
    let made = made.unwrap_or_default();
    let wanted = samples.saturating_sub(skip);
    pcm.extend(made.iter().copied().chain(std::iter::repeat(0.0)).skip(skip).take(wanted));
    wanted
}

/// Adds `heard` (which stands for `length` samples; a missing rest is silence) to the mix, stretched linearly to its length.
fn add_stretched(mix: &mut MixedFrame, heard: &[f32], length: usize) {
    if length == FRAME {
        mix.iter_mut().zip(heard).for_each(|(sum, sample)| *sum += sample);
        return;
    }
    let scale = length as f32 / FRAME as f32;
    for (index, sum) in mix.iter_mut().enumerate() {
        let at = index as f32 * scale;
        let whole = at as usize;
        let here = heard.get(whole).copied().unwrap_or(0.0);
        let there = heard.get(whole + 1).copied().unwrap_or(here);
        *sum += here + (there - here) * (at - whole as f32);
    }
}
