//! `PROTOCOL.md` shows every message with an example, and the examples are written here, from the types themselves.
//! `UPDATE_GENERATED=1 cargo test -p signaling` rewrites them; a message without an example does not compile.

// The switch that rewrites generated files is the environment's.
#![allow(clippy::disallowed_methods)]

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use signaling::wire::{
    Action, AgendaItem, AgendaView, ByeReason, ClientEnvelope, ClientMessage, CloseCode, DirectionView, FloorHolder,
    FloorView, LineQuality, LineView, MediaLimits, MeetingView, Mode, Notice, OnStage, ParticipantView, PauseReason,
    Phase, PresenceView, QueueEntry, RecordingState, RefusalCode, Role, ServerMessage, SlotDrawn, SlotView,
    SourceLayers, SourceName, SourceState, StageReason, Staged, SwitchState, VERSION, Via, decode,
};
use uuid::Uuid;

const HALL: Uuid = Uuid::from_u128(0x0192_f1a0_0000_7000_8000_0000_0000_0001);
const COMMUNE: Uuid = Uuid::from_u128(0x0192_f1a0_0000_7000_8000_0000_0000_0002);
const EIGHT: i64 = 1_795_482_000_000;

/// Answered by; what it does.
fn client_words(message: &ClientMessage) -> (&'static str, &'static str) {
    match message {
        ClientMessage::Hello { .. } => (
            "`welcome`",
            "Takes a seat. `resume` (of the last `welcome`) comes back into the same seat from the same page; without it the page is a new one and takes the seat from any other. `headcount` is taken for sites.",
        ),
        ClientMessage::Pong { .. } => ("nothing", "Answers `ping`. Any message counts as a sign of life."),
        ClientMessage::Offer { .. } => (
            "`answer`",
            "Negotiates sending m-lines (first audio: microphone; first video: camera; second: screen) and receiving slots. A further offer replaces the media of the first.",
        ),
        ClientMessage::Restart { .. } => (
            "`answer`",
            "ICE restart: new credentials for the same m-lines. `no_media`: there is nothing to restart, send `offer`.",
        ),
        ClientMessage::SwitchSource { .. } => {
            ("`done`", "Switches one's own source. Everybody joins with everything off.")
        }
        ClientMessage::SetView { .. } => (
            "`done`",
            "What this page draws: sites pinned into slots, and the height of every drawn slot in device pixels. A slot that is not named is not sent.",
        ),
        ClientMessage::DeclareHeadcount { .. } => ("`done`", "People at this site, 1 to 5000."),
        ClientMessage::AskToSpeak { .. } => {
            ("`done`", "Joins the one queue, at its end. `note`: one line, at most 200 characters.")
        }
        ClientMessage::WithdrawRequest {} => ("`done`", "Leaves the queue."),
        ClientMessage::FinishSpeaking {} => ("`done`", "Ends one's own turn; the microphone closes."),
        ClientMessage::GiveFloor { .. } => (
            "`done`",
            "Calls somebody who is here, whether he asked or not. In training the former holder's turn ends; in a conference `floor_full` when as many hold it as may.",
        ),
        ClientMessage::WithdrawFloor { .. } => ("`done`", "Ends somebody's turn, or strikes his waiting request."),
        ClientMessage::ExtendFloor { .. } => {
            ("`done`", "Adds seconds to a turn's limit. Running over is shown, never cut.")
        }
        ClientMessage::MoveInQueue { .. } => ("`done`", "Moves a request to a place, counted from 0."),
        ClientMessage::Mute { .. } => ("`done`", "Switches off somebody's source. Nobody can switch on another's."),
        ClientMessage::MuteAll {} => ("`done`", "Every microphone but the chair's, the floor-holders' and one's own."),
        ClientMessage::SetStage { .. } => {
            ("`done`", "One picture for everybody's main place; `null` gives the choice back.")
        }
        ClientMessage::SetMode { .. } => (
            "`done`",
            "Changes the mode. What the new mode does not allow closes at once and does not open again by itself.",
        ),
        ClientMessage::SetAgendaItem { .. } => ("`done`", "Turns to an item, counted from 0."),
        ClientMessage::StartRecording {} => ("`done`", "Asks for a recording; `recording` tells when it runs."),
        ClientMessage::StopRecording {} => ("`done`", "Asks it to stop; `recording` tells when it has."),
        ClientMessage::StartSession {} => ("`done`", "The session begins."),
        ClientMessage::EndSession {} => ("`done`, then `bye`", "The session ends for all."),
        ClientMessage::RemoveParticipant { .. } => (
            "`done`",
            "Turns somebody out, for a reason of at most 300 characters. He is not let in again. Nobody removes the chair.",
        ),
        ClientMessage::Leave {} => ("`done`, then `bye`", "Gives up the seat at once."),
    }
}

