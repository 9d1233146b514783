//! Stories of meetings, told to the machine in virtual time.

// The shell's clock is the test's own: one reading at the start, everything else is added to it.
#![allow(clippy::disallowed_methods)]

mod arrival;
mod course;
mod model;
mod presence;
mod sources;
mod speaking;
mod taking_up;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::*;
use crate::mark::MarkedFact;
use crate::token::{Identity, Lineage, MediaRights, Occupant};
use crate::wire::{
    AgendaItem, ByeReason, ClientMessage, MeetingView, Notice, ParticipantView, PresenceView, Role, SourceLayers,
    SourceName, SourceState, SwitchState,
};

pub(super) const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e55));

/// 2026-11-24 08:00 in Hạ Long.
const EIGHT: UtcMs = UtcMs(1_795_482_000_000);

/// A meeting, its clock, and everything it has said.
pub(super) struct World {
    pub meeting: Meeting,
    start: Instant,
    passed: Duration,
    connections: u64,
    requests: u32,
    calls: u64,
    /// Who answers pings.
    awake: Vec<ParticipantId>,
    pub pages: BTreeMap<ParticipantId, Page>,
    pub said: BTreeMap<ConnectionId, Vec<ServerMessage>>,
    pub byes: BTreeMap<ConnectionId, ByeReason>,
    pub discarded: Vec<ConnectionId>,
    pub marks: Vec<Mark>,
    pub forwarded: BTreeMap<ParticipantId, SourceSet>,
    pub stage: Vec<(ParticipantId, SourceName)>,
    pub orders: Vec<MediaOrder>,
    pub recorder: Vec<RecordingOrder>,
    pub answers: BTreeMap<u64, Result<String, RefusalCode>>,
    pub over: bool,
    /// Inputs gather, and outputs are drained together.
    pub gathering: bool,
}

/// What a page knows of its own seat.
#[derive(Clone, Debug)]
pub(super) struct Page {
    pub connection: ConnectionId,
    pub lineage: Lineage,
    pub media_kept: bool,
}

pub(super) fn id(number: u128) -> ParticipantId {
    ParticipantId(Uuid::from_u128(number))
}

pub(super) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn brief(mode: Mode) -> SessionBrief {
    let invited = |number, name: &str, role, occupant| Invited {
        participant: id(number),
        name: name.into(),
        short_name: name.chars().take(14).collect(),
        detail: None,
        group: None,
        role,
        occupant,
    };
    SessionBrief {
        session: SESSION,
        title: "Hội nghị phòng, chống thiên tai".into(),
        short_title: "Phòng chống TT".into(),
        starts_at: EIGHT,
        ends_at: EIGHT.plus(secs(7200)),
        mode,
        agenda: ["Khai mạc", "Phương án sơ tán", "Kết luận"]
            .map(|title| AgendaItem { title: title.into(), minutes: 20, presenter: None })
            .to_vec(),
        roster: vec![
            invited(1, "Hội trường tỉnh", Role::Chair, Occupant::Site),
            invited(2, "Xã Đầm Hà", Role::Delegate, Occupant::Site),
            invited(3, "Xã Vĩnh Thực", Role::Delegate, Occupant::Site),
            invited(4, "Đặc khu Cô Tô", Role::Delegate, Occupant::Site),
            invited(5, "Nguyễn Thị Hạnh", Role::Secretary, Occupant::Person),
            invited(6, "Trần Văn Bình", Role::Technician, Occupant::Person),
        ],
        limits: Limits { participants_max: 8, holders_max: 2, turn_seconds: 300 },
        timers: Timers::default(),
        past: Vec::new(),
    }
}

pub(super) const HALL: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub(super) const DAM_HA: ParticipantId = ParticipantId(Uuid::from_u128(2));
pub(super) const VINH_THUC: ParticipantId = ParticipantId(Uuid::from_u128(3));
pub(super) const CO_TO: ParticipantId = ParticipantId(Uuid::from_u128(4));
pub(super) const SECRETARY: ParticipantId = ParticipantId(Uuid::from_u128(5));
pub(super) const TECHNICIAN: ParticipantId = ParticipantId(Uuid::from_u128(6));

