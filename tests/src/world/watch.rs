//! What must come about in good time when nothing stands in its way: everybody sees the main picture and hears who speaks, what the pages
//! know is what is so, and the recording shows what everybody sees. Looked at four times a second.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use sfu::id::Source;
use signaling::wire::{PresenceView, RecordingState, SourceName, SourceState};
use uuid::Uuid;

use super::mirror::state_of;
use super::packet::StreamName;
use super::page::{Page, Wishes};
use super::site::Site;
use super::slot::SlotReceiver;
use super::transport::Transport;
use super::{SiteAt, World};

/// The main picture, on lines that are quiet.
const PICTURE_WITHIN: Duration = Duration::from_secs(2);
/// The first picture of somebody who has just connected over a clear line.
const FIRST_PICTURE_WITHIN: Duration = Duration::from_millis(500);
/// A layer that was switched off is there again. Until then the lower one is shown.
const LAYER_WITHIN: Duration = Duration::from_secs(2);
/// A recorder waits this long for a lost packet before it asks for a key frame.
const TAPE_PATIENCE: Duration = Duration::from_secs(1);
/// A recorder has opened or closed its file.
const RECORDER_WITHIN: Duration = Duration::from_secs(1);
/// Who has shown his picture for this long before somebody comes.
const SHOWN_FOR: Duration = Duration::from_secs(1);
const SOUND_WITHIN: Duration = Duration::from_millis(1_500);
/// A voice that is heard is heard again after this at the latest.
const SOUND_EVERY: Duration = Duration::from_millis(500);
/// More voices at once have no slots.
const VOICES: usize = 3;
/// One voice alone is the speaker's.
const SPEAKER_WITHIN: Duration = Duration::from_secs(4);
/// A source is being sent if something of it was sent this lately.
const SENDING: Duration = Duration::from_millis(450);

/// A source of a transport.
type Shown = (u16, Source);

enum Standing {
    /// Whoever may see or hear it gets it from here.
    Open(Shown),
    Closed,
    /// Open as far as the meeting knows, while the page it knows of is gone, or the engine is still being told.
    Changing,
}

#[derive(Debug, Default)]
pub(super) struct Watch {
    /// What each page should have on its main picture, and since when.
    main: BTreeMap<usize, (Shown, Duration)>,
    /// Since when each page can receive without hindrance.
    ready: BTreeMap<usize, Duration>,
    /// Since when each transport's voice can be heard.
    voices: BTreeMap<u16, Duration>,
    /// Since when there are voices enough for all slots.
    few: Option<Duration>,
    alone: Option<(u16, Duration)>,
    programme: Option<(Shown, Duration)>,
    /// What everybody reads about the recording, while it is not so.
    misread: Option<(bool, Duration)>,
    greeted: BTreeSet<u16>,
    /// Which layer each page should have on its main picture, and since when nothing stands in its way.
    sharp: BTreeMap<usize, ((Shown, u8), Duration)>,
}

/// Keeps `since` while the same thing is true.
fn keep<T: PartialEq>(slot: &mut Option<(T, Duration)>, now: Duration, value: Option<T>) {
    match (value, slot.as_ref()) {
        (Some(value), Some((known, _))) if value == *known => {}
        (Some(value), _) => *slot = Some((value, now)),
        (None, _) => *slot = None,
    }
}

impl World {
    pub(super) fn look(&mut self) {
        let mut watch = std::mem::take(&mut self.watch);
        let seen = self.look_with(&mut watch);
        self.watch = watch;
        self.must(seen);
        if let Some(tape) = self.tapes.last_mut()
            && tape.needs_refresh(self.now)
        {
            self.count("tape refreshed");
            let asked = self.bridge.command(self.now, sfu::command::Command::RefreshTap { room: super::ROOM });
            self.must(asked.map_err(|refused| refused.to_string()));
        }
    }

    fn look_with(&self, watch: &mut Watch) -> Result<(), String> {
        self.mirrors()?;
        if self.closing {
            return Ok(());
        }
        for number in 0..self.pages.len() {
            self.note_ready(watch, number);
        }
        self.pictures(watch)?;
        self.voices(watch)?;
        self.recorder(watch)?;
        self.programme(watch)
    }

