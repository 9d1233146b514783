//! Invitations: one link for each invited site. Of the secret in it only a hash is stored.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::agenda::AgendaItem;
use crate::id::{InvitationId, ParticipantId, SiteId};
use crate::session::{Session, State};
use crate::time::UtcTime;

/// Kept beside the database, not in it: whoever reads a copy of the database learns no link.
#[derive(Clone)]
pub struct LinkKey([u8; 32]);

impl LinkKey {
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    #[cfg(test)]
    pub(crate) const fn reveal(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret of the `issue`th link of an invitation. Derived, not drawn: a booking repeated under its idempotency key gives the
    /// same links although the store knows only their hashes, and a new issue is a new secret.
    pub fn secret(&self, invitation: InvitationId, issue: u32) -> LinkSecret {
        // The constructor wants a whole block of the hash; HMAC itself pads a shorter key with zeros (RFC 2104 section 2).
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        block.iter_mut().zip(self.0).for_each(|(padded, byte)| *padded = byte);
        let mut mac = Hmac::<Sha256>::new(&block);
        mac.update(b"nhipcau invitation");
        mac.update(invitation.uuid().as_bytes());
        mac.update(&issue.to_be_bytes());
        LinkSecret(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkKey(..)")
    }
}

/// What stands in a link: whoever holds it takes the site's seat. Never printed, never stored.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret([u8; 32]);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("not the secret of an invitation")]
pub struct SecretInvalid;

impl LinkSecret {
    pub fn parse(text: &str) -> Result<Self, SecretInvalid> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| SecretInvalid)?;
        bytes.try_into().map(Self).map_err(|_| SecretInvalid)
    }

    /// The last part of the link's path: 43 characters.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored. 256 bits that nobody can guess need no slow hash.
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0))
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// How far an invitation has come. Opened: its page was looked at. Joined: somebody was let in by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum InvitationState {
    Issued,
    Opened { opened_at: UtcTime },
    Joined { opened_at: UtcTime, joined_at: UtcTime },
}

/// A link just issued. The web puts its own address before the secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IssuedInvitation {
    pub participant: ParticipantId,
    pub site: SiteId,
    pub name: String,
    pub secret: LinkSecret,
}

/// What the link's page shows before anybody has joined.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InvitationView {
    pub session: Session,
    pub state: State,
    pub participant: ParticipantId,
    pub chair_name: String,
    pub site_name: String,
    pub site_detail: Option<String>,
    pub seats: u16,
    pub agenda: Vec<AgendaItem>,
    pub invitation: InvitationState,
}

#[derive(Clone, Debug, thiserror::Error)]
pub enum ReissueRefused {
    #[error("no such session")]
    Unknown,
    #[error("it has ended or been cancelled")]
    Over,
    #[error("that site is not invited")]
    NotInvited { site: SiteId },
    #[error(transparent)]
    Failed(#[from] crate::store_failure::StoreFailure),
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_link_is_the_same_when_asked_for_again_and_another_when_issued_anew() {
        let key = LinkKey::new([7; 32]);
        let invitation = InvitationId::from_uuid(Uuid::from_u128(1));
        let first = key.secret(invitation, 1);
        assert_eq!(first, key.secret(invitation, 1));
        assert_ne!(first, key.secret(invitation, 2));
        assert_ne!(first, key.secret(InvitationId::from_uuid(Uuid::from_u128(2)), 1));
        assert_ne!(first, LinkKey::new([8; 32]).secret(invitation, 1));
    }

    #[test]
    fn a_secret_survives_its_link_and_hides_in_logs() {
        let secret = LinkKey::new([7; 32]).secret(InvitationId::from_uuid(Uuid::from_u128(1)), 1);
        assert_eq!(LinkSecret::parse(&secret.reveal()), Ok(secret.clone()));
        assert_eq!(secret.reveal().len(), 43);
        assert_eq!(format!("{secret:?} {:?}", LinkKey::new([0; 32])), "LinkSecret(..) LinkKey(..)");
        for bad in ["", "abc", "../../etc/passwd", &"A".repeat(44), &"A".repeat(1_000_000)] {
            assert_eq!(LinkSecret::parse(bad), Err(SecretInvalid));
        }
    }
}
