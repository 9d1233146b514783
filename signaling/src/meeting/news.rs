//! What changed since everybody was told last. It is found by comparing, after every input, so that nothing can be forgotten.

use super::interface::{Audience, MediaOrder, Output};
use super::view::participant_view;
use super::{Meeting, Reply, SourceSet};
use crate::id::ParticipantId;
use crate::wire::{Mode, OnStage, ParticipantView, Phase, RecordingState, ServerMessage, SourceName};

/// What everybody (and the engine) was told last; participants keep their own.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Told {
    phase: Phase,
    mode: Mode,
    agenda: u64,
    floor: u64,
    stage: Option<OnStage>,
    speaker: Option<ParticipantId>,
    recording: RecordingState,
    engine_stage: Vec<(ParticipantId, SourceName)>,
}

impl Told {
    /// What is true of a meeting that has just been opened.
    pub(super) fn new(mode: Mode) -> Self {
        Self {
            phase: Phase::Gathering,
            mode,
            agenda: 0,
            floor: 0,
            stage: None,
            speaker: None,
            recording: RecordingState::Off,
            engine_stage: Vec::new(),
        }
    }
}

impl Meeting {
    /// Before outputs are drained: first what must not be forwarded any more, then the news, then the answers.
    pub(super) fn settle(&mut self) {
        self.close_what_is_not_allowed();
        self.close_further_screens();
        self.clear_dark_screen();
        self.order_forwarding();
        self.tell_participants();
        self.tell_course();
        for reply in std::mem::take(&mut self.replies) {
            match reply {
                Reply::Ready(output) => self.out.push_back(output),
                Reply::Welcome { connection, re, you, lineage } => {
                    let said = self.welcome(connection, re, you, lineage);
                    self.out.extend(said);
                }
            }
        }
    }

    fn order_forwarding(&mut self) {
        let changed: Vec<(usize, ParticipantId, SourceSet)> = self
            .roster
            .all()
            .iter()
            .enumerate()
            .map(|(place, who)| (place, who.id, self.forwardable(who), who.forwarded))
            .filter(|(_, _, now, told)| now != told)
            .map(|(place, who, now, _)| (place, who, now))
            .collect();
        for (place, participant, sources) in changed {
            if let Some(who) = self.roster.all_mut().get_mut(place) {
                who.forwarded = sources;
            }
            self.order(MediaOrder::Forward { participant, sources });
        }
        let stage = self.engine_stage();
        if stage != self.told.engine_stage {
            self.told.engine_stage.clone_from(&stage);
            self.order(MediaOrder::Stage(stage));
        }
    }

    fn tell_participants(&mut self) {
        let mut changed: Vec<ParticipantView> = Vec::new();
        for place in 0..self.roster.all().len() {
            let Some(who) = self.roster.all().get(place) else { break };
            let shown = self.shown(who);
            if who.told.as_ref() == Some(&shown) {
                continue;
            }
            changed.push(participant_view(who.id.0, &shown));
            if let Some(who) = self.roster.all_mut().get_mut(place) {
                who.told = Some(shown);
            }
        }
        if !changed.is_empty() {
            self.news(ServerMessage::Participants { participants: changed });
        }
    }

    pub(super) fn tell_course(&mut self) {
        if self.told.phase != self.phase {
            self.told.phase = self.phase;
            self.news(ServerMessage::Phase { phase: self.phase });
        }
        if self.told.mode != self.mode {
            self.told.mode = self.mode;
            self.news(ServerMessage::Mode { mode: self.mode });
        }
        if self.told.agenda != self.agenda.revision() {
            self.told.agenda = self.agenda.revision();
            self.news(ServerMessage::Agenda { agenda: self.agenda.view() });
        }
        if self.told.floor != self.floor.revision() {
            self.told.floor = self.floor.revision();
            self.news(ServerMessage::Floor { floor: self.floor.view() });
        }
        let stage = self.on_stage();
        if self.told.stage != stage {
            self.told.stage = stage;
            self.news(ServerMessage::Stage { stage });
        }
        if self.told.speaker != self.speaker {
            self.told.speaker = self.speaker;
            self.news(ServerMessage::Speaker { participant: self.speaker.map(|who| who.0) });
        }
        let recording = self.recording.view();
        if self.told.recording != recording {
            self.told.recording = recording;
            self.news(ServerMessage::Recording { recording });
        }
    }

    /// To everybody; with nobody there it is not even made.
    fn news(&mut self, message: ServerMessage) {
        if !self.connections.is_empty() {
            self.out.push_back(Output::Send { to: Audience::Everyone, message: Box::new(message) });
        }
    }
}
