//! A client's media connection: handshake and consent, encoders on the way up, a receiver for every slot on the way down, and RTCP as a
//! browser sends it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rtc_rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc_rtcp::receiver_report::ReceiverReport;
use rtc_rtcp::sender_report::SenderReport;
use rtc_rtcp::transport_feedbacks::transport_layer_nack::{
    NackPair, TransportLayerNack, nack_pairs_from_sequence_numbers,
};
use rtc_shared::marshal::Marshal;
use sfu::id::{MediaKind, Source};

use super::bridge::{Datagram, FLIGHTS};
use super::negotiate::{Answer, Credentials, NamedSsrc, Offer};
use super::packet::Rtp;
use super::publish::{Encoder, TransportSeq, Voice};
use super::slot::{Feedback, SlotReceiver};

const FRAME_EVERY: Duration = Duration::from_millis(100);
const SCREEN_EVERY: Duration = Duration::from_millis(200);
const SOUND_EVERY: Duration = Duration::from_millis(20);
/// Opus sends silence this seldom (DTX).
const SILENCE_EVERY: Duration = Duration::from_millis(400);
const REPORT_EVERY: Duration = Duration::from_secs(1);
const CHECK_EVERY: Duration = Duration::from_secs(2);
const FLIGHT_AGAIN: Duration = Duration::from_millis(250);
/// A browser calls its connection disconnected after this.
const CONSENT: Duration = Duration::from_secs(5);
const SLOTS_AUDIO: u8 = 3;
const OWN_REPORTS_FROM: u32 = 5;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// The offer is on its way, or its answer.
    Offering,
    /// `flight` is being sent until it is answered.
    Connecting {
        flight: u8,
    },
    Connected,
    /// The other side is not heard any more, or said goodbye.
    Silent,
}

/// What the person does with his sources at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sending {
    pub microphone: Option<Voicing>,
    pub camera: bool,
    pub screen: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Voicing(pub Voice);

pub struct Transport {
    pub credentials: Credentials,
    pub state: State,
    seq: TransportSeq,
    microphone: Encoder,
    camera: [Encoder; 3],
    screen: Encoder,
    /// Layers whose encoder the client's own rate control has switched off.
    pub camera_layers: u8,
    /// Those somebody wants, as the server said last.
    wanted: [bool; 3],
    video_slots: u8,
    pub receivers: Vec<SlotReceiver>,
    next: Due,
    pub heard: Duration,
    pub connected_at: Option<Duration>,
    pub lost_before_connected: bool,
    /// When which source was sent last.
    pub sent: BTreeMap<Source, Duration>,
    round_trip: Duration,
    /// How often the bridge asked for one.
    pub key_frames_asked: u32,
}

/// When each thing is done next.
#[derive(Clone, Copy, Debug)]
struct Due {
    sound: Duration,
    frame: Duration,
    screen: Duration,
    report: Duration,
    check: Duration,
    flight: Duration,
}

impl Transport {
    #[must_use]
    pub fn new(now: Duration, number: u16, video_slots: u8, round_trip: Duration) -> Self {
        let ssrc = u32::from(number) * 65_536 + 16;
        Self {
            credentials: Credentials { transport: number, generation: 1 },
            state: State::Offering,
            seq: TransportSeq::default(),
            microphone: Encoder::microphone(number, ssrc),
            camera: Encoder::camera(number, ssrc + 16),
            screen: Encoder::screen(number, ssrc + 32),
            camera_layers: 3,
            wanted: [true; 3],
            video_slots,
            receivers: Vec::new(),
            next: Due { sound: now, frame: now, screen: now, report: now + REPORT_EVERY, check: now, flight: now },
            heard: now,
            connected_at: None,
            lost_before_connected: false,
            sent: BTreeMap::new(),
            round_trip,
            key_frames_asked: 0,
        }
    }

    #[must_use]
    pub fn offer(&self) -> String {
        let nameless = NamedSsrc { ssrc: None, repair: None };
        // Some browsers name the microphone's SSRC, some leave it to the MID.
        let microphone = if self.credentials.transport.is_multiple_of(2) {
            nameless
        } else {
            NamedSsrc { ssrc: Some(self.microphone.ssrc), repair: None }
        };
        let screen = NamedSsrc { ssrc: Some(self.screen.ssrc), repair: Some(self.screen.repair_ssrc()) };
        Offer {
            credentials: self.credentials,
            microphone: Some(microphone),
            camera: Some(nameless),
            screen: Some(screen),
            audio_slots: SLOTS_AUDIO,
            video_slots: self.video_slots,
        }
        .write()
    }

    /// New credentials for the same connection.
    pub fn restart(&mut self) -> String {
        self.credentials.generation += 1;
        self.offer()
    }

