//! A browser's page: opens its socket, greets, comes back after a lost line, keeps its picture of the meeting, and does what the person
//! in front of it wishes. Its timers are those of the product's own page.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sfu::id::Source;
use signaling::id::{ConnectionId, ParticipantId};
use signaling::role;
use signaling::wire::{
    Action, ByeReason, ClientEnvelope, ClientMessage, Notice, RefusalCode, ServerMessage, SlotDrawn, SourceLayers,
    SourceName, SourceState, SwitchState, VERSION,
};

use super::bridge::Datagram;
use super::mirror::Mirror;
use super::negotiate::{Credentials, read_answer};
use super::publish::Voice;
use super::transport::{Sending, State, Transport, Voicing};

const SILENCE: Duration = Duration::from_secs(6);
const GREETING: Duration = Duration::from_secs(12);
const BACKOFF_FIRST_MS: u64 = 500;
const BACKOFF_MOST_MS: u64 = 5_000;
const FLICKER: Duration = Duration::from_secs(2);
const RESTART: Duration = Duration::from_secs(8);
const BUILD: Duration = Duration::from_secs(15);
/// How long an answer may take on the worst line: a cut connection forgets its questions.
const ANSWER: Duration = Duration::from_secs(8);
/// Transports one page may build in a run.
const TRANSPORTS: u16 = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    Waiting { until: Duration, attempt: u32 },
    Opening { connection: ConnectionId, attempt: u32 },
    Greeting { connection: ConnectionId, attempt: u32, until: Duration },
    Open { connection: ConnectionId },
    Over(Option<ByeReason>),
}

/// What a page wants of the world around it.
#[derive(Clone, PartialEq, Debug)]
pub enum Act {
    Connect,
    Say {
        connection: ConnectionId,
        text: String,
    },
    Hangup {
        connection: ConnectionId,
    },
    Send {
        from: Credentials,
        datagram: Datagram,
    },
    /// Something the run counts.
    Count(String),
}

/// A person's wishes. What he is allowed is another matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Wishes {
    pub microphone: bool,
    pub camera: bool,
    pub screen: bool,
    pub speaking: bool,
}

/// Whether the page stops sending what the meeting has switched off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Manners {
    Polite,
    /// A broken or hostile client: it sends whatever its person wishes.
    Stubborn,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Hello,
    Offer,
    Restart,
    Switch(SourceName),
    Other,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum MediaTimer {
    None,
    Build { until: Duration },
    Flicker { until: Duration },
    Restart { until: Duration },
}

pub struct Page {
    pub participant: ParticipantId,
    token: String,
    resume: Option<String>,
    pub headcount: Option<u16>,
    pub link: Link,
    heard: Duration,
    pub mirror: Option<Mirror>,
    asked: BTreeMap<u32, (Asked, Duration)>,
    next_id: u32,
    pub transport: Option<Transport>,
    media_timer: MediaTimer,
    numbers: u16,
    video_slots: u8,
    round_trip: Duration,
    pub wishes: Wishes,
    pub manners: Manners,
    /// Heights of the video slots and pinned participants; told whenever it changed.
    view: (Vec<u16>, Vec<ParticipantId>),
    view_told: bool,
    pursue_at: Duration,
    dice: ChaCha8Rng,
    acts: Vec<Act>,
}

/// What a page is made of.
#[derive(Clone, Debug)]
pub struct Opening {
    pub participant: ParticipantId,
    pub token: String,
    pub headcount: Option<u16>,
    pub video_slots: u8,
    pub round_trip: Duration,
    pub manners: Manners,
    /// The first of its transports' numbers; pages are this far apart: [`Page::NUMBERS`].
    pub numbers: u16,
    pub seed: u64,
}

impl Page {
    pub const NUMBERS: u16 = TRANSPORTS;

