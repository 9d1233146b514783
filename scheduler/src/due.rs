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
