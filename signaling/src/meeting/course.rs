//! The course of the session: its phase, mode, agenda and recording.

use super::Meeting;
use super::interface::{Output, RecordingNews, RecordingOrder};
use crate::clock::Now;
use crate::id::ParticipantId;
use crate::mark::MarkedFact;
use crate::wire::{Mode, Phase, RefusalCode};

impl Meeting {
    pub(super) fn start_session(&mut self, now: Now, by: ParticipantId) -> Result<(), RefusalCode> {
        match self.phase {
            Phase::Gathering => {
                self.phase = Phase::InSession { since: now.utc.0 };
                self.mark(now.utc, MarkedFact::Started { by });
                Ok(())
            }
            Phase::InSession { .. } | Phase::Ended { .. } => Err(RefusalCode::OutOfTurn),
        }
    }

    pub(super) fn set_mode(&mut self, now: Now, by: ParticipantId, mode: Mode) {
        if self.mode == mode {
            return;
        }
        self.mode = mode;
        self.mark(now.utc, MarkedFact::ModeSet { by, mode });
        for ended in self.floor.keep_newest(self.rules().holders_max) {
            self.turn_over(now, ended);
        }
    }

    pub(super) fn set_agenda_item(&mut self, now: Now, by: ParticipantId, index: u16) -> Result<(), RefusalCode> {
        if self.agenda.current() == Some(index) {
            return Ok(());
        }
        self.agenda.turn_to(index, now.utc).map_err(|_| RefusalCode::NumberOutOfRange)?;
        self.mark(now.utc, MarkedFact::AgendaItem { by, index });
        Ok(())
    }

    pub(super) fn start_recording(&mut self) -> Result<(), RefusalCode> {
        self.recording.ask_start().map_err(|_| RefusalCode::OutOfTurn)?;
        self.out.push_back(Output::Recording(RecordingOrder::Start));
        Ok(())
    }

    pub(super) fn stop_recording(&mut self, now: Now) -> Result<(), RefusalCode> {
        self.recording.ask_stop(now.utc).map_err(|_| RefusalCode::OutOfTurn)?;
        self.out.push_back(Output::Recording(RecordingOrder::Stop));
        Ok(())
    }

    pub(super) fn recording_news(&mut self, now: Now, news: RecordingNews) {
        let ran = self.recording.is_running();
        match news {
            RecordingNews::Started { at } => self.recording.started(at),
            RecordingNews::Stopped => self.recording = super::recording::Recording::Off,
            RecordingNews::Failed => self.recording = super::recording::Recording::Failed { at: now.utc },
        }
        match (ran, self.recording.is_running()) {
            (false, true) => {
                self.mark(now.utc, MarkedFact::RecordingStarted);
                self.mark(now.utc, MarkedFact::Speaking { participant: self.speaker });
            }
            (true, false) => self.mark(now.utc, MarkedFact::RecordingStopped),
            (false, false) | (true, true) => {}
        }
    }

    /// The loudest changed.
    pub(super) fn speaking(&mut self, now: Now, who: Option<ParticipantId>) {
        if self.speaker == who {
            return;
        }
        self.speaker = who;
        if self.recording.is_running() {
            self.mark(now.utc, MarkedFact::Speaking { participant: who });
        }
    }
}
