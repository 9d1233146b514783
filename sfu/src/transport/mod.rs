//! One peer's encrypted path: ICE-lite, DTLS, SRTP and the negotiation that sets them up. The only place that names `rtc_*` protocols
//! of the transport (RTP and RTCP parsing excepted).

use std::time::Duration;

/// Silence on the validated path after which the peer counts as cut off (RFC 7675 consent is checked every few seconds).
pub const PATH_LOST_AFTER: Duration = Duration::from_secs(6);

/// Bytes of an SDP offer that are read at all.
pub const OFFER_MAX: usize = 256 * 1024;

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
    #[error("the offer's m-lines are not those of the first offer")]
    ChangedMedia,
}
