//! The one UDP socket: batches in (recvmmsg, GRO) and runs out (GSO).

use std::io::{self, ErrorKind, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::outbox::{Messages, Outbox, Sent, datagrams};
use super::source::{Chosen, Sources};
use crate::engine::Transmit;
use crate::transport::Path;

/// What the kernel may hold for us while the thread is busy: 50 ms at 1 Gbit/s. The kernel grants as much of it as the administrator
/// allows (`net.core.rmem_max`).
const BUFFER: usize = 8 * 1024 * 1024;

/// How long a full send buffer is waited for. Media that is later than this is worth less than the media behind it.
const SEND_PATIENCE: Duration = Duration::from_millis(2);

/// The longest UDP message, and so the longest run the kernel joins.
const MESSAGE: usize = 65_535;

/// Opens the port, for both IP versions where the address allows it.
pub fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let raw = RawSocket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        raw.set_only_v6(false)?;
    }
    raw.set_nonblocking(true)?;
    // Best effort: the default buffers work too, with more loss under load.
    for (what, set) in [("receive", raw.set_recv_buffer_size(BUFFER)), ("send", raw.set_send_buffer_size(BUFFER))] {
        if let Err(error) = set {
            tracing::warn!(%error, "the {what} buffer of the media port keeps its default size");
        }
    }
    raw.bind(&SockAddr::from(address))?;
    Ok(raw.into())
}

pub struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local_addr: SocketAddr,
    outbox: Outbox,
    sources: Sources,
}