fn client_examples() -> Vec<ClientMessage> {
    let participant = COMMUNE;
    vec![
        ClientMessage::Hello {
            version: VERSION,
            token: "eyJ0eXAiOiJuaGlwY2F1LWpvaW4rand0Ii…".into(),
            resume: Some("eyJ0eXAiOiJuaGlwY2F1LXJlc3VtZStqd3Qi…".into()),
            headcount: Some(12),
        },
        ClientMessage::Pong { nonce: 17 },
        ClientMessage::Offer { sdp: "v=0\r\n…".into() },
        ClientMessage::Restart { sdp: "v=0\r\n…".into() },
        ClientMessage::SwitchSource { source: SourceName::Microphone, state: SwitchState::On },
        ClientMessage::SetView {
            pinned: vec![HALL],
            slots: vec![SlotDrawn { mid: "6".into(), height: 720 }, SlotDrawn { mid: "7".into(), height: 136 }],
        },
        ClientMessage::DeclareHeadcount { count: 14 },
        ClientMessage::AskToSpeak { note: Some("Tàu thuyền neo đậu".into()) },
        ClientMessage::WithdrawRequest {},
        ClientMessage::FinishSpeaking {},
        ClientMessage::GiveFloor { participant },
        ClientMessage::WithdrawFloor { participant },
        ClientMessage::ExtendFloor { participant, seconds: 60 },
        ClientMessage::MoveInQueue { participant, place: 0 },
        ClientMessage::Mute { participant, source: SourceName::Microphone },
        ClientMessage::MuteAll {},
        ClientMessage::SetStage { stage: Some(Staged { participant, source: SourceName::Camera }) },
        ClientMessage::SetMode { mode: Mode::Training },
        ClientMessage::SetAgendaItem { index: 2 },
        ClientMessage::StartRecording {},
        ClientMessage::StopRecording {},
        ClientMessage::StartSession {},
        ClientMessage::EndSession {},
        ClientMessage::RemoveParticipant { participant, reason: "Nhầm phòng họp".into() },
        ClientMessage::Leave {},
    ]
}

fn server_words(message: &ServerMessage) -> (&'static str, &'static str) {
    match message {
        ServerMessage::Welcome { .. } => (
            "the page",
            "Answers `hello`: the whole meeting, one's own seat, what the role allows, the token to come back with. `media_kept`: what was negotiated before still runs.",
        ),
        ServerMessage::Done { .. } => ("the page", "The request was carried out; its news has been sent before."),
        ServerMessage::Refused { .. } => ("the page", "It was not, and nothing changed."),
        ServerMessage::Answer { .. } => {
            ("the page", "Answers `offer` and `restart`: a complete SDP answer, candidates inline.")
        }
        ServerMessage::Ping { .. } => ("the page", "Every 2 s."),
        ServerMessage::Phase { .. } => ("everybody", "The session began or ended."),
        ServerMessage::Mode { .. } => ("everybody", "The mode changed."),
        ServerMessage::Agenda { .. } => ("everybody", "The agenda and where it stands."),
        ServerMessage::Participants { .. } => {
            ("everybody", "New or changed participants; each replaces what was known under its id.")
        }
        ServerMessage::Floor { .. } => {
            ("everybody", "Who holds the floor, in the order of being called, and who waits for it.")
        }
        ServerMessage::Stage { .. } => {
            ("everybody", "What stands on the main picture and why; `null`: whoever speaks.")
        }
        ServerMessage::Speaker { .. } => ("everybody", "The loudest, for a mark on his picture."),
        ServerMessage::Recording { .. } => ("everybody", "Whether it is being recorded."),
        ServerMessage::Slots { .. } => ("the page", "What its own slots carry, all of them."),
        ServerMessage::Layers { .. } => (
            "the page",
            "Which simulcast layers of its own sources somebody is shown or would be; the others it switches off, without negotiating. A source that is not named sends all.",
        ),
        ServerMessage::Notice { .. } => ("the page", "Something was done to this participant by another."),
        ServerMessage::Lines { .. } => (
            "who may `watch_lines`",
            "Lines whose figures changed, at most once a second; all of them after `welcome`.",
        ),
        ServerMessage::Bye { .. } => {
            ("the page", "The last message. With `retry_after_ms` come back after so long, without it not by yourself.")
        }
    }
}

