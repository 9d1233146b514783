//! A meeting on the bench: the production room, its clients, and the lines between them. Everything that happens has a time, and the
//! same seed gives the same run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::{Duration, Instant};

use sfu::command::{Rights, View};
use sfu::egress::Egress;
use sfu::fact::{Fact, PeerStats};
use sfu::id::{MediaKind, Mid, PayloadType, PeerId, Rid, RoomId, Source, Ssrc, TrackRef};
use sfu::negotiated::{Codec, ExtensionIds, Feedback, NegotiatedCodec, PeerMedia, Publication, Slot, Streams};
use sfu::room::Room;
use sfu::tap::TapEvent;

use super::camera::{Camera, CameraProfile};
use super::client::{Client, Datagram, SlotEnd, next_frame};
use super::flow::Flow;
use super::microphone::{Microphone, RED, Sends};
use super::rival::{Reno, Segment};
use crate::link::{DatagramLine, Weather};
use crate::world::packet::{LEVEL, MID, OPUS, REPAIRED_RID, RID, RTX, TRANSPORT, VP8};

/// A page needs this long to do what it is told.
const PAGE: Duration = Duration::from_millis(20);
const PATH_LOST_AFTER: Duration = sfu::transport::PATH_LOST_AFTER;
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A line of the bench, to be shared by several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineAt(usize);

/// What a client brings.
#[derive(Clone, PartialEq, Debug)]
pub struct Seat {
    pub microphone: Option<Sends>,
    pub camera: Option<CameraProfile>,
    pub sound_slots: u32,
    pub picture_slots: u32,
    /// Height each picture is drawn at.
    pub drawn: u16,
}

impl Seat {
    #[must_use]
    pub fn viewer(sound_slots: u32, picture_slots: u32) -> Self {
        Self { microphone: None, camera: None, sound_slots, picture_slots, drawn: 720 }
    }
}

#[derive(Debug)]
enum What {
    Wake {
        client: usize,
    },
    Up {
        client: usize,
        datagram: Datagram,
    },
    Down {
        client: usize,
        sent: Duration,
        datagram: Datagram,
    },
    /// A segment of a rival's, or its acknowledgement, is there.
    Segment {
        rival: usize,
        segment: Segment,
    },
    Acknowledged {
        rival: usize,
        segment: Segment,
    },
    Resumed {
        rival: usize,
    },
    /// A publisher's page hears which layers are wanted.
    Wanted {
        client: usize,
        rids: Vec<Rid>,
    },
    /// Whether a path has been silent for too long.
    Look {
        client: usize,
    },
}

#[derive(Debug)]
struct Event {
    at: Duration,
    order: u64,
    what: What,
}

impl PartialEq for Event {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Event {}

impl PartialOrd for Event {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Event {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// What came over a client's line from the bridge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Came {
    pub at: Duration,
    pub delay: Duration,
    pub bytes: usize,
}

struct Place {
    client: Client,
    up: LineAt,
    down: LineAt,
    wake_at: Duration,
    came: Vec<Came>,
    /// When anything last arrived from it at the bridge, and the longest time in which nothing did either way.
    heard_at: Option<Duration>,
    silence: Duration,
    /// Datagrams sent to it and lost on the way or before a full queue.
    lost: Vec<Duration>,
    /// Everything sent to it, with its bytes.
    sent: Vec<(Duration, usize)>,
    stats: Vec<(Duration, PeerStats)>,
    path: PathState,
    /// Its way from the line's end.
    extra: Duration,
}

/// As the engine sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PathState {
    Up,
    Lost,
}

struct Rival {
    flow: Reno,
    line: LineAt,
    back: Duration,
}

/// What the room has sent and the lines have not yet taken.
#[derive(Default)]
struct Outbox(Vec<(PeerId, Datagram)>);

impl Egress for Outbox {
    fn rtp(&mut self, to: PeerId, header: &[u8], prefix: &[u8], payload: &[u8]) {
        self.0.push((to, Datagram::Rtp([header, prefix, payload].concat())));
    }

