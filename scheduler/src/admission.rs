//! The door: who may come into which session, as what, and until when.
//!
//! This is the one place where booking's UTC becomes a right of the live meeting, which runs on its own clock: a grant carries the UTC
//! times, and whoever signs it into a token lets the token expire with them.

use std::time::Duration;

use crate::id::{ParticipantId, SessionId};
use crate::policy::Policies;
use crate::role::{Role, SessionAction, Standing, Viewer, words};
use crate::session::{Opening, Seat, Session, SessionDetail, Sitter, Status};
use crate::time::UtcTime;

words! {
    /// A role inside one meeting.
    MeetingRole {
        Chair = "chair",
        Secretary = "secretary",
        Delegate = "delegate",
        Technician = "technician",
        Leader = "leader",
    }
}

/// The right to take one seat in one session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    pub session: SessionId,
    pub participant: ParticipantId,
    pub role: MeetingRole,
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    /// A site with its headcount, or one person.
    pub site: bool,
    /// Seats of the site.
    pub seats: Option<u16>,
    /// Doors open then.
    pub from: UtcTime,
    /// The seat cannot be taken any more from then on.
    pub until: UtcTime,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum JoinRefused {
    #[error("the doors are not open yet")]
    NotOpenYet { opens_at: UtcTime },
    #[error("the session has ended")]
    Ended,
    #[error("the session was cancelled")]
    Cancelled,
    /// Also the answer for a session that does not exist: a stranger learns nothing.
    #[error("not invited")]
    NotInvited,
}

/// Whether the store could answer, and what it answered.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AdmitRefused {
    #[error(transparent)]
    Refused(#[from] JoinRefused),
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

/// How long a right to the always-open demonstration lasts: a working day and more, so that nobody is turned out of it.
const DEMONSTRATION_GRANT: Duration = Duration::from_secs(12 * 3600);

/// Whether the doors are open, and until when whoever comes in may stay or come back.
pub fn open_until(session: &Session, policies: &Policies, now: UtcTime) -> Result<UtcTime, JoinRefused> {
    match (&session.status, session.opening) {
        (Status::Cancelled { .. }, _) => Err(JoinRefused::Cancelled),
        (Status::Ended { .. }, _) => Err(JoinRefused::Ended),
        (Status::Planned | Status::InSession { .. }, Opening::Always) => Ok(now.plus(DEMONSTRATION_GRANT)),
        // The chair may begin early; then the doors are open for all.
        (Status::InSession { .. }, Opening::ByTime) => Ok(last_moment(session, policies)),
        (Status::Planned, Opening::ByTime) if now < session.opens_at => {
            Err(JoinRefused::NotOpenYet { opens_at: session.opens_at })
        }
        (Status::Planned, Opening::ByTime) => Ok(last_moment(session, policies)),
    }
    .and_then(|until| if now < until { Ok(until) } else { Err(JoinRefused::Ended) })
}

fn last_moment(session: &Session, policies: &Policies) -> UtcTime {
    session.span.to().plus(policies.overrun)
}

/// The seat a signed-in person takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SeatTaken {
    /// One that is in the list.
    Kept(ParticipantId),
    /// One of his own, added now.
    Added(MeetingRole),
}

/// Own seat first, then the seat of the site he sits at, then what his role gives him.
pub fn seat_for(detail: &SessionDetail, viewer: &Viewer) -> Result<SeatTaken, JoinRefused> {
    let standing = detail.standing(viewer);
    if !SessionAction::Join.allowed(viewer, standing) {
        return Err(JoinRefused::NotInvited);
    }
    let own = |seat: &&Seat| matches!(seat.sitter, Sitter::Person(person) if person == viewer.person);
    let of_site = |seat: &&Seat| seat.sitter.site().is_some_and(|site| viewer.site == Some(site.id));
    if let Some(seat) = detail.seats.iter().find(own).or_else(|| detail.seats.iter().find(of_site)) {
        return Ok(SeatTaken::Kept(seat.participant));
    }
    match standing {
        Standing::Chair => Ok(SeatTaken::Added(MeetingRole::Chair)),
        Standing::Secretary => Ok(SeatTaken::Added(MeetingRole::Secretary)),
        Standing::Technician => Ok(SeatTaken::Added(MeetingRole::Technician)),
        Standing::Invited | Standing::Stranger => {
            walk_in_role(viewer, detail.session.opening).map(SeatTaken::Added).ok_or(JoinRefused::NotInvited)
        }
    }
}