fn participant_example() -> ParticipantView {
    ParticipantView {
        id: COMMUNE,
        name: "Phường Móng Cái 1".into(),
        short_name: "P Móng Cái 1".into(),
        detail: Some("Hội trường tầng 2".into()),
        group: Some("Cụm Móng Cái".into()),
        role: Role::Delegate,
        site: true,
        presence: PresenceView::Away { since: EIGHT, until: EIGHT + 300_000 },
        microphone: SourceState::Locked,
        camera: SourceState::On,
        screen: SourceState::Absent,
        line: LineQuality::Weak,
        headcount: Some(14),
        spoken_seconds: 250,
        via: Via::Browser,
    }
}

fn agenda_example() -> AgendaView {
    AgendaView {
        items: vec![AgendaItem {
            title: "Phương án sơ tán dân".into(),
            minutes: 20,
            presenter: Some("Chi cục Thủy lợi".into()),
        }],
        current: Some(0),
        current_since: Some(EIGHT),
        spent_seconds: vec![0],
    }
}

fn floor_example() -> FloorView {
    FloorView {
        holders: vec![FloorHolder { participant: HALL, since: EIGHT, limit_seconds: 300 }],
        queue: vec![QueueEntry {
            participant: COMMUNE,
            asked_at: EIGHT,
            note: Some("Tàu thuyền neo đậu".into()),
            agenda_item: Some(0),
        }],
    }
}

fn meeting_example() -> MeetingView {
    MeetingView {
        session: Uuid::from_u128(0x0192_f1a0_0000_7000_8000_0000_0000_0000),
        title: "Hội nghị phòng, chống thiên tai".into(),
        short_title: "Phòng chống thiên tai".into(),
        starts_at: EIGHT,
        ends_at: EIGHT + 7_200_000,
        now: EIGHT,
        phase: Phase::InSession { since: EIGHT },
        mode: Mode::Conference,
        agenda: agenda_example(),
        participants: vec![participant_example()],
        floor: floor_example(),
        stage: Some(OnStage { participant: HALL, source: SourceName::Camera, why: StageReason::Floor }),
        speaker: Some(HALL),
        recording: RecordingState::On { since: EIGHT },
    }
}

fn server_examples() -> Vec<ServerMessage> {
    let direction = DirectionView {
        bitrate_bps: 1_450_000,
        loss: 0.07,
        jitter_ms: 22.5,
        width: 1280,
        height: 720,
        frames_per_s: 25,
    };
    vec![
        ServerMessage::Welcome {
            re: 1,
            version: VERSION,
            you: COMMUNE,
            role: Role::Delegate,
            may: vec![Action::Publish, Action::ShareScreen, Action::AskToSpeak, Action::DeclareHeadcount],
            resume: "eyJ0eXAiOiJuaGlwY2F1LXJlc3VtZStqd3Qi…".into(),
            seat_kept_seconds: 300,
            media: MediaLimits { audio_slots: 3, video_slots_max: 49 },
            media_kept: false,
            meeting: Box::new(meeting_example()),
        },
        ServerMessage::Done { re: 7 },
        ServerMessage::Refused { re: 8, code: RefusalCode::SourceLocked },
        ServerMessage::Answer { re: 2, sdp: "v=0\r\n…".into() },
        ServerMessage::Ping { nonce: 17 },
        ServerMessage::Phase { phase: Phase::InSession { since: EIGHT } },
        ServerMessage::Mode { mode: Mode::Training },
        ServerMessage::Agenda { agenda: agenda_example() },
        ServerMessage::Participants { participants: vec![participant_example()] },
        ServerMessage::Floor { floor: floor_example() },
        ServerMessage::Stage {
            stage: Some(OnStage { participant: COMMUNE, source: SourceName::Camera, why: StageReason::Chosen }),
        },
        ServerMessage::Speaker { participant: Some(HALL) },
        ServerMessage::Recording { recording: RecordingState::Starting },
        ServerMessage::Slots {
            slots: vec![
                SlotView { mid: "6".into(), participant: Some(HALL), source: Some(SourceName::Camera), paused: None },
                SlotView {
                    mid: "7".into(),
                    participant: Some(COMMUNE),
                    source: Some(SourceName::Camera),
                    paused: Some(PauseReason::LineTooWeak),
                },
            ],
        },
        ServerMessage::Layers {
            layers: vec![SourceLayers { source: SourceName::Camera, rids: vec!["q".into(), "h".into()] }],
        },
        ServerMessage::Notice { notice: Notice::CalledToSpeak { by: HALL, limit_seconds: 300 } },
        ServerMessage::Lines {
            lines: vec![LineView {
                participant: COMMUNE,
                quality: LineQuality::Weak,
                rtt_ms: Some(182.5),
                up: direction.clone(),
                down: direction,
                down_capacity_bps: Some(640_000),
                last_seen: EIGHT,
            }],
        },
        ServerMessage::Bye { why: ByeReason::ServerStopping, retry_after_ms: Some(1_340), reason: None },
    ]
}

