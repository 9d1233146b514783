//! A whole meeting in virtual time: sites with their lines and pages, the office with the meeting, the bridge with the media. One seed,
//! one run: nothing here reads a clock or draws from anywhere else, and only differences of the one base instant matter.

pub mod bridge;
pub mod glance;
pub mod mirror;
pub mod negotiate;
pub mod office;
pub mod packet;
pub mod page;
pub mod publish;
pub mod site;
pub mod slot;
pub mod tape;
pub mod trace;
mod traffic;
pub mod transport;
mod watch;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use scheduler::attendance::Attendance;
use sfu::command::{Command, CommandRefused, Reply};
use sfu::fact::Fact;
use sfu::id::RoomId;
use signaling::id::{ConnectionId, ParticipantId, SessionId};
use signaling::mark::{Mark, MarkId, MarkedFact};
use signaling::meeting::{Input, Invited, Limits, RecordingNews, RecordingOrder, SessionBrief, Timers};
use signaling::token::{Grant, Keys, Seat};
use signaling::wire::{AgendaItem, ClientMessage, MeetingView, Mode, PresenceView};
use uuid::Uuid;

use crate::attendance::{self, Heard};
use crate::link::Weather;
use bridge::{Bridge, Datagram};
use negotiate::Credentials;
use office::{Office, START, utc};
use page::{Opening, Page, Wishes};
use site::{Fault, Profile, Site};
use tape::Tape;
use trace::{Telling, Trace};
use traffic::Socket;
use watch::Watch;

/// How often the world looks whether everything is as it should be.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Steps without time passing: more would be a machine that wants to be woken for ever.
const STEPS_AT_ONCE_MAX: u32 = 20_000;

const SESSION: SessionId = SessionId(Uuid::from_u128(0x5e55_1000_0000_8000_8000_0000_0000_0001));

const ROOM: RoomId = RoomId(1);

/// Shorter than in the office, so that seats run out within a run.
const TIMERS: Timers = Timers {
    ping_every: Duration::from_secs(2),
    away_after: Duration::from_secs(6),
    site_grace: Duration::from_secs(40),
    person_grace: Duration::from_secs(15),
};

/// What remains of a meeting.
#[derive(Clone, PartialEq, Debug)]
pub struct Closed {
    /// What happened how often.
    pub tally: BTreeMap<String, u32>,
    pub attendance: Attendance,
}

/// A site's place in the world.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SiteAt(pub usize);

/// What happens at a time.
#[derive(Debug)]
enum Event {
    Tick(usize),
    Up(ConnectionId, Frame),
    Down(ConnectionId, Frame),
    NotOpened(ConnectionId),
    /// The server notices that a connection is dead.
    Broken(ConnectionId),
    MediaUp(Credentials, Datagram),
    MediaDown(u16, Datagram),
    Command(Box<Command>),
    Reply(Result<Reply, CommandRefused>),
    Fact(Box<Fact>),
    Recorder(RecordingOrder),
    Recorded(RecordingNews),
    Mend(SiteAt),
    CloseRoom,
    Look,
}

/// What travels on a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Frame {
    Open,
    Text(String),
    Close,
}

pub struct World {
    pub now: Duration,
    seed: u64,
    epoch: Instant,
    dice: ChaCha8Rng,
    restarts: u64,
    queue: BTreeMap<(Duration, u64), Event>,
    queued: u64,
    at_once: u32,
    pub sites: Vec<Site>,
    pages: Vec<(SiteAt, Page)>,
    sockets: BTreeMap<ConnectionId, Socket>,
    connections: u64,
    keys: Keys,
    office: Office,
    bridge: Bridge,
    engine_is_busy: bool,
    facts_until: Duration,
    recorder_until: Duration,
    /// The meeting is over.
    closing: bool,
    /// And its room was asked to close.
    closed: bool,
    tapes: Vec<Tape>,
    heard: BTreeMap<ParticipantId, Heard>,
    marks_read: usize,
    ended_by_office: Option<Duration>,
    watch: Watch,
    trace: Trace,
    /// What happened how often.
    pub tally: BTreeMap<String, u32>,
}

