//! An engine with one speaker and his listeners, without sockets: what a forwarded packet costs from the datagram that comes in to the
//! datagrams that are ready to leave, with everything on: history, estimation, pacing, feedback.
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use sfu::command::{Command, Purpose, Reply, Rights};
use sfu::engine::{Engine, EngineConfig};
use sfu::id::{PeerId, RoomId};
use sfu::transport::certificate::Certificate;
use sfu::transport::{Candidate, Path};

use crate::client::{AUDIO, CAMERA_SSRC, Client, Identity, Part, TRANSPORT_CC, VIDEO, VOICE_SSRC};
use crate::clip::{self, VOICE};

const ROOM: RoomId = RoomId(1);
const SPEAKER: PeerId = PeerId(1);

/// A browser reports what arrived about this often.
const FEEDBACK_EVERY: Duration = Duration::from_millis(100);
/// Browsers ask for consent this often.
const CHECK_EVERY: Duration = Duration::from_secs(2);
const SOUND_EVERY: Duration = Duration::from_millis(20);
const FRAME_NANOS: u64 = 1_000_000_000 / 30;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Media {
    Audio,
    Video,
}

/// What was measured over some seconds of virtual time.
#[derive(Clone, Copy, Default, Debug)]
pub(crate) struct Cost {
    /// Datagrams that left.
    pub(crate) forwarded: u64,
    /// Packets of the speaker's.
    pub(crate) received: u64,
    /// Reading, routing, sealing: everything but the kernel.
    pub(crate) user: Duration,
    /// Of which on what the listeners report, and on their proofs of consent.
    pub(crate) feedback: Duration,
    /// Handing over to the kernel.
    pub(crate) kernel: Duration,
    pub(crate) allocations: u64,
    /// Messages handed to the kernel.
    pub(crate) messages: u64,
}

pub(crate) struct Province {
    engine: Engine,
    now: Instant,
    check_at: Instant,
    speaker: Client,
    speaker_check: Vec<u8>,
    speaker_at: SocketAddr,
    listeners: Vec<Listener>,
    by_address: HashMap<SocketAddr, usize>,
    sender: Sender,
}

struct Listener {
    client: Client,
    check: Vec<u8>,
    at: SocketAddr,
    /// First transport-wide number not reported yet, and one past the newest seen.
    unreported: u16,
    newest: u16,
}

#[derive(Default)]
struct Sender {
    video_seq: u16,
    audio_seq: u16,
    transport_seq: u16,
    timestamp: u32,
    picture: u16,
    frame: usize,
}

/// Where the datagrams go.
pub(crate) trait Outlet {
    /// Takes everything there is; returns messages and the time it took.
    fn take(&mut self, engine: &mut Engine) -> (u64, Duration);
}

impl Province {
    /// Everybody is there and connected.
    pub(crate) fn new(speaker_at: SocketAddr, addresses: &[SocketAddr]) -> anyhow::Result<Self> {
        let candidates = vec![Candidate::udp(([127, 0, 0, 1], 7_000).into())];
        let mut engine =
            Engine::new(EngineConfig { candidates, certificate: Certificate::generate()?, seed: [5; 32] })?;
        let now = Instant::now();
        engine.handle_command(now, Command::OpenRoom { room: ROOM })?;
        let identity = Identity::new()?;
        let (speaker, speaker_check) = connect(&mut engine, now, &identity, SPEAKER, Part::Publisher, speaker_at)?;
        let mut listeners = Vec::with_capacity(addresses.len());
        for (at, peer) in addresses.iter().zip(2..) {
            let (client, check) = connect(&mut engine, now, &identity, PeerId(peer), Part::Viewer, *at)?;
            listeners.push(Listener { client, check, at: *at, unreported: 0, newest: 0 });
        }
        let by_address = addresses.iter().copied().zip(0..).collect();
        while engine.poll_fact().is_some() {}
        Ok(Self {
            engine,
            now,
            check_at: now,
            speaker,
            speaker_check,
            speaker_at,
            listeners,
            by_address,
            sender: Sender::default(),
        })
    }

