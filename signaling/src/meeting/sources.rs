//! Microphone, camera and screen: who may have them open, and who switches them.
//!
//! What others receive of somebody is *allowed now* and *switched on* and *here*; the engine is told whenever that changes.

use super::Meeting;
use super::interface::{SOURCES, SourceSet};
use super::mode::{Microphones, ModeRules};
use super::roster::Participant;
use crate::id::ParticipantId;
use crate::role;
use crate::wire::{Action, Notice, RefusalCode, ServerMessage, SourceName, SourceState, SwitchState};

/// Whether a source may be open at this moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Permit {
    Allowed,
    /// By the mode: not without the floor.
    Locked,
    /// Neither now nor later: the role or the token does not include it.
    Never,
}

pub(super) fn permit(who: &Participant, source: SourceName, rules: ModeRules, floor: FloorState) -> Permit {
    let role = who.role();
    let action = if source == SourceName::Screen { Action::ShareScreen } else { Action::Publish };
    if !who.rights.include(source) || !role::allows(role, action) {
        return Permit::Never;
    }
    let free =
        rules.microphones == Microphones::Free || floor == FloorState::Holds || role::allows(role, Action::SpeakFreely);
    match source {
        SourceName::Camera => Permit::Allowed,
        SourceName::Microphone if free => Permit::Allowed,
        // Who may choose the picture for everybody may also show one.
        SourceName::Screen if free || role::allows(role, Action::SetStage) => Permit::Allowed,
        SourceName::Microphone | SourceName::Screen => Permit::Locked,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum FloorState {
    Holds,
    Waits,
}

impl Meeting {
    pub(super) fn permit_of(&self, who: &Participant, source: SourceName) -> Permit {
        let floor = if self.floor.holds(who.id) { FloorState::Holds } else { FloorState::Waits };
        permit(who, source, self.rules(), floor)
    }

    pub(super) fn source_state(&self, who: &Participant, source: SourceName) -> SourceState {
        if !who.paths.sources().has(source) {
            return SourceState::Absent;
        }
        match self.permit_of(who, source) {
            Permit::Never | Permit::Locked => SourceState::Locked,
            Permit::Allowed if who.on.has(source) => SourceState::On,
            Permit::Allowed => SourceState::Off,
        }
    }

    /// What others may receive from him at this moment.
    pub(super) fn forwardable(&self, who: &Participant) -> SourceSet {
        if who.presence.here().is_none() {
            return SourceSet::NONE;
        }
        SOURCES
            .into_iter()
            .filter(|source| self.source_state(who, *source) == SourceState::On)
            .fold(SourceSet::NONE, SourceSet::with)
    }

    pub(super) fn switch_source(
        &mut self,
        who: ParticipantId,
        source: SourceName,
        state: SwitchState,
    ) -> Result<(), RefusalCode> {
        let participant = self.roster.known(who)?;
        match state {
            SwitchState::Off => self.switch_off(who, source),
            SwitchState::On => {
                match self.permit_of(participant, source) {
                    Permit::Never => return Err(RefusalCode::NotAllowed),
                    Permit::Locked => return Err(RefusalCode::SourceLocked),
                    Permit::Allowed if !participant.paths.sources().has(source) => {
                        return Err(RefusalCode::SourceAbsent);
                    }
                    Permit::Allowed => {}
                }
                if source == SourceName::Screen {
                    self.take_screen(who)?;
                }
                self.switch_on(who, source);
            }
        }
        Ok(())
    }

    /// One screen at a time. Who may choose the picture for everybody takes it over from who shows his.
    fn take_screen(&mut self, who: ParticipantId) -> Result<(), RefusalCode> {
        let Some(other) = self.screen_shown().filter(|other| *other != who) else { return Ok(()) };
        if !role::allows(self.roster.known(who)?.role(), Action::SetStage) {
            return Err(RefusalCode::ScreenTaken);
        }
        self.switch_off(other, SourceName::Screen);
        self.tell_muted(other, who, SourceName::Screen);
        Ok(())
    }

    /// Whose screen everybody may see.
    pub(super) fn screen_shown(&self) -> Option<ParticipantId> {
        let shows = |who: &&Participant| {
            who.presence.is_seated() && self.source_state(who, SourceName::Screen) == SourceState::On
        };
        self.roster.all().iter().find(shows).map(|who| who.id)
    }

    pub(super) fn mute(
        &mut self,
        by: ParticipantId,
        who: ParticipantId,
        source: SourceName,
    ) -> Result<(), RefusalCode> {
        let participant = self.roster.known(who)?;
        if !participant.presence.is_seated() {
            return Err(RefusalCode::NotHere);
        }
        if participant.on.has(source) {
            self.switch_off(who, source);
            if by != who {
                self.tell_muted(who, by, source);
            }
        }
        Ok(())
    }

    /// Everybody's microphone but the chair's, the floor-holders' and that of who asked for silence.
    pub(super) fn mute_all(&mut self, by: ParticipantId) {
        let talking = |who: &&Participant| {
            who.id != by
                && who.role() != crate::wire::Role::Chair
                && who.on.has(SourceName::Microphone)
                && !self.floor.holds(who.id)
        };
        let silenced: Vec<ParticipantId> = self.roster.all().iter().filter(talking).map(|who| who.id).collect();
        for who in silenced {
            self.switch_off(who, SourceName::Microphone);
            self.tell_muted(who, by, SourceName::Microphone);
        }
    }

    /// Whatever is not allowed any more is switched off, so that it never opens again by itself when it is allowed again.
    pub(super) fn close_what_is_not_allowed(&mut self) {
        let rules = self.rules();
        let floor = &self.floor;
        for who in self.roster.all_mut() {
            let state = if floor.holds(who.id) { FloorState::Holds } else { FloorState::Waits };
            for source in SOURCES {
                if who.on.has(source) && permit(who, source, rules, state) != Permit::Allowed {
                    who.on = who.on.without(source);
                }
            }
        }
    }

    /// Screens that come without being asked for (an encoder's, or a path that opens again) give way to the one that is shown.
    pub(super) fn close_further_screens(&mut self) {
        let screens = || {
            self.roster
                .all()
                .iter()
                .filter(|who| who.presence.is_seated() && self.source_state(who, SourceName::Screen) == SourceState::On)
        };
        let shown = screens().find(|who| who.forwarded.has(SourceName::Screen)).or_else(|| screens().next());
        let Some(shown) = shown.map(|who| who.id) else { return };
        let further: Vec<ParticipantId> = screens().map(|who| who.id).filter(|who| *who != shown).collect();
        for who in further {
            self.switch_off(who, SourceName::Screen);
        }
    }

    pub(super) fn switch_on(&mut self, who: ParticipantId, source: SourceName) {
        if let Some(participant) = self.roster.find_mut(who) {
            participant.on = participant.on.with(source);
        }
    }

    pub(super) fn switch_off(&mut self, who: ParticipantId, source: SourceName) {
        if let Some(participant) = self.roster.find_mut(who) {
            participant.on = participant.on.without(source);
        }
    }

    fn tell_muted(&mut self, who: ParticipantId, by: ParticipantId, source: SourceName) {
        self.tell(who, ServerMessage::Notice { notice: Notice::Muted { by: by.0, source } });
    }
}
