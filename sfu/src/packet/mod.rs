//! Bytes from and to the wire: RTP headers, what the video codecs write behind them, RTCP. Everything here is read without copying and refuses, never panics.
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::disallowed_methods
    )
)]

pub(crate) mod av1;
pub(crate) mod bits;
pub(crate) mod descriptor;
pub(crate) mod extended;
pub(crate) mod frame;
pub(crate) mod h264;
pub(crate) mod header;
pub(crate) mod red;
pub(crate) mod report;
pub(crate) mod rtcp;
pub(crate) mod rtp;
pub(crate) mod vp8;
pub(crate) mod vp9;