fn kind_of(message: &impl Serialize) -> String {
    let value = serde_json::to_value(message).expect("a message is JSON");
    value["kind"].as_str().expect("a message has a kind").to_owned()
}

fn client_section() -> String {
    let mut text = String::new();
    for (place, request) in client_examples().into_iter().enumerate() {
        let (answer, meaning) = client_words(&request);
        let kind = kind_of(&request);
        let id = u32::try_from(place).expect("few messages") + 1;
        let json = serde_json::to_string(&ClientEnvelope { id, request }).expect("a message is JSON");
        write!(text, "#### `{kind}` → {answer}\n{meaning}\n```json\n{json}\n```\n\n").expect("a String takes it");
    }
    text
}

fn server_section() -> String {
    let mut text = String::new();
    for message in server_examples() {
        let (audience, meaning) = server_words(&message);
        let kind = kind_of(&message);
        let json = match kind.as_str() {
            "welcome" | "lines" => serde_json::to_string_pretty(&message),
            _ => serde_json::to_string(&message),
        };
        let json = json.expect("a message is JSON");
        write!(text, "#### `{kind}` to {audience}\n{meaning}\n```json\n{json}\n```\n\n").expect("a String takes it");
    }
    text
}

fn close_section() -> String {
    let meaning = |code: CloseCode| match code {
        CloseCode::Normal => "after `leave`; also a dead connection whose page has come back by another",
        CloseCode::GoingAway => "after `bye` with `server_stopping`",
        CloseCode::TooLarge => "a message above 64 KiB",
        CloseCode::Protocol => {
            "the protocol was broken; the reason says how: `malformed`, `unknown_kind`, `out_of_turn` (no `hello` first, or a second one), `binary`"
        }
        CloseCode::Refused => "after `refused` to a `hello`",
        CloseCode::HelloTimeout => "no `hello` within 5 s",
        CloseCode::Replaced => "after `bye` with `replaced`",
        CloseCode::Over => "after `bye` with `session_ended` or `removed`",
        CloseCode::TooFast => "more than 20 messages a second for long (60 at once)",
        CloseCode::Slow => "128 messages waited to be read",
    };
    let mut text = String::from("| code | name | when |\n|---|---|---|\n");
    for code in CloseCode::ALL {
        writeln!(text, "| {} | `{}` | {} |", code.code(), code.name(), meaning(code)).expect("a String takes it");
    }
    text
}

/// Puts `content` between the two comments that name the section.
fn put(page: &str, name: &str, content: &str) -> String {
    let (open, close) = (format!("<!-- {name}: written by tests/protocol.rs -->\n"), format!("<!-- end of {name} -->"));
    let (before, rest) = page.split_once(&open).unwrap_or_else(|| panic!("PROTOCOL.md has no section {name}"));
    let (_, after) = rest.split_once(&close).unwrap_or_else(|| panic!("section {name} does not end"));
    format!("{before}{open}\n{content}\n{close}{after}")
}

#[test]
fn the_page_of_the_protocol_shows_every_message_as_it_is() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("PROTOCOL.md");
    let page = std::fs::read_to_string(&path).expect("PROTOCOL.md is there");
    let mut fresh = put(&page, "what the page says", client_section().trim_end());
    fresh = put(&fresh, "what the server says", server_section().trim_end());
    fresh = put(&fresh, "close codes", close_section().trim_end());
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, &fresh).expect("the page can be written");
    } else {
        assert!(page == fresh, "PROTOCOL.md is stale: run `UPDATE_GENERATED=1 cargo test -p signaling`");
    }
}

#[test]
fn every_example_of_a_request_is_read_as_what_it_was_written_from() {
    for request in client_examples() {
        let envelope = ClientEnvelope { id: 1, request };
        let text = serde_json::to_string(&envelope).expect("a message is JSON");
        assert_eq!(decode(&text), Ok(envelope), "{text}");
    }
}

#[test]
fn there_is_an_example_of_each_kind_and_only_one() {
    let mut client: Vec<String> = client_examples().iter().map(kind_of).collect();
    let mut server: Vec<String> = server_examples().iter().map(kind_of).collect();
    for kinds in [&mut client, &mut server] {
        let all = kinds.len();
        kinds.sort();
        kinds.dedup();
        assert_eq!(kinds.len(), all);
    }
    assert_eq!((client.len(), server.len()), (25, 18), "a new message needs an example");
}
