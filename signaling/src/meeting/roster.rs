//! Everybody the meeting knows: those invited, in the order of the invitation, then those who came besides, in the order they came.

use std::sync::Arc;
use std::time::Duration;

use super::brief::Invited;
use super::interface::{Path, SourceSet};
use super::presence::Presence;
use crate::id::{ConnectionId, ParticipantId, PoolId};
use crate::token::{Identity, Lineage, MediaRights, Occupant};
use crate::wire::{LineQuality, RefusalCode, Role, SlotView, SourceLayers, SourceState, Via};

#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Roster {
    people: Vec<Participant>,
}

/// A site or a person. What it *is* stands in the profile, what it *does* in the rest.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Participant {
    pub id: ParticipantId,
    /// Shared, because the whole meeting is copied before a step that might have to be undone.
    pub profile: Arc<Profile>,
    /// The most he may ever publish.
    pub rights: MediaRights,
    pub pool: Option<PoolId>,
    pub presence: Presence,
    pub via: Via,
    /// Of the page that has the seat.
    pub lineage: Option<Lineage>,
    pub paths: Paths,
    /// Switched on, by himself or, for those without a page, by the bridge.
    pub on: SourceSet,
    pub headcount: Option<u16>,
    /// In turns that have ended.
    pub spoken: Duration,
    pub line: LineQuality,
    pub slots: Arc<Vec<SlotView>>,
    /// Of his page's own sources, as he was told last; empty: all are wanted.
    pub layers: Arc<Vec<SourceLayers>>,
    /// What others were told last.
    pub told: Option<Shown>,
    /// What the media engine was told last.
    pub forwarded: SourceSet,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Profile {
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    pub role: Role,
    pub occupant: Occupant,
}

/// Everything about a participant that others see and that can change, small enough to be compared at every step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Shown {
    pub profile: Arc<Profile>,
    pub presence: crate::wire::PresenceView,
    pub sources: [SourceState; 3],
    pub line: LineQuality,
    pub headcount: Option<u16>,
    pub spoken_seconds: u32,
    pub via: Via,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Paths {
    browser: PathState,
    whip: PathState,
    whep: PathState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum PathState {
    #[default]
    Closed,
    Negotiating,
    Open(SourceSet),
}

pub(super) const PATHS: [Path; 3] = [Path::Browser, Path::Whip, Path::Whep];

impl Paths {
    pub(super) fn of(&self, path: Path) -> PathState {
        match path {
            Path::Browser => self.browser,
            Path::Whip => self.whip,
            Path::Whep => self.whep,
        }
    }

    pub(super) fn set(&mut self, path: Path, state: PathState) {
        match path {
            Path::Browser => self.browser = state,
            Path::Whip => self.whip = state,
            Path::Whep => self.whep = state,
        }
    }

    pub(super) fn is_open(&self, path: Path) -> bool {
        matches!(self.of(path), PathState::Open(_))
    }

    pub(super) fn any_open(&self) -> bool {
        PATHS.into_iter().any(|path| self.is_open(path))
    }

    /// What he sends on any path.
    pub(super) fn sources(&self) -> SourceSet {
        PATHS.into_iter().fold(SourceSet::NONE, |all, path| match self.of(path) {
            PathState::Open(sources) => all.union(sources),
            PathState::Closed | PathState::Negotiating => all,
        })
    }
}

impl Participant {
    fn new(id: ParticipantId, profile: Profile, rights: MediaRights) -> Self {
        Self {
            id,
            profile: Arc::new(profile),
            rights,
            pool: None,
            presence: Presence::Expected,
            via: Via::Browser,
            lineage: None,
            paths: Paths::default(),
            on: SourceSet::NONE,
            headcount: None,
            spoken: Duration::ZERO,
            line: LineQuality::Unknown,
            slots: Arc::default(),
            layers: Arc::default(),
            told: None,
            forwarded: SourceSet::NONE,
        }
    }

    pub(super) fn role(&self) -> Role {
        self.profile.role
    }

    pub(super) fn connection(&self) -> Option<ConnectionId> {
        self.presence.connection()
    }

    /// Publishes without a page, so that nobody there could press a button.
    pub(super) fn is_unattended(&self) -> bool {
        self.paths.is_open(Path::Whip) && self.connection().is_none()
    }
}

impl Roster {
    pub(super) fn of_invited(invited: &[Invited]) -> Self {
        let mut roster = Self::default();
        for one in invited {
            // A participant invited twice has one seat.
            if roster.find(one.participant).is_none() {
                roster.people.push(Participant::new(one.participant, Profile::from(one), MediaRights::ALL));
            }
        }
        roster
    }

    pub(super) fn all(&self) -> &[Participant] {
        &self.people
    }

    pub(super) fn all_mut(&mut self) -> &mut [Participant] {
        &mut self.people
    }

    pub(super) fn find(&self, id: ParticipantId) -> Option<&Participant> {
        self.people.iter().find(|participant| participant.id == id)
    }

    pub(super) fn find_mut(&mut self, id: ParticipantId) -> Option<&mut Participant> {
        self.people.iter_mut().find(|participant| participant.id == id)
    }

    pub(super) fn known(&self, id: ParticipantId) -> Result<&Participant, RefusalCode> {
        self.find(id).ok_or(RefusalCode::NoSuchParticipant)
    }

    pub(super) fn known_mut(&mut self, id: ParticipantId) -> Result<&mut Participant, RefusalCode> {
        self.find_mut(id).ok_or(RefusalCode::NoSuchParticipant)
    }

    pub(super) fn seated(&self) -> impl Iterator<Item = &Participant> {
        self.people.iter().filter(|participant| participant.presence.is_seated())
    }

    /// The participant of a verified token, with what the token says about him; new ones are added as walk-ins.
    pub(super) fn of_identity(&mut self, identity: &Identity) -> &mut Participant {
        let place = match self.people.iter().position(|participant| participant.id == identity.participant) {
            Some(place) => place,
            None => {
                self.people.push(Participant::new(identity.participant, Profile::from(identity), identity.media));
                self.people.len() - 1
            }
        };
        let participant = &mut self.people[place];
        let profile = Profile::from(identity);
        if *participant.profile != profile {
            participant.profile = Arc::new(profile);
        }
        participant.rights = identity.media;
        participant.pool = identity.pool.map(|(pool, _)| pool);
        participant
    }

    /// Somebody the marks of an earlier run tell of.
    pub(super) fn of_past(&mut self, id: ParticipantId, profile: Profile, via: Via) -> &mut Participant {
        let place = match self.people.iter().position(|participant| participant.id == id) {
            Some(place) => place,
            None => {
                self.people.push(Participant::new(id, profile, MediaRights::NONE));
                self.people.len() - 1
            }
        };
        self.people[place].via = via;
        &mut self.people[place]
    }
}

impl From<&Invited> for Profile {
    fn from(invited: &Invited) -> Self {
        Self {
            name: invited.name.clone(),
            short_name: invited.short_name.clone(),
            detail: invited.detail.clone(),
            group: invited.group.clone(),
            role: invited.role,
            occupant: invited.occupant,
        }
    }
}

impl From<&Identity> for Profile {
    fn from(identity: &Identity) -> Self {
        Self {
            name: identity.name.clone(),
            short_name: identity.short_name.clone(),
            detail: identity.detail.clone(),
            group: identity.group.clone(),
            role: identity.role,
            occupant: identity.occupant,
        }
    }
}