    /// Plays `media` for a while of virtual time.
    pub(crate) fn play(&mut self, media: Media, seconds: u64, outlet: &mut impl Outlet) -> anyhow::Result<Cost> {
        let mut cost = Cost::default();
        let end = self.now + Duration::from_secs(seconds);
        let (mut frame_at, mut sound_at, mut feedback_at) = (self.now, self.now, self.now + FEEDBACK_EVERY);
        let clip = clip::frames();
        while self.now < end {
            let due = self.engine.poll_timeout().unwrap_or(end);
            let media_at = match media {
                Media::Audio => sound_at,
                Media::Video => frame_at,
            };
            self.now = self.now.max(due.min(media_at).min(feedback_at));
            if self.now >= feedback_at {
                feedback_at += FEEDBACK_EVERY;
                let (reports, now) = (self.reports()?, self.now);
                let begun = Instant::now();
                if now >= self.check_at {
                    self.check_at = now + CHECK_EVERY;
                    self.engine.handle_datagram(now, path(self.speaker_at), &self.speaker_check);
                    for listener in &self.listeners {
                        self.engine.handle_datagram(now, path(listener.at), &listener.check);
                    }
                }
                for (from, report) in &reports {
                    self.engine.handle_datagram(now, path(*from), report);
                }
                cost.feedback += begun.elapsed();
                cost.user += begun.elapsed();
            }
            let mut packets = Vec::new();
            if self.now >= media_at {
                match media {
                    Media::Audio => {
                        sound_at += SOUND_EVERY;
                        packets.push(self.sound()?);
                    }
                    Media::Video => {
                        frame_at += Duration::from_nanos(FRAME_NANOS);
                        packets = self.frame(&clip)?;
                    }
                }
            }
            cost.received += packets.len() as u64;
            let (engine, now, from) = (&mut self.engine, self.now, path(self.speaker_at));
            let mut spent = Duration::ZERO;
            let allocated = allocation_counter::measure(|| {
                let begun = Instant::now();
                for packet in &packets {
                    engine.handle_datagram(now, from, packet);
                }
                while engine.is_handing_on() && !engine.is_full() {
                    engine.handle_timeout(now);
                }
                spent = begun.elapsed();
            });
            cost.user += spent;
            cost.allocations += allocated.count_total;
            // What is done by the clock: reports and figures, which may allocate.
            let begun = Instant::now();
            if engine.poll_timeout().is_some_and(|at| at <= now) {
                engine.handle_timeout(now);
            }
            cost.user += begun.elapsed();
            cost.forwarded += self.note_sent();
            let (messages, kernel) = outlet.take(&mut self.engine);
            cost.messages += messages;
            cost.kernel += kernel;
            while self.engine.poll_fact().is_some() {}
            while self.engine.poll_tap().is_some() {}
        }
        Ok(cost)
    }

    /// Reads what leaves, as its receivers would, without being on the bill.
    fn note_sent(&mut self) -> u64 {
        let mut count = 0;
        for transmit in self.engine.transmits(1) {
            count += 1;
            let listener = self.by_address.get(&transmit.path.remote).and_then(|at| self.listeners.get_mut(*at));
            if let (Some(listener), Some(seq)) = (listener, transport_seq(transmit.bytes)) {
                listener.newest = seq.wrapping_add(1);
            }
        }
        count
    }

    fn reports(&mut self) -> anyhow::Result<Vec<(SocketAddr, Vec<u8>)>> {
        let at_64ms = (self.now.duration_since(self.epoch()).as_millis() / 64) as u32;
        let mut reports = Vec::new();
        for listener in &mut self.listeners {
            let count = listener.newest.wrapping_sub(listener.unreported);
            if count == 0 || count > 4_000 {
                continue;
            }
            let apart_us = i64::try_from(FEEDBACK_EVERY.as_micros())? / i64::from(count) / 250 * 250;
            let report = listener.client.feedback(listener.unreported, count, at_64ms, apart_us.min(60_000))?;
            listener.unreported = listener.newest;
            reports.push((listener.at, report));
        }
        Ok(reports)
    }

    fn epoch(&self) -> Instant {
        // Receivers' clocks begin anywhere; only differences matter.
        self.now.checked_sub(Duration::from_secs(3_600)).unwrap_or(self.now)
    }

