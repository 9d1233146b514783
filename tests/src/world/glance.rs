//! What somebody who walks from site to site would write down.

use std::time::Duration;

use sfu::id::Source;
use signaling::wire::{FloorView, ParticipantView};

use super::packet::StreamName;
use super::slot::SlotReceiver;
use super::traffic::page_of;
use super::transport::Transport;
use super::{SiteAt, World};

/// A picture or a voice is there if something of it came this lately.
const LATELY: Duration = Duration::from_millis(500);

/// A path, and the receiving streams on it, as they were negotiated.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Negotiated {
    transport: u16,
    generation: u16,
    slots: Vec<(String, u32)>,
}

impl Negotiated {
    /// The same connection with the same streams, under new ICE credentials or the old ones.
    #[must_use]
    pub fn is_restart_of(&self, before: &Self) -> bool {
        Self { generation: before.generation, ..self.clone() } == *before
    }
}

impl World {
    /// # Panics
    /// When the site has no page with media.
    #[must_use]
    pub fn transport(&self, at: SiteAt) -> &Transport {
        let transport = self.page(at).and_then(|page| page.transport.as_ref());
        transport.unwrap_or_else(|| panic!("{} has no media", self.name(at)))
    }

    fn source_of(&self, stream: StreamName) -> (SiteAt, Source) {
        (self.pages[page_of(stream.publisher)].0, stream.source)
    }

    /// Whose picture is on the site's main picture at this moment.
    #[must_use]
    pub fn main_picture(&self, at: SiteAt) -> Option<(SiteAt, Source)> {
        self.picture(at, 0)
    }

    #[must_use]
    pub fn picture(&self, at: SiteAt, slot: u8) -> Option<(SiteAt, Source)> {
        let (when, stream) = self.transport(at).slot(&format!("v{slot}"))?.shown?;
        (self.now <= when + LATELY).then(|| self.source_of(stream))
    }

    /// The simulcast layer of the site's main picture, lowest first.
    #[must_use]
    pub fn shown_layer(&self, at: SiteAt) -> Option<u8> {
        let (when, stream) = self.transport(at).slot("v0")?.shown?;
        (self.now <= when + LATELY).then_some(stream.layer)
    }

    /// Frames that were decoded of the site's main picture.
    #[must_use]
    pub fn frames(&self, at: SiteAt) -> u64 {
        self.transport(at).slot("v0").map_or(0, |slot| slot.frames)
    }

    #[must_use]
    pub fn hears(&self, at: SiteAt, whom: SiteAt) -> bool {
        let latest = self.transport(at).sounds().filter_map(|slot| slot.heard);
        latest.into_iter().any(|(when, stream)| self.now <= when + LATELY && self.source_of(stream).0 == whom)
    }

    /// Whose picture the recording shows at this moment.
    #[must_use]
    pub fn recorded_picture(&self) -> Option<(SiteAt, Source)> {
        let tape = self.tapes.last()?;
        let (when, stream) = tape.recorded()?;
        (tape.shown.is_some() && self.now <= when + LATELY).then(|| self.source_of(stream))
    }

    /// Whether the site's voice is in the recording at this moment.
    #[must_use]
    pub fn is_recorded(&self, at: SiteAt) -> bool {
        let voices = self.tapes.last().map(|tape| tape.heard.iter());
        voices
            .into_iter()
            .flatten()
            .any(|(transport, when)| self.pages[page_of(*transport)].0 == at && self.now <= *when + LATELY)
    }

    /// From the site's connection to its first whole picture.
    #[must_use]
    pub fn first_picture_after(&self, at: SiteAt) -> Option<Duration> {
        let transport = self.transport(at);
        let (shown, _) = transport.slot("v0").and_then(|slot| slot.first_shown)?;
        Some(shown.saturating_sub(transport.connected_at?))
    }

    #[must_use]
    pub fn negotiated(&self, at: SiteAt) -> Negotiated {
        let transport = self.transport(at);
        let slot = |receiver: &SlotReceiver| (receiver.slot.mid.clone(), receiver.slot.ssrc);
        Negotiated {
            transport: transport.credentials.transport,
            generation: transport.credentials.generation,
            slots: transport.receivers.iter().map(slot).collect(),
        }
    }

    /// What `viewer`'s page says about somebody.
    ///
    /// # Panics
    /// When the page does not know him.
    #[must_use]
    pub fn seen_by(&self, viewer: SiteAt, whom: SiteAt) -> &ParticipantView {
        let mirror = self.page(viewer).and_then(|page| page.mirror.as_ref());
        let seen = mirror.and_then(|mirror| mirror.participant(self.participant(whom).0));
        seen.unwrap_or_else(|| panic!("{} does not know {}", self.name(viewer), self.name(whom)))
    }

    /// The floor as `viewer`'s page shows it.
    ///
    /// # Panics
    /// When the page is not in the meeting.
    #[must_use]
    pub fn floor_seen_by(&self, viewer: SiteAt) -> &FloorView {
        let mirror = self.page(viewer).and_then(|page| page.mirror.as_ref());
        &mirror.unwrap_or_else(|| panic!("{} is not in", self.name(viewer))).meeting.floor
    }

    /// Who waits for the floor, first the next.
    #[must_use]
    pub fn queue_seen_by(&self, viewer: SiteAt) -> Vec<&str> {
        let queue = &self.floor_seen_by(viewer).queue;
        queue.iter().map(|entry| self.name_of(entry.participant)).collect()
    }

    fn name_of(&self, id: uuid::Uuid) -> &str {
        let site = self.sites.iter().find(|site| site.participant.0 == id);
        site.map_or("nobody", |site| &site.profile.name)
    }
}
