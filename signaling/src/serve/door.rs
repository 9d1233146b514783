//! From a token to a verified identity: the one door from outside into a meeting, and the place where booking's UTC meets the
//! meeting's clock (the expiry of the grant is judged here and nowhere else).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::time::Duration;

use crate::clock::UtcMs;
use crate::id::SessionId;
use crate::token::{Grant, Identity, Keys, Lineage, LoadTest, Resume, Seat, TokenRefused};
use crate::wire::{ClientMessage, RefusalCode, VERSION};

/// How long a page may come back after its last connection although its join token has expired: a working day.
pub(super) const RESUME_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Hello {
    pub identity: Identity,
    pub lineage: Option<Lineage>,
    pub headcount: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HelloRefused {
    /// The first message was something else.
    OutOfTurn,
    Version,
    Token(TokenRefused),
}

impl HelloRefused {
    pub(super) fn code(self) -> RefusalCode {
        match self {
            Self::OutOfTurn => RefusalCode::OutOfTurn,
            Self::Version => RefusalCode::Version,
            Self::Token(refused) => token_code(refused),
        }
    }
}

/// The page needs to know whether a new token would help, and nothing more.
pub(super) fn token_code(refused: TokenRefused) -> RefusalCode {
    match refused {
        TokenRefused::Expired => RefusalCode::TokenExpired,
        TokenRefused::NameInvalid => RefusalCode::TextInvalid,
        TokenRefused::LoadNotAllowed => RefusalCode::NotAllowed,
        TokenRefused::TooLarge
        | TokenRefused::Malformed
        | TokenRefused::ForeignHeader
        | TokenRefused::Forged
        | TokenRefused::ForeignClaims
        | TokenRefused::TooLongLived
        | TokenRefused::NotYetValid
        | TokenRefused::OtherSession
        | TokenRefused::NameMissing => RefusalCode::TokenInvalid,
    }
}

/// `name` is the query's `as`, for tokens that admit several.
pub(super) fn hello(
    keys: &Keys,
    load: LoadTest,
    message: ClientMessage,
    name: Option<&str>,
    now: UtcMs,
) -> Result<Hello, HelloRefused> {
    let ClientMessage::Hello { version, token, resume, headcount } = message else {
        return Err(HelloRefused::OutOfTurn);
    };
    if version != VERSION {
        return Err(HelloRefused::Version);
    }
    let grant = Grant::verify(keys, &token).map_err(HelloRefused::Token)?;
    // An unusable resume token is no reason to stay outside: the page comes in as a new one.
    let resume = resume.and_then(|resume| Resume::verify(keys, &resume, now).ok());
    let time = grant.check_time(now);
    let identity = grant.clone().identity(name, load).map_err(HelloRefused::Token)?;
    let resume =
        resume.filter(|resume| resume.session == identity.session && resume.participant == identity.participant);
    // Whoever sat here may come back although his token has run out meanwhile. A pool's members are told apart by name alone, so
    // for them the token must still hold.
    let covered = resume.is_some() && matches!(grant.seat, Seat::One(_)) && time == Err(TokenRefused::Expired);
    if let (Err(refused), false) = (time, covered) {
        return Err(HelloRefused::Token(refused));
    }
    Ok(Hello { identity, lineage: resume.map(|resume| resume.lineage), headcount })
}

/// A bearer token beside a call of WHIP or WHEP for the session in its address.
pub(super) fn bearer(
    keys: &Keys,
    load: LoadTest,
    session: SessionId,
    token: &str,
    name: Option<&str>,
    now: UtcMs,
) -> Result<Identity, TokenRefused> {
    let grant = Grant::verify(keys, token)?;
    if grant.session != session {
        return Err(TokenRefused::OtherSession);
    }
    grant.check_time(now)?;
    grant.identity(name, load)
}