    /// A page to which nothing is under way knows exactly what is so.
    fn mirrors(&self) -> Result<(), String> {
        for (at, page) in &self.pages {
            let Some(connection) = page.connection().filter(|_| page.is_open()) else { continue };
            let quiet = self.sockets.get(&connection).is_some_and(|socket| socket.unheard == 0);
            let difference = page.mirror.as_ref().filter(|_| quiet).and_then(|mirror| mirror.difference(self.view()));
            if let Some(difference) = difference {
                return Err(format!("{} believes {difference}", self.name(*at)));
            }
            if let Some(mirror) = &page.mirror {
                twice(&mirror.slots.iter().filter_map(|slot| slot.participant.zip(slot.source)).collect::<Vec<_>>())
                    .map_err(|why| format!("{}: {why}", self.name(*at)))?;
            }
        }
        Ok(())
    }

    fn site_of(&self, number: usize) -> &Site {
        &self.sites[self.pages[number].0.0]
    }

    fn note_ready(&self, watch: &mut Watch, number: usize) {
        let page = &self.pages[number].1;
        let ready = page.is_open() && self.site_of(number).fault.is_none() && page.drawn(0) > 0 && {
            let transport = page.transport.as_ref().filter(|transport| transport.is_connected());
            transport.is_some_and(|transport| self.bridge.is_up(transport.credentials.transport))
        };
        if ready {
            let restless = self.site_of(number).restless;
            watch.ready.entry(number).or_insert(self.now.max(restless));
        } else {
            watch.ready.remove(&number);
        }
    }

    /// The page by which a participant sends, if he does so over a line that is up.
    fn sender(&self, who: Uuid) -> Option<(&Page, &Transport)> {
        let site = self.sites.iter().find(|site| site.participant.0 == who)?;
        let page = &self.pages[site.page?].1;
        let transport = page.transport.as_ref()?;
        Some((page, transport))
    }

    /// What can be said of a source of somebody, by meeting and engine.
    fn standing(&self, who: Uuid, source: SourceName) -> Standing {
        let Some(participant) = self.view().participants.iter().find(|participant| participant.id == who) else {
            return Standing::Closed;
        };
        let here = matches!(participant.presence, PresenceView::Here { .. });
        if !here || state_of(participant, source) != SourceState::On {
            return Standing::Closed;
        }
        let source = match source {
            SourceName::Microphone => Source::Microphone,
            SourceName::Camera => Source::Camera,
            SourceName::Screen => Source::Screen,
        };
        let number = self.sender(who).map(|(_, transport)| transport.credentials.transport);
        match number.filter(|number| self.bridge.may_forward(*number, source)) {
            Some(number) => Standing::Open((number, source)),
            None => Standing::Changing,
        }
    }

    fn is_allowed(&self, who: Uuid, source: SourceName) -> Option<Shown> {
        match self.standing(who, source) {
            Standing::Open(shown) => Some(shown),
            Standing::Closed | Standing::Changing => None,
        }
    }

    /// It is really being sent, over a line at rest.
    fn flows(&self, (number, source): Shown) -> bool {
        let page = super::traffic::page_of(number);
        let transport = self.pages[page].1.transport.as_ref();
        let sent = transport.filter(|transport| transport.credentials.transport == number).and_then(|transport| {
            transport.sent.get(&source).filter(|at| transport.is_connected() && self.now <= **at + SENDING)
        });
        sent.is_some() && self.site_of(page).fault.is_none() && self.bridge.is_up(number)
    }