    pub fn answered(&mut self, now: Duration, answer: &Answer) {
        if self.state == State::Offering {
            self.receivers = answer.slots.iter().cloned().map(SlotReceiver::new).collect();
            self.state = State::Connecting { flight: 0 };
            self.next.flight = now;
        }
        self.next.check = now;
    }

    /// The camera's layers that are to be sent from now on. An encoder that is switched on begins with a key frame.
    pub fn send_only(&mut self, rids: &[String]) {
        for (encoder, wanted) in self.camera.iter_mut().zip(&mut self.wanted) {
            let on = rids.iter().any(|rid| Some(rid.as_str()) == encoder.rid());
            if on && !*wanted {
                encoder.ask_key_frame();
            }
            *wanted = on;
        }
    }

    /// Lowest first.
    #[must_use]
    pub fn layers_sent(&self) -> [bool; 3] {
        self.wanted
    }

    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.state == State::Connected
    }

    /// What is sent now.
    pub fn tick(&mut self, now: Duration, sending: Sending) -> Vec<Datagram> {
        let mut out = Vec::new();
        match self.state {
            State::Offering => return out,
            State::Connecting { flight } => {
                if now >= self.next.flight {
                    self.next.flight = now + FLIGHT_AGAIN;
                    out.push(if flight == 0 { Datagram::Check } else { Datagram::Flight(flight) });
                }
                return out;
            }
            State::Connected if now >= self.heard + CONSENT => self.state = State::Silent,
            State::Connected | State::Silent => {}
        }
        if now >= self.next.check {
            self.next.check = now + CHECK_EVERY;
            out.push(Datagram::Check);
        }
        // A browser whose consent has run out sends no media (RFC 7675, section 5.1).
        if self.state == State::Connected {
            self.publish(now, sending, &mut out);
            self.feed_back(now, &mut out);
        }
        out
    }

    fn publish(&mut self, now: Duration, sending: Sending, out: &mut Vec<Datagram>) {
        let seq = &mut self.seq;
        if let Some(Voicing(voice)) = sending.microphone
            && now >= self.next.sound
        {
            let every = if voice == Voice::Speaks { SOUND_EVERY } else { SILENCE_EVERY };
            self.next.sound = if now >= self.next.sound + every { now } else { self.next.sound } + every;
            out.push(Datagram::Rtp(self.microphone.sound(now, voice, seq)));
            if voice == Voice::Speaks {
                self.sent.insert(Source::Microphone, now);
            }
        }
        if sending.microphone == Some(Voicing(Voice::Speaks)) {
            // Somebody who begins to speak does not wait for the next packet of silence.
            self.next.sound = self.next.sound.min(now + SOUND_EVERY);
        }
        if sending.camera && now >= self.next.frame {
            self.next.frame = now + FRAME_EVERY;
            let encoders = self.camera.iter_mut().zip(self.wanted).take(usize::from(self.camera_layers));
            for (encoder, _) in encoders.filter(|(_, wanted)| *wanted) {
                out.extend(encoder.frame(now, seq).into_iter().map(Datagram::Rtp));
            }
            self.sent.insert(Source::Camera, now);
        }
        if sending.screen && now >= self.next.screen {
            self.next.screen = now + SCREEN_EVERY;
            out.extend(self.screen.frame(now, seq).into_iter().map(Datagram::Rtp));
            self.sent.insert(Source::Screen, now);
        }
    }

    fn encoders(&mut self) -> impl Iterator<Item = &mut Encoder> {
        self.camera.iter_mut().chain([&mut self.screen, &mut self.microphone])
    }

    fn feed_back(&mut self, now: Duration, out: &mut Vec<Datagram>) {
        for receiver in &mut self.receivers {
            let asked = receiver.ask(now, self.round_trip);
            if asked != Feedback::default() {
                out.push(Datagram::Rtcp(feedback(receiver.slot.ssrc, &asked)));
            }
        }
        if now < self.next.report {
            return;
        }
        self.next.report = now + REPORT_EVERY;
        let mut compound = Vec::new();
        for report in self.encoders().filter_map(|encoder| encoder.report(now)) {
            compound.extend(report);
        }
        let reports = self.receivers.iter_mut().filter_map(|receiver| receiver.report(now)).collect();
        compound.extend(written(&ReceiverReport {
            ssrc: OWN_REPORTS_FROM,
            reports,
            profile_extensions: Bytes::default(),
        }));
        out.push(Datagram::Rtcp(compound));
    }

    /// # Errors
    /// What the bridge should not have sent.
    pub fn take(&mut self, now: Duration, datagram: &Datagram) -> Result<Vec<Datagram>, String> {
        self.heard = now;
        if self.state == State::Silent && *datagram != Datagram::Goodbye {
            self.state = State::Connected;
        }
        match datagram {
            Datagram::Check => {
                if self.state == (State::Connecting { flight: 0 }) {
                    self.next_flight(now, 1);
                }
            }
            Datagram::Flight(flight) => {
                if self.state == (State::Connecting { flight: *flight }) {
                    self.next_flight(now, flight + 1);
                }
            }
            Datagram::Rtp(bytes) => {
                let rtp = Rtp::read(bytes).ok_or("a packet nobody can read")?;
                // Media may overtake the last flight: a browser cannot decrypt it yet, and asks again.
                if self.state == State::Connected {
                    self.media(now, &rtp)?;
                } else {
                    self.lost_before_connected = true;
                }
            }
            Datagram::Rtcp(bytes) => return self.control(now, bytes),
            Datagram::Goodbye => self.state = State::Silent,
        }
        Ok(Vec::new())
    }

    fn next_flight(&mut self, now: Duration, flight: u8) {
        self.next.flight = now;
        if flight > FLIGHTS {
            self.state = State::Connected;
            self.connected_at = Some(now);
        } else {
            self.state = State::Connecting { flight };
        }
    }

    fn media(&mut self, now: Duration, rtp: &Rtp<'_>) -> Result<(), String> {
        let of = |receiver: &&mut SlotReceiver| {
            receiver.slot.ssrc == rtp.ssrc || receiver.slot.repair_ssrc == Some(rtp.ssrc)
        };
        let receiver = self.receivers.iter_mut().find(of).ok_or_else(|| format!("no slot has SSRC {:x}", rtp.ssrc))?;
        receiver.take(now, rtp)
    }

    fn control(&mut self, now: Duration, bytes: &[u8]) -> Result<Vec<Datagram>, String> {
        let mut buffer = BytesMut::from(bytes);
        let packets = rtc_rtcp::packet::unmarshal(&mut buffer).map_err(|fault| format!("RTCP: {fault}"))?;
        let mut out = Vec::new();
        for packet in packets {
            let packet = packet.as_any();
            if let Some(asked) = packet.downcast_ref::<PictureLossIndication>() {
                self.key_frames_asked += 1;
                let asked_of = |encoder: &&mut Encoder| encoder.ssrc == asked.media_ssrc;
                self.encoders().find(asked_of).ok_or("a key frame of nobody is asked for")?.ask_key_frame();
            } else if let Some(asked) = packet.downcast_ref::<TransportLayerNack>() {
                let seq = &mut self.seq;
                let mut encoders = self.camera.iter_mut().chain([&mut self.screen]);
                let encoder = encoders.find(|encoder| encoder.ssrc == asked.media_ssrc);
                let encoder = encoder.ok_or("a repair of nobody is asked for")?;
                let lost = asked.nacks.iter().flat_map(NackPair::packet_list);
                out.extend(lost.filter_map(|lost| encoder.repair(lost, seq)).map(Datagram::Rtp));
            } else if let Some(report) = packet.downcast_ref::<SenderReport>() {
                let receiver = self.receivers.iter_mut().find(|receiver| receiver.slot.ssrc == report.ssrc);
                let receiver = receiver.ok_or("a report about no slot of ours")?;
                receiver.sender_reported(now, (report.ntp_time >> 16) as u32);
            }
        }
        Ok(out)
    }

    /// The slot at an m-line.
    #[must_use]
    pub fn slot(&self, mid: &str) -> Option<&SlotReceiver> {
        self.receivers.iter().find(|receiver| receiver.slot.mid == mid)
    }

    pub fn sounds(&self) -> impl Iterator<Item = &SlotReceiver> {
        self.receivers.iter().filter(|receiver| receiver.slot.kind == MediaKind::Audio)
    }
}

fn feedback(media: u32, asked: &Feedback) -> Vec<u8> {
    let mut compound = written(&ReceiverReport { ssrc: OWN_REPORTS_FROM, ..ReceiverReport::default() });
    if !asked.lost.is_empty() {
        let nacks = nack_pairs_from_sequence_numbers(&asked.lost);
        let nack = TransportLayerNack { sender_ssrc: OWN_REPORTS_FROM, media_ssrc: media, nacks };
        compound.extend(written(&nack));
    }
    if asked.picture_lost {
        let lost = PictureLossIndication { sender_ssrc: OWN_REPORTS_FROM, media_ssrc: media };
        compound.extend(written(&lost));
    }
    compound
}

fn written(packet: &impl Marshal) -> Vec<u8> {
    packet.marshal().expect("a packet of our own can be written").to_vec()
}
