//! Who is speaking: dominant speaker identification after Volfin and Cohen, "Dominant speaker identification for multipoint
//! videoconferencing", Computer Speech and Language 27 (2013), from the audio levels that clients write into their packets.
//!
//! Activity is measured over three spans: *immediate* (is this a voice at all), *medium* (a word), *long* (a statement). Each score is
//! the logarithm of how much better speech explains the span than silence does. Somebody takes over only when he beats the present
//! speaker on all three: a cough wins the immediate span and loses the others; a calm "yes, please" does not interrupt anybody.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crate::id::PeerId;

/// The levels come every 20 ms, one per Opus packet.
const STEP: Duration = Duration::from_millis(20);
/// How often the room asks who speaks. The paper decides every 300 ms; the picture must switch within 500.
pub(crate) const DECIDE_EVERY: Duration = Duration::from_millis(100);
/// After this long without a voice nobody is speaking.
const SILENCE: Duration = Duration::from_secs(3);

/// A level is divided into this many steps (`N1`), one immediate span holds one level.
const LEVEL_STEPS: u32 = 13;
/// Immediate spans in a medium span (`N2`) and medium spans in a long one (`N3`).
const MEDIUM_SPAN: usize = 5;
const LONG_SPAN: usize = 10;
const STEPS_KEPT: usize = MEDIUM_SPAN * LONG_SPAN;
/// An immediate span counts as voice above this many level steps, a medium one above this many voiced immediates.
const VOICED_LEVEL: u32 = 7;
const VOICED_MEDIUM: u32 = 4;

/// By how much (as a logarithm) a challenger must be better: `C1`, `C2`, `C3` of the paper.
const IMMEDIATE_MARGIN: f64 = 3.0;
const MEDIUM_MARGIN: f64 = 2.0;
const LONG_MARGIN: f64 = 0.0;

/// Words that make a first speaker out of silence: voiced medium spans, 100 ms each.
const FIRST_WORDS: u32 = 2;

const LEVEL_MAX: u32 = 127;
/// A voice stands out of the noise of its room by this many decibels.
const ABOVE_FLOOR: u32 = 10;

#[derive(Debug, Default)]
pub(crate) struct DominantSpeaker {
    voices: BTreeMap<PeerId, Voice>,
    dominant: Option<PeerId>,
    decided_at: Option<Instant>,
}

#[derive(Debug)]
struct Voice {
    /// Loudness of each step, newest first, in level steps.
    immediates: VecDeque<u32>,
    /// The step that is being filled, and until when.
    step_ends: Instant,
    loudest: u32,
    /// The quietest this microphone has been lately: an air conditioner is no voice.
    floor: NoiseFloor,
    voiced_at: Option<Instant>,
}

/// The least loudness of the last fifteen seconds or so.
#[derive(Clone, Copy, Debug)]
struct NoiseFloor {
    floor: u32,
    /// The least since `since`.
    least: u32,
    steps: u32,
}

const FLOOR_STEPS: u32 = 15_000 / 20;

impl NoiseFloor {
    fn new() -> Self {
        Self { floor: 0, least: LEVEL_MAX, steps: 0 }
    }

    fn add(&mut self, loudness: u32) -> u32 {
        self.least = self.least.min(loudness);
        self.floor = self.floor.min(loudness);
        self.steps += 1;
        if self.steps == FLOOR_STEPS {
            *self = Self { floor: self.least, least: LEVEL_MAX, steps: 0 };
        }
        self.floor
    }
}

impl Voice {
    fn new(now: Instant) -> Self {
        Self {
            immediates: VecDeque::with_capacity(STEPS_KEPT + 1),
            step_ends: now + STEP,
            loudest: 0,
            floor: NoiseFloor::new(),
            voiced_at: None,
        }
    }

    /// Closes the steps that have passed. Steps without a packet were silent: the client saved itself the sending.
    fn advance(&mut self, now: Instant) {
        let mut closed = 0;
        while self.step_ends <= now && closed < STEPS_KEPT {
            let loudness = std::mem::take(&mut self.loudest);
            let floor = self.floor.add(loudness);
            // The floor of a new microphone is zero, so that whoever is first heard speaking counts at once.
            let steps = if loudness >= floor + ABOVE_FLOOR { loudness * LEVEL_STEPS / LEVEL_MAX } else { 0 };
            if steps > VOICED_LEVEL {
                self.voiced_at = Some(self.step_ends);
            }
            self.immediates.push_front(steps);
            self.immediates.truncate(STEPS_KEPT);
            self.step_ends += STEP;
            closed += 1;
        }
        if self.step_ends <= now {
            // Silent for longer than anything is remembered.
            self.step_ends = now + STEP;
        }
    }