    #[must_use]
    pub fn open(now: Duration, opening: Opening) -> Self {
        let heights = (0..opening.video_slots).map(|slot| if slot == 0 { 720 } else { 180 }).collect();
        Self {
            participant: opening.participant,
            token: opening.token,
            resume: None,
            headcount: opening.headcount,
            link: Link::Waiting { until: now, attempt: 0 },
            heard: now,
            mirror: None,
            asked: BTreeMap::new(),
            next_id: 1,
            transport: None,
            media_timer: MediaTimer::None,
            numbers: opening.numbers,
            video_slots: opening.video_slots,
            round_trip: opening.round_trip,
            wishes: Wishes::default(),
            manners: opening.manners,
            view: (heights, Vec::new()),
            view_told: false,
            pursue_at: now,
            dice: ChaCha8Rng::seed_from_u64(opening.seed),
            acts: Vec::new(),
        }
    }

    pub fn poll_acts(&mut self) -> Vec<Act> {
        std::mem::take(&mut self.acts)
    }

    #[must_use]
    pub fn connection(&self) -> Option<ConnectionId> {
        match self.link {
            Link::Opening { connection, .. } | Link::Greeting { connection, .. } | Link::Open { connection } => {
                Some(connection)
            }
            Link::Waiting { .. } | Link::Over(_) => None,
        }
    }

    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.link, Link::Open { .. })
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        matches!(self.link, Link::Over(_))
    }

    /// Asks for something; the number its answer will carry. Nothing without a connection.
    pub fn ask(&mut self, now: Duration, request: ClientMessage) -> Option<u32> {
        self.ask_as(now, Asked::Other, request)
    }

    fn ask_as(&mut self, now: Duration, what: Asked, request: ClientMessage) -> Option<u32> {
        let (Link::Open { connection } | Link::Greeting { connection, .. }) = self.link else { return None };
        let id = self.next_id;
        self.next_id += 1;
        if !matches!(request, ClientMessage::Pong { .. }) {
            self.asked.insert(id, (what, now));
        }
        let text = serde_json::to_string(&ClientEnvelope { id, request }).expect("our own requests can be written");
        self.acts.push(Act::Say { connection, text });
        Some(id)
    }

    /// The world found a connection for it.
    pub fn connecting(&mut self, connection: ConnectionId) {
        if let Link::Waiting { attempt, .. } = self.link {
            self.link = Link::Opening { connection, attempt };
        }
    }

    pub fn opened(&mut self, now: Duration, connection: ConnectionId) {
        let Link::Opening { connection: opening, attempt } = self.link else { return };
        if opening != connection {
            return;
        }
        self.link = Link::Greeting { connection, attempt, until: now + GREETING };
        self.heard = now;
        let (token, resume, headcount) = (self.token.clone(), self.resume.clone(), self.headcount);
        self.ask_as(now, Asked::Hello, ClientMessage::Hello { version: VERSION, token, resume, headcount });
    }

    /// The connection broke, could not be opened, or was closed without a word.
    pub fn closed(&mut self, now: Duration, connection: ConnectionId) {
        if self.connection() == Some(connection) {
            self.lose(now, None);
        }
    }

    fn lose(&mut self, now: Duration, wait: Option<Duration>) {
        let attempt = match self.link {
            Link::Opening { attempt, .. } | Link::Greeting { attempt, .. } | Link::Waiting { attempt, .. } => {
                attempt + 1
            }
            Link::Open { .. } => 1,
            Link::Over(_) => return,
        };
        let most = BACKOFF_MOST_MS.min(BACKOFF_FIRST_MS << attempt.min(10));
        let wait = wait.unwrap_or_else(|| Duration::from_millis(self.dice.random_range(0..=most)));
        self.link = Link::Waiting { until: now + wait, attempt };
        self.asked.clear();
        self.view_told = false;
    }

    fn finish(&mut self, why: Option<ByeReason>) {
        self.link = Link::Over(why);
        self.asked.clear();
        self.transport = None;
        self.media_timer = MediaTimer::None;
    }

    /// # Errors
    /// What the server should not have said.
    pub fn hear(&mut self, now: Duration, connection: ConnectionId, text: &str) -> Result<(), String> {
        if self.connection() != Some(connection) {
            return Ok(());
        }
        self.heard = now;
        let message: ServerMessage = serde_json::from_str(text).map_err(|fault| format!("{fault}: {text}"))?;
        match &message {
            ServerMessage::Welcome { .. } => return self.welcomed(now, connection, message),
            ServerMessage::Done { re } => {
                self.answered(*re)?;
            }
            ServerMessage::Answer { re, sdp } => self.media_answered(now, *re, sdp)?,
            ServerMessage::Refused { re, code } => self.refused(now, *re, *code)?,
            ServerMessage::Ping { nonce } => {
                self.ask(now, ClientMessage::Pong { nonce: *nonce });
            }
            ServerMessage::Notice { notice } => self.notice(notice),
            ServerMessage::Layers { layers } => self.send_only(layers)?,
            ServerMessage::Bye { why, retry_after_ms, .. } => {
                self.acts.push(Act::Hangup { connection });
                self.acts.push(Act::Count(format!("bye {why:?}")));
                match retry_after_ms {
                    Some(ms) => self.lose(now, Some(Duration::from_millis(u64::from(*ms)))),
                    None => self.finish(Some(*why)),
                }
            }
            _ => {}
        }
        match &mut self.mirror {
            Some(mirror) => mirror.hear(&message),
            None if matches!(message, ServerMessage::Bye { .. } | ServerMessage::Refused { .. }) => {}
            None => return Err(format!("news before the welcome: {message:?}")),
        }
        Ok(())
    }

    fn answered(&mut self, re: u32) -> Result<Asked, String> {
        let (what, _) = self.asked.remove(&re).ok_or_else(|| format!("an answer to {re}, which nobody asked"))?;
        Ok(what)
    }

    fn welcomed(&mut self, now: Duration, connection: ConnectionId, message: ServerMessage) -> Result<(), String> {
        let ServerMessage::Welcome { re, you, resume, media_kept, meeting, role, may, .. } = message else {
            return Ok(());
        };
        if self.answered(re)? != Asked::Hello {
            return Err(String::from("a welcome that answers no greeting"));
        }
        if you != self.participant.0 || may != role::actions_of(role) {
            return Err(format!("{} is welcomed as {you} with {may:?}", self.participant));
        }
        self.link = Link::Open { connection };
        self.acts.push(Act::Count(String::from(if self.resume.is_some() { "resumed" } else { "joined" })));
        self.resume = Some(resume);
        let slots = self.mirror.take().filter(|_| media_kept).map(|mirror| mirror.slots);
        self.mirror = Some(Mirror { slots: slots.unwrap_or_default(), ..Mirror::new(you, *meeting) });
        match self.transport.as_ref().map(|transport| transport.state) {
            Some(State::Connected) if media_kept => {}
            Some(State::Connecting { .. } | State::Silent) if media_kept => self.restart(now),
            _ => self.build(now),
        }
        Ok(())
    }

    fn build(&mut self, now: Duration) {
        self.numbers += 1;
        let transport = Transport::new(now, self.numbers, self.video_slots, self.round_trip);
        let sdp = transport.offer();
        if let Some(mirror) = &mut self.mirror {
            mirror.slots.clear();
        }
        self.transport = Some(transport);
        self.media_timer = MediaTimer::Build { until: now + BUILD };
        self.view_told = false;
        self.ask_as(now, Asked::Offer, ClientMessage::Offer { sdp });
    }

    fn restart(&mut self, now: Duration) {
        let Some(transport) = &mut self.transport else { return };
        let sdp = transport.restart();
        self.media_timer = MediaTimer::Restart { until: now + RESTART };
        self.ask_as(now, Asked::Restart, ClientMessage::Restart { sdp });
        self.acts.push(Act::Count(String::from("restart")));
    }

    fn media_answered(&mut self, now: Duration, re: u32, sdp: &str) -> Result<(), String> {
        let what = self.answered(re)?;
        if !matches!(what, Asked::Offer | Asked::Restart) {
            return Err(format!("an SDP answer to {what:?}"));
        }
        let answer = read_answer(sdp).ok_or("an answer nobody can read")?;
        if let Some(transport) = &mut self.transport
            && transport.credentials == answer.credentials
        {
            transport.answered(now, &answer);
        }
        Ok(())
    }

    fn refused(&mut self, now: Duration, re: u32, code: RefusalCode) -> Result<(), String> {
        self.acts.push(Act::Count(format!("refused {code:?}")));
        match self.answered(re)? {
            Asked::Hello => {}
            Asked::Restart => self.build(now),
            // The build timer tries again.
            Asked::Offer => self.transport = None,
            Asked::Switch(source) => match source {
                SourceName::Microphone => self.wishes.microphone = false,
                SourceName::Camera => self.wishes.camera = false,
                SourceName::Screen => self.wishes.screen = false,
            },
            Asked::Other => {}
        }
        Ok(())
    }

    /// While an offer is on its way this is said of the connection before, and the new one begins with everything.
    fn send_only(&mut self, layers: &[SourceLayers]) -> Result<(), String> {
        let transport = self.transport.as_mut().filter(|transport| transport.state != State::Offering);
        let Some(transport) = transport.filter(|_| self.manners == Manners::Polite) else { return Ok(()) };
        for SourceLayers { source, rids } in layers {
            if *source != SourceName::Camera || rids.first().is_none_or(|rid| rid != "q") {
                return Err(format!("of {source:?} only {rids:?} should be sent"));
            }
            transport.send_only(rids);
            self.acts.push(Act::Count(format!("layers {}", rids.join(" "))));
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) {
        match notice {
            Notice::Muted { source, .. } => {
                self.acts.push(Act::Count(String::from("muted")));
                match source {
                    SourceName::Microphone => (self.wishes.microphone, self.wishes.speaking) = (false, false),
                    SourceName::Camera => self.wishes.camera = false,
                    SourceName::Screen => self.wishes.screen = false,
                }
            }
            Notice::CalledToSpeak { .. } => {
                self.acts.push(Act::Count(String::from("called to speak")));
                (self.wishes.microphone, self.wishes.speaking) = (true, true);
            }
            Notice::FloorWithdrawn { .. } => {
                self.acts.push(Act::Count(String::from("floor withdrawn")));
                (self.wishes.microphone, self.wishes.speaking) = (false, false);
            }
        }
    }

    /// A datagram for one of this page's transports.
    ///
    /// # Errors
    /// What the bridge should not have sent.
    pub fn media(&mut self, now: Duration, to: u16, datagram: &Datagram) -> Result<(), String> {
        let Some(transport) = self.transport.as_mut().filter(|transport| transport.credentials.transport == to) else {
            return Ok(());
        };
        let answers = transport.take(now, datagram)?;
        let from = transport.credentials;
        self.acts.extend(answers.into_iter().map(|datagram| Act::Send { from, datagram }));
        Ok(())
    }

    /// Called every 20 ms.
    ///
    /// # Errors
    /// An answer that never came.
    pub fn tick(&mut self, now: Duration) -> Result<(), String> {
        self.mind_link(now)?;
        if let Some(transport) = &mut self.transport {
            let sending = sending(&self.wishes, self.manners, self.mirror.as_ref());
            let datagrams = transport.tick(now, sending);
            let from = transport.credentials;
            self.acts.extend(datagrams.into_iter().map(|datagram| Act::Send { from, datagram }));
        }
        if now >= self.pursue_at {
            self.pursue_at = now + Duration::from_millis(100);
            self.mind_media(now);
            self.pursue(now);
        }
        Ok(())
    }

    fn mind_link(&mut self, now: Duration) -> Result<(), String> {
        match self.link {
            Link::Waiting { until, .. } if now >= until => self.acts.push(Act::Connect),
            Link::Greeting { connection, until, .. } if now >= until => self.abandon(now, connection),
            Link::Open { connection } if now >= self.heard + SILENCE => self.abandon(now, connection),
            Link::Open { .. } => {
                // The line is alive, so whatever was asked has been answered.
                let late = self.asked.iter().find(|(_, (_, at))| now > *at + ANSWER && self.heard > *at + ANSWER);
                if let Some((re, (what, at))) = late {
                    return Err(format!("{what:?} ({re}), asked at {at:?}, was never answered"));
                }
            }
            Link::Waiting { .. } | Link::Opening { .. } | Link::Greeting { .. } | Link::Over(_) => {}
        }
        Ok(())
    }

    fn abandon(&mut self, now: Duration, connection: ConnectionId) {
        self.acts.push(Act::Hangup { connection });
        self.lose(now, None);
    }

    fn mind_media(&mut self, now: Duration) {
        let open = self.is_open();
        let Some(transport) = &self.transport else {
            if open && matches!(self.media_timer, MediaTimer::Build { until } if now >= until) {
                self.build(now);
            }
            return;
        };
        match (transport.state, self.media_timer) {
            (State::Connected, _) => self.media_timer = MediaTimer::None,
            (State::Silent, MediaTimer::None) => self.media_timer = MediaTimer::Flicker { until: now + FLICKER },
            (State::Silent, MediaTimer::Flicker { until }) if open && now >= until => self.restart(now),
            (_, MediaTimer::Restart { until } | MediaTimer::Build { until }) if open && now >= until => self.build(now),
            _ => {}
        }
    }

    fn pursue(&mut self, now: Duration) {
        let Some(mirror) = self.mirror.as_ref().filter(|_| matches!(self.link, Link::Open { .. })) else { return };
        let negotiated = self.transport.as_ref().is_some_and(|transport| transport.state != State::Offering);
        if !negotiated {
            return;
        }
        let you = mirror.you;
        let wanted = [
            (SourceName::Microphone, self.wishes.microphone),
            (SourceName::Camera, self.wishes.camera),
            (SourceName::Screen, self.wishes.screen),
        ];
        let states = wanted.map(|(source, wanted)| (source, wanted, mirror.own(source)));
        let may_ask = mirror.participant(you).is_some_and(|own| role::allows(own.role, Action::AskToSpeak));
        let asks_floor = self.wishes.speaking && may_ask && !mirror.is_queued(you) && !mirror.holds_floor(you);
        for (source, wanted, state) in states {
            let waiting = self.asked.values().any(|(what, _)| *what == Asked::Switch(source));
            let state = match (wanted, state) {
                (true, SourceState::Off) if !waiting => SwitchState::On,
                (false, SourceState::On) if !waiting => SwitchState::Off,
                (true, SourceState::Locked) if source == SourceName::Microphone && asks_floor => {
                    if !self.asked.values().any(|(what, _)| *what == Asked::Other) {
                        self.ask(now, ClientMessage::AskToSpeak { note: None });
                    }
                    continue;
                }
                _ => continue,
            };
            self.ask_as(now, Asked::Switch(source), ClientMessage::SwitchSource { source, state });
        }
        self.tell_view(now);
    }

    fn tell_view(&mut self, now: Duration) {
        if self.view_told {
            return;
        }
        self.view_told = true;
        let (heights, pinned) = self.view.clone();
        let slots = heights
            .iter()
            .enumerate()
            .map(|(slot, height)| SlotDrawn { mid: format!("v{slot}"), height: *height })
            .collect();
        self.ask(now, ClientMessage::SetView { pinned: pinned.iter().map(|who| who.0).collect(), slots });
    }

    /// Draws its slots otherwise.
    pub fn look(&mut self, heights: Vec<u16>, pinned: Vec<ParticipantId>) {
        self.view = (heights, pinned);
        self.view_told = false;
    }

    /// How high the slot is drawn, as the person sees it.
    #[must_use]
    pub fn drawn(&self, slot: usize) -> u16 {
        self.view.0.get(slot).copied().unwrap_or(0)
    }

    #[must_use]
    pub fn pins(&self) -> &[ParticipantId] {
        &self.view.1
    }

    /// Whether this page is sending the source just now.
    #[must_use]
    pub fn sends(&self, source: Source) -> bool {
        let sending = sending(&self.wishes, self.manners, self.mirror.as_ref());
        self.transport.as_ref().is_some_and(Transport::is_connected)
            && match source {
                Source::Microphone => sending.microphone.is_some(),
                Source::Camera => sending.camera,
                Source::Screen => sending.screen,
            }
    }
}

fn sending(wishes: &Wishes, manners: Manners, mirror: Option<&Mirror>) -> Sending {
    let on =
        |source| manners == Manners::Stubborn || mirror.is_some_and(|mirror| mirror.own(source) == SourceState::On);
    let voice = if wishes.speaking { Voice::Speaks } else { Voice::Silent };
    Sending {
        microphone: (wishes.microphone && on(SourceName::Microphone)).then_some(Voicing(voice)),
        camera: wishes.camera && on(SourceName::Camera),
        screen: wishes.screen && on(SourceName::Screen),
    }
}