    fn rtcp(&mut self, to: PeerId, compound: &[u8]) {
        self.0.push((to, Datagram::Rtcp(compound.to_vec())));
    }

    fn tap(&mut self, _room: RoomId, _event: TapEvent) {}
}

pub struct Bench {
    seed: u64,
    pub now: Duration,
    epoch: Instant,
    room: Room,
    outbox: Outbox,
    lines: Vec<DatagramLine>,
    places: Vec<Place>,
    by_peer: BTreeMap<PeerId, usize>,
    rivals: Vec<Rival>,
    events: BinaryHeap<Reverse<Event>>,
    order: u64,
}

impl Bench {
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            now: Duration::ZERO,
            // A run knows only distances from its beginning.
            epoch: Instant::now(),
            room: Room::new(RoomId(1)),
            outbox: Outbox::default(),
            lines: Vec::new(),
            places: Vec::new(),
            by_peer: BTreeMap::new(),
            rivals: Vec::new(),
            events: BinaryHeap::new(),
            order: 0,
        }
    }

    pub fn line(&mut self, weather: Weather) -> LineAt {
        let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(self.lines.len() as u64);
        self.lines.push(DatagramLine::seeded(seed, weather));
        LineAt(self.lines.len() - 1)
    }

    pub fn weather(&mut self, at: LineAt, weather: Weather) {
        let now = self.now;
        self.lines[at.0].set_weather(now, weather);
    }

    pub fn line_mut(&mut self, at: LineAt) -> &mut DatagramLine {
        &mut self.lines[at.0]
    }

    fn instant(&self) -> Instant {
        self.epoch + self.now
    }

    /// Brings a client in over its own lines, or over shared ones. Clients are numbered from 1.
    pub fn join(&mut self, seat: &Seat, up: LineAt, down: LineAt) -> u16 {
        let number = self.places.len() as u16 + 1;
        let peer = PeerId(u64::from(number));
        let media = media(number, seat);
        let end = |slot: &Slot| SlotEnd {
            kind: slot.kind,
            ssrc: slot.ssrc.0,
            repair_ssrc: slot.repair_ssrc.map_or(0, |repair| repair.0),
        };
        let ends: Vec<SlotEnd> = media.slots.iter().map(end).collect();
        let mut client = Client::new(self.now, peer, &ends);
        client.microphone =
            seat.microphone.map(|sends| Microphone::new(number, microphone_ssrc(number), sends, next_frame(self.now)));
        client.camera = seat.camera.clone().map(|profile| Camera::new(number, camera_ssrc(number), profile));
        if seat.microphone.is_some() || seat.camera.is_some() {
            // As its own reports' round trips come out on average.
            let mean = |LineAt(line): LineAt| {
                let weather = self.lines[line].weather();
                weather.delay + weather.jitter / 2
            };
            client.rtt = mean(up) + mean(down);
        }
        let now = self.instant();
        self.room.join(now, peer, media, Rights::ALL);
        self.room.connected(now, peer, &mut self.outbox);
        let sizes = vec![sfu::command::SlotSize { height: seat.drawn }; seat.picture_slots as usize];
        let view = View { slot_sizes: sizes, ..View::default() };
        self.room.set_view(now, peer, view, &mut self.outbox);
        let wake_at = client.next_wake();
        let at = self.places.len();
        self.places.push(Place {
            client,
            up,
            down,
            wake_at,
            came: Vec::new(),
            heard_at: None,
            silence: Duration::ZERO,
            lost: Vec::new(),
            sent: Vec::new(),
            path: PathState::Up,
            extra: Duration::ZERO,
            stats: Vec::new(),
        });
        self.by_peer.insert(peer, at);
        self.push(wake_at, What::Wake { client: at });
        self.push(self.now + LOOK_EVERY, What::Look { client: at });
        self.flush();
        number
    }

    /// A TCP download through `line`; what it acknowledges comes back after `back`.
    pub fn compete(&mut self, line: LineAt, back: Duration) -> usize {
        self.rivals.push(Rival { flow: Reno::default(), line, back });
        let rival = self.rivals.len() - 1;
        self.push(self.now, What::Resumed { rival });
        rival
    }

    pub fn rival(&mut self, rival: usize) -> &mut Reno {
        &mut self.rivals[rival].flow
    }

    pub fn resume(&mut self, rival: usize) {
        self.push(self.now, What::Resumed { rival });
    }

    pub fn stage(&mut self, stage: Vec<TrackRef>) {
        let now = self.instant();
        self.room.set_stage(now, stage, &mut self.outbox);
        self.flush();
    }

    /// It lives so much farther away than the others on its line.
    pub fn farther(&mut self, number: u16, extra: Duration) {
        self.places[usize::from(number) - 1].extra = extra;
    }

    /// Its rate control changes what its camera takes.
    pub fn camera_rate(&mut self, number: u16, bps: u32) {
        if let Some(camera) = &mut self.places[usize::from(number) - 1].client.camera {
            camera.set_rate(bps);
        }
    }

    /// What goes over its line from the bridge.
    #[must_use]
    pub fn flow(&self, number: u16) -> Flow<'_> {
        let place = &self.places[usize::from(number) - 1];
        Flow { sent: &place.sent, came: &place.came }
    }

    /// How loud its microphone is from now on (RFC 6464: 127 is silence).
    pub fn level(&mut self, number: u16, level: u8) {
        if let Some(microphone) = &mut self.places[usize::from(number) - 1].client.microphone {
            microphone.level = level;
        }
    }

    pub fn view(&mut self, number: u16, view: View) {
        let now = self.instant();
        self.room.set_view(now, PeerId(u64::from(number)), view, &mut self.outbox);
        self.flush();
    }

    #[must_use]
    pub fn client(&self, number: u16) -> &Client {
        &self.places[usize::from(number) - 1].client
    }

    #[must_use]
    pub fn came(&self, number: u16) -> &[Came] {
        &self.places[usize::from(number) - 1].came
    }

    #[must_use]
    pub fn longest_silence(&self, number: u16) -> Duration {
        self.places[usize::from(number) - 1].silence
    }

    #[must_use]
    pub fn lost(&self, number: u16) -> &[Duration] {
        &self.places[usize::from(number) - 1].lost
    }

    #[must_use]
    pub fn sent(&self, number: u16) -> &[(Duration, usize)] {
        &self.places[usize::from(number) - 1].sent
    }

    #[must_use]
    pub fn stats(&self, number: u16) -> &[(Duration, PeerStats)] {
        &self.places[usize::from(number) - 1].stats
    }

    fn push(&mut self, at: Duration, what: What) {
        self.order += 1;
        self.events.push(Reverse(Event { at, order: self.order, what }));
    }

    /// Lets everything happen until `until`.
    pub fn run(&mut self, until: Duration) {
        loop {
            let event_at = self.events.peek().map(|Reverse(event)| event.at);
            let room_at = self.room.poll_timeout().map(|at| at.saturating_duration_since(self.epoch));
            let Some(at) = [event_at, room_at].into_iter().flatten().min().filter(|at| *at <= until) else { break };
            self.now = self.now.max(at);
            if room_at == Some(at) {
                let now = self.instant();
                self.room.handle_timeout(now, &mut self.outbox);
                self.flush();
            } else if let Some(Reverse(event)) = self.events.pop() {
                self.happen(event.what);
            }
        }
        self.now = until;
    }

    fn happen(&mut self, what: What) {
        match what {
            What::Wake { client } => {
                if self.places[client].wake_at <= self.now {
                    let sent = self.places[client].client.wake(self.now);
                    let wake_at = self.places[client].client.next_wake();
                    self.places[client].wake_at = wake_at;
                    self.push(wake_at, What::Wake { client });
                    self.send_up(client, sent);
                }
            }
            What::Up { client, datagram } => {
                let now = self.instant();
                let place = &mut self.places[client];
                let peer = place.client.id;
                if std::mem::replace(&mut place.path, PathState::Up) == PathState::Lost {
                    self.room.path_back(now, peer, &mut self.outbox);
                }
                let since = place.heard_at.replace(self.now).unwrap_or(self.now);
                place.silence = place.silence.max(self.now - since);
                // What the room has no use for (a duplicate, a packet far too late) it says; that is its right.
                match &datagram {
                    Datagram::Rtp(bytes) => drop(self.room.handle_rtp(now, peer, bytes, &mut self.outbox)),
                    Datagram::Rtcp(bytes) => drop(self.room.handle_rtcp(now, peer, bytes, &mut self.outbox)),
                }
                self.flush();
            }
            What::Down { client, sent, datagram } => {
                let place = &mut self.places[client];
                let delay = self.now - sent;
                let since = place.came.last().map_or(self.now, |came| came.at);
                place.silence = place.silence.max(self.now - since);
                place.came.push(Came { at: self.now, delay, bytes: datagram.wire_bytes() });
                let answer = place.client.receive(self.now, &datagram);
                self.send_up(client, answer);
            }
            What::Segment { rival, segment } => {
                let back = self.rivals[rival].back;
                self.push(self.now + back, What::Acknowledged { rival, segment });
            }
            What::Acknowledged { rival, segment } => {
                self.rivals[rival].flow.acknowledged(self.now, segment);
                self.send_rival(rival);
            }
            What::Resumed { rival } => self.send_rival(rival),
            What::Wanted { client, rids } => {
                if let Some(camera) = &mut self.places[client].client.camera {
                    camera.wanted(&rids.iter().map(|Rid(rid)| rid.as_str()).collect::<Vec<_>>());
                }
            }
            What::Look { client } => self.look(client),
        }
    }

    /// The engine's part: a path that has been silent for too long is taken for lost until something comes over it again.
    fn look(&mut self, client: usize) {
        let place = &mut self.places[client];
        let silent = place.heard_at.is_some_and(|at| self.now - at >= PATH_LOST_AFTER);
        if silent && place.path == PathState::Up {
            place.path = PathState::Lost;
            let (now, peer) = (self.instant(), PeerId(client as u64 + 1));
            self.room.path_lost(now, peer, &mut self.outbox);
            self.flush();
        }
        self.push(self.now + LOOK_EVERY, What::Look { client });
    }

    fn send_up(&mut self, client: usize, datagrams: Vec<Datagram>) {
        let LineAt(line) = self.places[client].up;
        for datagram in datagrams {
            let arrivals = self.lines[line].send(self.now, datagram.wire_bytes());
            if let Some(at) = arrivals.again {
                self.push(at, What::Up { client, datagram: datagram.clone() });
            }
            if let Some(at) = arrivals.first {
                self.push(at, What::Up { client, datagram });
            }
        }
    }

    fn send_rival(&mut self, rival: usize) {
        let LineAt(line) = self.rivals[rival].line;
        while let Some(segment) = self.rivals[rival].flow.poll_segment(self.now) {
            if let Some(at) = self.lines[line].send(self.now, Reno::SEGMENT_BYTES).first {
                self.push(at, What::Segment { rival, segment });
            }
        }
        if let Some(at) = self.rivals[rival].flow.poll_timeout() {
            self.push(at.max(self.now + Duration::from_millis(1)), What::Resumed { rival });
        }
    }

    /// What the room has sent goes onto the lines, and what it has to say is noted.
    fn flush(&mut self) {
        for (peer, datagram) in std::mem::take(&mut self.outbox.0) {
            let Some(&client) = self.by_peer.get(&peer) else { continue };
            let LineAt(line) = self.places[client].down;
            let sent = self.now;
            self.places[client].sent.push((sent, datagram.wire_bytes()));
            let arrivals = self.lines[line].send(sent, datagram.wire_bytes());
            let extra = self.places[client].extra;
            if let Some(at) = arrivals.again.map(|at| at + extra) {
                self.push(at, What::Down { client, sent, datagram: datagram.clone() });
            }
            match arrivals.first.map(|at| at + extra) {
                Some(at) => self.push(at, What::Down { client, sent, datagram }),
                None => self.places[client].lost.push(sent),
            }
        }
        while let Some(fact) = self.room.poll_fact() {
            match fact {
                Fact::Stats { peer, stats } => {
                    if let Some(client) = self.by_peer.get(&peer) {
                        self.places[*client].stats.push((self.now, *stats));
                    }
                }
                Fact::LayersWanted { track, rids } => {
                    if let Some(&client) = self.by_peer.get(&track.peer) {
                        let LineAt(line) = self.places[client].down;
                        let at = self.now + self.lines[line].weather().delay + PAGE;
                        self.push(at, What::Wanted { client, rids });
                    }
                }
                _ => {}
            }
        }
    }
}

