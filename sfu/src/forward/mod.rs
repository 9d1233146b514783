//! From one history to many receivers: which layer, under which numbers, and again when it was lost.
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

pub(crate) mod gate;
pub(crate) mod programme;
pub(crate) mod redundancy;
pub(crate) mod resend;
pub(crate) mod rewrite;
pub(crate) mod select;
pub(crate) mod sieve;
pub(crate) mod slot;
pub(crate) mod stream;