/// As what somebody comes in who was not invited. Chairs are named by the booking; only the demonstration gives the role away.
fn walk_in_role(viewer: &Viewer, opening: Opening) -> Option<MeetingRole> {
    let has = |role| viewer.roles.has(role);
    let demonstration = opening == Opening::Always;
    match () {
        () if has(Role::Secretary) => Some(MeetingRole::Secretary),
        () if has(Role::Technician) => Some(MeetingRole::Technician),
        () if has(Role::Leader) => Some(MeetingRole::Leader),
        () if has(Role::Chair) && demonstration => Some(MeetingRole::Chair),
        () if has(Role::Delegate) && demonstration => Some(MeetingRole::Delegate),
        () => None,
    }
}

/// The grant for a seat of the list.
pub fn grant(session: &Session, seat: &Seat, until: UtcTime) -> Grant {
    let site = seat.sitter.site();
    Grant {
        session: session.id,
        participant: seat.participant,
        role: seat.role,
        name: seat.name.clone(),
        short_name: seat.short_name.clone(),
        detail: seat.detail.clone(),
        group: seat.group.clone(),
        site: site.is_some(),
        seats: site.map(|site| site.seats),
        from: session.opens_at,
        until,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PersonId, SiteId};
    use crate::session::Mode;
    use crate::time::{Span, minutes};
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(minute: u64) -> UtcTime {
        UtcTime::from_millis(0).plus(minutes(minute))
    }

    /// From minute 100 to 160, doors an hour before.
    fn session(status: Status, opening: Opening) -> Session {
        let person = PersonId::from_uuid(Uuid::nil());
        Session {
            id: SessionId::from_uuid(Uuid::from_u128(1)),
            title: String::new(),
            short_title: String::new(),
            mode: Mode::Conference,
            span: Span::new(at(100), at(160)).unwrap(),
            opens_at: at(40),
            opening,
            status,
            chair: person,
            secretary: person,
            technician: None,
            central_site: SiteId::from_uuid(Uuid::nil()),
            recording_planned: false,
            booked_by: None,
        }
    }

    #[test]
    fn doors_open_an_hour_before_and_stay_open_through_the_overrun() {
        let planned = session(Status::Planned, Opening::ByTime);
        let policies = Policies::default();
        assert_eq!(open_until(&planned, &policies, at(39)), Err(JoinRefused::NotOpenYet { opens_at: at(40) }));
        assert_eq!(open_until(&planned, &policies, at(40)), Ok(at(160 + 240)));
        assert_eq!(open_until(&planned, &policies, at(399)), Ok(at(400)));
        assert_eq!(open_until(&planned, &policies, at(400)), Err(JoinRefused::Ended));
        let early = session(Status::InSession { since: at(10) }, Opening::ByTime);
        assert_eq!(open_until(&early, &policies, at(20)), Ok(at(400)), "the chair began before the doors' time");
    }

    #[test]
    fn what_is_over_stays_closed_and_the_demonstration_stays_open() {
        let policies = Policies::default();
        let ended = session(Status::Ended { at: at(120) }, Opening::ByTime);
        assert_eq!(open_until(&ended, &policies, at(121)), Err(JoinRefused::Ended));
        let cancelled = session(Status::Cancelled { at: at(1), reason: String::new() }, Opening::ByTime);
        assert_eq!(open_until(&cancelled, &policies, at(100)), Err(JoinRefused::Cancelled));
        let demonstration = session(Status::Planned, Opening::Always);
        assert_eq!(open_until(&demonstration, &policies, at(1_000_000)), Ok(at(1_000_000 + 720)));
    }

    proptest! {
        #[test]
        fn a_grant_is_never_given_for_a_time_that_has_passed(now in 0_u64..1_000, lead in 0_i64..1_440, overrun in 0_i64..1_440) {
            use crate::policy::PolicyKey;
            let policies = Policies::new(|key| match key {
                PolicyKey::OpenLeadMinutes => Some(lead),
                PolicyKey::OverrunMinutes => Some(overrun),
                _ => None,
            });
            let mut planned = session(Status::Planned, Opening::ByTime);
            planned.opens_at = planned.span.from().minus(policies.open_lead);
            match open_until(&planned, &policies, at(now)) {
                Ok(until) => prop_assert!(at(now) < until && at(now) >= planned.opens_at),
                Err(JoinRefused::NotOpenYet { opens_at }) => prop_assert!(at(now) < opens_at),
                Err(refused) => prop_assert_eq!(refused, JoinRefused::Ended),
            }
        }
    }
}
