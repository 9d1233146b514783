//! Names of things in a live meeting.

use std::fmt;

use uuid::Uuid;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub Uuid);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

named!(
    /// One occurrence of a meeting (phiên họp).
    SessionId
);
named!(
    /// A site or a person in a session. Outlives connections: attendance, hand and floor belong to it.
    ParticipantId
);
named!(
    /// A join token that admits several, told apart by their names.
    PoolId
);

/// One WebSocket. Chosen by the shell, never reused in one process.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ConnectionId(pub u64);
