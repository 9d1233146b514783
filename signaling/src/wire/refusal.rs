//! Why a request was not carried out, and why a connection ends. The page words them in its reader's language.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    Version,
    TokenInvalid,
    TokenExpired,
    SessionUnknown,
    SessionNotOpenYet,
    SessionEnded,
    SessionFull,
    /// The role does not allow it, or somebody was removed and knocks again.
    NotAllowed,
    OutOfTurn,
    NoSuchParticipant,
    NotHere,
    SourceLocked,
    SourceAbsent,
    /// Somebody else's screen is being shown.
    ScreenTaken,
    AlreadyAsked,
    NotAsked,
    NotHoldingFloor,
    /// As many hold the floor as the mode allows.
    FloorFull,
    OfferInvalid,
    OfferTooLarge,
    OfferUnsupported,
    /// `restart` or `set_view` without media: offer first.
    NoMedia,
    /// The media engine does not answer.
    MediaUnavailable,
    RecordingUnavailable,
    TextInvalid,
    NumberOutOfRange,
    /// It could not be written down durably, so it did not happen.
    NotStored,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ByeReason {
    SessionEnded,
    Removed,
    /// The same seat was taken from another window or device.
    Replaced,
    ServerStopping,
    /// Messages were not read fast enough.
    Slow,
    Left,
    /// The `hello` was refused; the code stands in the `refused` before.
    Refused,
}
