//! Many datagrams with one system call: runs of one size are cut apart by the kernel (UDP_SEGMENT, "GSO"), and as many of them as fit
//! are handed over together (`sendmmsg`). On the machines measured the entry into the kernel costs as much as half a packet.

use std::io::{self, ErrorKind, IoSlice};
use std::net::SocketAddr;

use arrayvec::ArrayVec;
use nix::sys::socket::{setsockopt, sockopt};
use rustix::net::{MMsgHdr, SendAncillaryBuffer, SendFlags, SocketAddrAny, sendmmsg};
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::engine::Transmit;

/// Messages of one call. More would gain nothing: the entry is a sixty-fourth of the work by then.
pub(super) const MESSAGES_MAX: usize = 64;

/// What the kernel cuts from one message at the most (`UDP_MAX_SEGMENTS` of Linux before 6.9).
const SEGMENTS_MAX: usize = 64;

/// Messages of one shape, for one call.
pub(super) type Messages<'a> = ArrayVec<(SocketAddr, Transmit<'a>), MESSAGES_MAX>;

/// Datagrams in a message.
pub(super) fn datagrams(transmit: &Transmit<'_>) -> u64 {
    transmit.segment_size.map_or(1, |size| transmit.bytes.len().div_ceil(size.max(1))) as u64
}

/// What became of a call.
#[derive(Debug)]
pub(super) enum Sent {
    /// So many of the messages left.
    Messages(usize),
    /// The buffer is full.
    Blocked,
    /// The first message was refused; the others have not been tried.
    Refused(io::Error),
}

#[derive(Debug)]
pub(super) struct Outbox {
    segmentation: Segmentation,
    /// The size the socket cuts messages into at present; 0: it does not.
    segment_size: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Segmentation {
    Offered,
    /// This kernel or its network device cannot.
    Refused,
}

impl Outbox {
    /// Asks the kernel once whether it cuts messages apart.
    pub(super) fn new(io: &UdpSocket) -> Self {
        let segmentation = match setsockopt(io, sockopt::UdpGsoSegment, &0) {
            Ok(()) => Segmentation::Offered,
            Err(error) => {
                tracing::warn!(%error, "this kernel takes one datagram a message: forwarding costs about twice as much");
                Segmentation::Refused
            }
        };
        Self { segmentation, segment_size: 0 }
    }

    /// Datagrams that one message may carry.
    pub(super) fn segments_max(&self) -> usize {
        match self.segmentation {
            Segmentation::Offered => SEGMENTS_MAX,
            Segmentation::Refused => 1,
        }
    }

    /// Whether segmentation may be what `error` is about; then it is not used any more.
    pub(super) fn give_up_segmentation(&mut self, error: &io::Error) -> bool {
        // EIO: no checksum offload on the way out; EINVAL: the device cannot.
        let may_be_it = matches!(error.raw_os_error(), Some(errno::EIO | errno::EINVAL)) && self.segment_size != 0;
        if may_be_it && self.segmentation == Segmentation::Offered {
            tracing::warn!(%error, "the way out cannot cut messages apart: from now on each datagram is a message");
            self.segmentation = Segmentation::Refused;
        }
        may_be_it
    }

    /// How messages are cut from now on.
    pub(super) fn cut_into(&mut self, io: &UdpSocket, segment_size: Option<usize>) -> io::Result<()> {
        let wanted = segment_size.map_or(0, |size| u16::try_from(size).unwrap_or(0));
        if self.segment_size != wanted {
            setsockopt(io, sockopt::UdpGsoSegment, &i32::from(wanted))?;
            self.segment_size = wanted;
        }
        Ok(())
    }

    /// One call with as many of `messages` as the kernel takes. All are of the shape [`Outbox::cut_into`] was told.
    pub(super) fn send(io: &UdpSocket, messages: &[(SocketAddr, Transmit<'_>)]) -> Sent {
        let to: ArrayVec<SocketAddrAny, MESSAGES_MAX> = messages.iter().map(|(to, _)| (*to).into()).collect();
        let slices: ArrayVec<[IoSlice<'_>; 1], MESSAGES_MAX> =
            messages.iter().map(|(_, transmit)| [IoSlice::new(transmit.bytes)]).collect();
        let mut nothing: [SendAncillaryBuffer<'_, '_, '_>; MESSAGES_MAX] =
            std::array::from_fn(|_| SendAncillaryBuffer::default());
        let mut headers: ArrayVec<MMsgHdr<'_>, MESSAGES_MAX> = to
            .iter()
            .zip(&slices)
            .zip(&mut nothing)
            .map(|((to, slice), nothing)| MMsgHdr::new_with_addr(to, slice, nothing))
            .collect();
        let sent = io.try_io(Interest::WRITABLE, || {
            loop {
                match sendmmsg(io, &mut headers, SendFlags::DONTWAIT).map_err(io::Error::from) {
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    sent => return sent,
                }
            }
        });
        match sent {
            Ok(sent) => Sent::Messages(sent),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Sent::Blocked,
            Err(error) => Sent::Refused(error),
        }
    }
}

/// The two of Linux's error numbers that tell of segmentation.
mod errno {
    pub(super) const EIO: i32 = rustix::io::Errno::IO.raw_os_error();
    pub(super) const EINVAL: i32 = rustix::io::Errno::INVAL.raw_os_error();
}