impl World {
    /// A meeting whose doors have just opened; nobody is there. Sites marked as invited are on the list.
    #[must_use]
    pub fn open(seed: u64, profiles: Vec<Profile>, telling: Telling) -> Self {
        let epoch = Instant::now();
        let keys = keys();
        let sites: Vec<Site> =
            (0..).zip(profiles).map(|(place, profile)| Site::new(seed, place, participant(place), profile)).collect();
        let brief = brief(sites.iter().filter(|site| site.profile.is_invited).map(Site::invited).collect());
        let mut world = Self {
            now: Duration::ZERO,
            seed,
            dice: ChaCha8Rng::seed_from_u64(seed),
            queue: BTreeMap::new(),
            queued: 0,
            at_once: 0,
            sites,
            pages: Vec::new(),
            sockets: BTreeMap::new(),
            connections: 0,
            office: Office::open(epoch, Duration::ZERO, keys.clone(), ROOM, brief),
            epoch,
            restarts: 0,
            keys,
            bridge: Bridge::new(seed, epoch, ROOM),
            engine_is_busy: false,
            facts_until: Duration::ZERO,
            recorder_until: Duration::ZERO,
            closing: false,
            closed: false,
            tapes: Vec::new(),
            heard: BTreeMap::new(),
            marks_read: 0,
            ended_by_office: None,
            watch: Watch::default(),
            trace: Trace::new(telling),
            tally: BTreeMap::new(),
        };
        world.schedule(LOOK_EVERY, Event::Look);
        world
    }

    /// # Panics
    /// With the time and the last lines of the run.
    fn must<T>(&self, result: Result<T, String>) -> T {
        match result {
            Ok(value) => value,
            Err(why) => panic!("seed {} at {:?}: {why}\nbefore:\n{}", self.seed, self.now, self.trace.last()),
        }
    }

    fn schedule(&mut self, at: Duration, event: Event) {
        self.queued += 1;
        self.queue.insert((at.max(self.now), self.queued), event);
    }

    fn count(&mut self, what: &str) {
        *self.tally.entry(what.to_owned()).or_default() += 1;
    }

    fn within(&mut self, most_ms: u64) -> Duration {
        Duration::from_micros(self.dice.random_range(0..=most_ms * 1_000))
    }

    /// Lets time pass.
    pub fn run(&mut self, length: Duration) {
        let end = self.now + length;
        loop {
            let queued = self.queue.first_key_value().map(|((at, _), _)| *at);
            let bridge = self.bridge.poll_timeout();
            let office = self.office.poll_timeout();
            let Some(next) = queued.into_iter().chain(bridge).chain(office).min().filter(|next| *next <= end) else {
                break;
            };
            self.pass_to(next);
            if queued == Some(next) {
                if let Some((_, event)) = self.queue.pop_first() {
                    self.happen(event);
                }
            } else if bridge == Some(next) {
                self.bridge.handle_timeout(self.now);
            } else {
                let settled = self.office.handle_timeout(self.now);
                self.must(settled);
            }
            self.attend();
        }
        self.now = end;
    }

    fn pass_to(&mut self, next: Duration) {
        if next > self.now {
            (self.now, self.at_once) = (next, 0);
        } else {
            self.at_once += 1;
        }
        let spins = if self.at_once < STEPS_AT_ONCE_MAX { Ok(()) } else { Err(String::from("time stands still")) };
        self.must(spins);
    }

    // --- What people do ---

    /// Opens the link on a new page, which comes beside any the site already has open.
    pub fn join(&mut self, at: SiteAt) {
        let (number, site) = (self.pages.len(), &self.sites[at.0]);
        let grant = Grant {
            session: SESSION,
            seat: Seat::One(site.participant),
            role: site.profile.role,
            media: site.profile.media,
            name: site.profile.name.clone(),
            short_name: site.profile.name.chars().take(14).collect(),
            detail: None,
            group: None,
            occupant: site.profile.occupant,
            expires: START.plus(Duration::from_secs(24 * 60 * 60)),
        };
        let opening = Opening {
            participant: site.participant,
            token: grant.sign(&self.keys, utc(self.now)),
            headcount: site.headcount(),
            video_slots: site.profile.video_slots,
            round_trip: site.round_trip(),
            manners: site.profile.manners,
            numbers: u16::try_from(number).expect("a handful of pages") * Page::NUMBERS,
            seed: self.seed ^ (number as u64) << 32,
        };
        let mut page = Page::open(self.now, opening);
        page.wishes = site.page.map_or(Wishes::default(), |page| self.pages[page].1.wishes);
        self.sites[at.0].page = Some(number);
        self.pages.push((at, page));
        self.note(|world| format!("{} opens the link", world.name(at)));
        self.schedule(self.now, Event::Tick(number));
    }