    /// What stands first for `viewer` (nobody: the recording), if that can be said for certain and is really sent.
    fn due_picture(&self, viewer: Option<&Page>) -> Option<Shown> {
        let view = self.view();
        let own = viewer.map(|page| page.participant.0);
        let on_stage = view.stage.map(|stage| (stage.participant, stage.source));
        let screens = view.participants.iter().filter(|who| who.screen == SourceState::On);
        let screens = screens.map(|who| (who.id, SourceName::Screen));
        let holders = view.floor.holders.iter().rev().map(|holder| (holder.participant, SourceName::Camera));
        let stage = on_stage.into_iter().chain(screens).chain(holders);
        for (who, source) in stage.filter(|(who, _)| Some(*who) != own) {
            match self.standing(who, source) {
                Standing::Open(shown) => return Some(shown).filter(|shown| self.flows(*shown)),
                Standing::Changing => return None,
                Standing::Closed => {}
            }
        }
        if viewer.is_some_and(|page| !page.pins().is_empty()) {
            return None;
        }
        let speaker = view.speaker.filter(|speaker| Some(*speaker) != own)?;
        self.is_allowed(speaker, SourceName::Camera).filter(|shown| self.flows(*shown))
    }

    fn pictures(&self, watch: &mut Watch) -> Result<(), String> {
        for (number, (at, page)) in self.pages.iter().enumerate() {
            let mut main = watch.main.remove(&number);
            keep(&mut main, self.now, if page.is_over() { None } else { self.due_picture(Some(page)) });
            let Some((shown, since)) = main else { continue };
            watch.main.insert(number, (shown, since));
            let Some(ready) = watch.ready.get(&number).copied() else { continue };
            let Some(transport) = &page.transport else { continue };
            let slot = transport.slot("v0");
            let publisher = self.site_of(super::traffic::page_of(shown.0));
            // The stage may have been another's for a moment between two looks.
            let since = since.max(ready).max(publisher.restless).max(self.bridge.stage_set);
            let within = PICTURE_WITHIN + self.slowness(number, shown);
            let evidence = slot.and_then(|slot| slot.shown);
            if self.now >= since + within && !is_shown(evidence, shown, self.now.saturating_sub(within)) {
                let name = self.name(*at);
                return Err(format!("{name} should see {shown:?} since {since:?} and saw last {evidence:?}"));
            }
            self.first_picture(watch, number, shown, slot, transport)?;
            self.sharpness(watch, number, (shown, since), evidence)?;
        }
        Ok(())
    }

    /// What a viewer draws large is sent large, whoever switched its layer off before.
    fn sharpness(
        &self,
        watch: &mut Watch,
        number: usize,
        (shown, due): (Shown, Duration),
        evidence: Option<(Duration, StreamName)>,
    ) -> Result<(), String> {
        let publisher = super::traffic::page_of(shown.0);
        let page = &self.pages[publisher].1;
        // His own rate control may have switched it off, and who cannot be told does not know that he is wanted.
        let all = page.transport.as_ref().is_some_and(|transport| transport.camera_layers == 3);
        let told = page.is_open() && self.site_of(publisher).fault.is_none();
        let layer = match self.pages[number].1.drawn(0) {
            0..=225 => 0,
            226..=450 => 1,
            _ => 2,
        };
        let mut sharp = watch.sharp.remove(&number);
        keep(&mut sharp, self.now, (all && told && shown.1 == Source::Camera).then_some((shown, layer)));
        let Some((wanted, since)) = sharp else { return Ok(()) };
        watch.sharp.insert(number, (wanted, since));
        let Some(ready) = watch.ready.get(&number) else { return Ok(()) };
        let since = since.max(due).max(*ready);
        let within = LAYER_WITHIN + self.slowness(number, shown);
        let is_sharp = evidence.is_some_and(|(_, stream)| stream.layer >= layer);
        if self.now < since + within || is_sharp {
            return Ok(());
        }
        let name = self.name(self.pages[number].0);
        let sent = page.transport.as_ref().map(Transport::layers_sent);
        Err(format!("{name} should see layer {layer} of {shown:?} since {since:?}, saw {evidence:?}; sent: {sent:?}"))
    }

    /// Long lines are given the round trips they take.
    fn slowness(&self, viewer: usize, (publisher, _): Shown) -> Duration {
        let far = |site: &Site| site.round_trip().saturating_sub(Duration::from_millis(200));
        2 * (far(self.site_of(viewer)) + far(self.site_of(super::traffic::page_of(publisher))))
    }