pub(super) fn identity_of(brief: &SessionBrief, who: ParticipantId) -> Identity {
    match brief.roster.iter().find(|invited| invited.participant == who) {
        Some(invited) => Identity {
            session: brief.session,
            participant: who,
            pool: None,
            role: invited.role,
            media: MediaRights::ALL,
            name: invited.name.clone(),
            short_name: invited.short_name.clone(),
            detail: invited.detail.clone(),
            group: invited.group.clone(),
            occupant: invited.occupant,
        },
        None => Identity {
            session: brief.session,
            participant: who,
            pool: None,
            role: Role::Delegate,
            media: MediaRights::ALL,
            name: format!("Khách {}", who.0.as_u128()),
            short_name: "Khách".into(),
            detail: None,
            group: None,
            occupant: Occupant::Person,
        },
    }
}

impl World {
    pub(super) fn new(mode: Mode) -> Self {
        Self::of(brief(mode))
    }

    pub(super) fn of(brief: SessionBrief) -> Self {
        let start = Instant::now();
        let meeting = Meeting::open(brief, Now { instant: start, utc: EIGHT });
        let mut world = Self {
            meeting,
            start,
            passed: Duration::ZERO,
            connections: 0,
            requests: 0,
            calls: 0,
            awake: Vec::new(),
            pages: BTreeMap::new(),
            said: BTreeMap::new(),
            byes: BTreeMap::new(),
            discarded: Vec::new(),
            marks: Vec::new(),
            forwarded: BTreeMap::new(),
            stage: Vec::new(),
            orders: Vec::new(),
            recorder: Vec::new(),
            answers: BTreeMap::new(),
            over: false,
            gathering: false,
        };
        world.drain();
        world
    }

    pub(super) fn now(&self) -> Now {
        Now { instant: self.start + self.passed, utc: EIGHT.plus(self.passed) }
    }

    pub(super) fn give(&mut self, input: Input) {
        let now = self.now();
        self.meeting.handle(now, input);
        if !self.gathering {
            self.drain();
        }
    }

    /// Everything given in `inputs` is drained together.
    pub(super) fn together(&mut self, inputs: impl FnOnce(&mut Self)) {
        self.gathering = true;
        inputs(self);
        self.gathering = false;
        self.drain();
    }

    /// Lets time pass, waking the meeting whenever it asked for it. Pages that are awake answer pings.
    pub(super) fn run(&mut self, duration: Duration) {
        let end = self.passed + duration;
        loop {
            let due = self.meeting.poll_timeout().map(|at| at.saturating_duration_since(self.start));
            match due.filter(|due| *due <= end) {
                Some(due) => {
                    assert!(due >= self.passed || due + secs(1) > self.passed, "a timer in the past");
                    self.passed = self.passed.max(due);
                    let now = self.now();
                    self.meeting.handle_timeout(now);
                    self.drain();
                    self.answer_pings();
                }
                None => break,
            }
        }
        self.passed = end;
    }

    fn answer_pings(&mut self) {
        for who in self.awake.clone() {
            let Some(page) = self.pages.get(&who) else { continue };
            let connection = page.connection;
            let pinged = self.said.get_mut(&connection).and_then(|said| {
                let at = said.iter().position(|message| matches!(message, ServerMessage::Ping { .. }))?;
                Some(said.remove(at))
            });
            if let Some(ServerMessage::Ping { nonce }) = pinged {
                let request = Box::new(ClientMessage::Pong { nonce });
                self.give(Input::Request { connection, re: 0, request });
            }
        }
    }

    fn drain(&mut self) {
        while let Some(output) = self.meeting.poll_output() {
            match output {
                Output::Welcome(welcome) => {
                    if let Some(page) = self.pages.get_mut(&welcome.you) {
                        page.lineage = welcome.lineage;
                        page.media_kept = welcome.media_kept;
                    }
                    self.said.entry(welcome.connection).or_default().push(welcome_message(&welcome));
                }
                Output::Send { to, message } => match to {
                    Audience::One(connection) => self.said.entry(connection).or_default().push(*message),
                    Audience::Some(connections) => {
                        for connection in connections {
                            self.said.entry(connection).or_default().push((*message).clone());
                        }
                    }
                    Audience::Everyone => {
                        for said in self.said.iter_mut().filter(|(id, _)| !self.byes.contains_key(id)) {
                            if said.1.iter().any(|message| matches!(message, ServerMessage::Welcome { .. })) {
                                said.1.push((*message).clone());
                            }
                        }
                    }
                },
                Output::Bye { connection, why, .. } => drop(self.byes.insert(connection, why)),
                Output::Discard { connection } => {
                    self.discarded.push(connection);
                    self.said.remove(&connection);
                }
                Output::Mark(mark) => self.marks.push(mark),
                Output::Media(order) => self.carry_out(order),
                Output::Recording(order) => self.recorder.push(order),
                Output::Answer { call, result } => drop(self.answers.insert(call, result)),
                Output::Over => self.over = true,
            }
        }
    }

