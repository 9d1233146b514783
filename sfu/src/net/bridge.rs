//! The media bridge as the rest of the program sees it: a handle to one thread.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use rand::RngExt;
use tokio::sync::{mpsc, oneshot};

use super::address::{candidates, tcp_candidates};
use super::socket::{Socket, bind};
use super::tap::TapSender;
use super::tcp::{self, TcpPort};
use super::worker::{Order, Outlets, Ports, PublishedDrops, Worker};
use crate::command::{Command, CommandRefused, Reply};
use crate::engine::{Census, Drops, Engine, EngineConfig};
use crate::fact::Fact;
use crate::id::RoomId;
use crate::transport::certificate::{Certificate, NoCertificate};
use crate::transport::{Candidate, DtlsUnusable};

/// Orders waiting for the thread, which takes them within a millisecond; whoever finds it full waits.
const ORDERS_MAX: usize = 256;

/// Facts waiting for their reader: some seconds of a thousand peers'. What does not fit waits in the engine.
const FACTS_MAX: usize = 4096;

/// What happened, in order. It must be read for as long as the bridge runs.
pub type FactReceiver = mpsc::Receiver<Fact>;

pub struct BridgeConfig {
    /// The one port for everybody.
    pub udp: SocketAddr,
    /// The one for those whose line lets no UDP through. `None`: they stay outside.
    pub tcp: Option<SocketAddr>,
    /// The addresses peers reach both at. Empty: those this machine would answer with.
    pub public_ips: Vec<IpAddr>,
}

#[derive(Debug, thiserror::Error)]
pub enum BridgeStartError {
    #[error("the media port {address} cannot be opened: {source}")]
    Port { address: SocketAddr, source: io::Error },
    #[error("the media port {address} cannot be opened for TCP: {source}")]
    TcpPort { address: SocketAddr, source: io::Error },
    #[error("the media thread cannot be started: {0}")]
    Thread(#[source] io::Error),
    #[error(transparent)]
    Certificate(#[from] NoCertificate),
    #[error(transparent)]
    Dtls(#[from] DtlsUnusable),
}

/// A running bridge. Clones give orders to the same one; it ends when it is told to, or with its last handle.
#[derive(Clone)]
pub struct Bridge {
    orders: mpsc::Sender<Order>,
    drops: Arc<PublishedDrops>,
    local_addr: SocketAddr,
    candidates: Vec<Candidate>,
}

impl Bridge {
    pub fn start(config: BridgeConfig) -> Result<(Self, FactReceiver), BridgeStartError> {
        let BridgeConfig { udp, tcp, public_ips } = config;
        let port = bind(udp).map_err(|source| BridgeStartError::Port { address: udp, source })?;
        let local_addr = port.local_addr().map_err(|source| BridgeStartError::Port { address: udp, source })?;
        let listener = tcp.map(open_tcp).transpose()?;
        let mut candidates = candidates(local_addr, &public_ips);
        if let Some((_, bound)) = &listener {
            candidates.extend(tcp_candidates(*bound, &public_ips));
        }
        let engine = Engine::new(EngineConfig {
            candidates: candidates.clone(),
            certificate: Certificate::generate()?,
            seed: rand::rng().random(),
        })?;
        let (orders, orders_rx) = mpsc::channel(ORDERS_MAX);
        let (facts_tx, facts) = mpsc::channel(FACTS_MAX);
        let drops = Arc::new(PublishedDrops::new());
        let outlets = Outlets { facts: facts_tx, drops: Arc::clone(&drops) };
        let listener = listener.map(|(listener, _)| listener);
        start_thread(port, listener, move |ports| Worker::new(engine, ports, orders_rx, outlets))
            .map_err(BridgeStartError::Thread)?;
        tracing::info!(%local_addr, ?candidates, "the media bridge is open");
        Ok((Self { orders, drops, local_addr, candidates }, facts))
    }

    /// Carries out a command. [`CommandRefused::Stopped`] also when carrying it out ended the peer or room it was about.
    pub async fn command(&self, command: Command) -> Result<Reply, CommandRefused> {
        let (reply, outcome) = oneshot::channel();
        self.orders.send(Order::Command(Box::new(command), reply)).await.map_err(|_| CommandRefused::Stopped)?;
        outcome.await.unwrap_or(Err(CommandRefused::Stopped))
    }

    /// From now on the room's programme goes to `tap`, in place of any tap before.
    pub async fn start_tap(&self, room: RoomId, tap: TapSender) -> Result<(), CommandRefused> {
        let (reply, outcome) = oneshot::channel();
        self.orders.send(Order::StartTap(room, tap, reply)).await.map_err(|_| CommandRefused::Stopped)?;
        outcome.await.unwrap_or(Err(CommandRefused::Stopped)).map(drop)
    }

    /// The tap's last event is on its way when this returns.
    pub async fn stop_tap(&self, room: RoomId) -> Result<(), CommandRefused> {
        self.command(Command::StopTap { room }).await.map(drop)
    }

    /// Everything thrown away since the start, at most a fifth of a second old.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.drops.read()
    }

    /// How many there are of everything that comes and goes; none of anything after the bridge has stopped.
    pub async fn census(&self) -> Census {
        let (reply, census) = oneshot::channel();
        match self.orders.send(Order::Census(reply)).await {
            Ok(()) => census.await.unwrap_or_default(),
            Err(_) => Census::default(),
        }
    }

    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// What is offered to peers.
    #[must_use]
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// Tells every peer goodbye, ends every tap and closes the port. Done when it returns; doing it twice changes nothing.
    pub async fn shutdown(&self) {
        let (done, finished) = oneshot::channel();
        if self.orders.send(Order::Shutdown(done)).await.is_ok() {
            // An error means that the thread is gone, which was the wish.
            let _gone = finished.await;
        }
    }
}

fn open_tcp(address: SocketAddr) -> Result<(TcpListener, SocketAddr), BridgeStartError> {
    let opened = tcp::bind(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let (bound, listener) = opened.map_err(|source| BridgeStartError::TcpPort { address, source })?;
    Ok((listener, bound))
}

/// Both ports on the runtime of this thread.
fn ports(port: UdpSocket, listener: Option<TcpListener>) -> io::Result<Ports> {
    let tcp = listener.map(TcpPort::on_this_runtime).transpose()?;
    Ok(Ports { socket: Socket::on_this_runtime(port)?, tcp })
}

/// Starts the thread and returns when it runs. The runtime is made there, because the caller's own may not drop one.
fn start_thread(
    port: UdpSocket,
    listener: Option<TcpListener>,
    worker: impl FnOnce(Ports) -> Worker + Send + 'static,
) -> io::Result<()> {
    let (started, outcome) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new().name("media".into()).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            // The other end waits for exactly one message.
            Err(error) => return drop(started.send(Err(error))),
        };
        runtime.block_on(async move {
            match ports(port, listener) {
                Ok(ports) => {
                    drop(started.send(Ok(())));
                    worker(ports).run().await;
                }
                Err(error) => drop(started.send(Err(error))),
            }
        });
    })?;
    outcome.recv().unwrap_or_else(|_| Err(io::Error::other("the media thread ended at once")))
}
