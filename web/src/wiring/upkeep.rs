//! What has to be done again and again while the server runs.

use std::time::Duration;

use scheduler::id::{ParticipantId, SessionId};
use scheduler::store::{Attendances as _, Office};
use signaling::serve::Host;
use signaling::wire::PresenceView;
use tokio::time::MissedTickBehavior;

use crate::clock;

/// Who is here is noted this often: after a crash attendance is off by no more.
const LEASES_EVERY: Duration = Duration::from_secs(5);
/// Sessions whose time is over are looked for every so many leases.
const OVERDUE_EVERY: u32 = 6;

/// Until the process ends.
pub async fn run(store: Office, host: Host) {
    let mut ticks = tokio::time::interval(LEASES_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 0_u32.. {
        ticks.tick().await;
        renew_leases(&store, &host).await;
        if round.is_multiple_of(OVERDUE_EVERY) {
            end_overdue(&store, &host).await;
        }
    }
}

async fn renew_leases(store: &Office, host: &Host) {
    for session in host.running() {
        let Some(view) = host.view(session).await else { continue };
        let here: Vec<ParticipantId> = view
            .participants
            .iter()
            .filter(|participant| matches!(participant.presence, PresenceView::Here { .. }))
            .map(|participant| ParticipantId::from_uuid(participant.id))
            .collect();
        if let Err(failure) = store.renew_leases(SessionId::from_uuid(session.0), &here, clock::now()).await {
            tracing::warn!(%session, %failure, "presence was not noted; after a crash now, attendance would be less exact");
        }
    }
}

async fn end_overdue(store: &Office, host: &Host) {
    match store.end_overdue(clock::now()).await {
        Ok(ended) => {
            for session in ended {
                tracing::info!(%session, "ended a session whose time was over");
                host.close(signaling::id::SessionId(session.uuid())).await;
            }
        }
        Err(failure) => tracing::warn!(%failure, "sessions whose time is over could not be ended"),
    }
}
