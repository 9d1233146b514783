//! The chain that makes the marks of a session evidence: each entry's hash covers its content and the hash before it. Whoever changes,
//! removes or slips in an entry would have to rewrite all that follow, and the head that was noted elsewhere.

use sha2::{Digest, Sha256};

use crate::id::{MarkId, SessionId};
use crate::time::UtcTime;

/// A stored mark, as it stands in its row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    pub id: MarkId,
    /// From 1, without gaps.
    pub number: u64,
    pub at: UtcTime,
    /// The fact's JSON, byte for byte.
    pub fact: String,
    pub hash: String,
}

/// Whether the marks of a session are those that were written, all and in their order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChainVerdict {
    Whole {
        entries: u64,
        head: String,
    },
    /// The first entry, counted from 1, that does not follow from the one before it.
    BrokenAt {
        entry: u64,
    },
}

/// What the first entry of a session follows.
pub fn genesis(session: SessionId) -> String {
    hex::encode(Sha256::digest(format!("nhipcau marks of {}", session.uuid())))
}

pub fn link(before: &str, id: MarkId, number: u64, at: UtcTime, fact: &str) -> String {
    let mut hash = Sha256::new();
    // Every part but the last has a fixed alphabet without line ends, so that no two contents read the same.
    hash.update(format!("{before}\n{id}\n{number}\n{}\n", at.millis()));
    hash.update(fact);
    hex::encode(hash.finalize())
}

pub fn verify(session: SessionId, entries: &[Entry]) -> ChainVerdict {
    let mut head = genesis(session);
    for (entry, number) in entries.iter().zip(1..) {
        let expected = link(&head, entry.id, number, entry.at, &entry.fact);
        if entry.number != number || entry.hash != expected {
            return ChainVerdict::BrokenAt { entry: number };
        }
        head = expected;
    }
    ChainVerdict::Whole { entries: entries.len() as u64, head }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const SESSION: SessionId = SessionId::from_uuid(Uuid::from_u128(9));

    fn chain(length: u64) -> Vec<Entry> {
        let mut head = genesis(SESSION);
        (1..=length)
            .map(|number| {
                let id = MarkId::from_uuid(Uuid::from_u128(u128::from(number)));
                let (at, fact) = (UtcTime::from_millis(number as i64 * 1_000), format!("{{\"n\":{number}}}"));
                head = link(&head, id, number, at, &fact);
                Entry { id, number, at, fact, hash: head.clone() }
            })
            .collect()
    }

    #[test]
    fn an_untouched_chain_is_whole_and_belongs_to_its_session() {
        assert!(matches!(verify(SESSION, &chain(5)), ChainVerdict::Whole { entries: 5, .. }));
        assert_eq!(verify(SessionId::DEMO, &chain(5)), ChainVerdict::BrokenAt { entry: 1 });
        assert_eq!(verify(SESSION, &[]), ChainVerdict::Whole { entries: 0, head: genesis(SESSION) });
    }

    proptest! {
        #[test]
        fn the_first_entry_touched_is_named(length in 1_u64..20, at in 0_usize..20, how in 0..5) {
            let mut entries = chain(length);
            let at = at % entries.len();
            match how {
                0 => entries[at].fact.push(' '),
                1 => entries[at].at = entries[at].at.plus(std::time::Duration::from_millis(1)),
                2 => { entries.remove(at); }
                3 => { let copy = entries[at].clone(); entries.insert(at, copy); }
                _ => entries[at].hash = genesis(SESSION),
            }
            let verdict = verify(SESSION, &entries);
            // Cutting the tail off leaves a whole chain: that is what a head noted elsewhere is for.
            let tail_cut = how == 2 && at == entries.len();
            let first = if how == 3 { at + 2 } else { at + 1 } as u64;
            if tail_cut {
                let intact = matches!(verdict, ChainVerdict::Whole { .. });
                prop_assert!(intact);
            } else {
                prop_assert_eq!(verdict, ChainVerdict::BrokenAt { entry: first });
            }
        }
    }
}
