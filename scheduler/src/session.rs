//! One occurrence held: what was booked, and how far it has come.

use serde::Serialize;

use crate::admission::MeetingRole;
use crate::agenda::AgendaItem;
use crate::id::{ParticipantId, PersonId, SessionId, SiteId};
use crate::invitation::InvitationState;
use crate::role::{Permission, SessionAction, Standing, Viewer, sees, words};
use crate::site::Site;
use crate::time::{Span, UtcTime};

words! {
    Mode {
        Discussion = "discussion",
        Training = "training",
        Conference = "conference",
    }
}

words! {
    /// What the screen says of a session at one moment.
    State {
        Scheduled = "scheduled",
        /// Doors are open, nobody has begun.
        Open = "open",
        InSession = "in_session",
        Ended = "ended",
        Cancelled = "cancelled",
    }
}

/// What is stored of a session's course; whether its doors are open follows from the clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Status {
    Planned,
    InSession { since: UtcTime },
    Ended { at: UtcTime },
    Cancelled { at: UtcTime, reason: String },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opening {
    /// From the lead time before its beginning until it has ended.
    ByTime,
    /// The demonstration: never closed, never ended for good, and it holds no site against a real meeting.
    Always,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    pub id: SessionId,
    pub title: String,
    pub short_title: String,
    pub mode: Mode,
    pub span: Span,
    /// The span's beginning less the lead time in force.
    pub opens_at: UtcTime,
    pub opening: Opening,
    pub status: Status,
    pub chair: PersonId,
    pub secretary: PersonId,
    pub technician: Option<PersonId>,
    pub central_site: SiteId,
    pub recording_planned: bool,
    pub booked_by: Option<PersonId>,
}

impl Session {
    pub fn state(&self, now: UtcTime) -> State {
        match self.status {
            Status::Cancelled { .. } => State::Cancelled,
            Status::Ended { .. } => State::Ended,
            Status::InSession { .. } => State::InSession,
            Status::Planned if self.opening == Opening::Always || now >= self.opens_at => State::Open,
            Status::Planned => State::Scheduled,
        }
    }
}

impl State {
    /// Whether the action makes sense in this state, whoever asks.
    pub fn fits(self, action: SessionAction) -> bool {
        match action {
            SessionAction::Join => matches!(self, State::Open | State::InSession),
            SessionAction::Cancel | SessionAction::Reschedule => matches!(self, State::Scheduled | State::Open),
            SessionAction::ReissueLinks => matches!(self, State::Scheduled | State::Open | State::InSession),
            SessionAction::End | SessionAction::WatchSites => matches!(self, State::Open | State::InSession),
            SessionAction::EditAttendance | SessionAction::ReadAttendance => {
                matches!(self, State::Open | State::InSession | State::Ended)
            }
            SessionAction::ReadRecordings => self != State::Cancelled,
        }
    }
}

/// A row of a list of sessions.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SessionSummary {
    pub id: SessionId,
    pub title: String,
    pub short_title: String,
    pub mode: Mode,
    pub starts_at: UtcTime,
    pub ends_at: UtcTime,
    pub opens_at: UtcTime,
    pub state: State,
    pub chair_id: PersonId,
    pub chair_name: String,
    pub secretary_name: String,
    pub sites: u32,
    pub recordings: u32,
}

/// Everything the page of one session shows, and everything a live meeting starts from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionDetail {
    pub session: Session,
    pub summary: SessionSummary,
    pub agenda: Vec<AgendaItem>,
    /// In the order of the invitation.
    pub seats: Vec<Seat>,
}

/// A participant as the office knows him. Names are those of the day of booking: old papers keep old names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seat {
    pub participant: ParticipantId,
    pub sitter: Sitter,
    pub role: MeetingRole,
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    /// Heading in lists: "Cụm Đầm Hà".
    pub group: Option<String>,
    pub invited: Invited,
    /// Sites are invited by a link; people sign in.
    pub invitation: Option<InvitationState>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sitter {
    Site(Box<Site>),
    Person(PersonId),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Invited {
    AtBooking,
    /// Let in without having been invited: a leader who looks in, a technician on duty.
    WalkedIn,
}

impl SessionDetail {
    pub fn standing(&self, viewer: &Viewer) -> Standing {
        let session = &self.session;
        if session.chair == viewer.person {
            Standing::Chair
        } else if session.secretary == viewer.person || session.booked_by == Some(viewer.person) {
            Standing::Secretary
        } else if session.technician == Some(viewer.person) {
            Standing::Technician
        } else if self.seats.iter().any(|seat| seat.invited == Invited::AtBooking && seat.sitter.is(viewer)) {
            Standing::Invited
        } else if session.opening == Opening::Always && viewer.roles.may(Permission::JoinSessions) {
            // Everybody who joins sessions at all is invited to the demonstration.
            Standing::Invited
        } else {
            Standing::Stranger
        }
    }

    /// Whether the session exists at all for this viewer.
    pub fn seen_by(&self, viewer: &Viewer) -> bool {
        sees(viewer, self.standing(viewer))
    }

    /// What this viewer may do with the session now.
    pub fn may(&self, viewer: &Viewer, now: UtcTime) -> Vec<SessionAction> {
        let standing = self.standing(viewer);
        let state = self.session.state(now);
        let demonstration = self.session.opening == Opening::Always;
        SessionAction::ALL
            .iter()
            .copied()
            .filter(|action| state.fits(*action) && action.allowed(viewer, standing))
            .filter(|action| !(demonstration && matches!(action, SessionAction::Cancel | SessionAction::Reschedule)))
            .collect()
    }

    pub fn seat(&self, participant: ParticipantId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.participant == participant)
    }
}

impl Sitter {
    pub fn site(&self) -> Option<&Site> {
        match self {
            Sitter::Site(site) => Some(site),
            Sitter::Person(_) => None,
        }
    }

    /// Whether the viewer may take this seat: it is his own, or his site's.
    pub fn is(&self, viewer: &Viewer) -> bool {
        match self {
            Sitter::Site(site) => viewer.site == Some(site.id),
            Sitter::Person(person) => viewer.person == *person,
        }
    }
}

/// Which sessions to list. Those the viewer may not see are never in the answer.
#[derive(Clone, Debug)]
pub struct SessionQuery {
    pub viewer: Viewer,
    /// Sessions that touch the span from here …
    pub from: Option<UtcTime>,
    /// … to here.
    pub to: Option<UtcTime>,
    pub state: Option<State>,
    /// Words of title or chair, folded as in [`crate::search`].
    pub text: Option<String>,
    pub limit: u16,
}

/// Rows of one answer: a year of a busy province; more is asked for by span.
pub const SESSIONS_LISTED_MAX: u16 = 1_000;