impl Socket {
    pub fn on_this_runtime(port: std::net::UdpSocket) -> io::Result<Self> {
        let io = UdpSocket::from_std(port)?;
        let state = UdpSocketState::new((&io).into())?;
        let local_addr = io.local_addr()?;
        let outbox = Outbox::new(&io);
        Ok(Self { io, state, local_addr, outbox, sources: Sources::new(Instant::now()) })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    /// How many datagrams one message can carry.
    #[must_use]
    pub fn segments_max(&self) -> usize {
        self.outbox.segments_max()
    }

    /// One batch of what has arrived; `WouldBlock` when there is nothing.
    pub(super) fn receive(&self, inbox: &mut Inbox) -> io::Result<()> {
        inbox.filled = 0;
        let mut slices = inbox.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
        inbox.filled =
            self.io.try_io(Interest::READABLE, || self.state.recv((&self.io).into(), &mut slices, &mut inbox.metas))?;
        Ok(())
    }

    /// Sends everything, waiting once for a full buffer; returns how many datagrams the kernel did not take.
    pub async fn send_all<'a>(&mut self, transmits: impl Iterator<Item = Transmit<'a>>) -> u64 {
        self.sources.refresh(Instant::now());
        let mut patience = Patience::Left;
        let mut lost = 0;
        let mut together = Messages::new();
        for transmit in transmits {
            let fits = |(_, first): &(SocketAddr, Transmit<'_>)| first.segment_size == transmit.segment_size;
            if together.is_full() || !together.first().is_none_or(fits) {
                lost += self.send_together(&together, &mut patience).await;
                together.clear();
            }
            if self.must_name_source(transmit.path) {
                lost += self.send_alone(&transmit, &mut patience).await;
            } else {
                together.push((self.on_our_family(transmit.path.remote), transmit));
            }
        }
        lost + self.send_together(&together, &mut patience).await
    }

    fn must_name_source(&mut self, path: Path) -> bool {
        let Some(local) = path.local.filter(|_| self.local_addr.ip().is_unspecified()) else { return false };
        self.sources.of(path.remote, local) == Chosen::MustBeNamed
    }

    async fn send_together(&mut self, mut messages: &[(SocketAddr, Transmit<'_>)], patience: &mut Patience) -> u64 {
        let mut lost = 0;
        while let Some((first, others)) = messages.split_first() {
            let sent = match self.outbox.cut_into(&self.io, first.1.segment_size) {
                Ok(()) => Outbox::send(&self.io, messages),
                Err(error) => Sent::Refused(error),
            };
            match sent {
                Sent::Messages(count) => messages = messages.get(count.max(1)..).unwrap_or_default(),
                Sent::Blocked if self.is_writable_soon(patience).await => {}
                Sent::Blocked => return lost + messages.iter().map(|(_, transmit)| datagrams(transmit)).sum::<u64>(),
                Sent::Refused(error) => {
                    lost += if self.outbox.give_up_segmentation(&error) {
                        self.send_apart(first, patience).await
                    } else {
                        // ICMP errors of earlier sends surface here too; they concern one peer, whose path will be found lost.
                        tracing::debug!(%error, "the media port did not take a message");
                        datagrams(&first.1)
                    };
                    messages = others;
                }
            }
        }
        lost
    }

    /// What was to be cut apart by the kernel, datagram by datagram.
    async fn send_apart(&mut self, (to, transmit): &(SocketAddr, Transmit<'_>), patience: &mut Patience) -> u64 {
        let mut lost = 0;
        let size = transmit.segment_size.unwrap_or(transmit.bytes.len()).max(1);
        for bytes in transmit.bytes.chunks(size) {
            let one = [(*to, Transmit { path: transmit.path, bytes, segment_size: None })];
            lost += Box::pin(self.send_together(&one, patience)).await;
        }
        lost
    }

    /// From an address the kernel would not choose by itself.
    async fn send_alone(&mut self, transmit: &Transmit<'_>, patience: &mut Patience) -> u64 {
        let message = quinn_udp::Transmit {
            destination: self.on_our_family(transmit.path.remote),
            ecn: None,
            contents: transmit.bytes,
            segment_size: transmit.segment_size,
            src_ip: transmit.path.local,
        };
        loop {
            let sent = self
                .outbox
                .cut_into(&self.io, None)
                .and_then(|()| self.io.try_io(Interest::WRITABLE, || self.state.try_send((&self.io).into(), &message)));
            match sent {
                Ok(()) => return 0,
                Err(error) if error.kind() == ErrorKind::WouldBlock && self.is_writable_soon(patience).await => {}
                Err(error) => {
                    tracing::debug!(%error, "the media port did not take a message");
                    return datagrams(transmit);
                }
            }
        }
    }

    /// Waits once in a batch: waiting for each of its messages would hold up what arrives meanwhile.
    async fn is_writable_soon(&self, patience: &mut Patience) -> bool {
        if *patience == Patience::Spent {
            return false;
        }
        let writable = timeout(SEND_PATIENCE, self.io.writable()).await;
        if writable.is_err() {
            *patience = Patience::Spent;
        }
        writable.is_ok()
    }

    /// A dual-stack socket wants IPv4 addresses in their IPv6 form.
    fn on_our_family(&self, remote: SocketAddr) -> SocketAddr {
        match (self.local_addr, remote.ip()) {
            (SocketAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(ip.to_ipv6_mapped().into(), remote.port()),
            _ => remote,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Patience {
    Left,
    Spent,
}

/// Buffers for one batch.
pub(super) struct Inbox {
    buffers: [Vec<u8>; BATCH_SIZE],
    metas: [RecvMeta; BATCH_SIZE],
    filled: usize,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { buffers: std::array::from_fn(|_| vec![0; MESSAGE]), metas: [RecvMeta::default(); BATCH_SIZE], filled: 0 }
    }

    /// The batch's datagrams; runs the kernel joined are cut apart again.
    pub(super) fn datagrams(&self) -> impl Iterator<Item = (Path, &[u8])> {
        self.buffers.iter().zip(&self.metas).take(self.filled).flat_map(|(buffer, meta)| {
            let remote = SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port());
            let path = Path::udp(remote, meta.dst_ip.map(|ip| ip.to_canonical()));
            let bytes = buffer.get(..meta.len).unwrap_or_default();
            bytes.chunks(meta.stride.max(1)).map(move |datagram| (path, datagram))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    fn open(address: SocketAddr) -> io::Result<Socket> {
        bind(address).and_then(Socket::on_this_runtime)
    }

    async fn next_batch(socket: &Socket, inbox: &mut Inbox) -> Vec<(Path, Vec<u8>)> {
        loop {
            socket.readable().await.unwrap();
            match socket.receive(inbox) {
                Ok(()) => return inbox.datagrams().map(|(path, bytes)| (path, bytes.to_vec())).collect(),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
        }
    }

    async fn send(socket: &mut Socket, transmit: Transmit<'_>) {
        socket.io.writable().await.unwrap();
        assert_eq!(socket.send_all([transmit].into_iter()).await, 0);
    }

    async fn batch(socket: &Socket, inbox: &mut Inbox) -> Vec<(Path, Vec<u8>)> {
        tokio::time::timeout(Duration::from_secs(10), next_batch(socket, inbox)).await.expect("nothing arrived")
    }

    #[tokio::test]
    async fn a_run_is_sent_with_one_call_and_arrives_as_its_datagrams() {
        let [mut sender, receiver] = [(); 2].map(|()| open((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
        let path = Path::udp(receiver.local_addr, None);
        send(&mut sender, Transmit { path, bytes: b"aaaabbbbcc", segment_size: Some(4) }).await;
        let mut inbox = Inbox::new();
        let mut arrived = Vec::new();
        while arrived.len() < 3 {
            arrived.extend(batch(&receiver, &mut inbox).await);
        }
        let bytes: Vec<&[u8]> = arrived.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        assert_eq!(bytes, [b"aaaa".as_slice(), b"bbbb", b"cc"]);
        let from = Path::udp(sender.local_addr, Some(Ipv4Addr::LOCALHOST.into()));
        assert!(arrived.iter().all(|(path, _)| *path == from));
    }

    #[tokio::test]
    async fn a_dual_stack_socket_speaks_ipv4_too() {
        let Ok(mut both) = open("[::]:0".parse().unwrap()) else {
            // A machine without IPv6 has nothing to test here.
            return;
        };
        let mut v4 = open((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let path = Path::udp((Ipv4Addr::LOCALHOST, both.local_addr.port()).into(), None);
        send(&mut v4, Transmit { path, bytes: b"ping", segment_size: None }).await;
        let mut inbox = Inbox::new();
        let (from, bytes) = batch(&both, &mut inbox).await.remove(0);
        assert_eq!((from.remote, bytes.as_slice()), (v4.local_addr, b"ping".as_slice()));
        send(&mut both, Transmit { path: from, bytes: b"pong", segment_size: None }).await;
        assert_eq!(batch(&v4, &mut inbox).await[0].1, b"pong");
    }

    #[tokio::test]
    async fn many_messages_of_several_shapes_arrive_whole_and_in_order() {
        let [mut sender, receiver] = [(); 2].map(|()| open((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
        let path = Path::udp(receiver.local_addr, None);
        let shapes: [(&[u8], Option<usize>); 3] =
            [(b"aaaabbbbcc", Some(4)), (b"a rather long datagram", None), (b"xxyy", Some(2))];
        let messages =
            || shapes.iter().cycle().take(150).map(|&(bytes, segment_size)| Transmit { path, bytes, segment_size });
        let expected: Vec<&[u8]> =
            messages().flat_map(|sent| sent.bytes.chunks(sent.segment_size.unwrap_or(sent.bytes.len()))).collect();
        sender.io.writable().await.unwrap();
        assert_eq!(sender.send_all(messages()).await, 0);
        let mut inbox = Inbox::new();
        let mut arrived = Vec::new();
        while arrived.len() < expected.len() {
            arrived.extend(batch(&receiver, &mut inbox).await.into_iter().map(|(_, bytes)| bytes));
        }
        assert_eq!(arrived, expected);
    }

    #[tokio::test]
    async fn who_asked_another_of_our_addresses_is_answered_from_it() {
        let mut everywhere = open((Ipv4Addr::UNSPECIFIED, 0).into()).unwrap();
        let mut client = open((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let asked = SocketAddr::from(([127, 0, 0, 77], everywhere.local_addr.port()));
        send(&mut client, Transmit { path: Path::udp(asked, None), bytes: b"ping", segment_size: None }).await;
        let mut inbox = Inbox::new();
        let (from, _) = batch(&everywhere, &mut inbox).await.remove(0);
        send(&mut everywhere, Transmit { path: from, bytes: b"pong", segment_size: None }).await;
        assert_eq!(batch(&client, &mut inbox).await[0].0.remote, asked);
    }

    #[tokio::test]
    async fn what_the_kernel_will_not_cut_apart_is_sent_datagram_by_datagram() {
        let [mut sender, receiver] = [(); 2].map(|()| open((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
        sender.outbox.cut_into(&sender.io, Some(4)).unwrap();
        let refusal = io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error());
        assert!(sender.outbox.give_up_segmentation(&refusal));
        assert_eq!(sender.segments_max(), 1);
        let path = Path::udp(receiver.local_addr, None);
        let run = (receiver.local_addr, Transmit { path, bytes: b"aaaabbbbcc", segment_size: Some(4) });
        assert_eq!(sender.send_apart(&run, &mut Patience::Left).await, 0);
        let mut inbox = Inbox::new();
        let mut arrived = Vec::new();
        while arrived.len() < 3 {
            arrived.extend(batch(&receiver, &mut inbox).await.into_iter().map(|(_, bytes)| bytes));
        }
        assert_eq!(arrived, [b"aaaa".as_slice(), b"bbbb", b"cc"]);
    }
}
