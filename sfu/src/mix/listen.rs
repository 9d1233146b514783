//! For tests: what a listener hears of a track.

use super::SAMPLE_RATE_HZ;
use super::codec::VoiceDecoder;

/// Decodes packets that follow one another.
pub(crate) fn heard<'a>(packets: impl IntoIterator<Item = &'a [u8]>) -> Vec<f32> {
    let mut decoder = VoiceDecoder::new().expect("opus");
    packets.into_iter().flat_map(|packet| decoder.decode(packet).expect("an Opus packet").to_vec()).collect()
}

/// The amplitude of one note in a signal (Goertzel).
pub(crate) fn amplitude(signal: &[f32], hz: f32) -> f32 {
    let turn = std::f32::consts::TAU * hz / SAMPLE_RATE_HZ as f32;
    let (re, im) = signal.iter().enumerate().fold((0.0, 0.0), |(re, im), (index, sample)| {
        let angle = turn * index as f32;
        (re + sample * angle.cos(), im + sample * angle.sin())
    });
    2.0 * f32::hypot(re, im) / signal.len() as f32
}
