//! What forwarding costs, beside what the machine's own limits are, in one run: `cargo bench -p sfu --bench forward`.
//!
//! `-- --json` prints one object for programs. `-- --gate` is a test: it ends with 1 when a ratio of the targets is missed by more than a
//! quarter. Ratios are of the same run, so they hold on any machine; nanoseconds do not.
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

mod client;
mod clip;
mod province;
mod raw;

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use province::{Cost, Media, Outlet, Province};
use sfu::engine::Engine;
use sfu::net::socket::{Socket, bind};

const LISTENERS: [usize; 4] = [1, 100, 300, 1_000];

/// Seconds of virtual time: estimates settle, buffers grow to what they need.
const WARM_UP: u64 = 4;

/// Nothing is sent.
struct Nowhere;

impl Outlet for Nowhere {
    fn take(&mut self, engine: &mut Engine) -> (u64, Duration) {
        let messages = engine.transmits(64).count() as u64;
        engine.clear_transmits();
        (messages, Duration::ZERO)
    }
}

/// The product's own way out, to sockets that nobody reads.
struct Port {
    socket: Socket,
    runtime: tokio::runtime::Runtime,
}

impl Port {
    fn open() -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let socket = {
            let _inside = runtime.enter();
            Socket::on_this_runtime(bind((Ipv4Addr::LOCALHOST, 0).into())?)?
        };
        Ok(Self { socket, runtime })
    }
}

impl Outlet for Port {
    fn take(&mut self, engine: &mut Engine) -> (u64, Duration) {
        let segments = self.socket.segments_max();
        let messages = engine.transmits(segments).count() as u64;
        let begun = Instant::now();
        let lost = self.runtime.block_on(self.socket.send_all(engine.transmits(segments)));
        engine.clear_transmits();
        let spent = begun.elapsed();
        assert_eq!(lost, 0, "the loopback takes everything");
        (messages, spent)
    }
}

/// One line of the table, in nanoseconds for each forwarded packet.
struct Line {
    media: Media,
    listeners: usize,
    user: f64,
    feedback: f64,
    whole: f64,
    datagrams_per_message: f64,
    allocations: f64,
    bytes_per_listener: f64,
    /// Sealing and raw sending to as many.
    limit: f64,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let asked = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if asked("--list") {
        return Ok(());
    }
    let limits = Limits::measure(300)?;
    let mut lines = Vec::new();
    for media in [Media::Audio, Media::Video] {
        for listeners in LISTENERS {
            lines.push(line(media, listeners)?);
        }
    }
    let inbound = inbound()?;
    if asked("--json") {
        print_json(&limits, &lines, inbound);
    } else {
        print_table(&limits, &lines, inbound);
    }
    if asked("--gate") {
        gate(&limits, &lines)?;
    }
    Ok(())
}

/// What nobody can do without.
struct Limits {
    seal: f64,
    sendto: f64,
    sendmmsg: f64,
    segmented: [(usize, f64); 3],
}

impl Limits {
    fn measure(listeners: usize) -> anyhow::Result<Self> {
        let sinks = raw::Sinks::open(listeners)?;
        let raw = raw::RawSend::new(&sinks)?;
        Ok(Self {
            seal: raw::seal(),
            sendto: raw.sendto(),
            sendmmsg: raw.sendmmsg(),
            segmented: [2, 4, 8].map(|segments| (segments, raw.gso(segments))),
        })
    }

    /// Sealing and raw sending where so many datagrams share a message: between the two measured neighbours.
    fn for_runs_of(&self, datagrams: f64) -> f64 {
        let points = [(1.0, self.sendmmsg)].into_iter().chain(self.segmented.iter().map(|&(n, ns)| (n as f64, ns)));
        let points: Vec<(f64, f64)> = points.collect();
        let raw = points.windows(2).find(|pair| datagrams <= pair[1].0).map_or(self.segmented[2].1, |pair| {
            let ((from, high), (to, low)) = (pair[0], pair[1]);
            high + (low - high) * (datagrams - from) / (to - from)
        });
        self.seal + raw
    }
}

fn line(media: Media, listeners: usize) -> anyhow::Result<Line> {
    let sinks = raw::Sinks::open(listeners + 1)?;
    let seconds = if listeners >= 1_000 { 2 } else { 4 };
    let mut province = None;
    let addresses = sinks.addresses();
    let (speaker, others) = addresses.split_first().expect("there is one more than listeners");
    let memory = allocation_counter::measure(|| province = Some(Province::new(*speaker, others)));
    let mut province = province.expect("it was just made")?;
    let grown = allocation_counter::measure(|| {
        province.play(media, WARM_UP, &mut Nowhere).expect("it plays");
    });
    let user = province.play(media, seconds, &mut Nowhere)?;
    let mut port = Port::open()?;
    let whole = province.play(media, seconds, &mut port)?;
    let datagrams_per_message = whole.forwarded as f64 / whole.messages.max(1) as f64;
    drop(port);
    drop(sinks);
    let per = |cost: &Cost, time: Duration| time.as_nanos() as f64 / cost.forwarded.max(1) as f64;
    Ok(Line {
        media,
        listeners,
        user: per(&user, user.user),
        feedback: per(&user, user.feedback),
        whole: per(&whole, whole.user + whole.kernel),
        datagrams_per_message,
        limit: Limits::measure(listeners)?.for_runs_of(datagrams_per_message),
        allocations: user.allocations as f64 / user.forwarded.max(1) as f64,
        bytes_per_listener: (memory.bytes_current + grown.bytes_current) as f64 / listeners as f64,
    })
}

