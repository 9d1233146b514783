//! The port on real sockets of the loopback, with an engine that is told what to answer.

use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

const CHECK: &[u8] = b"\0\x01genuine check";
/// How long anything may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port and what came through it.
struct Door {
    port: TcpPort,
    address: SocketAddr,
    now: Instant,
    arrived: Vec<(Path, Vec<u8>)>,
    drops: Drops,
}

impl Door {
    fn open() -> Self {
        let listener = bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = listener.local_addr().unwrap();
        let port = TcpPort::on_this_runtime(listener).unwrap();
        Self { port, address, now: Instant::now(), arrived: Vec::new(), drops: Drops::default() }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn serve(&mut self) {
        let Self { port, now, arrived, drops, .. } = self;
        port.serve(*now);
        for _ in 0..16 {
            port.read(*now, |path, datagram| {
                arrived.push((path, datagram.to_vec()));
                if datagram == CHECK { Standing::Proven } else { Standing::Stranger }
            });
        }
        for (dropped, count) in port.take_drops().iter().flat_map(Drops::iter) {
            drops.add(dropped, count);
        }
    }

    /// Serves until `done`.
    async fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let served = async {
            loop {
                self.serve();
                if done(self) {
                    return;
                }
                self.port.ready().await;
            }
        };
        assert!(tokio::time::timeout(PATIENCE, served).await.is_ok(), "{what} did not happen");
    }

    async fn proven(&mut self) -> (TcpStream, Path) {
        let mut stream = self.connect().await;
        stream.write_all(&framed(CHECK)).await.unwrap();
        let before = self.arrived.len();
        self.until("the check", |door| door.arrived.len() > before).await;
        (stream, self.arrived[before].0)
    }

    fn count(&self, dropped: Dropped) -> u64 {
        self.drops.of(dropped)
    }
}

fn framed(datagram: &[u8]) -> Vec<u8> {
    [&frame::header(datagram).unwrap()[..], datagram].concat()
}

async fn is_closed(stream: &mut TcpStream) -> bool {
    matches!(tokio::time::timeout(PATIENCE, stream.read(&mut [0; 64])).await, Ok(Ok(0) | Err(_)))
}

fn id_of(path: Path) -> ConnectionId {
    let crate::transport::Via::Tcp(id) = path.via else { panic!("not by TCP") };
    id
}

#[tokio::test]
async fn a_connection_that_proves_itself_carries_datagrams_both_ways() {
    let mut door = Door::open();
    let (mut stream, path) = door.proven().await;
    assert_eq!(path.remote, stream.local_addr().unwrap());
    stream.write_all(&[framed(b"one"), framed(b"two")].concat()).await.unwrap();
    door.until("both datagrams", |door| door.arrived.len() == 3).await;
    assert_eq!(door.arrived[1..], [(path, b"one".to_vec()), (path, b"two".to_vec())]);

    let run = Transmit { path, bytes: b"aaaabbbbcc", segment_size: Some(4) };
    door.port.send(id_of(path), &run);
    door.port.flush(door.now);
    let expected = [framed(b"aaaa"), framed(b"bbbb"), framed(b"cc")].concat();
    let mut arrived = vec![0; expected.len()];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut arrived)).await.unwrap().unwrap();
    assert_eq!(arrived, expected);
}

#[tokio::test]
async fn who_begins_with_anything_else_is_not_listened_to() {
    let mut door = Door::open();
    let mut stream = door.connect().await;
    stream.write_all(&[framed(b"media"), framed(CHECK)].concat()).await.unwrap();
    door.until("the end", |door| door.count(Dropped::TcpStranger) == 1).await;
    assert_eq!(door.arrived.len(), 1);
    assert!(is_closed(&mut stream).await);
    assert_eq!((door.port.len(), door.port.poll_closed()), (0, None));
}

#[tokio::test]
async fn a_browser_that_speaks_http_here_is_closed() {
    let mut door = Door::open();
    let mut stream = door.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    door.until("the end", |door| door.count(Dropped::TcpOversize) == 1).await;
    assert!(is_closed(&mut stream).await && door.arrived.is_empty());
}

