//! How good a line is: from the engine's figures to what the technician sees.

use std::time::Duration;

use sfu::fact::{Direction, DirectionStats, PeerStats};

use crate::clock::UtcMs;
use crate::id::ParticipantId;
use crate::wire::{DirectionView, LineQuality, LineView};

/// A line turns weak at the first figure and good again only below the second, so that a line at the edge does not flicker on the
/// wall. 5 % loss is where repair begins to cost; 300 ms and 60 ms are where people begin to talk over each other.
const LOSS: Threshold = Threshold { weak_from: 0.05, good_below: 0.02 };
const RTT_MS: Threshold = Threshold { weak_from: 300.0, good_below: 150.0 };
const JITTER_MS: Threshold = Threshold { weak_from: 60.0, good_below: 30.0 };

/// Without a single datagram for this long the line is weak, then lost. (Chromium asks for consent every 5 s at most.)
const UNSEEN_WEAK: Duration = Duration::from_secs(6);
const UNSEEN_LOST: Duration = Duration::from_secs(30);

struct Threshold {
    weak_from: f32,
    good_below: f32,
}

impl Threshold {
    /// What the figure says, knowing what the line was.
    fn is_weak(&self, figure: f32, was: LineQuality) -> bool {
        match was {
            LineQuality::Weak | LineQuality::Lost => figure >= self.good_below,
            LineQuality::Unknown | LineQuality::Good => figure >= self.weak_from,
        }
    }
}

/// A participant's line over all his paths: rates add up, delays and losses are those of the worst.
pub(super) fn line_view<'a>(
    participant: ParticipantId,
    paths: impl Iterator<Item = &'a PeerStats>,
    was: LineQuality,
    now: UtcMs,
) -> LineView {
    let mut idle = Duration::MAX;
    let mut rtt: Option<Duration> = None;
    let (mut up, mut down) = (no_direction(), no_direction());
    for stats in paths {
        idle = idle.min(stats.idle);
        rtt = rtt.max(stats.rtt);
        add(&mut up, &stats.rx);
        add(&mut down, &stats.tx);
        for track in &stats.tracks {
            let direction = match track.direction {
                Direction::Up => &mut up,
                Direction::Down => &mut down,
            };
            if u32::from(track.width) * u32::from(track.height)
                > u32::from(direction.width) * u32::from(direction.height)
            {
                direction.width = track.width;
                direction.height = track.height;
                direction.frames_per_s = track.frames_per_s;
            }
        }
    }
    let rtt_ms = rtt.map(|rtt| round1(rtt.as_secs_f32() * 1000.0));
    let quality = grade(was, idle, rtt_ms, &up, &down);
    let since = i64::try_from(idle.min(Duration::from_secs(3600)).as_millis()).unwrap_or(0);
    LineView {
        participant: participant.0,
        quality,
        rtt_ms,
        up,
        down,
        down_capacity_bps: None,
        last_seen: now.0 - since,
    }
}

fn grade(
    was: LineQuality,
    idle: Duration,
    rtt_ms: Option<f32>,
    up: &DirectionView,
    down: &DirectionView,
) -> LineQuality {
    if idle >= UNSEEN_LOST {
        return LineQuality::Lost;
    }
    let weak = idle >= UNSEEN_WEAK
        || LOSS.is_weak(up.loss.max(down.loss), was)
        || JITTER_MS.is_weak(up.jitter_ms.max(down.jitter_ms), was)
        || rtt_ms.is_some_and(|rtt| RTT_MS.is_weak(rtt, was));
    if weak { LineQuality::Weak } else { LineQuality::Good }
}

fn no_direction() -> DirectionView {
    DirectionView { bitrate_bps: 0, loss: 0.0, jitter_ms: 0.0, width: 0, height: 0, frames_per_s: 0 }
}

/// Figures are rounded to what somebody reads, so that a line at rest is not news every second.
fn add(direction: &mut DirectionView, stats: &DirectionStats) {
    let bitrate = u32::try_from(stats.bitrate_bps).unwrap_or(u32::MAX);
    direction.bitrate_bps = direction.bitrate_bps.saturating_add(bitrate);
    direction.loss = direction.loss.max(finite((stats.loss * 1000.0).round() / 1000.0));
    direction.jitter_ms = direction.jitter_ms.max(round1(stats.jitter.as_secs_f32() * 1000.0));
}

fn round1(figure: f32) -> f32 {
    finite((figure * 10.0).round() / 10.0)
}

/// JSON has no word for the others.
fn finite(figure: f32) -> f32 {
    if figure.is_finite() { figure } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHO: ParticipantId = ParticipantId(uuid::Uuid::from_u128(1));

    fn with_loss(loss: f32) -> PeerStats {
        PeerStats { rx: DirectionStats { loss, ..DirectionStats::default() }, ..PeerStats::default() }
    }

    fn quality(stats: &PeerStats, was: LineQuality) -> LineQuality {
        line_view(WHO, [stats].into_iter(), was, UtcMs(0)).quality
    }

    #[test]
    fn a_line_turns_weak_at_five_percent_and_good_again_only_under_two() {
        assert_eq!(quality(&with_loss(0.04), LineQuality::Good), LineQuality::Good);
        assert_eq!(quality(&with_loss(0.05), LineQuality::Good), LineQuality::Weak);
        assert_eq!(quality(&with_loss(0.03), LineQuality::Weak), LineQuality::Weak);
        assert_eq!(quality(&with_loss(0.01), LineQuality::Weak), LineQuality::Good);
    }

    #[test]
    fn silence_makes_a_line_weak_and_then_lost() {
        let silent = |s| PeerStats { idle: Duration::from_secs(s), ..PeerStats::default() };
        assert_eq!(quality(&silent(5), LineQuality::Good), LineQuality::Good);
        assert_eq!(quality(&silent(6), LineQuality::Good), LineQuality::Weak);
        assert_eq!(quality(&silent(30), LineQuality::Weak), LineQuality::Lost);
    }

    #[test]
    fn two_paths_of_one_participant_add_up_and_the_worse_delay_counts() {
        let path = |rtt, bps| PeerStats {
            rtt: Some(Duration::from_millis(rtt)),
            rx: DirectionStats { bitrate_bps: bps, ..DirectionStats::default() },
            ..PeerStats::default()
        };
        let (a, b) = (path(40, 1_000), path(90, 2_000));
        let line = line_view(WHO, [&a, &b].into_iter(), LineQuality::Good, UtcMs(5_000));
        assert_eq!((line.rtt_ms, line.up.bitrate_bps, line.last_seen), (Some(90.0), 3_000, 5_000));
    }

    proptest! {
        #[test]
        fn whatever_the_engine_measures_can_be_written_as_json(loss in proptest::num::f32::ANY, idle_ms in 0u64..u64::MAX) {
            let stats = PeerStats { idle: Duration::from_millis(idle_ms), ..with_loss(loss) };
            let line = line_view(WHO, [&stats].into_iter(), LineQuality::Unknown, UtcMs(0));
            let text = serde_json::to_string(&line).unwrap();
            prop_assert_eq!(serde_json::from_str::<LineView>(&text).unwrap(), line);
        }
    }
}
