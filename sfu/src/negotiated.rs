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
    pub codec: NegotiatedCodec,
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
}

impl Codec {
    #[must_use]
    pub fn kind(self) -> MediaKind {
        match self {
            Self::Opus => MediaKind::Audio,
            Self::Vp8 => MediaKind::Video,
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
}
