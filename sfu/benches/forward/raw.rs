//! The machine's own limits: sealing with AES-128-GCM, and handing datagrams to the kernel.
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::io::IoSlice;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use quinn_udp::{Transmit, UdpSocketState};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};

/// As long as a libwebrtc video packet on the wire, all told.
pub(crate) const DATAGRAM: usize = 1_200;

/// Nanoseconds for each of `rounds` calls, the best of five runs: what disturbs a run only makes it longer.
pub(crate) fn best_of_five(rounds: u32, mut work: impl FnMut()) -> f64 {
    let run = |work: &mut dyn FnMut()| {
        let begun = Instant::now();
        (0..rounds).for_each(|_| work());
        begun.elapsed() / rounds
    };
    let best = (0..5).map(|_| run(&mut work)).min().unwrap_or(Duration::ZERO);
    best.as_nanos() as f64
}

/// One packet's seal: header beside, payload from where it lies to where it leaves.
pub(crate) fn seal() -> f64 {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &[7; 16]).expect("a key of 16 bytes"));
    let (header, payload) = ([0x90; 24], [0x55; DATAGRAM - 24 - 16]);
    let mut out = [0; DATAGRAM - 24];
    let mut counter = 0u64;
    best_of_five(200_000, || {
        counter += 1;
        let mut nonce = [0; 12];
        nonce[..8].copy_from_slice(&counter.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let sealed = key.seal_out_of_place_scatter(nonce, Aad::from(header), &[], &mut [], &payload, &mut out);
        assert!(sealed.is_ok());
        std::hint::black_box(&out);
    })
}

/// Sockets that take what is sent to them until they are full, and then let it fall: no receiver's work is on the bill.
pub(crate) struct Sinks(Vec<UdpSocket>);

impl Sinks {
    pub(crate) fn open(count: usize) -> std::io::Result<Self> {
        (0..count).map(|_| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.0.iter().map(|socket| socket.local_addr().expect("a bound socket has an address")).collect()
    }
}

pub(crate) struct RawSend {
    socket: UdpSocket,
    state: UdpSocketState,
    to: Vec<SocketAddr>,
}

impl RawSend {
    pub(crate) fn new(sinks: &Sinks) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Self { socket, state, to: sinks.addresses() })
    }

    /// A few thousand datagrams a run.
    fn rounds(&self) -> u32 {
        u32::try_from(15_000 / self.to.len().max(1)).unwrap_or(1).max(5)
    }

    /// One datagram a call, to everybody in turn.
    pub(crate) fn sendto(&self) -> f64 {
        let bytes = [1; DATAGRAM];
        best_of_five(self.rounds(), || {
            for to in &self.to {
                self.socket.send_to(&bytes, to).expect("the loopback takes everything");
            }
        }) / self.to.len() as f64
    }

    /// 64 datagrams a call, each to another receiver.
    pub(crate) fn sendmmsg(&self) -> f64 {
        let bytes = [1; DATAGRAM];
        let to: Vec<SocketAddrAny> = self.to.iter().map(|&to| to.into()).collect();
        let slices = [IoSlice::new(&bytes)];
        best_of_five(self.rounds(), || {
            for to in to.chunks(64) {
                let mut controls: [SendAncillaryBuffer<'_, '_, '_>; 64] =
                    std::array::from_fn(|_| SendAncillaryBuffer::default());
                let mut messages: Vec<MMsgHdr<'_>> = to
                    .iter()
                    .zip(&mut controls)
                    .map(|(to, control)| MMsgHdr::new_with_addr(to, &slices, control))
                    .collect();
                sendmmsg(&self.socket, &mut messages, SendFlags::DONTWAIT).expect("the loopback takes everything");
            }
        }) / self.to.len() as f64
    }

    /// `segments` datagrams to one receiver a call, cut apart by the kernel.
    pub(crate) fn gso(&self, segments: usize) -> f64 {
        let bytes = vec![1; segments * DATAGRAM];
        best_of_five(self.rounds(), || {
            for &destination in &self.to {
                let transmit =
                    Transmit { destination, ecn: None, contents: &bytes, segment_size: Some(DATAGRAM), src_ip: None };
                self.state.try_send((&self.socket).into(), &transmit).expect("the loopback takes everything");
            }
        }) / (self.to.len() * segments) as f64
    }
}
