//! Who carries what to whom, and when it arrives.

use std::time::Duration;

use sfu::command::Command;
use sfu::id::Source;
use signaling::id::ConnectionId;
use signaling::mark::MarkedFact;
use signaling::meeting::{RecordingNews, RecordingOrder};
use signaling::wire::SourceName;

use super::bridge::Datagram;
use super::negotiate::Credentials;
use super::office::{Errand, OUTBOX_MAX};
use super::packet::{Rtp, mark_of};
use super::page::{Act, Page};
use super::site::Fault;
use super::tape::Tape;
use super::{Event, Frame, LOOK_EVERY, ROOM, SiteAt, World};
use crate::link::StreamLine;

const TICK: Duration = Duration::from_millis(20);
const IDLE_TICK: Duration = Duration::from_millis(50);

/// An attempt to connect over a dead line fails after this.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// From the meeting's decision until the engine has carried it out: the command under way before it, and its own way there and back.
const DECISION: Duration = Duration::from_millis(60);

/// The way to the engine, or back.
const ENGINE_MS: u64 = 3;

/// Opening or closing a recording's file.
const RECORDER_MS: u64 = 150;

/// TCP's own patience after an outage (RFC 6298 doubles it): half of what the outage lasted, up to this.
const RETRANSMIT_MOST: Duration = Duration::from_secs(2);

pub(super) struct Socket {
    pub(super) site: SiteAt,
    pub(super) page: usize,
    up: StreamLine<Frame>,
    down: StreamLine<Frame>,
    /// Said by the server and not heard by the page.
    pub(super) unheard: usize,
}

impl Socket {
    pub(super) fn set_cut(&mut self, fault: Fault) {
        if fault != Fault::Media {
            self.up.cut();
            self.down.cut();
        }
    }
}

pub(super) fn source_name(source: Source) -> SourceName {
    match source {
        Source::Microphone => SourceName::Microphone,
        Source::Camera => SourceName::Camera,
        Source::Screen => SourceName::Screen,
    }
}

