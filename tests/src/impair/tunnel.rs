//! The shell around [`Impaired`]: two TUN devices and the clock.

use std::io;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tun_rs::{AsyncDevice, DeviceBuilder};

use super::Way;
use super::change::Change;
use super::forward::{Counts, Impaired};

/// A TUN device has an MTU of 1,500, and with segmentation offload off the kernel cuts everything to it.
const PACKET_MAX: usize = 2_048;

/// Packets read from one end before timers and orders have their turn.
const BATCH: usize = 64;

/// Both ends of a line; each is a network interface that may be moved to a namespace of its own.
pub struct Tunnel {
    site: AsyncDevice,
    bridge: AsyncDevice,
}

/// What the forwarding can be told while it runs.
pub enum Order {
    /// Answered when it holds.
    Change(Change, oneshot::Sender<()>),
    /// Up and down.
    Count(oneshot::Sender<[Counts; 2]>),
}

impl Tunnel {
    /// Makes two devices of these names in the namespace of the process.
    pub fn open(site: &str, bridge: &str) -> io::Result<Self> {
        let device = |name: &str| DeviceBuilder::new().name(name).mtu(1_500).build_async();
        Ok(Self { site: device(site)?, bridge: device(bridge)? })
    }

    /// Forwards until nobody can give orders any more.
    pub async fn run(self, mut impaired: Impaired, mut orders: mpsc::Receiver<Order>) -> io::Result<()> {
        let started = Instant::now();
        let (mut from_site, mut from_bridge) = ([0; PACKET_MAX], [0; PACKET_MAX]);
        loop {
            let due = impaired.poll_timeout().map(|at| started + at);
            tokio::select! {
                order = orders.recv() => match order {
                    // Who gave the order may not care for the answer.
                    Some(Order::Change(change, done)) => {
                        impaired.handle_change(started.elapsed(), &change);
                        let _ = done.send(());
                    }
                    Some(Order::Count(told)) => {
                        let _ = told.send([impaired.counts(Way::Up), impaired.counts(Way::Down)]);
                    }
                    None => return Ok(()),
                },
                read = self.site.recv(&mut from_site) => {
                    take(&self.site, &mut from_site, read?, Way::Up, started, &mut impaired)?;
                }
                read = self.bridge.recv(&mut from_bridge) => {
                    take(&self.bridge, &mut from_bridge, read?, Way::Down, started, &mut impaired)?;
                }
                () = until(due) => {}
            }
            while let Some((way, packet)) = impaired.poll_output(started.elapsed()) {
                let end = match way {
                    Way::Up => &self.bridge,
                    Way::Down => &self.site,
                };
                deliver(end, &packet).await?;
            }
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

/// Takes what was read, and what else is there.
fn take(
    end: &AsyncDevice,
    buffer: &mut [u8],
    first: usize,
    way: Way,
    started: Instant,
    impaired: &mut Impaired,
) -> io::Result<()> {
    let mut read: io::Result<usize> = Ok(first);
    for _ in 0..BATCH {
        let length = match read {
            Ok(length) => length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        impaired.handle_packet(started.elapsed(), way, buffer.get(..length).unwrap_or_default());
        read = end.try_recv(buffer);
    }
    // The last of them is in hand.
    match read {
        Ok(length) => impaired.handle_packet(started.elapsed(), way, buffer.get(..length).unwrap_or_default()),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

async fn deliver(end: &AsyncDevice, packet: &[u8]) -> io::Result<()> {
    /// What the kernel answers for an interface that is down, and for a packet that its stack refuses.
    const DOWN: i32 = 5;
    const REFUSED: i32 = 22;
    match end.send(packet).await {
        Ok(_) => Ok(()),
        // A packet to an interface that is down is lost, as on any line.
        Err(error) if matches!(error.raw_os_error(), Some(DOWN | REFUSED)) => Ok(()),
        Err(error) => Err(error),
    }
}