    fn first_picture(
        &self,
        watch: &mut Watch,
        number: usize,
        shown: Shown,
        slot: Option<&SlotReceiver>,
        transport: &Transport,
    ) -> Result<(), String> {
        let Some(connected) = transport.connected_at else { return Ok(()) };
        let Some((_, since)) = watch.main.get(&number) else { return Ok(()) };
        let publisher = self.site_of(super::traffic::page_of(shown.0));
        let clear = |site: &Site| site.up.weather().loss == 0.0 && site.restless + SHOWN_FOR <= connected;
        let is_clear = clear(publisher) && clear(self.site_of(number)) && !transport.lost_before_connected;
        let counts = *since + SHOWN_FOR <= connected && is_clear;
        if self.now < connected + FIRST_PICTURE_WITHIN
            || !watch.greeted.insert(transport.credentials.transport)
            || !counts
        {
            return Ok(());
        }
        // A viewer who has come before the publisher was asked waits for nobody: 500 ms and a frame.
        let first = slot.and_then(|slot| slot.first_shown);
        let round_trips = publisher.round_trip() + self.site_of(number).round_trip();
        match first {
            Some((at, _)) if at <= connected + FIRST_PICTURE_WITHIN + round_trips => Ok(()),
            _ => {
                let name = self.name(self.pages[number].0);
                Err(format!("{name} came at {connected:?} and saw first {first:?} instead of {shown:?}"))
            }
        }
    }

    /// Voices that everybody should hear: spoken, allowed, and over a line at rest.
    fn speaking(&self) -> Vec<u16> {
        let voice = |site: &Site| {
            let page = &self.pages[site.page?].1;
            let Wishes { speaking, .. } = page.wishes;
            let (number, source) = self.is_allowed(site.participant.0, SourceName::Microphone)?;
            let sent = page.transport.as_ref()?.sent.get(&Source::Microphone)?;
            let spoken = speaking && self.now <= *sent + Duration::from_millis(60) && self.flows((number, source));
            spoken.then_some(number)
        };
        self.sites.iter().filter_map(voice).collect()
    }

    fn voices(&self, watch: &mut Watch) -> Result<(), String> {
        let speaking = self.speaking();
        watch.voices.retain(|number, _| speaking.contains(number));
        for number in &speaking {
            let restless = self.site_of(super::traffic::page_of(*number)).restless;
            watch.voices.entry(*number).or_insert(self.now.max(restless));
        }
        watch.few = if speaking.len() <= VOICES { watch.few.or(Some(self.now)) } else { None };
        let Some(few) = watch.few else { return Ok(()) };
        for (number, (at, page)) in self.pages.iter().enumerate() {
            let Some(ready) = watch.ready.get(&number) else { continue };
            for (voice, since) in &watch.voices {
                let from = super::traffic::page_of(*voice);
                if self.pages[from].0 == *at {
                    continue;
                }
                let since = (*since).max(*ready).max(few);
                if self.now < since + SOUND_WITHIN + self.slowness(number, (*voice, Source::Microphone)) {
                    continue;
                }
                let heard = page.transport.as_ref().is_some_and(|transport| is_heard(transport, *voice, self.now));
                if !heard {
                    let (name, speaker) = (self.name(*at), self.name(self.pages[from].0));
                    return Err(format!("{name} does not hear {speaker}, who speaks since {since:?}"));
                }
            }
        }
        self.speaker(watch, &speaking)
    }

    fn speaker(&self, watch: &mut Watch, speaking: &[u16]) -> Result<(), String> {
        let alone = match (speaking, self.talkers()) {
            ([only], 1) => Some(*only),
            _ => None,
        };
        keep(&mut watch.alone, self.now, alone);
        let Some((number, since)) = watch.alone else { return Ok(()) };
        let at = self.pages[super::traffic::page_of(number)].0;
        let since = since.max(self.sites[at.0].restless);
        if self.now >= since + SPEAKER_WITHIN && self.view().speaker != Some(self.participant(at).0) {
            let (name, speaker) = (self.name(at), self.view().speaker);
            return Err(format!("{name} alone speaks since {since:?}, and the speaker is {speaker:?}"));
        }
        Ok(())
    }

