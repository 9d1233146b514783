//! What stands on everybody's main picture: the chair's choice before a shared screen before whoever was called to speak.

use super::Meeting;
use crate::id::ParticipantId;
use crate::wire::{OnStage, RefusalCode, SourceName, StageReason, Staged};

impl Meeting {
    pub(super) fn set_stage(&mut self, stage: Option<Staged>) -> Result<(), RefusalCode> {
        if let Some(staged) = stage {
            let who = self.roster.known(ParticipantId(staged.participant))?;
            if !who.presence.is_seated() {
                return Err(RefusalCode::NotHere);
            }
            // A microphone is no picture.
            if staged.source == SourceName::Microphone || !who.paths.sources().has(staged.source) {
                return Err(RefusalCode::SourceAbsent);
            }
        }
        self.stage = stage;
        Ok(())
    }

    pub(super) fn on_stage(&self) -> Option<OnStage> {
        let chosen = self.stage.map(|staged| OnStage {
            participant: staged.participant,
            source: staged.source,
            why: StageReason::Chosen,
        });
        let screen = || {
            let participant = self.screen_shown()?.0;
            Some(OnStage { participant, source: SourceName::Screen, why: StageReason::Screen })
        };
        let called = || {
            let participant = self.floor.holders().last()?.participant.0;
            Some(OnStage { participant, source: SourceName::Camera, why: StageReason::Floor })
        };
        chosen.or_else(screen).or_else(called)
    }

    /// What the engine puts into everybody's first slots: the stage, and after it all who may speak, so that their pictures are there
    /// at the moment they are called.
    pub(super) fn engine_stage(&self) -> Vec<(ParticipantId, SourceName)> {
        let mut first: Vec<(ParticipantId, SourceName)> = Vec::new();
        let stage = self.on_stage().map(|stage| (ParticipantId(stage.participant), stage.source));
        let screen = self.screen_shown().map(|who| (who, SourceName::Screen));
        let holders = self.floor.holders().iter().rev().map(|holder| (holder.participant, SourceName::Camera));
        for entry in stage.into_iter().chain(screen).chain(holders) {
            if !first.contains(&entry) {
                first.push(entry);
            }
        }
        first
    }

    /// A choice that cannot be shown any more is given back to the voice.
    pub(super) fn clear_stage_of(&mut self, who: ParticipantId) {
        if self.stage.is_some_and(|staged| staged.participant == who.0) {
            self.stage = None;
        }
    }

    pub(super) fn clear_dark_screen(&mut self) {
        let shown = self.screen_shown().map(|who| who.0);
        if self.stage.is_some_and(|staged| staged.source == SourceName::Screen && Some(staged.participant) != shown) {
            self.stage = None;
        }
    }
}