/// Nanoseconds to take in one packet of a speaker nobody listens to.
fn inbound() -> anyhow::Result<f64> {
    let mut province = Province::new(([127, 0, 0, 1], 9).into(), &[])?;
    province.play(Media::Video, 1, &mut Nowhere)?;
    let cost = province.play(Media::Video, 10, &mut Nowhere)?;
    Ok(cost.user.as_nanos() as f64 / cost.received.max(1) as f64)
}

fn print_table(limits: &Limits, lines: &[Line], inbound: f64) {
    println!("ns for a packet of {} bytes: sealing {:.0}", raw::DATAGRAM, limits.seal);
    print!("raw sending: sendto {:.0}, sendmmsg {:.0}", limits.sendto, limits.sendmmsg);
    for (segments, ns) in limits.segmented {
        print!(", GSO x{segments} {ns:.0}");
    }
    println!("\ntaking in one packet, decryption included: {inbound:.0}\n");
    println!(
        "media  listeners  user space  of it feedback  whole  limit  whole/limit  user/seal  in a message  allocations  bytes each"
    );
    for line in lines {
        println!(
            "{:5}  {:9}  {:10.0}  {:14.0}  {:5.0}  {:5.0}  {:11.2}  {:9.2}  {:12.1}  {:11.4}  {:10.0}",
            name(line.media),
            line.listeners,
            line.user,
            line.feedback,
            line.whole,
            line.limit,
            line.whole / line.limit,
            line.user / limits.seal,
            line.datagrams_per_message,
            line.allocations,
            line.bytes_per_listener,
        );
    }
}

fn print_json(limits: &Limits, lines: &[Line], inbound: f64) {
    let line = |line: &Line| {
        format!(
            r#"{{"media":"{}","listeners":{},"user_ns":{:.1},"feedback_ns":{:.1},"whole_ns":{:.1},"limit_ns":{:.1},"datagrams_per_message":{:.2},"allocations":{:.4},"bytes_per_listener":{:.0}}}"#,
            name(line.media),
            line.listeners,
            line.user,
            line.feedback,
            line.whole,
            line.limit,
            line.datagrams_per_message,
            line.allocations,
            line.bytes_per_listener
        )
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    let [(_, two), (_, four), (_, eight)] = limits.segmented;
    println!(
        r#"{{"seal_ns":{:.1},"sendto_ns":{:.1},"sendmmsg_ns":{:.1},"gso2_ns":{two:.1},"gso4_ns":{four:.1},"gso8_ns":{eight:.1},"inbound_ns":{inbound:.1},"lines":[{}]}}"#,
        limits.seal,
        limits.sendto,
        limits.sendmmsg,
        lines.join(",")
    );
}

fn name(media: Media) -> &'static str {
    match media {
        Media::Audio => "audio",
        Media::Video => "video",
    }
}

/// A quarter more than the target is a change in the code, not in the weather.
const SLACK: f64 = 1.25;
const USER_TO_SEAL_MAX: f64 = 2.2;
const WHOLE_TO_LIMIT_MAX: f64 = 1.5;

fn gate(limits: &Limits, lines: &[Line]) -> anyhow::Result<()> {
    let of = |listeners: usize| lines.iter().find(|line| line.media == Media::Video && line.listeners == listeners);
    let Some(line) = of(300) else { anyhow::bail!("the line of 300 listeners is missing") };
    let user = line.user / limits.seal;
    let whole = line.whole / line.limit;
    anyhow::ensure!(line.allocations == 0.0, "{} allocations a forwarded packet; the target is none", line.allocations);
    anyhow::ensure!(
        user <= USER_TO_SEAL_MAX * SLACK,
        "user space is {user:.2} of a seal; the target is {USER_TO_SEAL_MAX}"
    );
    anyhow::ensure!(
        whole <= WHOLE_TO_LIMIT_MAX * SLACK,
        "the whole is {whole:.2} of the limit; the target is {WHOLE_TO_LIMIT_MAX}"
    );
    println!("the ratios hold: user space {user:.2} of a seal, the whole {whole:.2} of the limit");
    Ok(())
}
