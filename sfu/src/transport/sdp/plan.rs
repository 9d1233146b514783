//! What becomes of each m-line: a publication, a slot, an idle line or a refused one.
//!
//! A line that sends (also one that would receive as well, as some WHIP clients offer) is a publication and is answered `recvonly`;
//! a line that only receives is a slot and is answered `sendonly`. Whoever came to do only one of the two gets only that. The first
//! audio line is the microphone, the first video line the camera, the second the screen; further sending lines are answered `inactive`.

use rand::{Rng, RngExt};

use super::codec::{Agreed, CodecText, forwarded, published};
use super::offer::{Direction, Offer, OfferedMedia, Usable};
use super::uri;
use crate::command::Purpose;
use crate::id::{MediaKind, Mid, Rid, Source, Ssrc};
use crate::negotiated::{Codec, ExtensionIds, NegotiatedCodec, PeerMedia, Publication, Slot, Streams};
use crate::transport::OfferRefused;

/// Layers of one picture: what the browsers' encoders make.
const LAYERS_MAX: usize = 3;

/// The decided m-lines in the offer's order. It holds for the peer's whole life; a restart only renews the credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(super) purpose: Purpose,
    /// Headers of one and of two bytes may take turns.
    pub(super) mixed_headers: bool,
    pub(super) lines: Vec<PlannedLine>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PlannedLine {
    pub(super) mid: Mid,
    pub(super) media: String,
    pub(super) protocol: String,
    pub(super) reduced_size_rtcp: bool,
    pub(super) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Publication(Publication, CodecText),
    /// A text for each of its codecs.
    Slot(Slot, Vec<CodecText>),
    /// Agreed on, but nothing flows.
    Idle(NegotiatedCodec, CodecText),
    /// Port 0. The formats are repeated because an m-line needs one.
    Refused {
        formats: Vec<String>,
    },
}

impl Plan {
    pub(crate) fn of(offer: &Offer, purpose: Purpose, rng: &mut impl Rng) -> Result<Self, OfferRefused> {
        let mixed_headers = offer.mixed_headers;
        let mut planner = Planner { purpose, mixed_headers, rng, sources: Vec::new(), ssrcs: offered_ssrcs(offer) };
        let lines = offer.media.iter().map(|media| planner.line(media)).collect::<Result<_, _>>()?;
        Ok(Self { purpose, mixed_headers, lines })
    }

    /// A later offer of the same peer is for the same purpose.
    pub(crate) fn again(&self, offer: &Offer, rng: &mut impl Rng) -> Result<Self, OfferRefused> {
        Self::of(offer, self.purpose, rng)
    }

    pub(crate) fn media(&self) -> PeerMedia {
        let mut media = PeerMedia::default();
        for line in &self.lines {
            match &line.outcome {
                Outcome::Publication(publication, _) => media.publications.push(publication.clone()),
                Outcome::Slot(slot, _) => media.slots.push(slot.clone()),
                Outcome::Idle(..) | Outcome::Refused { .. } => {}
            }
        }
        media
    }

    /// Whether another offer of the same peer means the same m-lines, codecs and extensions. Our SSRCs are not the offer's matter,
    /// and a browser's own are announced anew in every offer.
    pub(crate) fn is_the_same_as(&self, other: &Self) -> bool {
        let shape = |plan: &Self| {
            let mut media = plan.media();
            media.slots.iter_mut().for_each(|slot| (slot.ssrc, slot.repair_ssrc) = (Ssrc(0), None));
            for publication in &mut media.publications {
                if let Streams::BySsrc { media, repair } = &mut publication.streams {
                    (*media, *repair) = (None, None);
                }
            }
            media
        };
        let lines = |plan: &Self| plan.lines.iter().map(|line| line.mid.clone()).collect::<Vec<_>>();
        lines(self) == lines(other) && shape(self) == shape(other)
    }
}

/// SSRCs of the offer, which ours must not collide with (RFC 3550 section 8).
fn offered_ssrcs(offer: &Offer) -> Vec<Ssrc> {
    offer.media.iter().flat_map(|media| [media.ssrc, media.repair_ssrc]).flatten().collect()
}

struct Planner<'a, R> {
    purpose: Purpose,
    mixed_headers: bool,
    rng: &'a mut R,
    sources: Vec<Source>,
    ssrcs: Vec<Ssrc>,
}

