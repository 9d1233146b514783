//! Many voices into one signal.

use std::collections::BTreeMap;

use bytes::Bytes;
use opus::{Channels, SoftClip};

use super::codec::CodecError;
use super::voice::Voice;
use super::{FRAME, MixedFrame};

/// Voices decoded at the same time. The loudest three are forwarded at any moment; with everybody who was heard in the last
/// seconds a mixer holds a handful. One more is refused until another has been silent for [`FORGET_AFTER`].
const VOICES_MAX: usize = 16;

/// A voice not heard for 10 s gives its decoder back.
const FORGET_AFTER: i64 = 480_000;

/// Two full voices at once stay below the limiter's knee (-3 dB each); more are rounded off by it, not cut.
const HEADROOM: f32 = 0.7;

/// Why a packet was not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MixRefused {
    #[error("too many voices at once")]
    TooManyVoices,
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// Mixes the voices of speakers named by `K`.
pub struct Mixer<K> {
    voices: BTreeMap<K, Voice>,
    position: i64,
    limiter: SoftClip,
}

impl<K: Ord + Copy> Default for Mixer<K> {
    fn default() -> Self {
        Self { voices: BTreeMap::new(), position: 0, limiter: SoftClip::new(Channels::Mono) }
    }
}

impl<K: Ord + Copy> Mixer<K> {
    /// Where on the timeline the next mixed frame begins, in samples.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Takes one Opus packet that arrived at `arrived` (samples on the timeline). What is no Opus or came too late is dropped.
    pub fn push(&mut self, who: K, arrived: i64, timestamp: u32, payload: Bytes) -> Result<(), MixRefused> {
        let voices = self.voices.len();
        let voice = match self.voices.entry(who) {
            std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
            std::collections::btree_map::Entry::Vacant(_) if voices >= VOICES_MAX => {
                return Err(MixRefused::TooManyVoices);
            }
            std::collections::btree_map::Entry::Vacant(new) => new.insert(Voice::new(self.position)?),
        };
        voice.push(self.position, arrived, timestamp, payload);
        Ok(())
    }

    /// The next 20 ms. Silence when nobody speaks.
    pub fn mix(&mut self) -> MixedFrame {
        let mut mix = [0.0; FRAME];
        for voice in self.voices.values_mut() {
            voice.add_to(&mut mix, self.position, HEADROOM);
        }
        self.limiter.apply(&mut mix);
        self.position += FRAME as i64;
        let position = self.position;
        self.voices.retain(|_, voice| voice.silent_since().is_none_or(|since| position - since < FORGET_AFTER));
        mix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mix::listen::amplitude;
    use crate::mix::{SAMPLE_RATE_HZ, TrackEncoder};

    /// How far the tests mix behind the arrivals.
    const LAG: i64 = 24_000;

    /// A speaker who whistles one note: 20 ms packets as they would leave a browser.
    struct Whistler {
        encoder: TrackEncoder,
        hz: f32,
        level: f32,
        sent: i64,
        first_timestamp: u32,
    }

    impl Whistler {
        fn of(hz: f32, level: f32) -> Self {
            Self { encoder: TrackEncoder::new().expect("opus"), hz, level, sent: 0, first_timestamp: 77_000 }
        }

        fn packet(&mut self) -> (i64, u32, Bytes) {
            let start = self.sent;
            let frame: MixedFrame = std::array::from_fn(|index| {
                let seconds = (start + index as i64) as f32 / SAMPLE_RATE_HZ as f32;
                self.level * (std::f32::consts::TAU * self.hz * seconds).sin()
            });
            self.sent += FRAME as i64;
            (start, self.first_timestamp.wrapping_add(start as u32), self.encoder.encode(&frame).expect("encodes"))
        }
    }

    fn mixed_to(mixer: &mut Mixer<u8>, end: i64) -> Vec<f32> {
        let mut heard = Vec::new();
        while mixer.position() < end {
            heard.extend(mixer.mix());
        }
        heard
    }

    #[test]
    fn two_who_speak_at_once_are_both_heard_and_nothing_is_cut() {
        let mut mixer = Mixer::default();
        let (mut low, mut high) = (Whistler::of(440.0, 0.95), Whistler::of(1_500.0, 0.95));
        let mut heard = Vec::new();
        for _ in 0..150 {
            for (who, voice) in [(1, &mut low), (2, &mut high)] {
                let (at, timestamp, packet) = voice.packet();
                mixer.push(who, at, timestamp, packet).expect("taken");
            }
            let end = low.sent - LAG;
            heard.extend(mixed_to(&mut mixer, end));
        }
        let steady = &heard[48_000..96_000];
        assert!(amplitude(steady, 440.0) > 0.4, "{}", amplitude(steady, 440.0));
        assert!(amplitude(steady, 1_500.0) > 0.4, "{}", amplitude(steady, 1_500.0));
        assert!(amplitude(steady, 900.0) < 0.02);
        let peak = heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak <= 1.0 && peak > 0.9, "{peak}");
    }