    fn frame(&mut self, clip: &[Vec<usize>]) -> anyhow::Result<Vec<Vec<u8>>> {
        let sizes = clip.get(self.sender.frame % clip.len()).cloned().unwrap_or_default();
        let is_key = self.sender.frame.is_multiple_of(clip.len());
        self.sender.frame += 1;
        self.sender.timestamp = self.sender.timestamp.wrapping_add(3_000);
        self.sender.picture = (self.sender.picture + 1) & 0x7FFF;
        let last = sizes.len().saturating_sub(1);
        let mut packets = Vec::with_capacity(sizes.len());
        for (at, size) in sizes.into_iter().enumerate() {
            self.sender.video_seq = self.sender.video_seq.wrapping_add(1);
            let header = self.header(VIDEO, at == last, self.sender.video_seq, self.sender.timestamp, CAMERA_SSRC);
            let [high, low] = self.sender.picture.to_be_bytes();
            let start = if at == 0 { 0x10 } else { 0 };
            let frame_tag = u8::from(!is_key);
            let mut packet = header;
            packet.extend([0x80 | start, 0x80, high | 0x80, low, frame_tag, 0, 0, 0x9D, 0x01, 0x2A, 0, 5, 0xD0, 2]);
            packet.resize(packet.len() + size.saturating_sub(14), 0x5A);
            packets.push(self.speaker.seal(&packet)?);
        }
        Ok(packets)
    }

    fn sound(&mut self) -> anyhow::Result<Vec<u8>> {
        self.sender.audio_seq = self.sender.audio_seq.wrapping_add(1);
        self.sender.timestamp = self.sender.timestamp.wrapping_add(960);
        let mut packet = self.header(AUDIO, false, self.sender.audio_seq, self.sender.timestamp, VOICE_SSRC);
        packet.resize(packet.len() + VOICE, 0x5A);
        self.speaker.seal(&packet)
    }

    fn header(&mut self, payload_type: u8, marker: bool, seq: u16, timestamp: u32, ssrc: u32) -> Vec<u8> {
        self.sender.transport_seq = self.sender.transport_seq.wrapping_add(1);
        let [t0, t1] = self.sender.transport_seq.to_be_bytes();
        let mut header = vec![0x90, payload_type | (u8::from(marker) << 7)];
        header.extend(seq.to_be_bytes());
        header.extend(timestamp.to_be_bytes());
        header.extend(ssrc.to_be_bytes());
        // Level 20 of the voice and the number of the transport.
        header.extend([0xBE, 0xDE, 0, 2, 0x10, 20, (TRANSPORT_CC << 4) | 1, t0, t1, 0, 0, 0]);
        header
    }
}

fn path(remote: SocketAddr) -> Path {
    Path::udp(remote, None)
}

/// Join, check, handshake.
fn connect(
    engine: &mut Engine,
    now: Instant,
    identity: &Identity,
    peer: PeerId,
    part: Part,
    at: SocketAddr,
) -> anyhow::Result<(Client, Vec<u8>)> {
    let (purpose, rights) = match part {
        Part::Publisher => (Purpose::Publish, Rights::ALL),
        Part::Viewer => (Purpose::Receive, Rights::NONE),
    };
    let offer = Client::offer(identity, part);
    let Reply::Answer(answer) =
        engine.handle_command(now, Command::Join { room: ROOM, peer, purpose, rights, offer })?
    else {
        anyhow::bail!("an offer is answered");
    };
    let mut client = Client::new();
    let check = Client::check(identity, &answer)?;
    engine.handle_datagram(now, path(at), &check);
    let mut inbound = client.shake_hands(identity)?;
    while !inbound.is_empty() {
        for datagram in inbound.drain(..) {
            engine.handle_datagram(now, path(at), &datagram);
        }
        let mut outbound = Vec::new();
        while let Some(transmit) = engine.poll_transmit() {
            if transmit.path.remote == at {
                outbound.push(transmit.bytes.to_vec());
            }
        }
        for datagram in outbound {
            inbound.extend(client.receive(identity, &datagram)?);
        }
    }
    anyhow::ensure!(client.is_connected(), "the handshake did not finish");
    while engine.poll_fact().is_some() {}
    Ok((client, check))
}

/// The transport-wide number stands in the clear header.
fn transport_seq(datagram: &[u8]) -> Option<u16> {
    let (head, rest) = datagram.split_at_checked(16)?;
    let [first, second, ..] = head else { return None };
    if first >> 6 != 2 || (64..96).contains(&(second & 0x7F)) || first & 0x10 == 0 {
        return None;
    }
    let words = usize::from(u16::from_be_bytes([*head.get(14)?, *head.get(15)?]));
    let mut elements = rest.get(..words * 4)?;
    while let Some((&tag, after)) = elements.split_first() {
        if tag == 0 {
            elements = after;
            continue;
        }
        let (value, after) = after.split_at_checked(usize::from(tag & 0x0F) + 1)?;
        if tag >> 4 == TRANSPORT_CC {
            return Some(u16::from_be_bytes([*value.first()?, *value.get(1)?]));
        }
        elements = after;
    }
    None
}
