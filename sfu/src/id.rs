//! Names of things the engine is told about. They are handles chosen by the caller and mean nothing outside one engine.

use std::fmt;

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
    };
}

handle!(
    /// A room: peers that may see and hear each other.
    RoomId
);
handle!(
    /// One transport (one `RTCPeerConnection`, WHIP or WHEP resource) of somebody in a room.
    PeerId
);

/// Synchronisation source of RTP (RFC 3550, section 3).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ssrc(pub u32);

/// RTP sequence number; compare with wrapping arithmetic (RFC 3550, appendix A.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SeqNo(pub u16);

/// RTP payload type, 0 to 127.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PayloadType(pub u8);

/// Identification tag of an m-line (RFC 9143); at most 16 bytes are accepted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Mid(pub String);

/// Restriction identifier of a simulcast layer (RFC 8851).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Rid(pub String);

/// What somebody publishes. One of each per peer.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Source {
    Microphone,
    Camera,
    Screen,
}

/// What an m-line carries.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum MediaKind {
    Audio,
    Video,
}

impl Source {
    #[must_use]
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Microphone => MediaKind::Audio,
            Self::Camera | Self::Screen => MediaKind::Video,
        }
    }
}

/// One source of one peer: what is routed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct TrackRef {
    pub peer: PeerId,
    pub source: Source,
}
