//! The one UDP socket: batches in (recvmmsg, GRO) and runs out (GSO).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};

use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSocketState};
use socket2::{Domain, Protocol, SockAddr, Socket as RawSocket, Type};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::engine::Transmit;
use crate::transport::Path;

/// What the kernel may hold for us while the thread is busy: 50 ms at 1 Gbit/s. The kernel grants as much of it as the administrator
/// allows (`net.core.rmem_max`).
const BUFFER: usize = 8 * 1024 * 1024;

/// The longest UDP message, and so the longest run the kernel joins.
const MESSAGE: usize = 65_535;

/// Opens the port, for both IP versions where the address allows it.
pub(super) fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
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

pub(super) struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
    local_addr: SocketAddr,
}

impl Socket {
    pub(super) fn on_this_runtime(port: std::net::UdpSocket) -> io::Result<Self> {
        let io = UdpSocket::from_std(port)?;
        let state = UdpSocketState::new((&io).into())?;
        let local_addr = io.local_addr()?;
        Ok(Self { io, state, local_addr })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        self.io.readable().await
    }

    pub(super) async fn writable(&self) -> io::Result<()> {
        self.io.writable().await
    }

    /// How many datagrams one call can send.
    pub(super) fn segments_max(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// One batch of what has arrived; `WouldBlock` when there is nothing.
    pub(super) fn receive(&self, inbox: &mut Inbox) -> io::Result<()> {
        inbox.filled = 0;
        let mut slices = inbox.buffers.each_mut().map(|buffer| IoSliceMut::new(buffer));
        inbox.filled =
            self.io.try_io(Interest::READABLE, || self.state.recv((&self.io).into(), &mut slices, &mut inbox.metas))?;
        Ok(())
    }

    pub(super) fn send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        let message = quinn_udp::Transmit {
            destination: self.on_our_family(transmit.path.remote),
            ecn: None,
            contents: transmit.bytes,
            segment_size: transmit.segment_size,
            src_ip: transmit.path.local,
        };
        self.io.try_io(Interest::WRITABLE, || self.state.try_send((&self.io).into(), &message))
    }

    /// A dual-stack socket wants IPv4 addresses in their IPv6 form.
    fn on_our_family(&self, remote: SocketAddr) -> SocketAddr {
        match (self.local_addr, remote.ip()) {
            (SocketAddr::V6(_), IpAddr::V4(ip)) => SocketAddr::new(ip.to_ipv6_mapped().into(), remote.port()),
            _ => remote,
        }
    }
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
            let path = Path {
                remote: SocketAddr::new(meta.addr.ip().to_canonical(), meta.addr.port()),
                local: meta.dst_ip.map(|ip| ip.to_canonical()),
            };
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

    async fn send(socket: &Socket, transmit: &Transmit<'_>) {
        socket.writable().await.unwrap();
        socket.send(transmit).unwrap();
    }

    async fn batch(socket: &Socket, inbox: &mut Inbox) -> Vec<(Path, Vec<u8>)> {
        tokio::time::timeout(Duration::from_secs(10), next_batch(socket, inbox)).await.expect("nothing arrived")
    }

    #[tokio::test]
    async fn a_run_is_sent_with_one_call_and_arrives_as_its_datagrams() {
        let [sender, receiver] = [(); 2].map(|()| open((Ipv4Addr::LOCALHOST, 0).into()).unwrap());
        let path = Path { remote: receiver.local_addr, local: None };
        send(&sender, &Transmit { path, bytes: b"aaaabbbbcc", segment_size: Some(4) }).await;
        let mut inbox = Inbox::new();
        let mut arrived = Vec::new();
        while arrived.len() < 3 {
            arrived.extend(batch(&receiver, &mut inbox).await);
        }
        let bytes: Vec<&[u8]> = arrived.iter().map(|(_, bytes)| bytes.as_slice()).collect();
        assert_eq!(bytes, [b"aaaa".as_slice(), b"bbbb", b"cc"]);
        let from = Path { remote: sender.local_addr, local: Some(Ipv4Addr::LOCALHOST.into()) };
        assert!(arrived.iter().all(|(path, _)| *path == from));
    }

    #[tokio::test]
    async fn a_dual_stack_socket_speaks_ipv4_too() {
        let Ok(both) = open("[::]:0".parse().unwrap()) else {
            // A machine without IPv6 has nothing to test here.
            return;
        };
        let v4 = open((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let path = Path { remote: (Ipv4Addr::LOCALHOST, both.local_addr.port()).into(), local: None };
        send(&v4, &Transmit { path, bytes: b"ping", segment_size: None }).await;
        let mut inbox = Inbox::new();
        let (from, bytes) = batch(&both, &mut inbox).await.remove(0);
        assert_eq!((from.remote, bytes.as_slice()), (v4.local_addr, b"ping".as_slice()));
        send(&both, &Transmit { path: from, bytes: b"pong", segment_size: None }).await;
        assert_eq!(batch(&v4, &mut inbox).await[0].1, b"pong");
    }
}
