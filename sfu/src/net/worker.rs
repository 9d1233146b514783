//! The thread that owns the engine and the sockets. It is the only one that touches any of them.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use super::socket::{Inbox, Socket};
use super::tap::{TapSender, Tapped};
use super::tcp::{Standing, TcpPort, Turn};
use crate::command::{Command, CommandRefused, Reply};
use crate::engine::{Census, Dropped, Drops, Engine};
use crate::fact::Fact;
use crate::id::RoomId;
use crate::tap::TapEvent;
use crate::transport::Via;

/// Readings of TCP connections, one from each in turn, before the others get theirs again.
const READS_AT_ONCE: usize = 16;

/// Batches read before orders, timers and sending get their turn again.
const BATCHES_AT_ONCE: usize = 8;

pub(super) enum Order {
    Command(Box<Command>, oneshot::Sender<Result<Reply, CommandRefused>>),
    StartTap(RoomId, TapSender, oneshot::Sender<Result<Reply, CommandRefused>>),
    Census(oneshot::Sender<Census>),
    /// Everybody is told goodbye; answered when that has been sent.
    Shutdown(oneshot::Sender<()>),
}

/// The engine's counters as seen from other threads.
pub(super) struct PublishedDrops(Vec<AtomicU64>);

impl PublishedDrops {
    pub(super) fn new() -> Self {
        Self(Dropped::ALL.iter().map(|_| AtomicU64::new(0)).collect())
    }

