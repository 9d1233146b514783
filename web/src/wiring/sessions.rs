//! A session of the office as the brief a live meeting opens with.

use std::time::Duration;

use scheduler::admission::{JoinRefused, open_until};
use scheduler::mark::{Fact, Mark};
use scheduler::policy::Policies;
use scheduler::session::{Seat, SessionDetail};
use scheduler::store::{Attendances as _, Office, PolicySettings as _, Sessions as _};
use scheduler::store_failure::StoreFailure;
use scheduler::time::UtcTime;
use signaling::clock::UtcMs;
use signaling::id::{ParticipantId, SessionId};
use signaling::meeting::{Invited, Limits, SessionBrief, Timers};
use signaling::serve::{OpenRefused, PortFuture, SessionSource};
use signaling::token::Occupant;
use signaling::wire::AgendaItem;

use super::{facts, grant};
use crate::clock;

pub struct OfficeSessions {
    pub store: Office,
}

impl SessionSource for OfficeSessions {
    fn brief(&self, session: SessionId) -> PortFuture<Result<SessionBrief, OpenRefused>> {
        let store = self.store.clone();
        Box::pin(async move { ask(&store, session).await })
    }
}

async fn ask(store: &Office, session: SessionId) -> Result<SessionBrief, OpenRefused> {
    let id = scheduler::id::SessionId::from_uuid(session.0);
    let now = clock::now();
    let failed = |failure: StoreFailure| {
        tracing::error!(%session, %failure, "a session could not be read; nobody can join it");
        OpenRefused::Unavailable
    };
    let detail = store.session(id, now).await.map_err(failed)?.ok_or(OpenRefused::Unknown)?;
    let policies = store.policies().await.map_err(failed)?;
    open_until(&detail.session, &policies, now).map_err(|refused| refusal(&refused))?;
    let marks = store.marks(id).await.map_err(failed)?;
    Ok(brief(detail, &policies, marks, now))
}

fn refusal(refused: &JoinRefused) -> OpenRefused {
    match refused {
        JoinRefused::NotOpenYet { .. } => OpenRefused::NotOpenYet,
        JoinRefused::Ended | JoinRefused::Cancelled => OpenRefused::Ended,
        JoinRefused::NotInvited => OpenRefused::Unknown,
    }
}

fn brief(detail: SessionDetail, policies: &Policies, marks: Vec<Mark>, now: UtcTime) -> SessionBrief {
    let session = detail.session;
    // The always open session has no end of its own: the page is told one that is far enough.
    let ends_at = session.span.to().max(now.plus(Duration::from_secs(3600)));
    SessionBrief {
        session: SessionId(session.id.uuid()),
        title: session.title,
        short_title: session.short_title,
        starts_at: UtcMs(session.span.from().millis()),
        ends_at: UtcMs(
            if session.opening == scheduler::session::Opening::Always { ends_at } else { session.span.to() }.millis(),
        ),
        mode: grant::mode(session.mode),
        agenda: detail
            .agenda
            .into_iter()
            .map(|item| AgendaItem { title: item.title, minutes: item.minutes, presenter: item.presenter })
            .collect(),
        roster: detail.seats.into_iter().map(invited).collect(),
        limits: Limits { participants_max: policies.capacity_sites.saturating_mul(2), ..Limits::default() },
        timers: Timers { site_grace: policies.site_grace, ..Timers::default() },
        past: since_the_last_end(marks).into_iter().filter_map(facts::to_meeting).collect(),
    }
}

fn invited(seat: Seat) -> Invited {
    let occupant = if seat.sitter.site().is_some() { Occupant::Site } else { Occupant::Person };
    Invited {
        participant: ParticipantId(seat.participant.uuid()),
        name: seat.name,
        short_name: seat.short_name,
        detail: seat.detail,
        group: seat.group,
        role: grant::role(seat.role),
        occupant,
    }
}

/// The always open session is held again and again: each time begins with nothing of the last.
fn since_the_last_end(mut marks: Vec<Mark>) -> Vec<Mark> {
    marks.sort_by_key(|mark| mark.at);
    let ended = marks.iter().rposition(|mark| matches!(mark.fact, Fact::Ended { .. }));
    marks.split_off(ended.map_or(0, |index| index + 1))
}