impl<R: Rng> Planner<'_, R> {
    fn line(&mut self, media: &OfferedMedia) -> Result<PlannedLine, OfferRefused> {
        let outcome = match media.usable {
            Usable::No => Outcome::Refused { formats: media.formats.clone() },
            Usable::As(kind) => self.outcome(media, kind)?,
        };
        let (mid, name, protocol) = (media.mid.clone(), media.media.clone(), media.protocol.clone());
        Ok(PlannedLine { mid, media: name, protocol, reduced_size_rtcp: media.reduced_size_rtcp, outcome })
    }

    fn outcome(&mut self, media: &OfferedMedia, kind: MediaKind) -> Result<Outcome, OfferRefused> {
        let unsupported = || OfferRefused::UnsupportedCodec { mid: media.mid.0.clone() };
        let agreed = forwarded(media, kind);
        let (codec, text) = published(agreed.clone()).ok_or_else(unsupported)?;
        Ok(match (self.purpose, media.direction) {
            (Purpose::Conversation | Purpose::Publish, Direction::Send | Direction::Both) => {
                match self.next_source(kind) {
                    Some(source) => Outcome::Publication(self.publication(media, source, codec), text),
                    None => Outcome::Idle(codec, text),
                }
            }
            (Purpose::Conversation, Direction::Receive) | (Purpose::Receive, Direction::Receive | Direction::Both) => {
                let (slot, texts) = self.slot(media, kind, agreed);
                Outcome::Slot(slot, texts)
            }
            (Purpose::Publish, Direction::Receive) | (Purpose::Receive, Direction::Send) => {
                return Err(OfferRefused::WrongWay { mid: media.mid.0.clone() });
            }
            (_, Direction::Neither) => Outcome::Idle(codec, text),
        })
    }

    fn next_source(&mut self, kind: MediaKind) -> Option<Source> {
        let free = [Source::Microphone, Source::Camera, Source::Screen]
            .into_iter()
            .find(|source| source.kind() == kind && !self.sources.contains(source))?;
        self.sources.push(free);
        Some(free)
    }

    /// Slots write the mid and nothing else yet: transport-wide numbers are promised when they are made use of.
    fn slot(&mut self, media: &OfferedMedia, kind: MediaKind, agreed: Vec<Agreed>) -> (Slot, Vec<CodecText>) {
        let (mut codecs, texts): (Vec<NegotiatedCodec>, Vec<CodecText>) = agreed.into_iter().unzip();
        codecs.iter_mut().for_each(|codec| codec.feedback.transport_cc = false);
        let ssrc = self.fresh_ssrc();
        let repair_ssrc = codecs.iter().any(|codec| codec.repair_payload_type.is_some()).then(|| self.fresh_ssrc());
        let extensions = ExtensionIds {
            mid: extension(media, uri::MID),
            dependency_descriptor: self.dependency_descriptor(media, &codecs),
            ..ExtensionIds::default()
        };
        (Slot { mid: media.mid.clone(), kind, codecs, extensions, ssrc, repair_ssrc }, texts)
    }

    /// Of use to AV1 only, and only where it fits.
    fn dependency_descriptor(&self, media: &OfferedMedia, codecs: &[NegotiatedCodec]) -> Option<u8> {
        let has_av1 = codecs.iter().any(|codec| codec.codec == Codec::Av1);
        extension(media, uri::DEPENDENCY_DESCRIPTOR).filter(|_| has_av1 && self.mixed_headers)
    }

    fn publication(&self, media: &OfferedMedia, source: Source, codec: NegotiatedCodec) -> Publication {
        let extensions = ExtensionIds {
            mid: extension(media, uri::MID),
            rid: extension(media, uri::RID),
            repaired_rid: extension(media, uri::REPAIRED_RID),
            audio_level: extension(media, uri::AUDIO_LEVEL).filter(|_| source.kind() == MediaKind::Audio),
            transport_cc: extension(media, uri::TRANSPORT_CC).filter(|_| codec.feedback.transport_cc),
            abs_send_time: extension(media, uri::ABS_SEND_TIME),
            dependency_descriptor: self.dependency_descriptor(media, std::slice::from_ref(&codec)),
        };
        let layers = layers(media);
        let streams = if layers.is_empty() || extensions.rid.is_none() || source.kind() == MediaKind::Audio {
            Streams::BySsrc { media: media.ssrc, repair: media.repair_ssrc }
        } else {
            Streams::ByRid(layers)
        };
        Publication { mid: media.mid.clone(), source, codec, extensions, streams }
    }

    fn fresh_ssrc(&mut self) -> Ssrc {
        loop {
            let ssrc = Ssrc(self.rng.random());
            if ssrc.0 != 0 && !self.ssrcs.contains(&ssrc) {
                self.ssrcs.push(ssrc);
                return ssrc;
            }
        }
    }
}

fn extension(media: &OfferedMedia, wanted: &str) -> Option<u8> {
    media.extensions.iter().find(|(_, uri)| uri == wanted).map(|(id, _)| *id)
}

/// Lowest first. That is the order browsers give layers by default (each half as large as the next, W3C WebRTC section 5.2); pages
/// that name them by the customary letters may list them the other way round.
fn layers(media: &OfferedMedia) -> Vec<Rid> {
    let mut rids: Vec<Rid> = media.rids.iter().take(LAYERS_MAX).cloned().collect();
    let is_half = rids.iter().any(|rid| matches!(rid.0.as_str(), "q" | "f"));
    let rank = |rid: &Rid| match rid.0.as_str() {
        "q" | "l" | "lo" | "low" => Some(0),
        "m" | "mid" | "medium" => Some(1),
        "h" if is_half => Some(1),
        "f" | "h" | "hi" | "high" => Some(2),
        _ => None,
    };
    if rids.iter().all(|rid| rank(rid).is_some()) {
        rids.sort_by_key(rank);
    }
    rids
}
