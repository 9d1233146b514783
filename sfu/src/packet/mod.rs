//! Bytes from and to the wire: RTP headers, VP8 descriptors, RTCP. Everything here is read without copying and refuses, never panics.
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

pub(crate) mod header;
pub(crate) mod red;
pub(crate) mod report;
pub(crate) mod rtcp;
pub(crate) mod rtp;
pub(crate) mod vp8;
