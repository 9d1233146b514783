//! Whether the meeting is being recorded, as everybody sees it.

use crate::clock::UtcMs;
use crate::wire::RecordingState;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Recording {
    #[default]
    Off,
    /// Asked for; the recorder is opening its file.
    Starting,
    On {
        since: UtcMs,
    },
    /// Asked to stop; what is said now may still be heard later, so it still shows as on.
    Stopping {
        since: UtcMs,
    },
    Failed {
        at: UtcMs,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct NotNow;

impl Recording {
    pub(super) fn ask_start(&mut self) -> Result<(), NotNow> {
        match self {
            Self::Off | Self::Failed { .. } => {
                *self = Self::Starting;
                Ok(())
            }
            Self::Starting | Self::On { .. } | Self::Stopping { .. } => Err(NotNow),
        }
    }

    pub(super) fn ask_stop(&mut self, now: UtcMs) -> Result<(), NotNow> {
        match *self {
            Self::On { since } => {
                *self = Self::Stopping { since };
                Ok(())
            }
            Self::Starting => {
                *self = Self::Stopping { since: now };
                Ok(())
            }
            Self::Off | Self::Stopping { .. } | Self::Failed { .. } => Err(NotNow),
        }
    }

    /// The recorder writes. It may have been asked to stop meanwhile: then it will say so soon.
    pub(super) fn started(&mut self, at: UtcMs) {
        match self {
            Self::Starting => *self = Self::On { since: at },
            Self::Off | Self::On { .. } | Self::Stopping { .. } | Self::Failed { .. } => {}
        }
    }

    pub(super) fn is_running(self) -> bool {
        match self {
            Self::On { .. } | Self::Stopping { .. } => true,
            Self::Off | Self::Starting | Self::Failed { .. } => false,
        }
    }

    pub(super) fn view(self) -> RecordingState {
        match self {
            Self::Off => RecordingState::Off,
            Self::Starting => RecordingState::Starting,
            Self::On { since } | Self::Stopping { since } => RecordingState::On { since: since.0 },
            Self::Failed { at } => RecordingState::Failed { at: at.0 },
        }
    }
}