fn microphone_ssrc(number: u16) -> u32 {
    0x1000_0000 + (u32::from(number) << 8)
}

fn camera_ssrc(number: u16) -> u32 {
    0x2000_0000 + (u32::from(number) << 8)
}

/// What a browser's offer and our answer agree on.
fn media(number: u16, seat: &Seat) -> PeerMedia {
    let mid = |mid: &str| Mid(mid.to_owned());
    let mut publications = Vec::new();
    if let Some(sends) = seat.microphone {
        publications.push(Publication {
            mid: mid("0"),
            source: Source::Microphone,
            codec: sound(sends == Sends::Redundant),
            extensions: extensions(),
            streams: Streams::BySsrc { media: Some(Ssrc(microphone_ssrc(number))), repair: None },
        });
    }
    if let Some(profile) = &seat.camera {
        publications.push(Publication {
            mid: mid("1"),
            source: Source::Camera,
            codec: picture(),
            extensions: extensions(),
            streams: Streams::ByRid(profile.layers.iter().map(|layer| Rid(layer.rid.to_owned())).collect()),
        });
    }
    let base = u32::from(number) << 8;
    let sounds = (0..seat.sound_slots).map(|n| Slot {
        mid: mid(&format!("a{n}")),
        kind: MediaKind::Audio,
        codecs: vec![sound(true)],
        extensions: extensions(),
        ssrc: Ssrc(0x3000_0000 + base + n),
        repair_ssrc: None,
    });
    let pictures = (0..seat.picture_slots).map(|n| Slot {
        mid: mid(&format!("v{n}")),
        kind: MediaKind::Video,
        codecs: vec![picture()],
        extensions: extensions(),
        ssrc: Ssrc(0x4000_0000 + base + n),
        repair_ssrc: Some(Ssrc(0x5000_0000 + base + n)),
    });
    PeerMedia { publications, slots: sounds.chain(pictures).collect() }
}

fn extensions() -> ExtensionIds {
    ExtensionIds {
        mid: Some(MID),
        rid: Some(RID),
        repaired_rid: Some(REPAIRED_RID),
        audio_level: Some(LEVEL),
        transport_cc: Some(TRANSPORT),
        abs_send_time: None,
        dependency_descriptor: None,
    }
}

fn sound(redundant: bool) -> NegotiatedCodec {
    NegotiatedCodec {
        codec: Codec::Opus,
        payload_type: PayloadType(OPUS),
        repair_payload_type: None,
        red_payload_type: redundant.then_some(PayloadType(RED)),
        clock_rate_hz: 48_000,
        feedback: Feedback { transport_cc: true, ..Feedback::default() },
    }
}

fn picture() -> NegotiatedCodec {
    NegotiatedCodec {
        codec: Codec::Vp8,
        payload_type: PayloadType(VP8),
        repair_payload_type: Some(PayloadType(RTX)),
        red_payload_type: None,
        clock_rate_hz: 90_000,
        feedback: Feedback { nack: true, pli: true, fir: false, transport_cc: true },
    }
}
