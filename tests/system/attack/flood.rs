//! Datagrams at a steady pace from many addresses, and whatever comes back to them.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

const TICK: Duration = Duration::from_millis(10);

/// Another machine than that of the participants, as far as a loopback can tell.
pub(super) const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
/// The participants' own address; the ports are others.
pub(super) const NEXT_DOOR: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Report {
    pub(super) sent: u64,
    pub(super) answered_bytes: usize,
}

/// What is sent: the n-th datagram.
type Make = Box<dyn FnMut(u64) -> Vec<u8> + Send>;

pub(super) struct Flood {
    stop: Arc<AtomicBool>,
    task: JoinHandle<anyhow::Result<Report>>,
}

/// One socket for each of `ports` ports at each address.
pub(super) async fn sockets(at: &[IpAddr], ports: usize) -> anyhow::Result<Vec<UdpSocket>> {
    let mut sockets = Vec::new();
    for address in at.iter().cycle().take(at.len() * ports) {
        sockets.push(UdpSocket::bind((*address, 0)).await?);
    }
    Ok(sockets)
}

impl Flood {
    /// Sends `per_second` datagrams, round all sockets in turn, until `most` are out or it is stopped.
    pub(super) fn begin(
        sockets: Vec<UdpSocket>,
        to: SocketAddr,
        (per_second, most): (u64, u64),
        mut make: Make,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut report = Report::default();
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut place = [0; 2048];
            while report.sent < most && !stopped.load(Ordering::Relaxed) {
                ticks.tick().await;
                for _ in 0..(per_second / 100).max(1) {
                    let at = usize::try_from(report.sent)? % sockets.len();
                    sockets[at].send_to(&make(report.sent), to).await?;
                    report.sent += 1;
                }
                report.answered_bytes += received(&sockets, &mut place);
            }
            // An answer would need no longer than this on one machine.
            tokio::time::sleep(Duration::from_millis(300)).await;
            report.answered_bytes += received(&sockets, &mut place);
            Ok(report)
        });
        Self { stop, task }
    }

    pub(super) async fn stop(self) -> anyhow::Result<Report> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await?
    }

    /// Until everything is out.
    pub(super) async fn end(self) -> anyhow::Result<Report> {
        self.task.await?
    }
}

fn received(sockets: &[UdpSocket], place: &mut [u8]) -> usize {
    let mut bytes = 0;
    for socket in sockets {
        while let Ok(len) = socket.try_recv(place) {
            bytes += len.max(1);
        }
    }
    bytes
}

pub(super) fn media_port(app: &tests::app::App) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, app.media).into()
}

/// Always the same bytes for the same seed: a flood that found something can be repeated.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap_or(0)
    }

    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }
}
