//! What the clock ends, with nobody to end it.

use crate::id::SessionId;
use crate::policy::Policies;
use crate::session::{Opening, Session, Status};
use crate::time::UtcTime;

/// A session that has neither ended nor been cancelled, and when somebody was last known to be in it.
#[derive(Clone, Debug)]
pub struct Unended {
    pub session: Session,
    pub last_seen: Option<UtcTime>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DueEnd {
    pub session: SessionId,
    /// The later of its planned end and the last sign of life in it, never in the future.
    pub at: UtcTime,
}

/// Sessions whose planned end has passed and in which nobody has been for as long as a site's seat is kept. One that runs over is left
/// alone while somebody is in it, until the overrun allowed is used up.
pub fn due(now: UtcTime, sessions: &[Unended], policies: &Policies) -> Vec<DueEnd> {
    sessions.iter().filter_map(|unended| due_end(now, unended, policies)).collect()
}

fn due_end(now: UtcTime, unended: &Unended, policies: &Policies) -> Option<DueEnd> {
    let session = &unended.session;
    match (&session.status, session.opening) {
        (Status::Ended { .. } | Status::Cancelled { .. }, _) | (_, Opening::Always) => return None,
        (Status::Planned | Status::InSession { .. }, Opening::ByTime) => {}
    }
    let end = session.span.to();
    let deserted = unended.last_seen.is_none_or(|seen| now >= seen.plus(policies.site_grace));
    let overrun = now >= end.plus(policies.overrun);
    let at = unended.last_seen.map_or(end, |seen| seen.max(end)).min(now);
    (now >= end && (deserted || overrun)).then_some(DueEnd { session: session.id, at })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{PersonId, SiteId};
    use crate::session::Mode;
    use crate::time::{Span, minutes};
    use uuid::Uuid;

    fn at(minute: u64) -> UtcTime {
        UtcTime::from_millis(0).plus(minutes(minute))
    }

    /// Planned for the hour from minute 0.
    fn unended(opening: Opening, status: Status, last_seen: Option<u64>) -> Unended {
        let person = PersonId::from_uuid(Uuid::nil());
        let session = Session {
            id: SessionId::from_uuid(Uuid::from_u128(1)),
            title: String::new(),
            short_title: String::new(),
            mode: Mode::Conference,
            span: Span::new(at(0), at(60)).unwrap(),
            opens_at: at(0),
            opening,
            status,
            chair: person,
            secretary: person,
            technician: None,
            central_site: SiteId::from_uuid(Uuid::nil()),
            recording_planned: false,
            booked_by: None,
        };
        Unended { session, last_seen: last_seen.map(at) }
    }

    fn end(now: u64, unended: &Unended) -> Option<UtcTime> {
        due(at(now), std::slice::from_ref(unended), &Policies::default()).first().map(|due| due.at)
    }

    #[test]
    fn a_session_to_which_nobody_came_ends_at_its_planned_end() {
        let nobody = unended(Opening::ByTime, Status::Planned, None);
        assert_eq!(end(59, &nobody), None);
        assert_eq!(end(60, &nobody), Some(at(60)));
        assert_eq!(end(600, &nobody), Some(at(60)));
    }

    #[test]
    fn one_that_runs_over_is_left_alone_until_everybody_is_gone_or_the_overrun_is_used_up() {
        let running = |seen| unended(Opening::ByTime, Status::InSession { since: at(0) }, Some(seen));
        assert_eq!(end(90, &running(89)), None);
        assert_eq!(end(94, &running(89)), Some(at(89)));
        assert_eq!(end(300, &running(300)), Some(at(300)), "four hours over");
        assert_eq!(end(70, &running(30)), Some(at(60)), "left early, ended at its planned end");
    }

    #[test]
    fn the_demonstration_and_what_is_over_never_end_by_the_clock() {
        assert_eq!(end(9_999, &unended(Opening::Always, Status::Planned, None)), None);
        assert_eq!(end(9_999, &unended(Opening::ByTime, Status::Ended { at: at(50) }, None)), None);
        let cancelled = Status::Cancelled { at: at(0), reason: String::new() };
        assert_eq!(end(9_999, &unended(Opening::ByTime, cancelled, None)), None);
    }
}
