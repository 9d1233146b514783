//! A TCP download on the same line: Reno with selective acknowledgement (RFC 5681, RFC 6675), as much as shows in the queue. The sender
//! learns of a loss as TCP does, when three later segments have been acknowledged, or when nothing is for too long.

use std::collections::BTreeMap;
use std::time::Duration;

/// A segment by its number; what is sent again has a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Segment(u64);

const START_WINDOW: f64 = 10.0;
/// RFC 6298.
const TIMEOUT_MIN: Duration = Duration::from_millis(200);
const REORDERED: u64 = 3;

#[derive(Clone, Debug)]
pub struct Reno {
    /// In segments.
    window: f64,
    threshold: f64,
    next: u64,
    in_flight: BTreeMap<u64, Duration>,
    newest_acknowledged: u64,
    /// Losses of segments sent before this one are of the same congestion.
    recovered_at: u64,
    rtt: Option<Duration>,
    heard_at: Duration,
    sends: bool,
    /// When each acknowledged segment was.
    pub delivered: Vec<Duration>,
}

impl Default for Reno {
    fn default() -> Self {
        Self {
            window: START_WINDOW,
            threshold: f64::INFINITY,
            next: 1,
            in_flight: BTreeMap::new(),
            newest_acknowledged: 0,
            recovered_at: 0,
            rtt: None,
            heard_at: Duration::ZERO,
            sends: true,
            delivered: Vec::new(),
        }
    }
}

impl Reno {
    pub const SEGMENT_BYTES: usize = 1_500;

    /// Switches the download on, from the beginning, or off.
    pub fn switch(&mut self, sends: bool) {
        self.sends = sends;
        if sends {
            (self.window, self.threshold) = (START_WINDOW, f64::INFINITY);
        }
    }

    /// The next segment that may be sent now.
    pub fn poll_segment(&mut self, now: Duration) -> Option<Segment> {
        self.notice_timeout(now);
        if !self.sends || self.in_flight.len() as f64 >= self.window {
            return None;
        }
        let segment = self.next;
        self.next += 1;
        if self.in_flight.is_empty() {
            self.heard_at = now;
        }
        self.in_flight.insert(segment, now);
        Some(Segment(segment))
    }

    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        (!self.in_flight.is_empty()).then(|| self.heard_at + self.timeout())
    }

    fn timeout(&self) -> Duration {
        self.rtt.map_or(Duration::from_secs(1), |rtt| (rtt * 2).max(TIMEOUT_MIN))
    }

    fn notice_timeout(&mut self, now: Duration) {
        if self.in_flight.is_empty() || now < self.heard_at + self.timeout() {
            return;
        }
        self.threshold = (self.window / 2.0).max(2.0);
        self.window = 1.0;
        self.in_flight.clear();
        self.recovered_at = self.next;
        self.heard_at = now;
    }

    pub fn acknowledged(&mut self, now: Duration, Segment(segment): Segment) {
        self.heard_at = now;
        let Some(sent) = self.in_flight.remove(&segment) else { return };
        let rtt = now - sent;
        self.rtt = Some(self.rtt.map_or(rtt, |known| (known * 7 + rtt) / 8));
        self.newest_acknowledged = self.newest_acknowledged.max(segment);
        self.delivered.push(now);
        let lost: Vec<u64> =
            self.in_flight.range(..self.newest_acknowledged.saturating_sub(REORDERED)).map(|(lost, _)| *lost).collect();
        for lost in lost {
            self.in_flight.remove(&lost);
            if lost >= self.recovered_at {
                self.threshold = (self.window / 2.0).max(2.0);
                self.window = self.threshold;
                self.recovered_at = self.next;
            }
        }
        self.window += if self.window < self.threshold { 1.0 } else { 1.0 / self.window };
    }

    /// Bits per second delivered from `from` to `to`.
    #[must_use]
    pub fn rate_bps(&self, from: Duration, to: Duration) -> f64 {
        let count = self.delivered.iter().filter(|at| (from..to).contains(*at)).count();
        (count * Self::SEGMENT_BYTES * 8) as f64 / (to - from).as_secs_f64()
    }
}
