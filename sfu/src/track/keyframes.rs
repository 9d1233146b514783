//! Asking a publisher for a key frame: once, however many viewers ask.

use std::time::{Duration, Instant};

/// A key frame costs the publisher's line many times a usual frame. A hundred viewers who ask, or one who asks a thousand times,
/// cause one request in this time.
const REQUEST_INTERVAL: Duration = Duration::from_millis(500);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyFrames {
    wanted: bool,
    requested_at: Option<Instant>,
    requests: u8,
}

impl KeyFrames {
    pub(crate) fn want(&mut self) {
        self.wanted = true;
    }

    /// One is arriving, or nobody waits any longer.
    pub(crate) fn satisfied(&mut self) {
        self.wanted = false;
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// A request is to be sent now; returns its running number. It is repeated at the same interval until the frame arrives, but not
    /// before an answer can have come: over a satellite the publisher would send every key frame twice.
    pub(crate) fn take_request(&mut self, now: Instant, rtt: Duration) -> Option<u8> {
        let interval = REQUEST_INTERVAL.max(rtt + rtt / 4);
        let rested = self.requested_at.is_none_or(|at| now.saturating_duration_since(at) >= interval);
        if !self.wanted || !rested {
            return None;
        }
        self.requested_at = Some(now);
        self.requests = self.requests.wrapping_add(1);
        Some(self.requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RTT: Duration = Duration::from_millis(100);

    #[test]
    fn a_thousand_viewers_cause_two_requests_a_second() {
        let start = Instant::now();
        let mut key_frames = KeyFrames::default();
        let sent = (0..1_000u64)
            .filter(|ms| {
                key_frames.want();
                key_frames.take_request(start + Duration::from_millis(*ms), RTT).is_some()
            })
            .count();
        assert_eq!(sent, 2);
    }

    #[test]
    fn a_lost_request_is_repeated_and_an_arrived_frame_ends_it() {
        let start = Instant::now();
        let mut key_frames = KeyFrames::default();
        key_frames.want();
        assert_eq!(key_frames.take_request(start, RTT), Some(1));
        assert_eq!(key_frames.take_request(start + REQUEST_INTERVAL, RTT), Some(2));
        let satellite = Duration::from_millis(600);
        assert_eq!(key_frames.take_request(start + 2 * REQUEST_INTERVAL, satellite), None);
        key_frames.satisfied();
        assert_eq!(key_frames.take_request(start + 3 * REQUEST_INTERVAL, RTT), None);
    }
}
