//! The running meetings as the handlers see them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::ws::WebSocketUpgrade;
use axum::response::Response;
use scheduler::admission::Grant;
use scheduler::id::{ParticipantId, SessionId};
use scheduler::time::UtcTime;
use sfu::net::Bridge;
use signaling::clock::UtcMs;
use signaling::serve::Host;
use signaling::token::Keys;
use signaling::wire::{ParticipantView, PresenceView, Role};
use uuid::Uuid;

use super::grant;
use crate::api::session::SitePresence;
use crate::secret::Secret;

#[derive(Clone)]
pub struct Live {
    host: Host,
    bridge: Bridge,
    keys: Keys,
    stopping: Arc<AtomicBool>,
    ice: Arc<Mutex<IceSessions>>,
}

/// More resources than one bridge carries. Beyond it the oldest is forgotten: its owner can still restart or end it.
const ICE_SESSIONS_MAX: usize = 4096;

#[derive(Default)]
struct IceSessions {
    tags: HashMap<Uuid, String>,
    by_age: VecDeque<Uuid>,
}

impl IceSessions {
    fn put(&mut self, resource: Uuid, tag: String) {
        if self.tags.insert(resource, tag).is_none() {
            self.by_age.push_back(resource);
        }
        while self.by_age.len() > ICE_SESSIONS_MAX {
            if let Some(oldest) = self.by_age.pop_front() {
                self.tags.remove(&oldest);
            }
        }
    }
}

/// Clients come back within one to two of these after a restart.
const RETRY: Duration = Duration::from_secs(3);

impl Live {
    #[must_use]
    pub fn new(host: Host, bridge: Bridge, keys: Keys) -> Self {
        Self { host, bridge, keys, stopping: Arc::default(), ice: Arc::default() }
    }

    #[must_use]
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The signed form of the right to join.
    #[must_use]
    pub fn token(&self, granted: &Grant, now: UtcTime) -> Secret<String> {
        let now = UtcMs(now.millis());
        Secret::new(grant::to_token(granted, now).sign(&self.keys, now))
    }

    /// How many sites are in the meeting now; `None`: it does not run. As the room counts: who leads from a seat of his own, keeps the
    /// minutes or watches the lines sits beside them.
    pub async fn here(&self, session: SessionId) -> Option<u32> {
        let view = self.host.view(ours(session)).await?;
        let counts = |who: &&ParticipantView| match who.role {
            Role::Delegate => true,
            Role::Chair => who.site,
            Role::Secretary | Role::Technician | Role::Leader => false,
        };
        let here = view.participants.iter().filter(counts);
        u32::try_from(here.filter(|who| matches!(who.presence, PresenceView::Here { .. })).count()).ok()
    }

    /// Of those who were invited or came; empty when the meeting does not run.
    pub async fn presences(&self, session: SessionId) -> HashMap<ParticipantId, SitePresence> {
        let Some(view) = self.host.view(ours(session)).await else { return HashMap::new() };
        let presence = |presence| match presence {
            PresenceView::Expected => SitePresence::Expected,
            PresenceView::Here { .. } => SitePresence::Here,
            PresenceView::Away { .. } => SitePresence::Away,
            PresenceView::Gone { .. } => SitePresence::Gone,
        };
        view.participants
            .into_iter()
            .map(|participant| (ParticipantId::from_uuid(participant.id), presence(participant.presence)))
            .collect()
    }

    /// Remembers the ICE session a WHIP or WHEP resource is in, and names it: the entity tag of RFC 9725, section 4.3.1.
    pub fn note_ice(&self, resource: Uuid, answer: &str) -> String {
        let ufrag = answer.lines().find_map(|line| line.trim().strip_prefix("a=ice-ufrag:")).unwrap_or("-");
        let plain: String = ufrag.chars().filter(char::is_ascii_graphic).filter(|sign| *sign != '"').collect();
        let tag = format!("\"{plain}\"");
        self.ice.lock().unwrap_or_else(PoisonError::into_inner).put(resource, tag.clone());
        tag
    }

    #[must_use]
    pub fn ice_of(&self, resource: Uuid) -> Option<String> {
        self.ice.lock().unwrap_or_else(PoisonError::into_inner).tags.get(&resource).cloned()
    }

    pub fn forget_ice(&self, resource: Uuid) {
        self.ice.lock().unwrap_or_else(PoisonError::into_inner).tags.remove(&resource);
    }

    /// From the office; answers when its end is marked.
    pub async fn end(&self, session: SessionId) {
        self.host.close(ours(session)).await;
    }

    pub fn socket(&self, upgrade: WebSocketUpgrade, name: Option<String>) -> Response {
        self.host.websocket(upgrade, name)
    }

    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }

    /// Tells everybody to come back, finishes recordings, stores marks, closes the media port.
    pub async fn drain(&self) {
        self.stopping.store(true, Ordering::Relaxed);
        self.host.drain(RETRY).await;
        self.bridge.shutdown().await;
    }

    /// Copies the counters of the parts into the process's figures.
    pub async fn measure(&self) {
        for count in self.host.counters().read() {
            match count.label {
                Some((label, value)) => metrics::counter!(count.name, label => value).absolute(count.value),
                None => metrics::counter!(count.name).absolute(count.value),
            }
        }
        for (dropped, count) in self.bridge.drops().iter() {
            metrics::counter!("sfu_dropped_packets_total", "kind" => dropped.name()).absolute(count);
        }
        for (what, count) in self.bridge.census().await.iter() {
            metrics::gauge!("sfu_census", "of" => what).set(count as f64);
        }
        let running = u32::try_from(self.host.running().len()).unwrap_or(u32::MAX);
        metrics::gauge!("nhipcau_meetings_running").set(f64::from(running));
    }
}

fn ours(session: SessionId) -> signaling::id::SessionId {
    signaling::id::SessionId(session.uuid())
}
