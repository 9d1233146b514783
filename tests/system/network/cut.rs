//! G1: the WebSocket is cut while the media path lives.

use std::time::Duration;

use futures_util::future::try_join_all;
use signaling::wire::{ClientMessage, Mode};
use tests::app::App;
use tests::network::site::Site;
use tests::network::{Line, within};
use tests::probe::{self, Voice, percentile};

use super::{figure, intervals, ms};

/// A kind of line, and the goal for it.
#[derive(Clone, Copy)]
struct Kind {
    line: &'static str,
    round_trip: Duration,
    back_within: Duration,
}

const KINDS: [Kind; 2] = [
    Kind { line: "delay=50ms", round_trip: Duration::from_millis(100), back_within: Duration::from_secs(2) },
    Kind { line: "delay=300ms", round_trip: Duration::from_millis(600), back_within: Duration::from_secs(5) },
];

const SILENCE_MAX: Duration = Duration::from_millis(100);
const CUTS: usize = 4;
const SITES_PER_KIND: usize = 3;
const HALL: Voice = Voice(1);

/// TCP passes again after this; whatever was sent meanwhile is lost, and the server's side of the old connection stays half open.
const STOPPED_FOR: Duration = Duration::from_millis(300);
/// From one cut to the next, and as long before the first for comparison.
const BETWEEN: Duration = Duration::from_secs(3);

/// What one cut did.
struct Cut {
    back_after: Duration,
    gap_before: Duration,
    gap: Duration,
}

/// Cuts the socket of one site some times and sees how it comes back, and what it hears meanwhile.
async fn cut(app: &App, line: Line, mut site: Site) -> anyhow::Result<Vec<Cut>> {
    let id = site.participant()?.id;
    let mut cuts = Vec::new();
    for _ in 0..CUTS {
        let before = probe::now();
        site.stay(BETWEEN).await?;
        let at = probe::now();
        line.set("stop=tcp").await?;
        site.lose_socket();
        let (back, passing) = tokio::join!(site.come_back(app), async {
            tokio::time::sleep(STOPPED_FOR).await;
            line.set("stop=none").await
        });
        back?;
        passing?;
        let back_at = probe::now();
        site.stay(Duration::from_secs(1)).await?;
        assert_eq!(site.participant()?.id, id, "the same seat");
        let heard = site.peer.heard();
        cuts.push(Cut {
            back_after: back_at - at,
            gap_before: heard.longest_gap(HALL, before, at),
            gap: heard.longest_gap(HALL, at, probe::now()),
        });
    }
    Ok(cuts)
}

#[test]
fn a_cut_websocket_stops_no_sound_and_the_site_is_back_in_its_seat_within_two_seconds() -> anyhow::Result<()> {
    within(&[], |mut network| async move {
        let app = App::start_at(network.place()).await?;
        let mut hall = Site::join(&app, &[network.place().from], "chair", "Hội trường tỉnh", 0).await?;
        hall.participant()?.done(ClientMessage::SetMode { mode: Mode::Discussion }).await?;
        let speaking = hall.speak(HALL).await?;
        let mut lines = Vec::new();
        for kind in KINDS {
            for _ in 0..SITES_PER_KIND {
                lines.push((kind.round_trip, network.line(kind.line).await?));
            }
        }
        let joining = (1..).zip(lines).map(|(n, (kind, line))| {
            let app = &app;
            async move {
                let site = Site::join(app, &[line.address], "delegate", &format!("Xã {n}"), n).await?;
                anyhow::Ok((kind, line, site))
            }
        });
        let joined = try_join_all(joining).await?;
        let before = intervals(&app).await?;
        let cutting = joined.into_iter().map(|(kind, line, site)| {
            let app = &app;
            async move { anyhow::Ok((kind, cut(app, line, site).await?)) }
        });
        let cuts = tokio::select! {
            cuts = try_join_all(cutting) => cuts?,
            gone = hall.stay(Duration::from_secs(120)) => anyhow::bail!("the hall should have stayed: {gone:?}"),
        };
        for Kind { round_trip, back_within, .. } in KINDS {
            let of_kind = || cuts.iter().filter(|(kind, _)| *kind == round_trip).flat_map(|(_, cuts)| cuts);
            // TLS, which the test leaves to a proxy, takes one round trip more.
            let mut back: Vec<Duration> = of_kind().map(|cut| cut.back_after + round_trip).collect();
            back.sort_unstable();
            let p95 = percentile(&back, 0.95).unwrap_or_default();
            let line = format!("round trip {}, {} cuts", ms(round_trip), back.len());
            figure(&format!("back in the seat, p95 ({line})"), ms(p95), &ms(back_within));
            assert!(p95 <= back_within, "{back:?}");
            let usual = of_kind().map(|cut| cut.gap_before).max().unwrap_or_default();
            let excess = of_kind().map(|cut| cut.gap.saturating_sub(cut.gap_before)).max().unwrap_or_default();
            let what = format!("longest silence over the usual {} ({line})", ms(usual));
            figure(&what, ms(excess), &ms(SILENCE_MAX));
            assert!(excess <= SILENCE_MAX, "a cut WebSocket is heard");
        }
        assert_eq!(intervals(&app).await?, before, "nobody was away");
        drop(speaking);
        Ok(())
    })
}
