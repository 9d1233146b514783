//! One peer's encrypted path: ICE-lite, DTLS, SRTP and the negotiation that sets them up. The only place that names `rtc_*` protocols
//! of the transport (RTP and RTCP parsing excepted).
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

pub mod certificate;
pub(crate) mod dtls;
pub(crate) mod ice;
mod path;
pub(crate) mod route;
pub(crate) mod sdp;
pub(crate) mod srtp;
pub(crate) mod stun;

use std::time::Duration;

pub use dtls::DtlsUnusable;
pub use path::{Candidate, Carrier, ConnectionId, Path, Via};

/// Silence on the validated path after which the peer counts as cut off (RFC 7675 consent is checked every few seconds).
pub const PATH_LOST_AFTER: Duration = Duration::from_secs(6);

/// Bytes of an SDP offer that are read at all.
pub const OFFER_MAX: usize = 256 * 1024;

/// M-lines one peer may bring: three sources, three audio slots, 49 video slots and room for refused ones. Each slot costs memory
/// and a line of every answer.
pub const MEDIA_MAX: usize = 64;

/// Bytes of one datagram that are read at all. Media and handshakes fit into an Ethernet frame; tunnels and jumbo frames on a local
/// network may add some.
pub const DATAGRAM_MAX: usize = 2048;

/// Why an offer cannot be answered. `Unsupported*` is a peer that cannot; the rest is a peer that misbehaves.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OfferRefused {
    #[error("the offer is larger than {OFFER_MAX} bytes")]
    TooLarge,
    #[error("the offer is not valid SDP")]
    Malformed,
    #[error("the offer lacks {0}")]
    Missing(&'static str),
    #[error("the offer has more m-lines than this bridge serves")]
    TooManyMedia,
    #[error("no common codec for m-line {mid}")]
    UnsupportedCodec { mid: String },
    #[error("m-line {mid} points the wrong way")]
    WrongWay { mid: String },
    #[error("the offer's m-lines are not those of the first offer")]
    ChangedMedia,
}
