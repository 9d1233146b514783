// Generated from signaling/src/wire by `UPDATE_GENERATED=1 cargo test -p signaling --test typescript`. Do not edit.

export const PROTOCOL_VERSION = 2;

/** Bytes of one message from the page. */
export const MESSAGE_MAX = 65536;

/** What the server closes the WebSocket with. */
export const CLOSE_CODES = {
  normal: 1000,
  going_away: 1001,
  too_large: 1009,
  protocol: 4400,
  refused: 4403,
  hello_timeout: 4408,
  replaced: 4409,
  over: 4410,
  too_fast: 4429,
  slow: 4430,
} as const;

/**
 * Everything a participant can do; the table Role x Action lives in [`crate::role`].
 */
export type Action = "publish" | "share_screen" | "ask_to_speak" | "speak_freely" | "give_floor" | "mute" | "set_stage" | "set_mode" | "set_agenda" | "record" | "start_session" | "end_session" | "remove" | "watch_lines" | "declare_headcount";

export type AgendaItem = { title: string, minutes: number, presenter: string | null, };

export type AgendaView = { items: Array<AgendaItem>, current: number | null, current_since: number | null, 
/**
 * Seconds spent on each item so far, the current one up to `current_since`.
 */
spent_seconds: Array<number>, };

export type ByeReason = "session_ended" | "removed" | "replaced" | "server_stopping" | "slow" | "left" | "refused";

/**
 * A request and the number its answer will carry.
 */
export type ClientEnvelope = { id: number, request: ClientMessage, };

export type ClientMessage = { "kind": "hello", version: number, token: string, resume?: string | null, 
/**
 * People at this site, as the site itself says.
 */
headcount?: number | null, } | { "kind": "pong", nonce: number, } | { "kind": "offer", sdp: string, } | { "kind": "restart", sdp: string, } | { "kind": "switch_source", source: SourceName, state: SwitchState, } | { "kind": "set_view", pinned: Array<string>, slots: Array<SlotDrawn>, } | { "kind": "declare_headcount", count: number, } | { "kind": "ask_to_speak", note?: string | null, } | { "kind": "withdraw_request", } | { "kind": "finish_speaking", } | { "kind": "give_floor", participant: string, } | { "kind": "withdraw_floor", participant: string, } | { "kind": "extend_floor", participant: string, seconds: number, } | { "kind": "move_in_queue", participant: string, place: number, } | { "kind": "mute", participant: string, source: SourceName, } | { "kind": "mute_all", } | { "kind": "set_stage", stage: Staged | null, } | { "kind": "set_mode", mode: Mode, } | { "kind": "set_agenda_item", index: number, } | { "kind": "start_recording", } | { "kind": "stop_recording", } | { "kind": "start_session", } | { "kind": "end_session", } | { "kind": "remove_participant", participant: string, reason: string, } | { "kind": "leave", };

export type DirectionView = { bitrate_bps: number, 
/**
 * 0 to 1, before repair.
 */
loss: number, jitter_ms: number, 
/**
 * The largest picture in this direction.
 */
width: number, height: number, frames_per_s: number, };

/**
 * What a client did wrong; the text of the close frame with [`CloseCode::Protocol`].
 */
export type Fault = "malformed" | "unknown_kind" | "out_of_turn" | "binary";

export type FloorHolder = { participant: string, since: number, 
/**
 * The time limit in seconds; running over is shown, never cut.
 */
limit_seconds: number, };

export type FloorView = { holders: Array<FloorHolder>, queue: Array<QueueEntry>, };

export type LineQuality = "unknown" | "good" | "weak" | "lost";

/**
 * One site's line in the last second. Absent figures were not measured.
 */
export type LineView = { participant: string, quality: LineQuality, rtt_ms: number | null, up: DirectionView, down: DirectionView, 
/**
 * What the line down to the site can carry, as the bridge estimates it.
 */
down_capacity_bps?: number, 
/**
 * Server time of the last datagram or message from the site.
 */
last_seen: number, };

export type MediaLimits = { audio_slots: number, video_slots_max: number, };

export type MeetingView = { session: string, title: string, short_title: string, starts_at: number, ends_at: number, 
/**
 * The server's clock when this was written, for the page's timers.
 */
now: number, phase: Phase, mode: Mode, agenda: AgendaView, 
/**
 * In the order of the invitation, then of arrival; those who were invited and have not come included.
 */
participants: Array<ParticipantView>, floor: FloorView, stage: OnStage | null, speaker: string | null, recording: RecordingState, };

/**
 * The three modes of a public meeting: thảo luận, đào tạo, hội nghị truyền hình.
 */
export type Mode = "discussion" | "training" | "conference";

/**
 * What was done to this participant by somebody else.
 */
