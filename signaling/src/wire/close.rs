//! The codes with which the server closes a WebSocket (RFC 6455, section 7.4; 4000 to 4999 are the application's own).

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CloseCode {
    /// After a `bye` that the client asked for.
    Normal,
    /// After `bye` with `server_stopping`.
    GoingAway,
    /// A message above [`super::MESSAGE_MAX`].
    TooLarge,
    /// The client broke the protocol; the reason is a [`Fault`].
    Protocol,
    /// After `refused` to a `hello`.
    Refused,
    /// No `hello` in time.
    HelloTimeout,
    /// The seat was taken by a newer connection.
    Replaced,
    /// The session is over, or this participant was removed.
    Over,
    /// More messages than a person can send.
    TooFast,
    /// The client does not read.
    Slow,
}

/// What a client did wrong; the text of the close frame with [`CloseCode::Protocol`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Not JSON, not UTF-8, a field missing, unknown or of the wrong type.
    Malformed,
    UnknownKind,
    /// The first message was not `hello`, or a second `hello` came.
    OutOfTurn,
    /// A binary message; the protocol is text.
    Binary,
}

impl CloseCode {
    pub const ALL: [Self; 10] = [
        Self::Normal,
        Self::GoingAway,
        Self::TooLarge,
        Self::Protocol,
        Self::Refused,
        Self::HelloTimeout,
        Self::Replaced,
        Self::Over,
        Self::TooFast,
        Self::Slow,
    ];

    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::TooLarge => 1009,
            Self::Protocol => 4400,
            Self::Refused => 4403,
            Self::HelloTimeout => 4408,
            Self::Replaced => 4409,
            Self::Over => 4410,
            Self::TooFast => 4429,
            Self::Slow => 4430,
        }
    }

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::GoingAway => "going_away",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::Refused => "refused",
            Self::HelloTimeout => "hello_timeout",
            Self::Replaced => "replaced",
            Self::Over => "over",
            Self::TooFast => "too_fast",
            Self::Slow => "slow",
        }
    }
}

impl Fault {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownKind => "unknown_kind",
            Self::OutOfTurn => "out_of_turn",
            Self::Binary => "binary",
        }
    }
}
