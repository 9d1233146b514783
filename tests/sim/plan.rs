//! What happens in the meeting of a seed: who is invited over which line, and what people and lines do, one act after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use signaling::wire::{ClientMessage, Mode, Role, SourceName, Staged};
use tests::link::Weather;
use tests::world::page::{Manners, Page};
use tests::world::site::{Fault, Profile};
use tests::world::trace::Telling;
use tests::world::transport::Transport;
use tests::world::{SiteAt, World};

/// How long people and lines are at work; afterwards everything comes to rest.
const BUSY: Duration = Duration::from_secs(36);

/// Everybody is back within this once nothing fails any more: the page's longest wait and a connection.
const BACK_WITHIN: Duration = Duration::from_secs(25);

const CHAIR: SiteAt = SiteAt(0);

/// What came of a seed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Outcome {
    pub(crate) trace: (u64, u64),
    pub(crate) tally: BTreeMap<String, u32>,
}

struct Plan {
    world: World,
    dice: ChaCha8Rng,
    recording: bool,
}

/// Holds the meeting of a seed.
///
/// # Panics
/// With the seed, when anything is not as it should be.
pub(crate) fn hold(seed: u64, telling: Telling) -> Outcome {
    let mut dice = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let world = World::open(seed, profiles(&mut dice), telling);
    let mut plan = Plan { world, dice, recording: false };
    plan.gather();
    while plan.world.now < BUSY && !plan.world.is_over() {
        plan.act();
        let pause = plan.dice.random_range(150..1_100);
        plan.world.run(Duration::from_millis(pause));
    }
    plan.come_to_rest();
    let trace = plan.world.trace();
    Outcome { trace, tally: plan.world.close().tally }
}

fn profiles(dice: &mut ChaCha8Rng) -> Vec<Profile> {
    let names = ["Hội trường tỉnh", "Xã Đầm Hà", "Đặc khu Cô Tô", "Phường Móng Cái 1", "Xã Ba Chẽ"];
    let mut profiles = vec![Profile::chair("Nguyễn Văn An")];
    let sites = dice.random_range(2..=3);
    profiles.extend(names.iter().take(sites).map(|name| Profile::site(name)));
    let others = [Role::Secretary, Role::Technician, Role::Leader];
    profiles.push(Profile::person("Trần Thị Bình", others[dice.random_range(0..3)]));
    for profile in &mut profiles {
        profile.weather = match dice.random_range(0..10) {
            0..=4 => Weather::CLEAR,
            5..=8 => Weather::ROUGH,
            _ => Weather::SATELLITE,
        };
        profile.manners = if dice.random_bool(0.2) { Manners::Stubborn } else { Manners::Polite };
        profile.video_slots = dice.random_range(1..=3);
        // Somebody always comes who is on no list.
        profile.is_invited = dice.random_bool(0.9);
    }
    profiles
}

impl Plan {
    fn gather(&mut self) {
        self.come(CHAIR);
        self.world.run(Duration::from_millis(700));
        for place in 1..self.world.sites.len() - 1 {
            if self.dice.random_bool(0.8) {
                self.come(SiteAt(place));
            }
            let pause = self.dice.random_range(0..600);
            self.world.run(Duration::from_millis(pause));
        }
    }

    fn come(&mut self, at: SiteAt) {
        self.world.join(at);
        let camera = self.dice.random_bool(0.85);
        self.world.wish(at, |wishes| wishes.camera = camera);
    }

    fn anybody(&mut self) -> SiteAt {
        SiteAt(self.dice.random_range(0..self.world.sites.len()))
    }

    fn is_in(&self, at: SiteAt) -> bool {
        self.world.page(at).is_some_and(|page| !page.is_over())
    }

    fn id(&self, at: SiteAt) -> uuid::Uuid {
        self.world.participant(at).0
    }

    fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_ratio(percent, 100)
    }

    fn act(&mut self) {
        let at = self.anybody();
        match self.dice.random_range(0..100) {
            0..=9 => self.come_or_go(at),
            10..=20 => self.fail(at),
            21..=40 => self.speak(at),
            41..=52 => self.show(at),
            53..=86 => self.preside(at),
            87..=92 => self.look_around(at),
            93..=94 => self.count_heads(at),
            95 if !self.world.is_over() => self.world.restart_server(),
            _ => self.change_line(at),
        }
    }

    fn come_or_go(&mut self, at: SiteAt) {
        if !self.is_in(at) {
            return self.come(at);
        }
        match self.dice.random_range(0..10) {
            0..=2 if at != CHAIR => {
                self.world.ask(at, ClientMessage::Leave {});
            }
            3..=6 => {
                // A reload: the page is gone without a word, and another comes.
                self.world.close_page(at);
                let pause = self.dice.random_range(100..2_000);
                self.world.run(Duration::from_millis(pause));
                self.come(at);
            }
            // A second device takes the seat.
            7 => self.come(at),
            _ => {}
        }
    }

    fn fail(&mut self, at: SiteAt) {
        let left = BUSY.saturating_sub(self.world.now).as_millis() as u64;
        let longest = if self.chance(30) { 30_000 } else { 9_000 };
        let length = Duration::from_millis(self.dice.random_range(1_000..=longest).min(left + 1_000));
        match self.dice.random_range(0..10) {
            0..=5 => {
                self.world.cut(at, Fault::Everything, length);
            }
            6 => {
                self.world.cut(at, Fault::Signalling, length);
            }
            7 => {
                self.world.cut(at, Fault::Media, length);
            }
            _ => self.world.reset(at),
        }
    }

    fn speak(&mut self, at: SiteAt) {
        let speaking = |plan: &Self, at: SiteAt| plan.world.page(at).is_some_and(|page| page.wishes.speaking);
        let voices = (0..self.world.sites.len()).filter(|place| speaking(self, SiteAt(*place))).count();
        if speaking(self, at) {
            self.world.wish(at, |wishes| (wishes.speaking, wishes.microphone) = (false, wishes.screen));
            self.world.ask(at, ClientMessage::FinishSpeaking {});
        } else if voices < 3 {
            self.world.wish(at, |wishes| (wishes.speaking, wishes.microphone) = (true, true));
        } else if self.chance(50) {
            self.world.ask(at, ClientMessage::WithdrawRequest {});
        } else {
            self.world.ask(at, ClientMessage::AskToSpeak { note: Some(String::from("Về đê điều")) });
        }
    }

    fn show(&mut self, at: SiteAt) {
        match self.dice.random_range(0..10) {
            0..=2 => self.world.wish(at, |wishes| wishes.camera = !wishes.camera),
            3..=4 => self.world.wish(at, |wishes| wishes.screen = !wishes.screen),
            5 => self.world.wish(at, |wishes| wishes.microphone = !wishes.microphone),
            6 => {
                let layers = self.dice.random_range(1..=3);
                if let Some(transport) = self.world.page_mut(at).and_then(|page| page.transport.as_mut()) {
                    transport.camera_layers = layers;
                }
            }
            _ => self.world.wish(at, |wishes| wishes.camera = true),
        }
    }

    /// What the chair does, or tries to do; sometimes somebody who may not.
    fn preside(&mut self, to: SiteAt) {
        let by = if self.chance(93) { CHAIR } else { self.anybody() };
        let participant = self.id(to);
        let first = self.world.view().floor.queue.first().map(|entry| entry.participant);
        let holder = self.world.view().floor.holders.first().map(|holder| holder.participant);
        let source = [SourceName::Microphone, SourceName::Camera, SourceName::Screen][self.dice.random_range(0..3)];
        let message = match self.dice.random_range(0..34) {
            0..=7 => ClientMessage::GiveFloor { participant: first.unwrap_or(participant) },
            8..=10 => ClientMessage::WithdrawFloor { participant: holder.unwrap_or(participant) },
            11..=12 => ClientMessage::Mute { participant, source },
            13 => ClientMessage::MuteAll {},
            14..=17 => ClientMessage::SetStage { stage: Some(Staged { participant, source: SourceName::Camera }) },
            18 => ClientMessage::SetStage { stage: Some(Staged { participant, source: SourceName::Screen }) },
            19..=20 => ClientMessage::SetStage { stage: None },
            21..=23 => {
                let modes = [Mode::Discussion, Mode::Training, Mode::Conference];
                ClientMessage::SetMode { mode: modes[self.dice.random_range(0..3)] }
            }
            24..=27 => {
                self.recording = !self.recording;
                if self.recording { ClientMessage::StartRecording {} } else { ClientMessage::StopRecording {} }
            }
            28 => ClientMessage::StartSession {},
            29 => ClientMessage::SetAgendaItem { index: self.dice.random_range(0..4) },
            30 => ClientMessage::ExtendFloor { participant: holder.unwrap_or(participant), seconds: 60 },
            31 => ClientMessage::MoveInQueue { participant: first.unwrap_or(participant), place: 1 },
            32 if self.chance(40) => {
                ClientMessage::RemoveParticipant { participant, reason: String::from("Mất trật tự") }
            }
            _ => ClientMessage::FinishSpeaking {},
        };
        self.world.ask(by, message);
    }

    fn look_around(&mut self, at: SiteAt) {
        let slots = usize::from(self.world.sites[at.0].profile.video_slots);
        let heights = (0..slots).map(|_| [0, 180, 360, 720][self.dice.random_range(0..4)]).collect();
        let other = self.anybody();
        let pins = if self.chance(40) { vec![self.world.participant(other)] } else { Vec::new() };
        // A pin of somebody who has never come is refused, and the page draws as before.
        let known = |pin: &signaling::id::ParticipantId| {
            self.world.view().participants.iter().any(|participant| participant.id == pin.0)
        };
        let pins = pins.into_iter().filter(known).collect();
        if let Some(page) = self.world.page_mut(at) {
            page.look(heights, pins);
        }
    }

    fn count_heads(&mut self, at: SiteAt) {
        let count = self.dice.random_range(1..80);
        self.world.ask(at, ClientMessage::DeclareHeadcount { count });
    }

    fn change_line(&mut self, at: SiteAt) {
        let weather = if self.chance(50) { Weather::CLEAR } else { Weather::ROUGH };
        self.world.weather(at, weather);
    }

    /// Nothing fails any more: everybody comes back. Then it ends.
    fn come_to_rest(&mut self) {
        let until = self.world.now + BACK_WITHIN;
        while self.world.now < until && !self.world.is_over() && !self.all_back() {
            self.world.run(Duration::from_millis(500));
        }
        if self.world.is_over() {
            return;
        }
        self.world.all_are_back();
        self.world.run(Duration::from_secs(3));
        let asked = self.world.page(CHAIR).is_some_and(Page::is_open)
            && self.chance(60)
            && self.world.ask(CHAIR, ClientMessage::EndSession {});
        self.world.run(Duration::from_secs(2));
        if !asked {
            self.world.order_end();
        }
    }

    fn all_back(&self) -> bool {
        (0..self.world.sites.len()).all(|place| {
            let site = &self.world.sites[place];
            let page = self.world.page(SiteAt(place)).filter(|page| !page.is_over());
            site.fault.is_none()
                && page
                    .is_none_or(|page| page.is_open() && page.transport.as_ref().is_some_and(Transport::is_connected))
        })
    }
}
