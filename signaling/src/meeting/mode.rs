//! The three modes as data: who may have an open microphone without being called, and how many may be called at once.

use super::brief::Limits;
use crate::wire::Mode;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ModeRules {
    pub microphones: Microphones,
    pub holders_max: usize,
    pub when_full: WhenFull,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Microphones {
    /// Everybody switches his own.
    Free,
    /// Locked but for those who hold the floor and the roles that speak freely.
    ByFloor,
}

/// What giving the floor does when as many hold it as may.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WhenFull {
    EndOthers,
    Refuse,
}

pub(super) fn rules(mode: Mode, limits: &Limits) -> ModeRules {
    let several = usize::from(limits.holders_max.max(1));
    match mode {
        Mode::Discussion => {
            ModeRules { microphones: Microphones::Free, holders_max: several, when_full: WhenFull::Refuse }
        }
        Mode::Training => {
            ModeRules { microphones: Microphones::ByFloor, holders_max: 1, when_full: WhenFull::EndOthers }
        }
        Mode::Conference => {
            ModeRules { microphones: Microphones::ByFloor, holders_max: several, when_full: WhenFull::Refuse }
        }
    }
}