#[tokio::test]
async fn who_says_nothing_or_one_byte_in_ten_seconds_is_closed_in_time() {
    let mut door = Door::open();
    let [mut silent, mut slow] = [door.connect().await, door.connect().await];
    slow.write_all(&framed(CHECK)[..1]).await.unwrap();
    door.until("both connections", |door| door.port.len() == 2).await;
    door.now += Duration::from_secs(9);
    door.serve();
    assert_eq!(door.port.len(), 2);
    slow.write_all(&framed(CHECK)[1..2]).await.unwrap();
    door.now += Duration::from_secs(2);
    door.until("the end", |door| door.count(Dropped::TcpLate) == 2).await;
    assert!(is_closed(&mut silent).await && is_closed(&mut slow).await);
    assert_eq!(door.port.len(), 0);
}

#[tokio::test]
async fn empty_frames_are_counted_and_oversized_ones_end_a_proven_connection() {
    let mut door = Door::open();
    let (mut stream, path) = door.proven().await;
    stream.write_all(&[0; 10]).await.unwrap();
    door.until("the empty frames", |door| door.count(Dropped::TcpEmpty) == 5).await;
    stream.write_all(&[0xff, 0xff]).await.unwrap();
    door.until("the end", |door| door.count(Dropped::TcpOversize) == 1).await;
    assert_eq!(door.port.poll_closed(), Some(path));
    assert_eq!(door.arrived.len(), 1);
}

#[tokio::test]
async fn a_connection_that_the_client_closes_is_told_of() {
    let mut door = Door::open();
    let (stream, path) = door.proven().await;
    drop(stream);
    door.until("the end", |door| door.port.len() == 0).await;
    assert_eq!(door.port.poll_closed(), Some(path));
    door.port.send(id_of(path), &Transmit { path, bytes: b"late", segment_size: None });
    door.serve();
    assert_eq!(door.count(Dropped::TxTcpClosed), 1);
}

#[tokio::test]
async fn a_connection_that_takes_nothing_loses_media_and_then_its_place() {
    let mut door = Door::open();
    let (_stream, path) = door.proven().await;
    let packet = [&[0x80, 96][..], &[7; 1198]].concat();
    let sent = (0..20_000).take_while(|_| {
        door.port.send(id_of(path), &Transmit { path, bytes: &packet, segment_size: None });
        door.port.flush(door.now);
        door.serve();
        door.count(Dropped::TxTcpFull) == 0
    });
    let kept = sent.count() * packet.len();
    assert!(kept < 16 * 1024 * 1024, "what waits is bounded: {kept}");
    door.now += Duration::from_secs(9);
    door.serve();
    assert_eq!(door.port.len(), 1);
    door.now += Duration::from_secs(2);
    door.serve();
    assert_eq!((door.port.len(), door.count(Dropped::TcpStalled)), (0, 1));
    assert_eq!(door.port.poll_closed(), Some(path));
}

#[tokio::test]
async fn a_proven_connection_that_falls_silent_is_closed_after_a_minute() {
    let mut door = Door::open();
    let (_stream, path) = door.proven().await;
    door.now += Duration::from_secs(59);
    door.serve();
    assert_eq!(door.port.len(), 1);
    door.now += Duration::from_secs(2);
    door.serve();
    assert_eq!((door.count(Dropped::TcpSilent), door.port.poll_closed()), (1, Some(path)));
}

#[tokio::test]
async fn a_goodbye_is_written_before_a_connection_is_closed() {
    let mut door = Door::open();
    let (mut stream, path) = door.proven().await;
    door.port.send(id_of(path), &Transmit { path, bytes: b"goodbye", segment_size: None });
    door.port.part(door.now, id_of(path));
    let mut all = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut all)).await.unwrap().unwrap();
    assert_eq!(all, framed(b"goodbye"));
}

#[tokio::test]
async fn strangers_from_one_address_do_not_take_every_place() {
    let mut door = Door::open();
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(door.connect().await);
    }
    door.until("the crowd", |door| door.count(Dropped::TcpRefused) >= 36).await;
    assert_eq!(door.port.len(), 64);
    drop(crowd);
    door.until("the leaving", |door| door.port.len() == 0).await;
    door.proven().await;
}

#[tokio::test]
async fn many_connections_take_turns() {
    let mut door = Door::open();
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(door.proven().await.0);
    }
    door.arrived.clear();
    // More than one reading of the first ones, and a little of the last.
    for (at, stream) in streams.iter_mut().enumerate() {
        let many = if at < 7 { 60 } else { 1 };
        stream.write_all(&framed(&[7; 1000]).repeat(many)).await.unwrap();
    }
    let last = streams[7].local_addr().unwrap();
    door.until("the last one's turn", |door| door.arrived.iter().any(|(path, _)| path.remote == last)).await;
    door.until("everything", |door| door.arrived.len() == 7 * 60 + 1).await;
}
