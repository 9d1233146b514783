//! The join token: who may join which session, as what, until when.

use std::time::Duration;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use super::{CLOCK_SKEW_MAX, GRANT_LIFE_MAX, Keys, TokenRefused};
use crate::clock::UtcMs;
use crate::id::{ParticipantId, PoolId, SessionId};
use crate::text::{Line, NAME_MAX};
use crate::wire::{Role, SourceName};

const TYP: &str = "nhipcau-join+jwt";
const AUDIENCE: &str = "nhipcau:join";

/// The right to join.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    pub session: SessionId,
    pub seat: Seat,
    pub role: Role,
    pub media: MediaRights,
    pub name: String,
    /// At most 14 characters, for small tiles.
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    pub occupant: Occupant,
    pub expires: UtcMs,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Seat {
    One(ParticipantId),
    /// Up to `admits` participants, told apart by the name each brings.
    Pool {
        id: PoolId,
        admits: u32,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occupant {
    /// A place that joins as one and has a headcount.
    Site,
    Person,
}

/// Sources the holder may publish. What may be heard at a moment is the meeting's decision; this is the most it can ever be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MediaRights {
    microphone: bool,
    camera: bool,
    screen: bool,
}

impl MediaRights {
    pub const NONE: Self = Self { microphone: false, camera: false, screen: false };
    pub const ALL: Self = Self { microphone: true, camera: true, screen: true };

    #[must_use]
    pub fn with(mut self, source: SourceName) -> Self {
        match source {
            SourceName::Microphone => self.microphone = true,
            SourceName::Camera => self.camera = true,
            SourceName::Screen => self.screen = true,
        }
        self
    }

    #[must_use]
    pub fn include(self, source: SourceName) -> bool {
        match source {
            SourceName::Microphone => self.microphone,
            SourceName::Camera => self.camera,
            SourceName::Screen => self.screen,
        }
    }

    fn listed(self) -> Vec<SourceName> {
        [SourceName::Microphone, SourceName::Camera, SourceName::Screen]
            .into_iter()
            .filter(|source| self.include(*source))
            .collect()
    }
}

/// Whether this server honours tokens for several (`--allow-load`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LoadTest {
    Allowed,
    Refused,
}

/// Somebody whose token was verified: the proof is that this exists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity {
    pub session: SessionId,
    pub participant: ParticipantId,
    /// The pool and how many it admits.
    pub pool: Option<(PoolId, u32)>,
    pub role: Role,
    pub media: MediaRights,
    pub name: String,
    pub short_name: String,
    pub detail: Option<String>,
    pub group: Option<String>,
    pub occupant: Occupant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    aud: String,
    /// Seconds since 1970, both (RFC 7519, section 2).
    iat: i64,
    exp: i64,
    session: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    participant: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pool: Option<PoolClaim>,
    role: Role,
    media: Vec<SourceName>,
    name: String,
    short_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    occupant: Occupant,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PoolClaim {
    id: Uuid,
    admits: u32,
}

impl Grant {
    /// The token. `now` is its date of issue.
    #[must_use]
    pub fn sign(&self, keys: &Keys, now: UtcMs) -> String {
        let (participant, pool) = match self.seat {
            Seat::One(id) => (Some(id.0), None),
            Seat::Pool { id, admits } => (None, Some(PoolClaim { id: id.0, admits })),
        };
        let claims = Claims {
            aud: AUDIENCE.to_owned(),
            iat: now.0.div_euclid(1000),
            exp: self.expires.0.div_euclid(1000),
            session: self.session.0,
            participant,
            pool,
            role: self.role,
            media: self.media.listed(),
            name: self.name.clone(),
            short_name: self.short_name.clone(),
            detail: self.detail.clone(),
            group: self.group.clone(),
            occupant: self.occupant,
        };
        keys.sign(TYP, &claims)
    }

    /// The grant a token stands for, its expiry not yet judged: see [`Grant::check_time`].
    ///
    /// # Errors
    /// [`TokenRefused`] for every token this server did not sign as a join token.
    pub fn verify(keys: &Keys, token: &str) -> Result<Self, TokenRefused> {
        let claims: Claims = keys.verify(TYP, token)?;
        if claims.aud != AUDIENCE {
            return Err(TokenRefused::ForeignClaims);
        }
        let life = claims.exp.checked_sub(claims.iat).ok_or(TokenRefused::ForeignClaims)?;
        if life > seconds(GRANT_LIFE_MAX) {
            return Err(TokenRefused::TooLongLived);
        }
        let seat = match (claims.participant, claims.pool) {
            (Some(participant), None) => Seat::One(ParticipantId(participant)),
            (None, Some(pool)) => Seat::Pool { id: PoolId(pool.id), admits: pool.admits },
            (Some(_), Some(_)) | (None, None) => return Err(TokenRefused::ForeignClaims),
        };
        Ok(Self {
            session: SessionId(claims.session),
            seat,
            role: claims.role,
            media: claims.media.into_iter().fold(MediaRights::NONE, MediaRights::with),
            name: claims.name,
            short_name: claims.short_name,
            detail: claims.detail,
            group: claims.group,
            occupant: claims.occupant,
            expires: UtcMs(claims.exp.checked_mul(1000).ok_or(TokenRefused::ForeignClaims)?),
        })
    }