export type Notice = { "kind": "muted", by: string, source: SourceName, } | { "kind": "called_to_speak", by: string, limit_seconds: number, } | { "kind": "floor_withdrawn", by: string, };

/**
 * What stands on everybody's main picture, and why.
 */
export type OnStage = { participant: string, source: SourceName, why: StageReason, };

export type ParticipantView = { id: string, 
/**
 * "Phường Móng Cái 1", or a person's name.
 */
name: string, 
/**
 * At most 14 characters, for small tiles: "P Móng Cái 1".
 */
short_name: string, 
/**
 * Second line of the main picture: "Hội trường tầng 2", "Phó Chủ tịch UBND tỉnh".
 */
detail: string | null, 
/**
 * Heading on the wall and in lists: "Cụm Đầm Hà".
 */
group: string | null, role: Role, 
/**
 * A site with its headcount, or a single person.
 */
site: boolean, presence: PresenceView, microphone: SourceState, camera: SourceState, screen: SourceState, line: LineQuality, headcount: number | null, 
/**
 * How long the site has held the floor in this session.
 */
spoken_seconds: number, via: Via, };

export type PauseReason = "no_media" | "not_drawn" | "line_too_weak" | "codec_missing";

export type Phase = { "kind": "gathering" } | { "kind": "in_session", since: number, } | { "kind": "ended", at: number, };

export type PresenceView = { "kind": "expected" } | { "kind": "here", since: number, } | { "kind": "away", since: number, until: number, } | { "kind": "gone", at: number, };

export type QueueEntry = { participant: string, asked_at: number, note: string | null, agenda_item: number | null, };

export type RecordingState = { "kind": "off" } | { "kind": "starting" } | { "kind": "on", since: number, } | { "kind": "failed", at: number, };

export type RefusalCode = "version" | "token_invalid" | "token_expired" | "session_unknown" | "session_not_open_yet" | "session_ended" | "session_full" | "not_allowed" | "out_of_turn" | "no_such_participant" | "not_here" | "source_locked" | "source_absent" | "screen_taken" | "already_asked" | "not_asked" | "not_holding_floor" | "floor_full" | "offer_invalid" | "offer_too_large" | "offer_unsupported" | "no_media" | "media_unavailable" | "recording_unavailable" | "text_invalid" | "number_out_of_range" | "not_stored";

export type Role = "chair" | "secretary" | "delegate" | "technician" | "leader";

export type ServerMessage = { "kind": "welcome", re: number, version: number, you: string, role: Role, 
/**
 * Actions the role allows, so that the page shows no control that would be refused.
 */
may: Array<Action>, 
/**
 * Present it in the next `hello` to come back into this seat.
 */
resume: string, 
/**
 * How long the seat waits for a lost connection, for the page's countdown while it cannot ask.
 */
seat_kept_seconds: number, media: MediaLimits, 
/**
 * The media negotiated before the connection was lost still runs: no new `offer` is needed, at most a `restart`.
 */
media_kept: boolean, meeting: MeetingView, } | { "kind": "done", re: number, } | { "kind": "refused", re: number, code: RefusalCode, } | { "kind": "answer", re: number, sdp: string, } | { "kind": "ping", nonce: number, } | { "kind": "phase", phase: Phase, } | { "kind": "mode", mode: Mode, } | { "kind": "agenda", agenda: AgendaView, } | { "kind": "participants", participants: Array<ParticipantView>, } | { "kind": "floor", floor: FloorView, } | { "kind": "stage", stage: OnStage | null, } | { "kind": "speaker", participant: string | null, } | { "kind": "recording", recording: RecordingState, } | { "kind": "slots", slots: Array<SlotView>, } | { "kind": "layers", layers: Array<SourceLayers>, } | { "kind": "notice", notice: Notice, } | { "kind": "lines", lines: Array<LineView>, } | { "kind": "bye", why: ByeReason, 
/**
 * Come back after this long (already jittered by the server); absent: do not come back by yourself.
 */
retry_after_ms: number | null, 
/**
 * The words of who removed this participant; absent for every other `why`.
 */
reason: string | null, };

/**
 * A drawn video slot: its m-line and the height of its picture in device pixels; 0 when hidden.
 */
export type SlotDrawn = { mid: string, height: number, };

export type SlotView = { mid: string, participant: string | null, source: SourceName | null, paused: PauseReason | null, };

/**
 * The wanted layers of one source, by their rids in the page's own offer.
 */
export type SourceLayers = { source: SourceName, rids: Array<string>, };

export type SourceName = "microphone" | "camera" | "screen";

export type SourceState = "absent" | "off" | "on" | "locked";

export type StageReason = "chosen" | "screen" | "floor";

export type Staged = { participant: string, source: SourceName, };

export type SwitchState = "on" | "off";

export type Via = "browser" | "whip" | "whep";
