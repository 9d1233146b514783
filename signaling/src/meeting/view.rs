//! The meeting as it is shown.

use super::roster::{Participant, Shown};
use super::{Meeting, SOURCES};
use crate::clock::Now;
use crate::wire::{MeetingView, ParticipantView};

impl Meeting {
    /// All of it, as it stands in `welcome`.
    #[must_use]
    pub fn view(&self, now: Now) -> MeetingView {
        let basics = &self.basics;
        MeetingView {
            session: basics.session.0,
            title: basics.title.clone(),
            short_title: basics.short_title.clone(),
            starts_at: basics.starts_at.0,
            ends_at: basics.ends_at.0,
            now: now.utc.0,
            phase: self.phase,
            mode: self.mode,
            agenda: self.agenda.view(),
            participants: self.roster.all().iter().map(|who| participant_view(who.id.0, &self.shown(who))).collect(),
            floor: self.floor.view(),
            stage: self.on_stage(),
            speaker: self.speaker.map(|who| who.0),
            recording: self.recording.view(),
        }
    }

    pub(super) fn shown(&self, who: &Participant) -> Shown {
        Shown {
            profile: who.profile.clone(),
            presence: who.presence.view(),
            sources: SOURCES.map(|source| self.source_state(who, source)),
            line: who.line,
            headcount: who.headcount,
            spoken_seconds: u32::try_from(who.spoken.as_secs()).unwrap_or(u32::MAX),
            via: who.via,
        }
    }
}

pub(super) fn participant_view(id: uuid::Uuid, shown: &Shown) -> ParticipantView {
    let [microphone, camera, screen] = shown.sources;
    let profile = &shown.profile;
    ParticipantView {
        id,
        name: profile.name.clone(),
        short_name: profile.short_name.clone(),
        detail: profile.detail.clone(),
        group: profile.group.clone(),
        role: profile.role,
        site: profile.occupant == crate::token::Occupant::Site,
        presence: shown.presence,
        microphone,
        camera,
        screen,
        line: shown.line,
        headcount: shown.headcount,
        spoken_seconds: shown.spoken_seconds,
        via: shown.via,
    }
}
