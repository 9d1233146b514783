//! How many connections one address may hold, counted before anything of it is read.

use std::collections::HashMap;
use std::future::{Ready, ready};
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum_server::accept::Accept;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::account::attempts::network;
use crate::config::Front;

/// A conference hall behind one address: sixty devices, each with a WebSocket and the six connections a browser opens. Beyond it new
/// connections are closed unread, so that one machine cannot use up the server's sockets.
const PER_ADDRESS_MAX: usize = 420;

/// Counts per address, where the address says who it is: behind a proxy everybody comes from the proxy, and who sits at this very
/// machine needs no connection to harm it.
#[derive(Clone)]
pub(super) struct PerAddress {
    front: Front,
    held: Held,
}

type Held = Arc<Mutex<HashMap<IpAddr, usize>>>;

impl PerAddress {
    #[must_use]
    pub(super) fn new(front: Front) -> Self {
        Self { front, held: Arc::default() }
    }

    fn place(&self, address: IpAddr) -> io::Result<Option<Place>> {
        if self.front == Front::Proxy || address.to_canonical().is_loopback() {
            return Ok(None);
        }
        let address = network(address);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= PER_ADDRESS_MAX {
            metrics::counter!("nhipcau_connections_refused_total").increment(1);
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        *count += 1;
        Ok(Some(Place { address, held: self.held.clone() }))
    }
}

impl<S> Accept<TcpStream, S> for PerAddress {
    type Stream = Connection;
    type Service = S;
    type Future = Ready<io::Result<(Connection, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let connection = || {
            let place = self.place(stream.peer_addr()?.ip())?;
            // A message of the meeting is a small write that must not wait for the acknowledgement of the last one.
            stream.set_nodelay(true)?;
            Ok(Connection { stream, _place: place })
        };
        ready(connection().map(|connection| (connection, service)))
    }
}

/// Given back when the connection is closed, whatever it was upgraded to meanwhile.
struct Place {
    address: IpAddr,
    held: Held,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.address);
            }
        }
    }
}

/// A connection and its place.
pub(super) struct Connection {
    stream: TcpStream,
    _place: Option<Place>,
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABROAD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 2, 3));

    fn tls() -> Front {
        Front::Tls { cert: "cert.pem".into(), key: "key.pem".into() }
    }

    #[test]
    fn one_address_holds_so_many_and_a_closed_connection_makes_room() {
        let door = PerAddress::new(tls());
        let mut places: Vec<_> = (0..PER_ADDRESS_MAX).map(|_| door.place(ABROAD).unwrap().unwrap()).collect();
        assert!(door.place(ABROAD).is_err());
        assert!(door.place(IpAddr::from([10, 1, 2, 4])).is_ok(), "another address is another matter");
        places.pop();
        let last = door.place(ABROAD).unwrap();
        assert!(door.place(ABROAD).is_err());
        drop((places, last));
        assert!(door.held.lock().unwrap().is_empty(), "nothing is remembered of who is gone");
    }

    #[test]
    fn the_proxy_and_this_machine_are_not_counted() {
        let proxied = PerAddress::new(Front::Proxy);
        assert!(proxied.place(ABROAD).unwrap().is_none());
        let door = PerAddress::new(tls());
        for own in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert!(door.place(own.parse().unwrap()).unwrap().is_none(), "{own}");
        }
    }
}