    fn publish(&self, drops: &Drops) {
        for (published, (_, count)) in self.0.iter().zip(drops.iter()) {
            published.store(count, Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self) -> Drops {
        let mut drops = Drops::default();
        for (&dropped, count) in Dropped::ALL.iter().zip(&self.0) {
            drops.add(dropped, count.load(Ordering::Relaxed));
        }
        drops
    }
}

/// Where the thread puts what others read.
pub(super) struct Outlets {
    pub(super) facts: mpsc::Sender<Fact>,
    pub(super) drops: Arc<PublishedDrops>,
}

/// What the thread listens on.
pub(super) struct Ports {
    pub(super) socket: Socket,
    pub(super) tcp: Option<TcpPort>,
}

async fn tcp_ready(tcp: Option<&TcpPort>) {
    match tcp {
        Some(tcp) => tcp.ready().await,
        None => std::future::pending().await,
    }
}

pub(super) struct Worker {
    engine: Engine,
    socket: Socket,
    /// Out of its place only while its datagrams are handled. Absent: no media by TCP.
    tcp: Option<Box<TcpPort>>,
    /// Out of its place only while its datagrams are handled.
    inbox: Option<Box<Inbox>>,
    orders: mpsc::Receiver<Order>,
    facts: mpsc::Sender<Fact>,
    taps: HashMap<RoomId, TapSender>,
    drops: Arc<PublishedDrops>,
}

impl Worker {
    pub(super) fn new(engine: Engine, ports: Ports, orders: mpsc::Receiver<Order>, outlets: Outlets) -> Self {
        let Outlets { facts, drops } = outlets;
        let Ports { socket, tcp } = ports;
        let (inbox, tcp) = (Some(Box::new(Inbox::new())), tcp.map(Box::new));
        Self { engine, socket, tcp, inbox, orders, facts, taps: HashMap::new(), drops }
    }

    /// Ends with [`Order::Shutdown`], or when nobody can give orders any more.
    pub(super) async fn run(mut self) {
        loop {
            let by_tcp = self.tcp.as_ref().and_then(|tcp| tcp.poll_timeout());
            let wake = self.engine.poll_timeout().into_iter().chain(by_tcp).min();
            let timer = async move {
                match wake {
                    Some(at) => sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                order = self.orders.recv() => match order {
                    Some(Order::Shutdown(done)) => {
                        self.shut_down().await;
                        // Who asked may have given up waiting.
                        let _gone = done.send(());
                        return;
                    }
                    Some(order) => self.carry_out(order),
                    None => return self.shut_down().await,
                },
                ready = self.socket.readable() => match ready {
                    Ok(()) => self.receive().await,
                    Err(error) => tracing::error!(%error, "the media port cannot be read"),
                },
                () = tcp_ready(self.tcp.as_deref()) => {}
                () = timer => {}
            }
            self.serve_tcp().await;
            let now = Instant::now();
            if self.engine.poll_timeout().is_some_and(|at| at <= now) {
                self.guarded(|engine| engine.handle_timeout(now));
            }
            self.flush().await;
        }
    }

    async fn shut_down(&mut self) {
        let now = Instant::now();
        self.guarded(|engine| engine.shut_down(now));
        self.flush().await;
    }

    fn carry_out(&mut self, order: Order) {
        let now = Instant::now();
        let (reply, outcome) = match order {
            Order::Command(command, reply) => (reply, self.guarded(|engine| engine.handle_command(now, *command))),
            Order::StartTap(room, tap, reply) => {
                self.taps.insert(room, tap);
                let outcome = self.guarded(|engine| engine.handle_command(now, Command::StartTap { room }));
                if !matches!(outcome, Some(Ok(_))) {
                    self.taps.remove(&room);
                }
                (reply, outcome)
            }
            Order::Census(reply) => {
                // Who asked may have given up waiting.
                let connections = self.tcp.as_ref().map_or(0, |tcp| tcp.len());
                let _gone = reply.send(Census { connections, ..self.engine.census() });
                return;
            }
            Order::Shutdown(_) => return,
        };
        if let Some(outcome) = outcome {
            // Who asked may have given up waiting; the order is carried out all the same. After a panic there is no outcome, and
            // dropping `reply` says so.
            let _gone = reply.send(outcome);
        }
    }

    async fn receive(&mut self) {
        let mut inbox = self.inbox.take().unwrap_or_else(|| Box::new(Inbox::new()));
        for _ in 0..BATCHES_AT_ONCE {
            match self.socket.receive(&mut inbox) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // ICMP errors of earlier sends surface here; they concern one peer, whose path will be found lost.
                Err(error) => {
                    tracing::debug!(%error, "reading the media port failed");
                    break;
                }
            }
            let now = Instant::now();
            for (path, datagram) in inbox.datagrams() {
                self.guarded(|engine| engine.handle_datagram(now, path, datagram));
                if self.engine.is_full() {
                    self.send().await;
                }
            }
        }
        self.inbox = Some(inbox);
    }

    /// After every wait, whatever ended it: neither kind of datagram can keep the other waiting for more than a batch.
    async fn serve_tcp(&mut self) {
        let now = Instant::now();
        if let Some(tcp) = &mut self.tcp {
            tcp.serve(now);
        }
        for _ in 0..READS_AT_ONCE {
            let Some(mut tcp) = self.tcp.take() else { return };
            let read = tcp.read(now, |path, datagram| {
                self.guarded(|engine| engine.handle_datagram(now, path, datagram));
                if self.engine.is_proven(path) { Standing::Proven } else { Standing::Stranger }
            });
            self.tcp = Some(tcp);
            match read {
                Turn::Nothing => return,
                Turn::Taken if self.engine.is_full() => self.send().await,
                Turn::Taken => {}
            }
        }
    }

    /// What the engine and the connections have to tell each other.
    fn settle_tcp(&mut self) {
        let Some(tcp) = self.tcp.as_mut() else { return };
        let now = Instant::now();
        while let Some(path) = self.engine.poll_abandoned() {
            match path.via {
                Via::Udp => {}
                Via::Tcp(connection) => tcp.part(now, connection),
            }
        }
        while let Some(path) = tcp.poll_closed() {
            self.engine.handle_path_closed(now, path);
        }
        for (dropped, count) in tcp.take_drops().iter().flat_map(Drops::iter) {
            self.engine.count_drops(dropped, count);
        }
    }

    /// A panic over one peer's bytes must not end the others' meeting.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Engine) -> T) -> Option<T> {
        let engine = &mut self.engine;
        if let Ok(done) = catch_unwind(AssertUnwindSafe(|| work(engine))) {
            return Some(done);
        }
        tracing::error!("a peer or room was ended because the engine panicked over it");
        // Ending a peer asks its room, which may be what is broken: then the room goes too.
        while catch_unwind(AssertUnwindSafe(|| self.engine.recover(Instant::now()))).is_err() {}
        None
    }

    async fn flush(&mut self) {
        self.send().await;
        self.settle_tcp();
        self.hand_over_taps();
        self.report();
        // A few relaxed stores a batch; on a timer, the last burst before a silence would stay unseen.
        self.drops.publish(self.engine.drops());
    }

    /// Sends what is ready, and what becomes ready by it.
    async fn send(&mut self) {
        loop {
            let by_udp = self.engine.transmits(self.socket.segments_max()).filter(|transmit| match transmit.path.via {
                Via::Udp => true,
                Via::Tcp(connection) => {
                    if let Some(tcp) = &mut self.tcp {
                        tcp.send(connection, transmit);
                    }
                    false
                }
            });
            let lost = self.socket.send_all(by_udp).await;
            self.engine.clear_transmits();
            if let Some(tcp) = &mut self.tcp {
                tcp.flush(Instant::now());
            }
            if lost > 0 {
                self.engine.count_drops(Dropped::TxSocket, lost);
            }
            if !self.engine.is_handing_on() {
                return;
            }
            let now = Instant::now();
            self.guarded(|engine| engine.handle_timeout(now));
        }
    }

    fn hand_over_taps(&mut self) {
        while let Some((room, event)) = self.engine.poll_tap() {
            let is_last = matches!(event, TapEvent::End { .. });
            match self.taps.get(&room).map_or(Tapped::Gone, |tap| tap.send(event)) {
                Tapped::Taken => {}
                Tapped::Overrun => self.engine.count_drops(Dropped::TapOverrun, 1),
                Tapped::Gone => drop(self.taps.remove(&room)),
            }
            if is_last {
                // Dropping the sender is the end too, when the event itself found no room.
                self.taps.remove(&room);
            }
        }
    }

    /// What does not fit stays in the engine until the next round.
    fn report(&mut self) {
        while self.facts.capacity() > 0 || self.facts.is_closed() {
            let Some(fact) = self.engine.poll_fact() else { return };
            match self.facts.try_send(fact) {
                Ok(()) | Err(TrySendError::Closed(_)) => {}
                Err(TrySendError::Full(_)) => self.engine.count_drops(Dropped::FactOverrun, 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::super::socket::bind;
    use super::*;
    use crate::engine::EngineConfig;
    use crate::transport::certificate::Certificate;

    fn worker() -> (Worker, mpsc::Sender<Order>, mpsc::Receiver<Fact>) {
        let port = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let config = EngineConfig { candidates: vec![], certificate: Certificate::generate().unwrap(), seed: [1; 32] };
        let (orders, orders_rx) = mpsc::channel(8);
        let (facts, facts_rx) = mpsc::channel(8);
        let outlets = Outlets { facts, drops: Arc::new(PublishedDrops::new()) };
        let ports = Ports { socket: Socket::on_this_runtime(port).unwrap(), tcp: None };
        (Worker::new(Engine::new(config).unwrap(), ports, orders_rx, outlets), orders, facts_rx)
    }

    #[tokio::test]
    async fn a_panic_in_the_engine_is_caught_and_the_next_order_is_carried_out() {
        let (mut worker, _orders, _facts) = worker();
        let nothing: Option<()> = worker.guarded(|_| panic!("over one peer's bytes"));
        assert_eq!(nothing, None);
        let (reply, outcome) = oneshot::channel();
        worker.carry_out(Order::Command(Box::new(Command::OpenRoom { room: RoomId(1) }), reply));
        assert_eq!(outcome.await, Ok(Ok(Reply::Done)));
    }

    #[tokio::test]
    async fn a_tap_for_a_room_that_does_not_exist_is_refused_and_forgotten() {
        let (mut worker, _orders, _facts) = worker();
        let (events, _recorder) = mpsc::channel(1);
        let (reply, outcome) = oneshot::channel();
        worker.carry_out(Order::StartTap(RoomId(9), TapSender::new(events), reply));
        assert_eq!(outcome.await, Ok(Err(CommandRefused::NoSuchRoom)));
        assert!(worker.taps.is_empty());
    }

    #[tokio::test]
    async fn the_thread_ends_when_nobody_can_give_orders_any_more() {
        let (worker, orders, mut facts) = worker();
        drop(orders);
        worker.run().await;
        assert_eq!(facts.recv().await, None);
    }
}
