//! The proof of having sat in a seat, with which a page comes back into it after a lost connection or a restart of the server.
//!
//! It is signed and not stored, so it survives the server. What it adds to the join token is the *lineage*: all connections of one
//! page share one, and a page that was replaced by a newer one cannot take the seat back by reconnecting.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Keys, TokenRefused};
use crate::clock::UtcMs;
use crate::id::{ParticipantId, SessionId};

const TYP: &str = "nhipcau-resume+jwt";
const AUDIENCE: &str = "nhipcau:resume";

/// Grows with every page that takes the seat. It is a time of the server in milliseconds, so that it grows across restarts too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Lineage(pub i64);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resume {
    pub session: SessionId,
    pub participant: ParticipantId,
    pub lineage: Lineage,
    /// How long the seat can be taken again although the join token has expired meanwhile.
    pub expires: UtcMs,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    exp: i64,
    session: Uuid,
    participant: Uuid,
    lineage: i64,
}

impl Resume {
    #[must_use]
    pub fn sign(&self, keys: &Keys) -> String {
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            exp: self.expires.0.div_euclid(1000),
            session: self.session.0,
            participant: self.participant.0,
            lineage: self.lineage.0,
        };
        keys.sign(TYP, &claims)
    }

    /// # Errors
    /// [`TokenRefused`] for what this server did not sign as a resume token, or not for this long.
    pub fn verify(keys: &Keys, token: &str, now: UtcMs) -> Result<Self, TokenRefused> {
        let claims: Claims = keys.verify(TYP, token)?;
        if claims.aud != AUDIENCE {
            return Err(TokenRefused::ForeignClaims);
        }
        let expires = UtcMs(claims.exp.checked_mul(1000).ok_or(TokenRefused::ForeignClaims)?);
        if expires <= now {
            return Err(TokenRefused::Expired);
        }
        Ok(Self {
            session: SessionId(claims.session),
            participant: ParticipantId(claims.participant),
            lineage: Lineage(claims.lineage),
            expires,
        })
    }
}