    /// # Errors
    /// [`TokenRefused::Expired`]; or [`TokenRefused::TooLongLived`] for an expiry further off than any grant lives, which is also
    /// what a grant dated in the future amounts to.
    pub fn check_time(&self, now: UtcMs) -> Result<(), TokenRefused> {
        if self.expires <= now {
            return Err(TokenRefused::Expired);
        }
        if self.expires > now.plus(GRANT_LIFE_MAX).plus(CLOCK_SKEW_MAX) {
            return Err(TokenRefused::TooLongLived);
        }
        Ok(())
    }

    /// Who this is. `name` is the query's `as`, which only a token for several needs.
    ///
    /// # Errors
    /// [`TokenRefused`] when the token is for several and the name is missing, unshowable, or load is not allowed here.
    pub fn identity(self, name: Option<&str>, load: LoadTest) -> Result<Identity, TokenRefused> {
        let (participant, pool, shown) = match self.seat {
            Seat::One(participant) => (participant, None, None),
            Seat::Pool { id, admits } => {
                if load == LoadTest::Refused {
                    return Err(TokenRefused::LoadNotAllowed);
                }
                let name = name.ok_or(TokenRefused::NameMissing)?;
                let line = Line::parse(name, NAME_MAX).map_err(|_| TokenRefused::NameInvalid)?;
                (member_of(id, line.as_str()), Some((id, admits)), Some(line.into_string()))
            }
        };
        let short_name = shown.as_ref().map_or(self.short_name, |name| name.chars().take(14).collect());
        Ok(Identity {
            session: self.session,
            participant,
            pool,
            role: self.role,
            media: self.media,
            name: shown.unwrap_or(self.name),
            short_name,
            detail: self.detail,
            group: self.group,
            occupant: self.occupant,
        })
    }
}

/// The same name from the same pool is the same participant, also after a restart.
fn member_of(pool: PoolId, name: &str) -> ParticipantId {
    let mut hashed = digest::Context::new(&digest::SHA256);
    hashed.update(pool.0.as_bytes());
    hashed.update(name.as_bytes());
    let digest = hashed.finish();
    let mut bytes = [0; 16];
    for (byte, hash) in bytes.iter_mut().zip(digest.as_ref()) {
        *byte = *hash;
    }
    ParticipantId(Builder::from_custom_bytes(bytes).into_uuid())
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) const NOON: UtcMs = UtcMs(1_795_348_800_000);

    fn grant(seat: Seat) -> Grant {
        Grant {
            session: SessionId(Uuid::from_u128(1)),
            seat,
            role: Role::Delegate,
            media: MediaRights::ALL,
            name: "Phường Móng Cái 1".into(),
            short_name: "P Móng Cái 1".into(),
            detail: Some("Hội trường tầng 2".into()),
            group: Some("Cụm Móng Cái".into()),
            occupant: Occupant::Site,
            expires: NOON.plus(Duration::from_secs(3600)),
        }
    }

    #[test]
    fn what_was_granted_is_what_is_verified() {
        let (keys, pkcs8) = Keys::generate().unwrap();
        let granted = grant(Seat::One(ParticipantId(Uuid::from_u128(2))));
        let token = granted.sign(&keys, NOON);
        let again = Keys::from_pkcs8(&pkcs8).unwrap();
        assert_eq!(Grant::verify(&again, &token), Ok(granted));
    }

    #[test]
    fn a_grant_dies_at_its_second_and_not_before() {
        let granted = grant(Seat::One(ParticipantId(Uuid::from_u128(2))));
        assert_eq!(granted.check_time(NOON.plus(Duration::from_secs(3599))), Ok(()));
        assert_eq!(granted.check_time(NOON.plus(Duration::from_secs(3600))), Err(TokenRefused::Expired));
    }

    #[test]
    fn members_of_a_pool_are_told_apart_by_name_and_stay_who_they_are() {
        let pool = Seat::Pool { id: PoolId(Uuid::from_u128(7)), admits: 3 };
        let who = |name| grant(pool).identity(Some(name), LoadTest::Allowed).unwrap();
        assert_eq!(who("a").participant, who("a").participant);
        assert_ne!(who("a").participant, who("b").participant);
        assert_eq!(who("Khán giả số một trăm").name, "Khán giả số một trăm");
        assert_eq!(who("Khán giả số một trăm").short_name.chars().count(), 14);
    }

    #[test]
    fn a_pool_opens_only_where_load_is_allowed_and_only_to_somebody_with_a_name() {
        let pool = Seat::Pool { id: PoolId(Uuid::from_u128(7)), admits: 3 };
        let refused = |name, load| grant(pool).identity(name, load).unwrap_err();
        assert_eq!(refused(Some("a"), LoadTest::Refused), TokenRefused::LoadNotAllowed);
        assert_eq!(refused(None, LoadTest::Allowed), TokenRefused::NameMissing);
        assert_eq!(refused(Some("a\u{202e}b"), LoadTest::Allowed), TokenRefused::NameInvalid);
    }
}
