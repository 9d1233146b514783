//! How loud a microphone has been lately, from the levels its client writes into each packet (RFC 6464). Nothing is decoded.

use std::time::{Duration, Instant};

/// Loudness runs from 0 (digital silence) to 127 (full scale); one step is one decibel.
pub(crate) const LOUDEST: u8 = 127;

/// Quieter than this is a muted microphone or an empty room: no reason to give somebody a slot. -100 dBov.
pub(crate) const AUDIBLE: u8 = 27;

/// Without the extension a packet with sound in it counts as quiet speech: heard while there is room, never before a measured voice.
const UNMEASURED_VOICE: u8 = 60;
/// Opus codes silence in one or two bytes (DTX), comfort noise in hardly more.
const SILENT_PAYLOAD_MAX: usize = 8;

/// The loudness of one packet.
pub(crate) fn of_packet(level: Option<u8>, payload: &[u8]) -> u8 {
    match level {
        Some(level) => LOUDEST.saturating_sub(level),
        None if payload.len() <= SILENT_PAYLOAD_MAX => 0,
        None => UNMEASURED_VOICE,
    }
}

/// A microphone that says nothing for this long is silent: longer than any gap between packets of speech.
const SILENT_AFTER: Duration = Duration::from_millis(250);

/// Up within two packets, so that the first syllable is heard; down over most of a second, so that a breath costs nobody the slot.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Loudness {
    /// In 256ths.
    smooth: u32,
    heard_at: Option<Instant>,
}

impl Loudness {
    pub(crate) fn heard(&mut self, now: Instant, loudness: u8) {
        let target = u32::from(loudness) << 8;
        let smooth = u32::from(self.at(now)) << 8;
        let smooth = if smooth == 0 { 0 } else { self.smooth };
        self.smooth =
            if target >= smooth { smooth + (target - smooth).div_ceil(2) } else { smooth - (smooth - target) / 32 };
        self.heard_at = Some(now);
    }

    pub(crate) fn at(&self, now: Instant) -> u8 {
        match self.heard_at {
            Some(at) if now.saturating_duration_since(at) < SILENT_AFTER => {
                u8::try_from(self.smooth >> 8).unwrap_or(LOUDEST)
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_up_in_two_packets_and_outlasts_a_breath() {
        let start = Instant::now();
        let mut loudness = Loudness::default();
        let mut now = start;
        for _ in 0..2 {
            loudness.heard(now, 90);
            now += Duration::from_millis(20);
        }
        assert!(loudness.at(now) >= 60);
        for _ in 0..50 {
            loudness.heard(now, 90);
            now += Duration::from_millis(20);
        }
        for _ in 0..10 {
            loudness.heard(now, 20);
            now += Duration::from_millis(20);
        }
        assert!(loudness.at(now) > 60, "200 ms of breath: {}", loudness.at(now));
        assert_eq!(loudness.at(now + SILENT_AFTER), 0);
    }

    #[test]
    fn a_client_without_levels_counts_as_quiet_speech() {
        assert_eq!(of_packet(None, &[0; 80]), UNMEASURED_VOICE);
        assert_eq!(of_packet(None, &[0; 2]), 0);
        assert_eq!(of_packet(Some(0), &[]), LOUDEST);
        assert_eq!(of_packet(Some(127), &[0; 80]), 0);
    }
}
