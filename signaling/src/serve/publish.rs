//! WHIP (RFC 9725) and WHEP: media from and to those who have no page of ours.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;
use uuid::Uuid;

use super::door;
use super::host::{Host, utc};
use super::run::Knock;
use crate::id::{ParticipantId, SessionId};
use crate::meeting::Path;
use crate::token::TokenRefused;
use crate::wire::RefusalCode;

/// A resource was made: its id goes into `Location`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    pub resource: Uuid,
    pub answer: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CallRefused {
    /// 401.
    #[error(transparent)]
    Token(#[from] TokenRefused),
    /// 404: no such resource, or not his.
    #[error("no such resource")]
    NoSuchResource,
    /// By its code: a full session is 503, an unusable offer 400 or 406, and so on.
    #[error("refused")]
    Refused(RefusalCode),
}

/// Resources by their ids. An id is 122 random bits, and yet a call also needs the token of its owner.
#[derive(Default)]
pub(super) struct Resources {
    known: Mutex<HashMap<Uuid, Resource>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Resource {
    session: SessionId,
    participant: ParticipantId,
    path: Path,
}

/// A call's words besides its body.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    pub session: SessionId,
    /// From `Authorization: Bearer`.
    pub token: &'a str,
    /// The query's `as`.
    pub name: Option<&'a str>,
}

impl Host {
    /// Publishes: the offer's sending m-lines become the participant's microphone, camera and screen.
    ///
    /// # Errors
    /// [`CallRefused`].
    pub async fn whip(&self, caller: Caller<'_>, offer: String) -> Result<Published, CallRefused> {
        self.publish(caller, Path::Whip, offer).await
    }

    /// Receives: the offer's receiving m-lines become slots.
    ///
    /// # Errors
    /// [`CallRefused`].
    pub async fn whep(&self, caller: Caller<'_>, offer: String) -> Result<Published, CallRefused> {
        self.publish(caller, Path::Whep, offer).await
    }

    async fn publish(&self, caller: Caller<'_>, path: Path, offer: String) -> Result<Published, CallRefused> {
        let identity = self.identify(caller)?;
        let participant = identity.participant;
        let inbox = self.reach(caller.session).await.map_err(CallRefused::Refused)?;
        let (reply, answer) = oneshot::channel();
        let identity = Box::new(identity);
        let gone = CallRefused::Refused(RefusalCode::SessionEnded);
        inbox.send(Knock::Publish { identity, path, offer, reply }).await.map_err(|_| gone)?;
        let answer = answer.await.map_err(|_| gone)?.map_err(CallRefused::Refused)?;
        let resource = self.inner.resources.add(Resource { session: caller.session, participant, path });
        Ok(Published { resource, answer })
    }

    /// New candidates or credentials (RFC 8840 fragment). Answers the fragment to send back; empty when there is none (204).
    ///
    /// # Errors
    /// [`CallRefused`].
    pub async fn trickle(&self, caller: Caller<'_>, id: Uuid, fragment: String) -> Result<String, CallRefused> {
        let Resource { participant, path, .. } = self.owned(caller, id)?;
        self.call(caller.session, |reply| Knock::Trickle { participant, path, fragment, reply }).await
    }

    /// Ends a resource. Answers when the departure is marked.
    ///
    /// # Errors
    /// [`CallRefused`].
    pub async fn unpublish(&self, caller: Caller<'_>, id: Uuid) -> Result<(), CallRefused> {
        let Resource { participant, path, .. } = self.owned(caller, id)?;
        self.inner.resources.remove(id);
        self.call(caller.session, |reply| Knock::Unpublish { participant, path, reply }).await.map(drop)
    }

    async fn call(
        &self,
        session: SessionId,
        knock: impl FnOnce(super::run::Reply) -> Knock,
    ) -> Result<String, CallRefused> {
        let inbox = self.reach(session).await.map_err(CallRefused::Refused)?;
        let (reply, answer) = oneshot::channel();
        let gone = CallRefused::Refused(RefusalCode::SessionEnded);
        inbox.send(knock(reply)).await.map_err(|_| gone)?;
        answer.await.map_err(|_| gone)?.map_err(CallRefused::Refused)
    }

    fn identify(&self, caller: Caller<'_>) -> Result<crate::token::Identity, CallRefused> {
        let config = &self.inner.config;
        door::bearer(&config.keys, config.load, caller.session, caller.token, caller.name, utc()).map_err(|refused| {
            if refused.is_misbehaviour() {
                self.inner.counters.forged();
            }
            self.inner.counters.refused(door::token_code(refused));
            CallRefused::Token(refused)
        })
    }

    fn owned(&self, caller: Caller<'_>, id: Uuid) -> Result<Resource, CallRefused> {
        let identity = self.identify(caller)?;
        self.inner
            .resources
            .find(id)
            .filter(|resource| resource.session == caller.session && resource.participant == identity.participant)
            .ok_or(CallRefused::NoSuchResource)
    }
}

impl Resources {
    /// One participant has one resource of a kind: the newest.
    fn add(&self, resource: Resource) -> Uuid {
        let id = Uuid::new_v4();
        let mut known = self.lock();
        known.retain(|_, other| *other != resource);
        known.insert(id, resource);
        id
    }

    fn find(&self, id: Uuid) -> Option<Resource> {
        self.lock().get(&id).copied()
    }

    fn remove(&self, id: Uuid) {
        self.lock().remove(&id);
    }

    /// The session is over.
    pub(super) fn forget(&self, session: SessionId) {
        self.lock().retain(|_, resource| resource.session != session);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Uuid, Resource>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