    /// The page is closed without a word, as by a crash or a reload.
    pub fn close_page(&mut self, at: SiteAt) {
        let Some(number) = self.sites[at.0].page.take() else { return };
        self.note(|world| format!("{} closes the page", world.name(at)));
        let page = &mut self.pages[number].1;
        let connection = page.connection();
        page.link = page::Link::Over(None);
        page.transport = None;
        if let Some(connection) = connection {
            self.hang_up(connection);
        }
    }

    pub fn page(&self, at: SiteAt) -> Option<&Page> {
        self.sites[at.0].page.map(|page| &self.pages[page].1)
    }

    pub fn page_mut(&mut self, at: SiteAt) -> Option<&mut Page> {
        let page = self.sites[at.0].page?;
        Some(&mut self.pages[page].1)
    }

    /// Asks the meeting for something. Whether there was a connection to ask by.
    pub fn ask(&mut self, at: SiteAt, request: ClientMessage) -> bool {
        let now = self.now;
        let Some(number) = self.sites[at.0].page else { return false };
        self.note(|world| format!("{} asks: {request:?}", world.name(at)));
        let asked = self.pages[number].1.ask(now, request).is_some();
        self.do_acts(number);
        self.attend();
        asked
    }

    pub fn wish(&mut self, at: SiteAt, wish: impl FnOnce(&mut Wishes)) {
        if let Some(page) = self.page_mut(at) {
            wish(&mut page.wishes);
            let wishes = page.wishes;
            self.note(|world| format!("{} wishes {wishes:?}", world.name(at)));
        }
    }

    /// The line fails for a while. A line that has failed already is left alone.
    pub fn cut(&mut self, at: SiteAt, fault: Fault, length: Duration) -> bool {
        if self.sites[at.0].fault.is_some() {
            return false;
        }
        self.note(|world| format!("{}: {fault:?} fails for {length:?}", world.name(at)));
        self.sites[at.0].cut(self.now, fault);
        for socket in self.sockets.values_mut().filter(|socket| socket.site == at) {
            socket.set_cut(fault);
        }
        self.schedule(self.now + length, Event::Mend(at));
        true
    }

    /// Every connection of the site breaks at once, as when a proxy between is restarted. The line itself is there.
    pub fn reset(&mut self, at: SiteAt) {
        self.note(|world| format!("{}: connections are reset", world.name(at)));
        let broken: Vec<ConnectionId> =
            self.sockets.iter().filter(|(_, socket)| socket.site == at).map(|(id, _)| *id).collect();
        for connection in broken {
            let socket = self.sockets.remove(&connection);
            self.schedule(self.now + Duration::from_millis(50), Event::Broken(connection));
            if let Some(socket) = socket {
                self.pages[socket.page].1.closed(self.now, connection);
            }
        }
    }

    /// The server dies and is there again at once, with nothing but what was on its disk: the keys, the invitations and the marks. Every
    /// connection and every transport is gone, and nobody was told.
    pub fn restart_server(&mut self) {
        self.note(|_| String::from("the server dies and starts again"));
        self.count("server restarts");
        self.restarts += 1;
        self.queue.retain(|_, event| {
            !matches!(
                event,
                Event::Command(_) | Event::Reply(_) | Event::Fact(_) | Event::Recorder(_) | Event::Recorded(_)
            )
        });
        (self.engine_is_busy, self.facts_until, self.recorder_until) = (false, self.now, self.now);
        if let Some(tape) = self.tapes.last_mut() {
            tape.cut_off();
        }
        let brief = SessionBrief { past: self.marks_on_disk(), ..brief(self.invited()) };
        // Until they are back nobody can know of anybody.
        self.heard.values_mut().for_each(Heard::end);
        self.office = Office::open(self.epoch, self.now, self.keys.clone(), ROOM, brief);
        self.bridge = Bridge::new(self.seed ^ self.restarts << 48, self.epoch, ROOM);
        for site in &mut self.sites {
            site.restless = self.now;
        }
        for (connection, socket) in std::mem::take(&mut self.sockets) {
            self.pages[socket.page].1.closed(self.now, connection);
        }
        let begun = self.office.begin(self.now);
        self.must(begun);
        self.attend();
    }

