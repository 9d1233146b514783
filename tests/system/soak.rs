//! Coming and going for a long time: whatever a guest brought with him is gone when he is. Five minutes in a run of all
//! tests, half an hour with `make soak`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::Context;
use signaling::wire::ClientMessage;
use tests::app::App;
use tests::eventually;
use tests::participant::Participant;
use tests::peer::{Peer, Wanted};

const WHIP: &str = "/api/v1/sessions/demo/whip";
const WHEP: &str = "/api/v1/sessions/demo/whep";

/// Guests at the same time.
const GUESTS: usize = 6;

/// Allocators and pools take what they need once; growth is counted from here on.
const WARM_UP_SHARE: f64 = 0.4;

/// Of one minute, after the warm-up. A leak of one kilobyte a guest is more.
const GROWTH_KIB_PER_MINUTE_MAX: f64 = 512.0;

fn duration() -> Duration {
    let seconds = std::env::var("SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(300);
    Duration::from_secs(seconds)
}

/// What the process holds at a moment of rest.
#[derive(Clone, PartialEq, Debug)]
struct Holding {
    descriptors: usize,
    threads: usize,
    census: BTreeMap<String, u64>,
}

async fn holding(app: &App) -> anyhow::Result<Holding> {
    let process = PathBuf::from(format!("/proc/{}", app.pid()));
    let metrics = app.visitor()?.raw("/metrics").await?.text().await?;
    let census = metrics
        .lines()
        .filter(|line| line.starts_with("sfu_census") || line.starts_with("nhipcau_meetings_running"))
        .filter_map(|line| line.rsplit_once(' '))
        .filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?)))
        .collect();
    Ok(Holding {
        descriptors: std::fs::read_dir(process.join("fd"))?.count(),
        threads: std::fs::read_dir(process.join("task"))?.count(),
        census,
    })
}

fn resident_kib(app: &App) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", app.pid()))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("Linux tells it")?;
    Ok(line.trim().trim_end_matches(" kB").trim().parse()?)
}

/// The same guest comes and goes until the time is up, by each of the three doors in turn; says how often he came.
async fn guest(app: &App, place: usize, until: Instant) -> anyhow::Result<usize> {
    let token = app.token("delegate", &format!("Khách {place}")).await?;
    let mut came = 0;
    while Instant::now() < until {
        match (came + place) % 3 {
            0 => {
                let (peer, resource) = enter(app, WHIP, &token, SENDING).await?;
                let sending = peer.publish(300.0 + 40.0 * place as f32);
                stay(&peer, until).await;
                drop(sending);
                leave(app, &token, &resource, &peer).await?;
            }
            1 => {
                let (peer, resource) = enter(app, WHEP, &token, WATCHING).await?;
                stay(&peer, until).await;
                leave(app, &token, &resource, &peer).await?;
            }
            _ => {
                let mut participant = Participant::join(app, &token).await?;
                participant.done(ClientMessage::Leave {}).await?;
            }
        }
        came += 1;
    }
    Ok(came)
}

const SENDING: Wanted = Wanted { publish: true, audio_slots: 0, video_slots: 0 };
const WATCHING: Wanted = Wanted { publish: false, audio_slots: 3, video_slots: 4 };

async fn enter(app: &App, door: &str, token: &str, wanted: Wanted) -> anyhow::Result<(Peer, String)> {
    let (peer, offer) = Peer::offer(wanted).await?;
    let answer = app.visitor()?.post_sdp(door, token, offer).await?;
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (status, text) = (answer.status(), answer.text().await?);
    anyhow::ensure!(status == 201, "{door}: {status} {text}");
    peer.accept(text).await?;
    Ok((peer, location.context("201 comes with a Location")?))
}

/// Media flows for a moment. A meeting is a matter of time: this is its length, no waiting for something to have happened.
async fn stay(peer: &Peer, until: Instant) {
    peer.connected().await;
    let moment = Duration::from_secs(2).min(until.saturating_duration_since(Instant::now()));
    tokio::time::sleep(moment).await;
}

async fn leave(app: &App, token: &str, resource: &str, peer: &Peer) -> anyhow::Result<()> {
    let status = app.visitor()?.delete(resource, token).await?;
    anyhow::ensure!((200..300).contains(&status), "leaving was answered {status}");
    peer.close().await
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_come_and_go_for_a_long_time_and_leave_nothing_behind() -> anyhow::Result<()> {
    let app = App::start().await?;
    // Everybody was here once: the roster knows them, and the allocator has what it needs.
    let all = |until: Instant| {
        let app = &app;
        futures_util::future::try_join_all((0..GUESTS).map(move |place| guest(app, place, until)))
    };
    all(Instant::now() + Duration::from_secs(10)).await?;
    let before = rested(&app).await;

    let (begun, whole) = (Instant::now(), duration());
    let warm = begun + whole.mul_f64(WARM_UP_SHARE);
    let mut came: usize = all(warm).await?.iter().sum();
    let warm_kib = resident_kib(&app)?;
    let measured = Instant::now();
    came += all(begun + whole).await?.iter().sum::<usize>();
    let minutes = measured.elapsed().as_secs_f64() / 60.0;
    let growth = (resident_kib(&app)? - warm_kib) / minutes;
    println!("{came} visits; resident memory grew by {growth:.0} KiB a minute from {warm_kib:.0} KiB");

    eventually("everything is as it was", Duration::from_secs(60), || async {
        (holding(&app).await.ok()? == before).then_some(())
    })
    .await;
    assert!(came >= GUESTS * 3, "each came by each door");
    assert!(growth <= GROWTH_KIB_PER_MINUTE_MAX, "memory grows by {growth:.0} KiB a minute");
    assert!(!app.log().contains("panicked"), "{}", app.log());
    Ok(())
}

/// What is held when nobody is there: the census shows no peers, and two looks in a row see the same.
async fn rested(app: &App) -> Holding {
    eventually("everybody is gone", Duration::from_secs(60), || async {
        let first = holding(app).await.ok()?;
        let nobody = first.census.iter().all(|(name, count)| !name.contains("peers") || *count == 0);
        let second = holding(app).await.ok()?;
        (nobody && first == second).then_some(second)
    })
    .await
}