    /// Everybody who speaks into a microphone, whether anybody may hear him or not.
    fn talkers(&self) -> usize {
        let talks = |site: &&Site| {
            site.page.is_some_and(|page| {
                let page = &self.pages[page].1;
                page.wishes.speaking && page.sends(Source::Microphone)
            })
        };
        self.sites.iter().filter(talks).count()
    }

    /// The mark that everybody sees is lit while somebody writes, and only then.
    fn recorder(&self, watch: &mut Watch) -> Result<(), String> {
        let read = match self.view().recording {
            RecordingState::Off => Some(false),
            RecordingState::On { .. } => Some(true),
            RecordingState::Starting | RecordingState::Failed { .. } => None,
        };
        let runs = self.tapes.last().is_some_and(|tape| !tape.ended);
        keep(&mut watch.misread, self.now, read.filter(|read| *read != runs));
        match watch.misread {
            Some((read, since)) if self.now >= since + RECORDER_WITHIN => Err(format!(
                "since {since:?} everybody reads that the recording runs: {read}; a recorder writes: {runs}"
            )),
            _ => Ok(()),
        }
    }

    fn programme(&self, watch: &mut Watch) -> Result<(), String> {
        let tape = self.tapes.last().filter(|tape| !tape.ended);
        keep(&mut watch.programme, self.now, tape.and_then(|_| self.due_picture(None)));
        let (Some(tape), Some((shown, since))) = (tape, watch.programme) else { return Ok(()) };
        let publisher = self.site_of(super::traffic::page_of(shown.0));
        let since = since.max(tape.begun).max(publisher.restless).max(self.bridge.stage_set);
        let far = 2 * publisher.round_trip().saturating_sub(Duration::from_millis(200));
        let within = PICTURE_WITHIN + TAPE_PATIENCE + far;
        let recorded = tape.recorded();
        if self.now >= since + within && !is_shown(recorded, shown, self.now.saturating_sub(within)) {
            return Err(format!("the recording should show {shown:?} since {since:?} and has {recorded:?}"));
        }
        for (voice, since) in &watch.voices {
            let since = (*since).max(tape.begun);
            let heard = tape.heard.get(voice).is_some_and(|at| self.now <= *at + SOUND_EVERY);
            let late = self.now >= since + SOUND_WITHIN && watch.few.is_some_and(|few| self.now >= few + SOUND_WITHIN);
            if late && !heard {
                return Err(format!("the recording does not hear transport {voice}, who speaks since {since:?}"));
            }
        }
        Ok(())
    }

    /// Every line is whole, every page that has not been sent away is in, and everybody is connected.
    ///
    /// # Panics
    /// Otherwise.
    pub fn all_are_back(&self) {
        for place in 0..self.sites.len() {
            let at = SiteAt(place);
            let Some(page) = self.page(at).filter(|page| !page.is_over()) else { continue };
            let connected = page.transport.as_ref().is_some_and(Transport::is_connected);
            let back = page.is_open() && connected;
            let link = page.link;
            self.must(if back { Ok(()) } else { Err(format!("{} is not back: {link:?}", self.name(at))) });
        }
    }
}

fn is_shown(evidence: Option<(Duration, super::packet::StreamName)>, (number, source): Shown, after: Duration) -> bool {
    evidence.is_some_and(|(at, stream)| at >= after && stream.publisher == number && stream.source == source)
}

fn is_heard(transport: &Transport, voice: u16, now: Duration) -> bool {
    let latest = transport.sounds().filter_map(|slot| slot.heard);
    latest.into_iter().any(|(at, stream)| stream.publisher == voice && now <= at + SOUND_EVERY)
}

fn twice(shown: &[(Uuid, SourceName)]) -> Result<(), String> {
    for (place, one) in shown.iter().enumerate() {
        if shown.iter().skip(place + 1).any(|other| other == one) {
            return Err(format!("{one:?} is in two slots: {shown:?}"));
        }
    }
    Ok(())
}