impl World {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Tick(page) => self.tick(page),
            Event::Up(connection, frame) => self.arrive_at_office(connection, frame),
            Event::Down(connection, frame) => self.arrive_at_page(connection, &frame),
            Event::NotOpened(connection) => {
                if let Some((_, page)) = self.pages.iter_mut().find(|(_, page)| page.connection() == Some(connection)) {
                    page.closed(self.now, connection);
                }
            }
            Event::Broken(connection) => {
                let settled = self.office.disconnected(self.now, connection);
                self.must(settled);
            }
            Event::MediaUp(from, datagram) => self.arrive_at_bridge(from, &datagram),
            Event::MediaDown(to, datagram) => self.media_arrives_at_page(to, &datagram),
            Event::Command(command) => {
                let reply = self.bridge.command(self.now, *command);
                let at = self.now + self.within(ENGINE_MS);
                self.schedule(at, Event::Reply(reply));
            }
            Event::Reply(reply) => {
                self.engine_is_busy = false;
                let settled = self.office.reply(self.now, reply);
                self.must(settled);
            }
            Event::Fact(fact) => {
                let settled = self.office.fact(self.now, *fact);
                self.must(settled);
            }
            Event::Recorder(order) => self.direct_recorder(order),
            Event::Recorded(news) => {
                let settled = self.office.recorded(self.now, news);
                self.must(settled);
            }
            Event::Mend(at) => self.mend(at),
            Event::CloseRoom => {
                self.engine_is_busy = false;
                let closed = self.bridge.command(self.now, Command::CloseRoom { room: ROOM });
                self.must(closed.map_err(|refused| refused.to_string()));
            }
            Event::Look => {
                self.look();
                self.schedule(self.now + LOOK_EVERY, Event::Look);
            }
        }
    }

    fn tick(&mut self, number: usize) {
        let page = &mut self.pages[number].1;
        if page.is_over() {
            return;
        }
        let ticked = page.tick(self.now);
        let connected = page.transport.as_ref().is_some_and(super::transport::Transport::is_connected);
        let next = if connected { TICK } else { IDLE_TICK };
        let name = self.pages[number].0;
        self.must(ticked.map_err(|why| format!("{}: {why}", self.name(name))));
        self.do_acts(number);
        self.schedule(self.now + next, Event::Tick(number));
    }

    pub(super) fn do_acts(&mut self, number: usize) {
        for act in self.pages[number].1.poll_acts() {
            match act {
                Act::Connect => self.connect(number),
                Act::Say { connection, text } => self.say_up(connection, Frame::Text(text)),
                Act::Hangup { connection } => self.hang_up(connection),
                Act::Send { from, datagram } => self.send_up(number, from, &datagram),
                Act::Count(what) => self.count(&what),
            }
        }
    }

    fn connect(&mut self, number: usize) {
        self.connections += 1;
        let connection = ConnectionId(self.connections);
        let (at, page) = &mut self.pages[number];
        page.connecting(connection);
        let site = &self.sites[at.0];
        if !site.sockets_are_up() {
            return self.schedule(self.now + CONNECT_WITHIN, Event::NotOpened(connection));
        }
        let delay = site.stream_delay();
        let socket =
            Socket { site: *at, page: number, up: StreamLine::new(delay), down: StreamLine::new(delay), unheard: 0 };
        self.sockets.insert(connection, socket);
        self.say_up(connection, Frame::Open);
    }

    pub(super) fn hang_up(&mut self, connection: ConnectionId) {
        self.say_up(connection, Frame::Close);
    }

    fn say_up(&mut self, connection: ConnectionId, frame: Frame) {
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        if let Some((at, frame)) = socket.up.send(self.now, frame) {
            self.schedule(at, Event::Up(connection, frame));
        }
    }

    fn say_down(&mut self, connection: ConnectionId, frame: Frame) {
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        if frame == Frame::Open || frame == Frame::Close {
            if let Some((at, frame)) = socket.down.send(self.now, frame) {
                self.schedule(at, Event::Down(connection, frame));
            }
            return;
        }
        socket.unheard += 1;
        // The kernel's buffer takes the first of them; the outbox may never run full before the silence is noticed.
        let full = if socket.unheard <= OUTBOX_MAX { Ok(()) } else { Err(String::from("an outbox ran full")) };
        if let Some((at, frame)) = socket.down.send(self.now, frame) {
            self.schedule(at, Event::Down(connection, frame));
        }
        self.must(full);
    }

    fn arrive_at_office(&mut self, connection: ConnectionId, frame: Frame) {
        let Some(socket) = self.sockets.get(&connection) else { return };
        let site = socket.site;
        match frame {
            Frame::Open => {
                self.office.connected(connection);
                self.say_down(connection, Frame::Open);
            }
            Frame::Text(text) => {
                let heard = self.office.hear(self.now, connection, &text);
                let known = self.must(heard);
                if known {
                    self.note_heard(site);
                }
            }
            Frame::Close => {
                self.sockets.remove(&connection);
                let settled = self.office.disconnected(self.now, connection);
                self.must(settled);
            }
        }
    }

    fn arrive_at_page(&mut self, connection: ConnectionId, frame: &Frame) {
        let Some(socket) = self.sockets.get_mut(&connection) else { return };
        let (at, number) = (socket.site, socket.page);
        let page = &mut self.pages[number].1;
        match frame {
            Frame::Open => page.opened(self.now, connection),
            Frame::Text(text) => {
                socket.unheard -= 1;
                let heard = page.hear(self.now, connection, text);
                self.must(heard.map_err(|why| format!("{}: {why}", self.name(at))));
            }
            Frame::Close => {
                self.sockets.remove(&connection);
                page.closed(self.now, connection);
            }
        }
        self.do_acts(number);
    }

    fn send_up(&mut self, number: usize, from: Credentials, datagram: &Datagram) {
        let site = &mut self.sites[self.pages[number].0.0];
        let arrivals = site.up.send(self.now, datagram.bytes());
        for at in [arrivals.first, arrivals.again].into_iter().flatten() {
            self.schedule(at, Event::MediaUp(from, datagram.clone()));
        }
    }

    fn arrive_at_bridge(&mut self, from: Credentials, datagram: &Datagram) {
        if self.bridge.datagram(self.now, from, datagram) {
            let at = self.pages[page_of(from.transport)].0;
            self.note_heard(at);
        }
    }

    fn note_heard(&mut self, at: SiteAt) {
        let who = self.participant(at);
        self.heard.entry(who).or_default().note(self.now);
    }

    fn media_arrives_at_page(&mut self, to: u16, datagram: &Datagram) {
        let number = page_of(to);
        let (at, page) = &mut self.pages[number];
        let taken = page.media(self.now, to, datagram);
        let at = *at;
        self.must(taken.map_err(|why| format!("{}: {why}", self.name(at))));
        self.do_acts(number);
    }

    fn mend(&mut self, at: SiteAt) {
        self.note(|world| format!("{}: the line is mended", world.name(at)));
        let lasted = self.now - self.sites[at.0].cut_at;
        self.sites[at.0].mend(self.now);
        let from = self.now + RETRANSMIT_MOST.min(lasted / 2);
        let mut late = Vec::new();
        for (connection, socket) in self.sockets.iter_mut().filter(|(_, socket)| socket.site == at) {
            late.extend(socket.up.mend(from).into_iter().map(|(at, frame)| (at, Event::Up(*connection, frame))));
            late.extend(socket.down.mend(from).into_iter().map(|(at, frame)| (at, Event::Down(*connection, frame))));
        }
        for (at, event) in late {
            self.schedule(at, event);
        }
    }

    /// Carries away what the machines have put out.
    pub(super) fn attend(&mut self) {
        for errand in self.office.poll_errands() {
            self.run_errand(errand);
        }
        if !self.engine_is_busy {
            self.command_engine();
        }
        while let Some(fact) = self.bridge.poll_fact() {
            self.facts_until = self.facts_until.max(self.now + self.within(ENGINE_MS));
            self.schedule(self.facts_until, Event::Fact(Box::new(fact)));
        }
        self.read_marks();
        let media = self.bridge.poll_media();
        for (to, datagram) in self.must(media) {
            self.send_down(to, &datagram);
        }
        for event in self.bridge.poll_taps() {
            let tape = self.tapes.last_mut().ok_or_else(|| format!("a piece of no programme: {event:?}"));
            let taken = tape.and_then(|tape| tape.take(self.now, &event));
            self.must(taken);
        }
    }

    /// One command at a time; after the end, when nothing is left to be ordered and the recorder is done, the room is closed.
    fn command_engine(&mut self) {
        let event = match self.office.poll_command() {
            Some(command) => {
                self.note(|_| brief_of(&command));
                Event::Command(Box::new(command))
            }
            None if self.closing && !self.closed && self.now >= self.recorder_until => {
                self.closed = true;
                Event::CloseRoom
            }
            None => return,
        };
        self.engine_is_busy = true;
        let at = self.now + self.within(ENGINE_MS);
        self.schedule(at, event);
    }

    /// Whoever leaves or is removed is not there any more, however well he is still heard for a moment.
    fn read_marks(&mut self) {
        for mark in self.office.marks.get(self.marks_read..).unwrap_or_default() {
            self.trace.line(self.now, || format!("mark {} {:?}", mark.at.0, mark.fact));
            if let MarkedFact::Left { participant } | MarkedFact::Removed { participant, .. } = &mark.fact {
                self.heard.entry(*participant).or_default().end();
            }
        }
        self.marks_read = self.office.marks.len();
    }

    fn run_errand(&mut self, errand: Errand) {
        match errand {
            Errand::Say { to, text } => {
                self.trace.bytes(self.now, to.0, text.as_bytes());
                self.say_down(to, Frame::Text(text));
            }
            Errand::Close { connection } => self.say_down(connection, Frame::Close),
            Errand::Recorder(order) => {
                self.recorder_until = self.recorder_until.max(self.now) + self.within(RECORDER_MS);
                self.schedule(self.recorder_until, Event::Recorder(order));
            }
            Errand::Over => {
                self.closing = true;
                self.note(|_| String::from("over"));
                for heard in self.heard.values_mut() {
                    heard.end();
                }
            }
        }
    }

    fn direct_recorder(&mut self, order: RecordingOrder) {
        let (command, news) = match order {
            RecordingOrder::Start => {
                let at = super::office::utc(self.now);
                self.tapes.push(Tape::begin(self.now));
                self.count("recordings");
                (Command::StartTap { room: ROOM }, RecordingNews::Started { at })
            }
            RecordingOrder::Stop => (Command::StopTap { room: ROOM }, RecordingNews::Stopped),
        };
        self.note(|_| format!("{command:?}"));
        let done = self.bridge.command(self.now, command);
        self.must(done.map_err(|refused| refused.to_string()));
        let at = self.now + self.within(ENGINE_MS);
        self.schedule(at, Event::Recorded(news));
    }

    fn send_down(&mut self, to: u16, datagram: &Datagram) {
        let number = page_of(to);
        let at = self.pages[number].0;
        match datagram {
            Datagram::Rtp(bytes) => {
                self.trace.bytes(self.now, u64::from(to) << 32, bytes);
                let fine = self.may_leave(at, bytes);
                self.must(fine);
            }
            Datagram::Rtcp(bytes) => self.trace.bytes(self.now, u64::from(to) << 32, bytes),
            Datagram::Check | Datagram::Flight(_) | Datagram::Goodbye => {}
        }
        let arrivals = self.sites[at.0].down.send(self.now, datagram.bytes());
        for at in [arrivals.first, arrivals.again].into_iter().flatten() {
            self.schedule(at, Event::MediaDown(to, datagram.clone()));
        }
    }

    /// Nobody gets his own media back, and nobody gets what the meeting has closed.
    fn may_leave(&self, to: SiteAt, bytes: &[u8]) -> Result<(), String> {
        let rtp = Rtp::read(bytes).ok_or("a packet nobody can read")?;
        let mark = mark_of(rtp.payload_type, rtp.payload).ok_or("a payload nobody sent")?;
        let from = self.pages[page_of(mark.stream.publisher)].0;
        if from == to {
            return Err(format!("{} gets his own {:?}", self.name(to), mark.stream.source));
        }
        let source = source_name(mark.stream.source);
        match self.office.closed_since(self.participant(from), source) {
            Some(since) if self.now > since + DECISION => {
                let (from, to) = (self.name(from), self.name(to));
                Err(format!("{to} gets {from}'s {source:?}, closed since {since:?}"))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// The page a transport belongs to, by its number.
pub(super) fn page_of(transport: u16) -> usize {
    usize::from(transport / Page::NUMBERS)
}

/// A command without its SDP.
fn brief_of(command: &Command) -> String {
    match command {
        Command::Join { peer, .. } => format!("Join {peer:?}"),
        Command::Restart { peer, .. } => format!("Restart {peer:?}"),
        other => format!("{other:?}"),
    }
}
