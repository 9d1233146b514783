//! Signed proof of the right to join: a Grant in its signed form (JWT, RFC 7519), and the smaller proof of having been in a seat.
//!
//! One algorithm is compiled in (Ed25519), one key is known, and a header that says anything beyond what we write ourselves is
//! refused: no key is ever looked up by what a token says about itself.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

mod grant;
mod keys;
#[cfg(test)]
mod refusals;
mod resume;

pub use grant::{Grant, Identity, LoadTest, MediaRights, Occupant, Seat};
pub use keys::{KeyUnusable, Keys};
pub use resume::{Lineage, Resume};

use std::time::Duration;

/// Longer than any token of ours; nothing above is looked at.
pub const TOKEN_MAX: usize = 4096;

/// A grant lives for a session, not for a season: a stolen one must die by itself.
pub const GRANT_LIFE_MAX: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Clocks of two of our own machines may differ by this much.
pub const CLOCK_SKEW_MAX: Duration = Duration::from_secs(60);

/// Why a token does not open the door. The page says only "invalid" or "expired"; the rest is for counters and the night shift.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, thiserror::Error)]
pub enum TokenRefused {
    #[error("the token is larger than {TOKEN_MAX} bytes")]
    TooLarge,
    #[error("the token is not a signed token")]
    Malformed,
    #[error("the token's header is not one this server writes")]
    ForeignHeader,
    #[error("the token was not signed by this server")]
    Forged,
    #[error("the token's claims are not those of its kind")]
    ForeignClaims,
    #[error("the token has expired")]
    Expired,
    #[error("the token lives longer than any this server signs")]
    TooLongLived,
    #[error("the token is dated in the future")]
    NotYetValid,
    #[error("the token is for another session")]
    OtherSession,
    #[error("tokens for several are honoured only by a server that allows load")]
    LoadNotAllowed,
    #[error("a token for several needs a name beside it")]
    NameMissing,
    #[error("the name beside the token cannot be shown")]
    NameInvalid,
}

impl TokenRefused {
    /// A peer that is late is not a peer that forges.
    #[must_use]
    pub fn is_misbehaviour(self) -> bool {
        match self {
            Self::TooLarge
            | Self::Malformed
            | Self::ForeignHeader
            | Self::Forged
            | Self::ForeignClaims
            | Self::TooLongLived
            | Self::NotYetValid
            | Self::OtherSession => true,
            Self::Expired | Self::LoadNotAllowed | Self::NameMissing | Self::NameInvalid => false,
        }
    }
}
