//! What a packet's payload says, by codec: whose frame it is, whether one can begin with it, and how large the picture is.

use crate::negotiated::Codec;
use crate::packet::av1::{self, Av1Descriptor, Av1Packet, Structure};
use crate::packet::descriptor::Descriptor;
use crate::packet::frame::{Frame, Sizes};
use crate::packet::h264::{self, H264Packet};
use crate::packet::vp8::Vp8Descriptor;
use crate::packet::vp9::Vp9Descriptor;

/// How the payload of a stream is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Sound,
    Vp8,
    H264,
    Vp9,
    Av1,
}

impl From<Codec> for Kind {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::Opus => Self::Sound,
            Codec::Vp8 => Self::Vp8,
            Codec::H264(_) => Self::H264,
            Codec::Vp9 => Self::Vp9,
            Codec::Av1 => Self::Av1,
        }
    }
}

/// What is remembered of a stream to read its next packet.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    /// H.264: parameter sets travel inside the stream, so one begins with them.
    parameters_seen: bool,
    /// AV1: the templates, and the packet that brought them.
    structure: Option<Box<Structure>>,
    structure_from: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Inside {
    pub(crate) descriptor: Descriptor,
    pub(crate) frame: Frame,
    /// Everything a receiver needs to begin begins here.
    pub(crate) opens: bool,
}

impl Inside {
    const NOTHING: Self = Self { descriptor: Descriptor::Opaque, frame: Frame::UNDIVIDED, opens: false };
}

/// Whether a payload is what its codec allows, before anything is remembered of it. An empty one is the padding some senders probe
/// with: it keeps its number, or receivers would count it as lost.
pub(crate) fn is_readable(kind: Kind, payload: &[u8]) -> bool {
    payload.is_empty()
        || match kind {
            Kind::Sound | Kind::Av1 => true,
            Kind::Vp8 => Vp8Descriptor::parse(payload).is_some(),
            Kind::H264 => H264Packet::parse(payload).is_some(),
            Kind::Vp9 => Vp9Descriptor::parse(payload).is_some(),
        }
}

impl Reader {
    /// `seq`: the packet's full number. `dependency`: its dependency descriptor; empty without one.
    pub(crate) fn read(&mut self, kind: Kind, seq: u64, payload: &[u8], dependency: &[u8]) -> Inside {
        if payload.is_empty() {
            return Inside { opens: kind == Kind::Sound, ..Inside::NOTHING };
        }
        self.understood(kind, seq, payload, dependency).unwrap_or(Inside::NOTHING)
    }

    fn understood(&mut self, kind: Kind, seq: u64, payload: &[u8], dependency: &[u8]) -> Option<Inside> {
        Some(match kind {
            Kind::Sound => Inside { opens: true, ..Inside::NOTHING },
            Kind::Vp8 => {
                let vp8 = Vp8Descriptor::parse(payload)?;
                Inside { descriptor: Descriptor::Vp8(vp8), frame: vp8.frame(), opens: vp8.starts_key_frame() }
            }
            Kind::H264 => {
                let opens = match H264Packet::parse(payload)? {
                    H264Packet::Parameters => {
                        self.parameters_seen = true;
                        true
                    }
                    H264Packet::Refresh => !self.parameters_seen,
                    H264Packet::Other => false,
                };
                Inside { opens, ..Inside::NOTHING }
            }
            Kind::Vp9 => {
                let vp9 = Vp9Descriptor::parse(payload)?;
                Inside { descriptor: Descriptor::Vp9(vp9), frame: vp9.frame(), opens: vp9.starts_key_frame() }
            }
            Kind::Av1 if dependency.is_empty() => {
                Inside { opens: Av1Packet::plain(payload)?.starts_key_frame, ..Inside::NOTHING }
            }
            Kind::Av1 => {
                let mut descriptor = Descriptor::Opaque;
                if let Some(av1) = Av1Descriptor::parse(dependency) {
                    descriptor = Descriptor::Av1(av1);
                }
                let packet = if seq >= self.structure_from {
                    Av1Packet::read(dependency, &mut self.structure)
                } else {
                    Av1Packet::read_late(dependency, self.structure.as_deref())
                };
                if packet.starts_key_frame {
                    self.structure_from = self.structure_from.max(seq);
                }
                Inside { descriptor, frame: packet.frame, opens: packet.starts_key_frame }
            }
        })
    }

    /// The sizes of the pictures in a stream, lowest first, told by a packet that opens it.
    pub(crate) fn sizes(&self, kind: Kind, inside: &Inside, payload: &[u8]) -> Option<Sizes> {
        match (kind, inside.descriptor) {
            (Kind::Vp8, Descriptor::Vp8(vp8)) => vp8.picture_size(payload).map(Sizes::one),
            (Kind::H264, _) => h264::picture_size(payload).map(Sizes::one),
            (Kind::Vp9, Descriptor::Vp9(vp9)) => vp9.sizes(payload),
            (Kind::Av1, _) => {
                let told = self.structure.as_ref().map(|structure| structure.sizes());
                told.or_else(|| av1::size_in(payload).map(Sizes::one))
            }
            (Kind::Sound | Kind::Vp8 | Kind::Vp9, _) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_h264_stream_begins_with_its_parameter_sets_if_it_carries_them() {
        let mut reader = Reader::default();
        let mut opens = |payload: &[u8]| reader.read(Kind::H264, 1, payload, &[]).opens;
        assert!(opens(&[0x65, 0x88]), "nothing better was seen");
        assert!(opens(&[0x67, 0x42, 0xC0, 0x1F]));
        assert!(!opens(&[0x68, 0xCE]));
        assert!(!opens(&[0x7C, 0x85, 0x88]), "its parameter sets came before it");
        assert!(!opens(&[]));
    }

    #[test]
    fn padding_is_readable_and_opens_no_picture() {
        for kind in [Kind::Sound, Kind::Vp8, Kind::H264, Kind::Vp9, Kind::Av1] {
            assert!(is_readable(kind, &[]));
            assert_eq!(Reader::default().read(kind, 1, &[], &[]).opens, kind == Kind::Sound);
        }
        assert!(
            !is_readable(Kind::Vp9, &[0x80]) && !is_readable(Kind::H264, &[0x60]) && !is_readable(Kind::Vp8, &[0x80])
        );
    }
}
