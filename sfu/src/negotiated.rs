//! What an offer and our answer agreed on, as plain data: the negotiation writes it, the media core reads it.

use crate::id::{MediaKind, Mid, PayloadType, Rid, Source, Ssrc};

/// Everything one peer will ever send or receive.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PeerMedia {
    pub publications: Vec<Publication>,
    /// In m-line order. Audio slots carry the loudest speakers, video slots what [`crate::command::View`] says.
    pub slots: Vec<Slot>,
}

/// A sending m-line of the peer. First audio: microphone; first video: camera; second video: screen.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    pub mid: Mid,
    pub source: Source,
    pub codec: NegotiatedCodec,
    pub extensions: ExtensionIds,
    pub streams: Streams,
}

/// How a publication's RTP streams are told apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Streams {
    /// `a=ssrc` named them: the media and, with RTX, its repair stream. Empty when the offer names none: then by mid and payload type.
    BySsrc { media: Option<Ssrc>, repair: Option<Ssrc> },
    /// `a=simulcast:send`: SSRCs are learnt from the rid and repaired-rid extensions. Lowest layer first.
    ByRid(Vec<Rid>),
}

/// A receiving m-line of the peer, with the SSRCs we chose for it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    pub mid: Mid,
    pub kind: MediaKind,
    /// Every codec the viewer offered and we forward, each with a payload type of its own: what is shown changes, and with it the codec.
    pub codecs: Vec<NegotiatedCodec>,
    pub extensions: ExtensionIds,
    pub ssrc: Ssrc,
    /// Present when RTX (RFC 4588) was negotiated.
    pub repair_ssrc: Option<Ssrc>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NegotiatedCodec {
    pub codec: Codec,
    pub payload_type: PayloadType,
    pub repair_payload_type: Option<PayloadType>,
    /// Of sound with redundancy (RFC 2198): such packets may take the place of plain ones, either way.
    pub red_payload_type: Option<PayloadType>,
    pub clock_rate_hz: u32,
    pub feedback: Feedback,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Codec {
    Opus,
    Vp8,
    /// RFC 6184 with packetization-mode=1.
    H264(H264Profile),
    /// Profile 0.
    Vp9,
    /// The main profile.
    Av1,
}

/// `profile-level-id` without the level (RFC 6184, section 8.1): what a decoder must be able to do.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum H264Profile {
    ConstrainedBaseline,
    Baseline,
    Main,
    ConstrainedHigh,
    High,
}

impl H264Profile {
    /// Whether a decoder of this profile plays a stream of another. Nobody uses what baseline has beyond its constrained form, and
    /// encoders that offer it write the latter.
    fn plays(self, other: Self) -> bool {
        match other {
            Self::ConstrainedBaseline | Self::Baseline => true,
            Self::Main => matches!(self, Self::Main | Self::High),
            Self::ConstrainedHigh => matches!(self, Self::ConstrainedHigh | Self::High),
            Self::High => self == Self::High,
        }
    }
}

impl Codec {
    #[must_use]
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Opus => MediaKind::Audio,
            Self::Vp8 | Self::H264(_) | Self::Vp9 | Self::Av1 => MediaKind::Video,
        }
    }

    /// Whether who agreed to this codec can be sent a stream of another.
    pub(crate) fn plays(self, other: Self) -> bool {
        match (self, other) {
            (Self::H264(own), Self::H264(other)) => own.plays(other),
            _ => self == other,
        }
    }
}

/// `a=rtcp-fb` lines both sides have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Feedback {
    pub nack: bool,
    pub pli: bool,
    pub fir: bool,
    pub transport_cc: bool,
}

/// Ids of RTP header extensions (RFC 8285), 1 to 14: one-byte headers only.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct ExtensionIds {
    pub mid: Option<u8>,
    pub rid: Option<u8>,
    pub repaired_rid: Option<u8>,
    /// RFC 6464 client-to-mixer audio level.
    pub audio_level: Option<u8>,
    pub transport_cc: Option<u8>,
    pub abs_send_time: Option<u8>,
    /// Of AV1. Longer than 16 bytes at key frames, so only where one- and two-byte headers may be mixed.
    pub dependency_descriptor: Option<u8>,
}
