//! Bytes of a WebSocket message become a request here and nowhere else.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

use serde::Deserialize;

use super::{ClientEnvelope, Fault, MESSAGE_MAX};

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Undecodable {
    #[error("the message is larger than {MESSAGE_MAX} bytes")]
    TooLarge,
    #[error("the message is not one of the protocol: {}", .0.name())]
    Fault(Fault),
}

/// Every word `kind` may be; a test holds it against [`super::ClientMessage`].
const KINDS: [&str; 25] = [
    "hello",
    "pong",
    "offer",
    "restart",
    "switch_source",
    "set_view",
    "declare_headcount",
    "ask_to_speak",
    "withdraw_request",
    "finish_speaking",
    "give_floor",
    "withdraw_floor",
    "extend_floor",
    "move_in_queue",
    "mute",
    "mute_all",
    "set_stage",
    "set_mode",
    "set_agenda_item",
    "start_recording",
    "stop_recording",
    "start_session",
    "end_session",
    "remove_participant",
    "leave",
];

/// A message that cannot be read for another reason than its kind is still malformed, so this looks at nothing but the kind.
#[derive(Deserialize)]
struct Probe {
    request: ProbedRequest,
}

#[derive(Deserialize)]
struct ProbedRequest {
    kind: String,
}

/// # Errors
/// [`Undecodable`] says which close code the connection deserves.
pub fn decode(text: &str) -> Result<ClientEnvelope, Undecodable> {
    if text.len() > MESSAGE_MAX {
        return Err(Undecodable::TooLarge);
    }
    serde_json::from_str(text).map_err(|_| Undecodable::Fault(fault_of(text)))
}

/// A client of a newer version and a broken client are told apart, for the one who reads the close frame.
fn fault_of(text: &str) -> Fault {
    match serde_json::from_str::<Probe>(text) {
        Ok(probe) if !KINDS.contains(&probe.request.kind.as_str()) => Fault::UnknownKind,
        Ok(_) | Err(_) => Fault::Malformed,
    }
}
