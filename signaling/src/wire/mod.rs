//! The messages of the WebSocket, protocol version 1. JSON objects told apart by `kind`.
//!
//! The client speaks first (`hello`). Requests carry a number `id`; the server answers each with `done`, `answer` or `refused` and
//! the same number in `re`. Everything else the server says is news: each piece of news is the *complete* new value of one part
//! of the meeting, so that nothing has to be merged and a repeated piece does no harm. After a resume the whole state comes again in
//! `welcome`. Who somebody is, the server knows from his token; no message carries it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;
use uuid::Uuid;

/// Raised when a change would be misunderstood by the other side.
pub const VERSION: u32 = 1;

/// Bytes of one WebSocket message: an offer with fifty m-lines is about 40 KiB; anything above is not ours.
pub const MESSAGE_MAX: usize = 64 * 1024;

/// A request and the number its answer will carry.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct ClientEnvelope {
    pub id: u32,
    pub request: ClientMessage,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// First, and once. `resume` brings back the same seat after a lost connection.
    Hello {
        version: u32,
        token: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resume: Option<String>,
        /// People at this site, as the site itself says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        headcount: Option<u16>,
    },
    /// Answer to the server's `ping`.
    Pong { nonce: u32 },
    /// Negotiates media, once per connection: sending m-lines (microphone, camera, screen) and receiving slots.
    Offer { sdp: String },
    /// New ICE credentials for the same m-lines, after the network changed.
    Restart { sdp: String },
    SwitchSource { source: SourceName, state: SwitchState },
    SetView { pinned: Vec<Uuid>, slots: Vec<SlotDrawn> },
    DeclareHeadcount { count: u16 },
    AskToSpeak {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    WithdrawRequest {},
    FinishSpeaking {},
    GiveFloor { participant: Uuid },
    WithdrawFloor { participant: Uuid },
    ExtendFloor { participant: Uuid, seconds: u16 },
    MoveInQueue { participant: Uuid, place: u16 },
    Mute { participant: Uuid, source: SourceName },
    /// Everybody's microphone but the chair's and the floor-holders'.
    MuteAll {},
    /// One site on everybody's main picture; `null` gives the choice back to the voice.
    SetStage { stage: Option<Staged> },
    SetMode { mode: Mode },
    SetAgendaItem { index: u16 },
    StartRecording {},
    StopRecording {},
    StartSession {},
    EndSession {},
    RemoveParticipant { participant: Uuid, reason: String },
    Leave {},
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ServerMessage {
    /// Answers `hello`.
    Welcome {
        re: u32,
        version: u32,
        you: Uuid,
        role: Role,
        /// Actions the role allows, so that the page shows no control that would be refused.
        may: Vec<Action>,
        /// Present it in the next `hello` to come back into this seat.
        resume: String,
        /// How long the seat waits for a lost connection, for the page's countdown while it cannot ask.
        seat_kept_seconds: u32,
        media: MediaLimits,
        meeting: Box<MeetingView>,
    },
    Done { re: u32 },
    Refused { re: u32, code: RefusalCode },
    /// Answers `offer` and `restart`.
    Answer { re: u32, sdp: String },
    Ping { nonce: u32 },
    Phase { phase: Phase },
    Mode { mode: Mode },
    Agenda { agenda: AgendaView },
    /// New or changed; replaces what was known under the same id.
    Participant { participant: Box<ParticipantView> },
    Floor { floor: FloorView },
    Stage { stage: Option<Staged> },
    /// The loudest speaker, for a mark on his picture.
    Speaker { participant: Option<Uuid> },
    Recording { recording: RecordingState },
    /// What this client's own slots carry, all of them.
    Slots { slots: Vec<SlotView> },
    /// What was done to this participant by somebody else.
    Notice { notice: Notice },
    /// For those who watch the lines (`Action::WatchLines`): the sites whose figures changed, at most once a second.
    Lines { lines: Vec<LineView> },
    /// The last message; the connection closes after it.
    Bye {
        why: ByeReason,
        /// Come back after this long (already jittered by the server); absent: do not come back by yourself.
        retry_after_ms: Option<u32>,
        /// The words of who removed this participant; absent for every other `why`.
        reason: Option<String>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Chair,
    Secretary,
    Delegate,
    Technician,
    Leader,
}

/// Everything a participant can do; the table Role x Action lives in [`crate::role`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Publish,
    ShareScreen,
    AskToSpeak,
    /// Speaks in every mode without asking.
    SpeakFreely,
    GiveFloor,
    Mute,
    SetStage,
    SetMode,
    SetAgenda,
    Record,
    StartSession,
    EndSession,
    Remove,
    WatchLines,
    DeclareHeadcount,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceName {
    Microphone,
    Camera,
    Screen,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SwitchState {
    On,
    Off,
}

/// A drawn video slot: its m-line and the height of its picture in device pixels; 0 when hidden.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct SlotDrawn {
    pub mid: String,
    pub height: u16,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(deny_unknown_fields)]
pub struct Staged {
    pub participant: Uuid,
    pub source: SourceName,
}

/// The three modes of a public meeting: thảo luận, đào tạo, hội nghị truyền hình.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Discussion,
    Training,
    Conference,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Phase {
    /// Doors are open, the chair has not begun. Times are Unix milliseconds of the server.
    Gathering,
    InSession { since: i64 },
    Ended { at: i64 },
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct MeetingView {
    pub session: Uuid,
    pub title: String,
    pub short_title: String,
    pub starts_at: i64,
    pub ends_at: i64,
    /// The server's clock when this was written, for the page's timers.
    pub now: i64,
    pub phase: Phase,
    pub mode: Mode,
    pub agenda: AgendaView,
    /// In the order of the invitation, then of arrival; those who were invited and have not come included.
    pub participants: Vec<ParticipantView>,
    pub floor: FloorView,
    pub stage: Option<Staged>,
    pub speaker: Option<Uuid>,
    pub recording: RecordingState,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct AgendaView {
    pub items: Vec<AgendaItem>,
    pub current: Option<u16>,
    pub current_since: Option<i64>,
    /// Seconds spent on each item so far, the current one up to `current_since`.
    pub spent_seconds: Vec<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct AgendaItem {
    pub title: String,
    pub minutes: u16,
    pub presenter: Option<String>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct ParticipantView {
    pub id: Uuid,
    /// "Phường Móng Cái 1", or a person's name.
    pub name: String,
    /// At most 14 characters, for small tiles: "P Móng Cái 1".
    pub short_name: String,
    /// Second line of the main picture: "Hội trường tầng 2", "Phó Chủ tịch UBND tỉnh".
    pub detail: Option<String>,
    /// Heading on the wall and in lists: "Cụm Đầm Hà".
    pub group: Option<String>,
    pub role: Role,
    /// A site with its headcount, or a single person.
    pub site: bool,
    pub presence: PresenceView,
    pub microphone: SourceState,
    pub camera: SourceState,
    pub screen: SourceState,
    pub line: LineQuality,
    pub headcount: Option<u16>,
    /// How long the site has held the floor in this session.
    pub spoken_seconds: u32,
    pub via: Via,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum PresenceView {
    /// Invited, not here yet.
    Expected,
    Here { since: i64 },
    /// The line dropped; the seat is kept until then.
    Away { since: i64, until: i64 },
    Gone { at: i64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Not negotiated by this participant.
    Absent,
    Off,
    On,
    /// May not be switched on now: the mode or the chair holds it.
    Locked,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LineQuality {
    Unknown,
    Good,
    Weak,
    Lost,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    Browser,
    Whip,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct FloorView {
    pub holders: Vec<FloorHolder>,
    pub queue: Vec<QueueEntry>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct FloorHolder {
    pub participant: Uuid,
    pub since: i64,
    /// The time limit in seconds; running over is shown, never cut.
    pub limit_seconds: u32,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct QueueEntry {
    pub participant: Uuid,
    pub asked_at: i64,
    pub note: Option<String>,
    pub agenda_item: Option<u16>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordingState {
    Off,
    /// Asked for; the recorder is opening its file.
    Starting,
    On { since: i64 },
    /// It was asked for and cannot run (disk); the meeting goes on.
    Failed { at: i64 },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct SlotView {
    pub mid: String,
    pub participant: Option<Uuid>,
    pub source: Option<SourceName>,
    pub paused: Option<PauseReason>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    NoMedia,
    NotDrawn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Notice {
    Muted { by: Uuid, source: SourceName },
    CalledToSpeak { by: Uuid, limit_seconds: u32 },
    FloorWithdrawn { by: Uuid },
}

/// One site's line in the last second. Absent figures were not measured.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct LineView {
    pub participant: Uuid,
    pub quality: LineQuality,
    pub rtt_ms: Option<f32>,
    pub up: DirectionView,
    pub down: DirectionView,
    /// Server time of the last datagram or message from the site.
    pub last_seen: i64,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, TS)]
pub struct DirectionView {
    pub bitrate_bps: u32,
    /// 0 to 1, before repair.
    pub loss: f32,
    pub jitter_ms: f32,
    /// The largest picture in this direction.
    pub width: u16,
    pub height: u16,
    pub frames_per_s: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
pub struct MediaLimits {
    pub audio_slots: u8,
    pub video_slots_max: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    Version,
    TokenInvalid,
    TokenExpired,
    SessionUnknown,
    SessionNotOpenYet,
    SessionEnded,
    SessionFull,
    NotAllowed,
    OutOfTurn,
    NoSuchParticipant,
    NotHere,
    SourceLocked,
    SourceAbsent,
    AlreadyAsked,
    NotAsked,
    NotHoldingFloor,
    OfferInvalid,
    OfferTooLarge,
    OfferUnsupported,
    RecordingUnavailable,
    TextInvalid,
    NumberOutOfRange,
    NotStored,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, TS)]
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
    Refused,
}