    fn carry_out(&mut self, order: MediaOrder) {
        match &order {
            MediaOrder::Forward { participant, sources } => drop(self.forwarded.insert(*participant, *sources)),
            MediaOrder::Stage(stage) => self.stage.clone_from(stage),
            MediaOrder::Negotiate { .. }
            | MediaOrder::Restart { .. }
            | MediaOrder::Trickle { .. }
            | MediaOrder::Drop { .. }
            | MediaOrder::View { .. } => {}
        }
        self.orders.push(order);
    }

    /// Opens a page with a join token and nothing else.
    pub(super) fn join(&mut self, who: ParticipantId) -> ConnectionId {
        self.hello(who, None, None)
    }

    /// The same page again, after its connection broke.
    pub(super) fn resume(&mut self, who: ParticipantId) -> ConnectionId {
        let lineage = self.pages[&who].lineage;
        self.hello(who, Some(lineage), None)
    }

    pub(super) fn hello(
        &mut self,
        who: ParticipantId,
        lineage: Option<Lineage>,
        headcount: Option<u16>,
    ) -> ConnectionId {
        let identity = identity_of(&brief(Mode::Conference), who);
        self.hello_as(identity, lineage, headcount)
    }

    pub(super) fn hello_as(
        &mut self,
        identity: Identity,
        lineage: Option<Lineage>,
        headcount: Option<u16>,
    ) -> ConnectionId {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let who = identity.participant;
        let kept = lineage.unwrap_or(Lineage(0));
        let page = Page { connection, lineage: kept, media_kept: false };
        self.pages.insert(who, page);
        if !self.awake.contains(&who) {
            self.awake.push(who);
        }
        let join = Join { connection, re: 1, identity, lineage, headcount };
        self.give(Input::Join(Box::new(join)));
        connection
    }

    /// In, with microphone, camera and screen negotiated, all switched off.
    pub(super) fn join_with_media(&mut self, who: ParticipantId) {
        self.join(who);
        self.offer(who);
    }

    pub(super) fn offer(&mut self, who: ParticipantId) {
        self.ask(who, ClientMessage::Offer { sdp: "v=0".into() });
        self.engine_answers(who, Path::Browser, SourceSet::of(&SOURCES));
    }

    /// The engine's answer to the last offer on the path.
    pub(super) fn engine_answers(&mut self, who: ParticipantId, on: Path, sources: SourceSet) {
        let ticket = self.orders.iter().rev().find_map(|order| match order {
            MediaOrder::Negotiate { participant, path, ticket, .. } if *participant == who && *path == on => {
                Some(*ticket)
            }
            _ => None,
        });
        let ticket = ticket.expect("an offer went to the engine");
        let answer = String::from("v=0 answer");
        let news = MediaNews::Negotiated { participant: who, path: on, ticket, answer, sources };
        self.give(Input::Media(news));
    }

    pub(super) fn publish(&mut self, identity: Identity, path: Path) -> u64 {
        self.calls += 1;
        let ticket = Ticket::Call(self.calls);
        self.give(Input::Publish { identity: Box::new(identity), path, ticket, offer: "v=0".into() });
        self.calls
    }

    /// Asks, and answers what came back for it.
    pub(super) fn ask(&mut self, who: ParticipantId, request: ClientMessage) -> Option<ServerMessage> {
        self.requests += 1;
        let re = 1000 + self.requests;
        let connection = self.pages[&who].connection;
        self.give(Input::Request { connection, re, request: Box::new(request) });
        self.reply_to(connection, re)
    }

    pub(super) fn reply_to(&self, connection: ConnectionId, number: u32) -> Option<ServerMessage> {
        let said = self.said.get(&connection)?;
        said.iter()
            .find(|message| {
                matches!(message, ServerMessage::Done { re } | ServerMessage::Refused { re, .. }
                    | ServerMessage::Answer { re, .. } | ServerMessage::Welcome { re, .. } if *re == number)
            })
            .cloned()
    }