    #[test]
    fn nobody_speaking_is_silence_and_goes_on_for_ever() {
        let mut mixer = Mixer::<u8>::default();
        assert!(mixed_to(&mut mixer, 480_000).iter().all(|sample| *sample == 0.0));
        assert_eq!(mixer.position(), 480_000);
    }

    #[test]
    fn packets_in_any_order_within_the_lag_sound_as_if_in_order() {
        let speak = |swap: bool| {
            let mut mixer = Mixer::default();
            let mut voice = Whistler::of(600.0, 0.5);
            let mut packets: Vec<_> = (0..100).map(|_| voice.packet()).collect();
            if swap {
                packets[3..].chunks_exact_mut(5).for_each(<[_]>::reverse);
            }
            let mut heard = Vec::new();
            for (index, (sent, timestamp, packet)) in packets.into_iter().enumerate() {
                let arrived = sent.max(index as i64 * FRAME as i64);
                mixer.push(1, arrived, timestamp, packet).expect("taken");
                heard.extend(mixed_to(&mut mixer, arrived - LAG));
            }
            amplitude(&heard[9_600..57_600], 600.0)
        };
        assert!((speak(true) - speak(false)).abs() < 0.01);
    }

    #[test]
    fn a_lost_packet_is_concealed_and_a_long_hole_falls_silent() {
        let mut mixer = Mixer::default();
        let mut voice = Whistler::of(500.0, 0.5);
        let mut heard = Vec::new();
        for index in 0..200_i64 {
            let (at, timestamp, packet) = voice.packet();
            let lost = index == 60 || (100..140).contains(&index);
            if !lost {
                mixer.push(1, at, timestamp, packet).expect("taken");
            }
            heard.extend(mixed_to(&mut mixer, at - LAG));
        }
        let frame = |index: usize| amplitude(&heard[index * FRAME..(index + 1) * FRAME], 500.0);
        assert!(frame(60) > 0.1, "the lost packet left a hole: {}", frame(60));
        assert!((110..139).all(|index| frame(index) < 0.02), "the guess went on for too long");
        assert!(frame(150) > 0.2, "the voice did not come back");
    }

    #[test]
    fn a_voice_that_comes_back_long_after_is_heard_at_its_time() {
        let mut mixer = Mixer::default();
        let mut voice = Whistler::of(500.0, 0.5);
        let mut heard = Vec::new();
        for index in 0..1_500_i64 {
            let (at, timestamp, packet) = voice.packet();
            if !(50..1_300).contains(&index) {
                mixer.push(1, at, timestamp, packet).expect("taken");
            }
            heard.extend(mixed_to(&mut mixer, at - LAG));
        }
        let frame = |index: usize| amplitude(&heard[index * FRAME..(index + 1) * FRAME], 500.0);
        assert!(frame(1_299) < 0.01);
        assert!(frame(1_303) > 0.2);
    }

    #[test]
    fn a_senders_clock_that_is_too_fast_is_followed_without_a_break() {
        let mut mixer = Mixer::default();
        let mut voice = Whistler::of(500.0, 0.5);
        let mut heard = Vec::new();
        for index in 0..3_000_i64 {
            let (_, timestamp, packet) = voice.packet();
            // 500 ppm, five times what a cheap sound card does.
            let arrived = index * FRAME as i64 - index * FRAME as i64 / 2_000;
            mixer.push(1, arrived, timestamp, packet).expect("taken");
            heard.extend(mixed_to(&mut mixer, arrived - LAG));
        }
        let quietest = heard[48_000..]
            .chunks_exact(FRAME)
            .map(|frame| (frame.iter().map(|sample| sample * sample).sum::<f32>() / FRAME as f32).sqrt())
            .fold(f32::MAX, f32::min);
        assert!(quietest > 0.2, "a frame of {quietest}");
    }

    #[test]
    fn what_is_no_opus_and_voices_beyond_the_limit_are_refused_without_harm() {
        let mut mixer = Mixer::default();
        for junk in [&[][..], &[0xff], &[0x03; 3], &[0xff; 2_000]] {
            assert_eq!(mixer.push(0_u8, 0, 0, Bytes::copy_from_slice(junk)), Ok(()));
        }
        for who in 1..VOICES_MAX as u8 {
            let (at, timestamp, packet) = Whistler::of(300.0, 0.1).packet();
            assert_eq!(mixer.push(who, at, timestamp, packet), Ok(()));
        }
        let (at, timestamp, packet) = Whistler::of(300.0, 0.1).packet();
        assert_eq!(mixer.push(200, at, timestamp, packet), Err(MixRefused::TooManyVoices));
        mixed_to(&mut mixer, 12 * 48_000);
        let (_, timestamp, packet) = Whistler::of(300.0, 0.1).packet();
        assert_eq!(mixer.push(200, 12 * 48_000, timestamp, packet), Ok(()), "silent voices are forgotten");
    }
}
