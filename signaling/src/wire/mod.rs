//! The messages of the WebSocket, protocol version 2. JSON objects told apart by `kind`.
//!
//! The client speaks first (`hello`). Requests carry a number `id`; the server answers each with `done`, `answer` or `refused` and
//! the same number in `re`. Everything else the server says is news: each piece of news is the *complete* new value of one part
//! of the meeting, so that nothing has to be merged and a repeated piece does no harm. After a resume the whole state comes again in
//! `welcome`. Who somebody is, the server knows from his token; no message carries it.
//!
//! Every message with an example, the close codes and the timers: `signaling/PROTOCOL.md`. The page's types are generated from
//! these (`web/ui/src/generated/wire.ts`).

mod client;
mod close;
mod decode;
mod refusal;
mod server;
mod view;
mod words;

pub use client::{ClientEnvelope, ClientMessage, SlotDrawn, Staged};
pub use close::{CloseCode, Fault};
pub use decode::{Undecodable, decode};
pub use refusal::{ByeReason, RefusalCode};
pub use server::{MediaLimits, Notice, ServerMessage};
pub use view::{
    AgendaItem, AgendaView, DirectionView, FloorHolder, FloorView, LineQuality, LineView, MeetingView, OnStage,
    ParticipantView, PauseReason, Phase, PresenceView, QueueEntry, RecordingState, SlotView, SourceLayers, SourceState,
    StageReason, Via,
};
pub use words::{Action, Mode, Role, SourceName, SwitchState};

/// Raised when a change would be misunderstood by the other side.
pub const VERSION: u32 = 2;

/// Bytes of one WebSocket message: an offer with fifty m-lines is about 40 KiB; anything above is not ours.
pub const MESSAGE_MAX: usize = 64 * 1024;
