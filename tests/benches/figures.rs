//! The figures of the README, from one run of the release binary on this machine: its size, how soon it serves, what ten sites cost it in
//! memory, and how much later a packet arrives through it than directly.
//!
//! The delay is a difference: the same two clients (the `webrtc` crate, in this process) once with the bridge between them and once
//! without, on the loopback.

use std::net::{TcpListener, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use tests::app::{App, binary};
use tests::eventually;
use tests::peer::{Peer, Publishing, Wanted};

const SITES: usize = 10;
const MEASURED_FOR: Duration = Duration::from_secs(10);
const NOTHING: Wanted = Wanted { publish: false, audio_slots: 0, video_slots: 0 };

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // `cargo test --benches` asks for a list, and has nothing to measure.
    if std::env::args().any(|argument| argument == "--list") {
        return Ok(());
    }
    let size = std::fs::metadata(binary())?.len();
    println!("release binary                      {:.1} MiB", size as f64 / 1_048_576.0);
    let data = tempfile::tempdir()?;
    let first = start_up(data.path()).await?;
    let mut again = Vec::new();
    for _ in 0..5 {
        again.push(start_up(data.path()).await?);
    }
    again.sort_unstable();
    println!("first start, demo province made     {} ms", first.as_millis());
    println!("later starts until it serves, p50   {} ms", again[again.len() / 2].as_millis());
    let direct = direct().await?;
    ten_sites(&direct).await
}

/// From the start of the process to the first answer.
async fn start_up(data: &std::path::Path) -> anyhow::Result<Duration> {
    let http = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let media = UdpSocket::bind("127.0.0.1:0")?.local_addr()?;
    let client = reqwest::Client::new();
    let begun = Instant::now();
    let mut serving = Serving(
        Command::new(binary())
            .args(["serve", "--demo", "--http", &http.to_string(), "--media-udp", &media.to_string(), "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?,
    );
    loop {
        let answer = client.get(format!("http://{http}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status().is_success()) {
            return Ok(begun.elapsed());
        }
        anyhow::ensure!(serving.0.try_wait()?.is_none(), "the server ended at start");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        // Already ended is fine.
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// Sorted delays of the packets from one client to another, with nothing between them.
async fn direct() -> anyhow::Result<Vec<u64>> {
    let (publisher, offer) = Peer::offer(Wanted { publish: true, ..NOTHING }).await?;
    let (viewer, answer) = Peer::answer(offer).await?;
    publisher.accept(answer).await?;
    viewer.connected().await;
    let _sending = publisher.publish(440.0);
    delays(&viewer).await
}

async fn ten_sites(direct: &[u64]) -> anyhow::Result<()> {
    let app = App::start().await?;
    let empty = resident_kib(app.pid())?;
    let mut sites = Vec::with_capacity(SITES);
    for site in 0..SITES {
        sites.push(join(&app, site).await?);
    }
    let mut through = Vec::new();
    for site in &sites {
        through.extend(delays_after_settling(&site.viewer).await?);
        if through.len() > 4 * direct.len() {
            break;
        }
    }
    through.sort_unstable();
    let full = resident_kib(app.pid())?;
    println!("resident memory, nobody there       {:.1} MiB", empty as f64 / 1_024.0);
    println!(
        "resident memory, {SITES} sites           {:.1} MiB (each publishes sound and picture, receives 3 + 9 slots)",
        full as f64 / 1_024.0
    );
    let (near, far) = (quantile(direct, 0.5)?, quantile(&through, 0.5)?);
    println!("added delay p50                     {:.2} ms", (far as f64 - near as f64) / 1_000.0);
    // The tails are the clients' own: both run in this process, beside the bridge.
    println!("  through the bridge p50, p99       {far} us, {} us", quantile(&through, 0.99)?);
    println!("  directly p50, p99                 {near} us, {} us", quantile(direct, 0.99)?);
    Ok(())
}

struct Site {
    viewer: Peer,
    _publisher: Peer,
    _sending: Publishing,
}

async fn join(app: &App, number: usize) -> anyhow::Result<Site> {
    let name = format!("Điểm cầu {number}");
    let role = if number == 0 { "chair" } else { "delegate" };
    let publisher = enter(app, "whip", role, &name, Wanted { publish: true, ..NOTHING }).await?;
    let sending = publisher.publish(300.0 + 20.0 * number as f32);
    let slots = Wanted { publish: false, audio_slots: 3, video_slots: 9 };
    let viewer = enter(app, "whep", "delegate", &format!("{name}, màn hình"), slots).await?;
    Ok(Site { viewer, _publisher: publisher, _sending: sending })
}

async fn enter(app: &App, way: &str, role: &str, name: &str, wanted: Wanted) -> anyhow::Result<Peer> {
    let token = app.token(role, name).await?;
    let (peer, offer) = Peer::offer(wanted).await?;
    let answer = app.visitor()?.post_sdp(&format!("/api/v1/sessions/demo/{way}"), &token, offer).await?;
    let status = answer.status();
    let text = answer.text().await?;
    anyhow::ensure!(status == 201, "{way}: {status} {text}");
    peer.accept(text).await?;
    Ok(peer)
}

async fn delays(viewer: &Peer) -> anyhow::Result<Vec<u64>> {
    eventually("pictures arrive", Duration::from_secs(20), || {
        let arrived = viewer.received.delays_us.lock().map(|delays| delays.len() > 50).unwrap_or_default();
        async move { arrived.then_some(()) }
    })
    .await;
    delays_after_settling(viewer).await
}

/// Of the packets of the next seconds.
async fn delays_after_settling(viewer: &Peer) -> anyhow::Result<Vec<u64>> {
    let taken = || viewer.received.delays_us.lock().map(|mut delays| std::mem::take(&mut *delays));
    // What came while the others joined says nothing of the running meeting.
    taken().map_err(|_| anyhow::anyhow!("the reader panicked"))?;
    tokio::time::sleep(MEASURED_FOR).await;
    let mut delays = taken().map_err(|_| anyhow::anyhow!("the reader panicked"))?;
    delays.sort_unstable();
    Ok(delays)
}

fn quantile(sorted: &[u64], share: f64) -> anyhow::Result<u64> {
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().context("no packet arrived")
}

fn resident_kib(pid: u32) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("the kernel tells VmRSS")?;
    line.split_whitespace().next().context("a number")?.parse().context("a number")
}
