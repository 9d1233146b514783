//! Attacks on the media path of a meeting that is running. Each is bounded in packets and time, and in each the meeting is asked the
//! same afterwards: did anybody lose pictures or his connection, does the server answer, was what it refused counted, and did the log
//! stay quiet.

mod credentials;
mod eavesdrop;
mod flood;
mod forged;
mod receiver;
mod sender;
mod stranger;

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tests::app::App;
use tests::eventually;
use tests::peer::{Peer, Publishing, Wanted};

pub(super) const WHIP: &str = "/api/v1/sessions/demo/whip";
pub(super) const WHEP: &str = "/api/v1/sessions/demo/whep";

/// For media to flow on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pictures that each viewer has to get after the attack: the meeting goes on.
const GOES_ON: u64 = 50;

/// Of the packets each viewer got during the attack, one in so many may be missing.
const ONE_LOST_IN: u64 = 1_000;

/// Somebody publishes, others watch. They are clients that we did not write.
pub(super) struct Meeting {
    pub(super) app: App,
    pub(super) publisher: Peer,
    _sending: Publishing,
    viewers: Vec<Peer>,
}

/// What everybody had received at a moment, and the length of the log.
pub(super) struct Before {
    packets: Vec<u64>,
    gaps: Vec<u64>,
    lines: usize,
    at: Instant,
}

async fn connected(app: &App, path: &str, token: &str, wanted: Wanted) -> anyhow::Result<Peer> {
    let (peer, offer) = Peer::offer(wanted).await?;
    let answer = app.visitor()?.post_sdp(path, token, offer).await?;
    let (status, text) = (answer.status(), answer.text().await?);
    anyhow::ensure!(status == 201, "{path}: {status} {text}");
    peer.accept(text).await?;
    Ok(peer)
}

/// A viewer in a picture and a sound.
pub(super) async fn viewer(app: &App, token: &str, name: usize) -> anyhow::Result<Peer> {
    let wanted = Wanted { publish: false, audio_slots: 1, video_slots: 1 };
    connected(app, &format!("{WHEP}?as=viewer-{name}"), token, wanted).await
}

impl Meeting {
    pub(super) async fn of(viewers: usize) -> anyhow::Result<Self> {
        let app = App::start().await?;
        let chair = app.token("chair", "Điểm cầu trung tâm").await?;
        let wanted = Wanted { publish: true, audio_slots: 0, video_slots: 0 };
        let publisher = connected(&app, WHIP, &chair, wanted).await?;
        let sending = publisher.publish(440.0);
        let pool = app.pool_token(1_000).await?;
        let mut watching = Vec::new();
        for name in 0..viewers {
            watching.push(viewer(&app, &pool, name).await?);
        }
        let meeting = Self { app, publisher, _sending: sending, viewers: watching };
        meeting.everybody_gets(GOES_ON).await;
        Ok(meeting)
    }

    fn packets(&self) -> Vec<u64> {
        self.viewers.iter().map(|viewer| viewer.received.video_packets.load(Ordering::Relaxed)).collect()
    }

    fn gaps(&self) -> Vec<u64> {
        self.viewers.iter().map(|viewer| viewer.received.video_gaps.load(Ordering::Relaxed)).collect()
    }

    /// Waits until each viewer has got so many packets more.
    async fn everybody_gets(&self, more: u64) {
        let before = self.packets();
        eventually("pictures arrive", PATIENCE, || {
            let all = self.packets().iter().zip(&before).all(|(now, before)| *now >= before + more);
            async move { all.then_some(()) }
        })
        .await;
    }

    pub(super) fn before(&self) -> Before {
        let lines = self.app.log().lines().count();
        Before { packets: self.packets(), gaps: self.gaps(), lines, at: Instant::now() }
    }

    /// The attack had no effect on anybody.
    pub(super) async fn is_unharmed_since(&self, before: &Before) -> anyhow::Result<()> {
        let lasted = before.at.elapsed();
        self.everybody_gets(GOES_ON).await;
        for (at, viewer) in self.viewers.iter().enumerate() {
            assert!(viewer.is_connected(), "viewer {at} was disconnected");
        }
        assert!(self.publisher.is_connected(), "the publisher was disconnected");
        let (packets, gaps) = (self.packets(), self.gaps());
        for at in 0..self.viewers.len() {
            let (got, lost) = (packets[at] - before.packets[at], gaps[at] - before.gaps[at]);
            assert!(lost <= got / ONE_LOST_IN, "viewer {at} lost {lost} of {got}");
        }
        assert_eq!(self.app.visitor()?.raw("/healthz").await?.status(), 200);
        self.log_stayed_quiet(before, lasted);
        Ok(())
    }

    /// A line a second, and what is said at once by each of the few places that say something.
    fn log_stayed_quiet(&self, before: &Before, lasted: Duration) {
        let log = self.app.log();
        let new: Vec<&str> = log.lines().skip(before.lines).collect();
        let allowed = 12 + lasted.as_secs() as usize;
        assert!(new.len() <= allowed, "{} lines in {lasted:?}:\n{}", new.len(), new.join("\n"));
        let panicked: Vec<&&str> = new.iter().filter(|line| line.contains("panicked")).collect();
        assert!(panicked.is_empty(), "{panicked:?}");
    }

    /// Waits until at least so many datagrams were dropped for a reason; `None` is for any.
    pub(super) async fn has_counted(&self, kind: Option<&str>, at_least: f64) {
        let what = format!("{at_least} drops of {}", kind.unwrap_or("any kind"));
        eventually(&what, Duration::from_secs(15), || async {
            self.app.dropped(kind).await.ok().filter(|dropped| *dropped >= at_least).map(drop)
        })
        .await;
    }
}