    /// Asks, and it must be done.
    pub(super) fn does(&mut self, who: ParticipantId, request: ClientMessage) {
        let what = format!("{request:?}");
        let answer = self.ask(who, request);
        assert!(matches!(answer, Some(ServerMessage::Done { .. })), "{what}: {answer:?}");
    }

    /// Asks, and it must be refused for this reason.
    pub(super) fn is_refused(&mut self, who: ParticipantId, request: ClientMessage, expected: RefusalCode) {
        let what = format!("{request:?}");
        match self.ask(who, request) {
            Some(ServerMessage::Refused { code, .. }) => assert_eq!(code, expected, "{what}"),
            other => panic!("{what}: {other:?}"),
        }
    }

    /// The line of a participant goes dead without a word: nothing comes from him any more.
    pub(super) fn cut(&mut self, who: ParticipantId) {
        self.awake.retain(|awake| *awake != who);
    }

    pub(super) fn seen(&self, who: ParticipantId) -> ParticipantView {
        let view = self.view();
        view.participants.into_iter().find(|one| one.id == who.0).expect("he is on the list")
    }

    pub(super) fn view(&self) -> MeetingView {
        self.meeting.view(self.now())
    }

    pub(super) fn is_away(&self, who: ParticipantId) -> bool {
        matches!(self.seen(who).presence, PresenceView::Away { .. })
    }

    pub(super) fn is_here(&self, who: ParticipantId) -> bool {
        matches!(self.seen(who).presence, PresenceView::Here { .. })
    }

    pub(super) fn is_gone(&self, who: ParticipantId) -> bool {
        matches!(self.seen(who).presence, PresenceView::Gone { .. })
    }

    pub(super) fn microphone(&self, who: ParticipantId) -> SourceState {
        self.seen(who).microphone
    }

    /// Others can hear him.
    pub(super) fn is_heard(&self, who: ParticipantId) -> bool {
        self.forwarded.get(&who).is_some_and(|sources| sources.has(SourceName::Microphone))
    }

    pub(super) fn switch(&mut self, who: ParticipantId, source: SourceName, state: SwitchState) {
        self.does(who, ClientMessage::SwitchSource { source, state });
    }

    pub(super) fn holders(&self) -> Vec<ParticipantId> {
        self.view().floor.holders.iter().map(|holder| ParticipantId(holder.participant)).collect()
    }

    pub(super) fn queue(&self) -> Vec<ParticipantId> {
        self.view().floor.queue.iter().map(|entry| ParticipantId(entry.participant)).collect()
    }

    pub(super) fn facts(&self) -> Vec<MarkedFact> {
        self.marks.iter().map(|mark| mark.fact.clone()).collect()
    }

    pub(super) fn facts_of(&self, who: ParticipantId) -> Vec<&'static str> {
        self.marks.iter().filter_map(|mark| presence_fact(&mark.fact, who)).collect()
    }

    pub(super) fn notices(&self, who: ParticipantId) -> Vec<Notice> {
        let said = self.said.get(&self.pages[&who].connection);
        said.into_iter()
            .flatten()
            .filter_map(|message| match message {
                ServerMessage::Notice { notice } => Some(*notice),
                _ => None,
            })
            .collect()
    }
}

/// The marks attendance is made from.
pub(super) fn presence_fact(fact: &MarkedFact, who: ParticipantId) -> Option<&'static str> {
    match fact {
        MarkedFact::Joined { participant, .. } if *participant == who => Some("joined"),
        MarkedFact::Left { participant } if *participant == who => Some("left"),
        MarkedFact::Lost { participant } if *participant == who => Some("lost"),
        MarkedFact::Removed { participant, .. } if *participant == who => Some("removed"),
        _ => None,
    }
}

pub(super) fn welcome_message(welcome: &Welcome) -> ServerMessage {
    ServerMessage::Welcome {
        re: welcome.re,
        version: crate::wire::VERSION,
        you: welcome.you.0,
        role: welcome.role,
        may: welcome.may.clone(),
        resume: String::new(),
        seat_kept_seconds: welcome.seat_kept_seconds,
        media: crate::wire::MediaLimits { audio_slots: 3, video_slots_max: 49 },
        media_kept: welcome.media_kept,
        meeting: Box::new(welcome.meeting.clone()),
    }
}
