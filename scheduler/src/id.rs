//! Ids are types: a site can never be looked up by a person's id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    UnitId
    /// A node of the network tree ("Cụm Đầm Hà"), which is not a unit.
    HubId
    SiteId
    /// Also names the person's account: there is at most one.
    PersonId
    /// A seat in one session: a site or a person, whatever connections come and go.
    ParticipantId
    InvitationId
    MarkId
    RecordingId
}

/// A session. The always-open demonstration is written `demo` wherever people or programs write a session's id.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct SessionId(Uuid);

impl SessionId {
    /// "demo" in ASCII, so that it is recognised in a listing.
    pub const DEMO: SessionId = SessionId(Uuid::from_u128(0x6465_6d6f_0000_8000_8000_0000_0000_0000));
    const DEMO_NAME: &'static str = "demo";

    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    pub const fn uuid(self) -> Uuid {
        self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::DEMO { f.write_str(Self::DEMO_NAME) } else { self.0.fmt(f) }
    }
}

impl FromStr for SessionId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == Self::DEMO_NAME { Ok(Self::DEMO) } else { Uuid::from_str(text).map(Self) }
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for SessionId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A UUID that follows from names alone, so that saying the same thing twice makes the same row (RFC 9562 section 5.8).
pub fn derived(space: &str, parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(space.as_bytes());
    for part in parts {
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_session_is_written_by_its_name_and_any_other_by_its_uuid() {
        let other = SessionId::from_uuid(Uuid::from_u128(7));
        for id in [SessionId::DEMO, other] {
            assert_eq!(id.to_string().parse::<SessionId>().unwrap(), id);
            assert_eq!(serde_json::from_str::<SessionId>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        }
        assert_eq!(serde_json::to_string(&SessionId::DEMO).unwrap(), "\"demo\"");
        assert_eq!(SessionId::DEMO.uuid().to_string().parse::<SessionId>().unwrap(), SessionId::DEMO);
        assert!("DEMO".parse::<SessionId>().is_err());
    }

    #[test]
    fn derived_ids_depend_on_every_part_and_on_where_the_parts_are_cut() {
        assert_eq!(derived("site", &[b"06913"]), derived("site", &[b"06913"]));
        assert_ne!(derived("site", &[b"06913"]), derived("unit", &[b"06913"]));
        assert_ne!(derived("x", &[b"ab", b"c"]), derived("x", &[b"a", b"bc"]));
    }
}