    fn voiced_mediums(&self, spans: usize) -> u32 {
        (0..spans).map(|span| u32::from(self.medium(span) >= VOICED_MEDIUM)).sum()
    }

    /// Voiced immediate spans of the medium span that ended `back` spans ago.
    fn medium(&self, back: usize) -> u32 {
        let span = self.immediates.iter().skip(back * MEDIUM_SPAN).take(MEDIUM_SPAN);
        span.map(|steps| u32::from(*steps > VOICED_LEVEL)).sum()
    }

    fn scores(&self) -> Scores {
        // The newest medium span as its immediate evidence: single packets tell little when they are told in batches.
        let immediate = self.immediates.iter().take(MEDIUM_SPAN).copied().max().unwrap_or(0);
        Scores {
            immediate: score(LEVEL_STEPS, immediate, 0.78),
            medium: score(MEDIUM_SPAN as u32, self.medium(0), 24.0),
            long: score(LONG_SPAN as u32, self.voiced_mediums(LONG_SPAN), 47.0),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Scores {
    immediate: f64,
    medium: f64,
    long: f64,
}

/// Speech explains `hits` of `trials` by a fair coin, silence by an exponential law with `lambda` (section 3.2 of the paper). Never
/// below a tiny positive number, since scores are compared as ratios.
fn score(trials: u32, hits: u32, lambda: f64) -> f64 {
    let coefficient = (0..hits).fold(1.0, |product, n| product * f64::from(trials - n) / f64::from(n + 1));
    let speech = coefficient.ln() + f64::from(trials) * 0.5f64.ln();
    let silence = lambda.ln() - lambda * f64::from(hits);
    (speech - silence).max(1e-10)
}

impl DominantSpeaker {
    /// One packet's loudness, 0 to 127, of somebody who may be heard.
    pub(crate) fn heard(&mut self, now: Instant, peer: PeerId, loudness: u8) {
        let voice = self.voices.entry(peer).or_insert_with(|| Voice::new(now));
        voice.advance(now);
        voice.loudest = voice.loudest.max(u32::from(loudness).min(LEVEL_MAX));
    }

    /// The peer left, or lost the right to be heard.
    pub(crate) fn forget(&mut self, peer: PeerId) {
        self.voices.remove(&peer);
    }

    pub(crate) fn dominant(&self) -> Option<PeerId> {
        self.dominant
    }

    /// Decides, at most every [`DECIDE_EVERY`]. Returns whether the speaker changed.
    pub(crate) fn decide(&mut self, now: Instant) -> bool {
        if self.decided_at.is_some_and(|at| now.saturating_duration_since(at) < DECIDE_EVERY) {
            return false;
        }
        self.decided_at = Some(now);
        self.voices.values_mut().for_each(|voice| voice.advance(now));
        let recent = |voice: &Voice| voice.voiced_at.is_some_and(|at| now.saturating_duration_since(at) < SILENCE);
        let holder = self.dominant.and_then(|peer| Some((peer, self.voices.get(&peer)?)));
        let next = match holder {
            Some((peer, voice)) => {
                let present = voice.scores();
                self.best(|scores, voice| recent(voice) && scores.beats(present))
                    .or_else(|| recent(voice).then_some(peer))
                    .or_else(|| self.first())
            }
            None => self.first(),
        };
        std::mem::replace(&mut self.dominant, next) != next
    }

    /// Out of silence: whoever has said a word or two.
    fn first(&self) -> Option<PeerId> {
        self.best(|_, voice| voice.voiced_mediums(LONG_SPAN) >= FIRST_WORDS && voice.medium(0) > 0)
    }

    fn best(&self, fit: impl Fn(Scores, &Voice) -> bool) -> Option<PeerId> {
        self.voices
            .iter()
            .filter(|(peer, _)| Some(**peer) != self.dominant)
            .map(|(peer, voice)| (*peer, voice.scores(), voice))
            .filter(|(_, scores, voice)| fit(*scores, voice))
            .max_by(|(_, one, _), (_, other, _)| one.weight().total_cmp(&other.weight()))
            .map(|(peer, _, _)| peer)
    }
}

impl Scores {
    fn beats(self, present: Self) -> bool {
        (self.immediate / present.immediate).ln() > IMMEDIATE_MARGIN
            && (self.medium / present.medium).ln() > MEDIUM_MARGIN
            && (self.long / present.long).ln() > LONG_MARGIN
    }

    /// Among several challengers the medium span decides, then the long one.
    fn weight(self) -> f64 {
        self.medium + self.long / 1_000.0
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)]
mod tests {
    use super::*;

    const CHAIR: PeerId = PeerId(1);
    const HALL: PeerId = PeerId(2);

    const VOICE: u8 = 100;
    const HUSH: u8 = 30;

    struct Talk {
        now: Instant,
        speakers: DominantSpeaker,
    }

    impl Talk {
        fn new() -> Self {
            Self { now: Instant::now(), speakers: DominantSpeaker::default() }
        }

        /// Everybody's levels for a while; returns how long it took until the speaker was `until`.
        fn run(&mut self, ms: u64, levels: &[(PeerId, u8)], until: Option<PeerId>) -> Option<u64> {
            let mut took = None;
            for step in 0..ms / 20 {
                for (peer, loudness) in levels {
                    self.speakers.heard(self.now, *peer, *loudness);
                }
                self.now += STEP;
                self.speakers.decide(self.now);
                if self.speakers.dominant() == until && took.is_none() {
                    took = Some((step + 1) * 20);
                }
            }
            took
        }
    }

    #[test]
    fn the_first_voice_is_found_within_half_a_second() {
        let mut talk = Talk::new();
        talk.run(1_000, &[(CHAIR, HUSH), (HALL, HUSH)], None);
        assert_eq!(talk.speakers.dominant(), None);
        let took = talk.run(1_000, &[(CHAIR, HUSH), (HALL, VOICE)], Some(HALL)).unwrap();
        assert!(took <= 400, "{took} ms");
    }

    #[test]
    fn a_cough_takes_the_floor_from_nobody() {
        let mut talk = Talk::new();
        talk.run(3_000, &[(CHAIR, VOICE), (HALL, HUSH)], None);
        for _ in 0..10 {
            assert_eq!(talk.run(100, &[(CHAIR, VOICE), (HALL, 120)], Some(HALL)), None);
            assert_eq!(talk.run(400, &[(CHAIR, VOICE), (HALL, HUSH)], Some(HALL)), None);
        }
        assert_eq!(talk.speakers.dominant(), Some(CHAIR));
    }

    #[test]
    fn a_cough_in_silence_is_no_speech() {
        let mut talk = Talk::new();
        talk.run(500, &[(CHAIR, HUSH)], None);
        assert_eq!(talk.run(100, &[(CHAIR, 125)], Some(CHAIR)), None);
        assert_eq!(talk.run(2_000, &[(CHAIR, HUSH)], Some(CHAIR)), None);
    }

    #[test]
    fn the_answer_is_followed_within_a_second_of_the_question_ending() {
        let mut talk = Talk::new();
        talk.run(5_000, &[(CHAIR, VOICE), (HALL, HUSH)], None);
        assert_eq!(talk.speakers.dominant(), Some(CHAIR));
        let took = talk.run(3_000, &[(CHAIR, HUSH), (HALL, VOICE)], Some(HALL)).unwrap();
        assert!(took <= 1_000, "{took} ms");
    }

    #[test]
    fn a_breath_between_two_words_changes_nothing() {
        let mut talk = Talk::new();
        talk.run(2_000, &[(CHAIR, VOICE), (HALL, HUSH)], None);
        for _ in 0..10 {
            talk.run(200, &[(CHAIR, HUSH), (HALL, HUSH)], None);
            assert_eq!(talk.speakers.dominant(), Some(CHAIR));
            talk.run(600, &[(CHAIR, VOICE), (HALL, HUSH)], None);
        }
    }

    #[test]
    fn after_a_while_of_silence_nobody_speaks() {
        let mut talk = Talk::new();
        talk.run(2_000, &[(CHAIR, VOICE)], None);
        let took = talk.run(6_000, &[(CHAIR, HUSH)], None).unwrap();
        assert!((2_800..=3_400).contains(&took), "{took} ms");
        talk.run(2_000, &[(CHAIR, VOICE)], None);
        assert_eq!(talk.speakers.dominant(), Some(CHAIR));
        // The client has stopped sending altogether.
        assert!(talk.run(6_000, &[], None).is_some());
    }

    #[test]
    fn an_air_conditioner_is_no_speaker() {
        let mut talk = Talk::new();
        talk.run(20_000, &[(HALL, 85), (CHAIR, HUSH)], None);
        talk.run(5_000, &[(HALL, 85), (CHAIR, HUSH)], None);
        assert_eq!(talk.speakers.dominant(), None);
        talk.run(1_000, &[(HALL, 85), (CHAIR, VOICE)], None);
        assert_eq!(talk.speakers.dominant(), Some(CHAIR));
    }

    #[test]
    fn who_leaves_speaks_no_more() {
        let mut talk = Talk::new();
        talk.run(2_000, &[(CHAIR, VOICE)], None);
        talk.speakers.forget(CHAIR);
        talk.now += DECIDE_EVERY;
        assert!(talk.speakers.decide(talk.now));
        assert_eq!(talk.speakers.dominant(), None);
    }
}