    /// At its next start the office ends every presence that a crash left open where it was seen last, before anybody joins.
    fn marks_on_disk(&self) -> Vec<Mark> {
        let here = self.view().participants.iter().filter(|who| matches!(who.presence, PresenceView::Here { .. }));
        let closed = here.zip(0_u64..).map(|(who, number)| {
            let participant = ParticipantId(who.id);
            let seen = self.heard.get(&participant).and_then(Heard::last).unwrap_or(self.now);
            let id = MarkId(Uuid::from_u64_pair(0xc4a5_4000_0000_8000 | self.restarts, 0x8000_0000_0000_0000 | number));
            Mark { id, session: SESSION, at: utc(seen), fact: MarkedFact::Lost { participant } }
        });
        self.office.marks.iter().cloned().chain(closed).collect()
    }

    fn invited(&self) -> Vec<Invited> {
        self.sites.iter().filter(|site| site.profile.is_invited).map(Site::invited).collect()
    }

    pub fn weather(&mut self, at: SiteAt, weather: Weather) {
        self.note(|world| format!("{}: the weather turns", world.name(at)));
        self.sites[at.0].set_weather(self.now, weather);
    }

    /// From the office, or by the clock on the wall.
    pub fn order_end(&mut self) {
        self.note(|_| String::from("the office ends the session"));
        self.ended_by_office = Some(self.now);
        let ended = self.office.ordered(self.now, Input::End);
        self.must(ended);
        self.attend();
    }

    // --- What can be seen ---

    #[must_use]
    pub fn view(&self) -> &MeetingView {
        self.office.view()
    }

    #[must_use]
    pub fn is_over(&self) -> bool {
        self.office.is_over()
    }

    #[must_use]
    pub fn name(&self, at: SiteAt) -> &str {
        &self.sites[at.0].profile.name
    }

    #[must_use]
    pub fn participant(&self, at: SiteAt) -> ParticipantId {
        self.sites[at.0].participant
    }

    pub fn tapes(&self) -> &[Tape] {
        &self.tapes
    }

    /// Everything that left the bridge and the office, as one number.
    #[must_use]
    pub fn trace(&self) -> (u64, u64) {
        self.trace.number()
    }

    fn note(&mut self, line: impl FnOnce(&Self) -> String) {
        let line = line(self);
        self.trace.line(self.now, || line);
    }

    /// After the end: nobody is left anywhere, nothing is under way, and the attendance is what was really so.
    pub fn close(mut self) -> Closed {
        self.run(Duration::from_secs(3));
        let left = if self.bridge.is_empty() && self.bridge.poll_timeout().is_none() {
            Ok(())
        } else {
            Err(String::from("something is left in the bridge"))
        };
        self.must(left);
        let waiting = self.office.poll_timeout();
        self.must(if waiting.is_none() { Ok(()) } else { Err(format!("the meeting waits for {waiting:?}")) });
        self.must(self.tapes.iter().find(|tape| !tape.ended).map_or(Ok(()), |_| Err(String::from("a tape runs on"))));
        let list = attendance::check(&self.office.marks, self.ended_by_office, &self.heard, self.now);
        let attendance = self.must(list);
        Closed { tally: self.tally, attendance }
    }
}

fn participant(place: u64) -> ParticipantId {
    ParticipantId(Uuid::from_u128(0x0051_7e00_0000_8000_8000_0000_0000_0100 + u128::from(place)))
}

/// The same key in every run: Ed25519 in PKCS#8 (RFC 8410), around a seed that is no secret.
fn keys() -> Keys {
    let mut der = vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    der.extend([7; 32]);
    Keys::from_pkcs8(&der).expect("a well-formed key")
}

fn brief(roster: Vec<Invited>) -> SessionBrief {
    let item = |title: &str| AgendaItem { title: title.to_owned(), minutes: 10, presenter: None };
    SessionBrief {
        session: SESSION,
        title: String::from("Giao ban phòng chống thiên tai"),
        short_title: String::from("Giao ban PCTT"),
        starts_at: START,
        ends_at: START.plus(Duration::from_secs(3_600)),
        mode: Mode::Conference,
        agenda: vec![item("Khai mạc"), item("Báo cáo"), item("Kết luận")],
        roster,
        limits: Limits::default(),
        timers: TIMERS,
        past: Vec::new(),
    }
}
