//! The meeting as one page knows it: what `welcome` said, and every piece of news since put in its place.

use signaling::wire::{
    LineView, MeetingView, OnStage, ParticipantView, ServerMessage, SlotView, SourceName, SourceState,
};
use uuid::Uuid;

#[derive(Clone, PartialEq, Debug)]
pub struct Mirror {
    pub you: Uuid,
    pub meeting: MeetingView,
    /// This page's own slots.
    pub slots: Vec<SlotView>,
    /// For those who watch the lines.
    pub lines: Vec<LineView>,
}

impl Mirror {
    #[must_use]
    pub fn new(you: Uuid, meeting: MeetingView) -> Self {
        Self { you, meeting, slots: Vec::new(), lines: Vec::new() }
    }

    pub fn hear(&mut self, message: &ServerMessage) {
        let meeting = &mut self.meeting;
        match message {
            ServerMessage::Phase { phase } => meeting.phase = *phase,
            ServerMessage::Mode { mode } => meeting.mode = *mode,
            ServerMessage::Agenda { agenda } => meeting.agenda.clone_from(agenda),
            ServerMessage::Participants { participants } => {
                for changed in participants {
                    match meeting.participants.iter_mut().find(|known| known.id == changed.id) {
                        Some(known) => known.clone_from(changed),
                        None => meeting.participants.push(changed.clone()),
                    }
                }
            }
            ServerMessage::Floor { floor } => meeting.floor.clone_from(floor),
            ServerMessage::Stage { stage } => meeting.stage = *stage,
            ServerMessage::Speaker { participant } => meeting.speaker = *participant,
            ServerMessage::Recording { recording } => meeting.recording = *recording,
            ServerMessage::Slots { slots } => self.slots.clone_from(slots),
            ServerMessage::Lines { lines } => {
                for changed in lines {
                    match self.lines.iter_mut().find(|known| known.participant == changed.participant) {
                        Some(known) => known.clone_from(changed),
                        None => self.lines.push(changed.clone()),
                    }
                }
            }
            // Answers and what concerns the connection are the page's business.
            ServerMessage::Welcome { .. }
            | ServerMessage::Done { .. }
            | ServerMessage::Refused { .. }
            | ServerMessage::Answer { .. }
            | ServerMessage::Ping { .. }
            | ServerMessage::Notice { .. }
            | ServerMessage::Layers { .. }
            | ServerMessage::Bye { .. } => {}
        }
    }

    #[must_use]
    pub fn participant(&self, id: Uuid) -> Option<&ParticipantView> {
        self.meeting.participants.iter().find(|participant| participant.id == id)
    }

    #[must_use]
    pub fn own(&self, source: SourceName) -> SourceState {
        self.participant(self.you).map_or(SourceState::Absent, |own| state_of(own, source))
    }

    #[must_use]
    pub fn holds_floor(&self, id: Uuid) -> bool {
        self.meeting.floor.holders.iter().any(|holder| holder.participant == id)
    }

    #[must_use]
    pub fn is_queued(&self, id: Uuid) -> bool {
        self.meeting.floor.queue.iter().any(|entry| entry.participant == id)
    }

    /// What differs from the meeting's own view, its clock apart.
    #[must_use]
    pub fn difference(&self, truth: &MeetingView) -> Option<String> {
        let seen = MeetingView { now: truth.now, ..self.meeting.clone() };
        if seen == *truth {
            return None;
        }
        for (seen, true_one) in seen.participants.iter().zip(&truth.participants) {
            if seen != true_one {
                return Some(format!("a participant: {seen:?} is really {true_one:?}"));
            }
        }
        Some(format!("{seen:?} is really {truth:?}"))
    }

    #[must_use]
    pub fn stage(&self) -> Option<OnStage> {
        self.meeting.stage
    }
}

#[must_use]
pub fn state_of(participant: &ParticipantView, source: SourceName) -> SourceState {
    match source {
        SourceName::Microphone => participant.microphone,
        SourceName::Camera => participant.camera,
        SourceName::Screen => participant.screen,
    }
}
