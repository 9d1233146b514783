//! What becomes of each m-line: a publication, a slot, an idle line or a refused one.
//!
//! A line that sends (also one that would receive as well, as some WHIP clients offer) is a publication and is answered `recvonly`;
//! a line that only receives is a slot and is answered `sendonly`. Whoever came to do only one of the two gets only that. The first
//! audio line is the microphone, the first video line the camera, the second the screen; further sending lines are answered `inactive`.

use rand::{Rng, RngExt};

use super::offer::{Direction, Offer, OfferedCodec, OfferedMedia, Usable};
use super::uri;
use crate::command::Purpose;
use crate::id::{MediaKind, Mid, PayloadType, Rid, Source, Ssrc};
use crate::negotiated::{Codec, ExtensionIds, Feedback, NegotiatedCodec, PeerMedia, Publication, Slot, Streams};
use crate::transport::OfferRefused;

/// Layers of one picture: what the browsers' encoders make.
const LAYERS_MAX: usize = 3;

/// The decided m-lines in the offer's order. It holds for the peer's whole life; a restart only renews the credentials.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Plan {
    pub(super) purpose: Purpose,
    pub(super) lines: Vec<PlannedLine>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PlannedLine {
    pub(super) mid: Mid,
    pub(super) media: String,
    pub(super) protocol: String,
    pub(super) outcome: Outcome,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Publication(Publication, CodecText),
    Slot(Slot, CodecText),
    /// Agreed on, but nothing flows.
    Idle(NegotiatedCodec, CodecText),
    /// Port 0. The formats are repeated because an m-line needs one.
    Refused {
        formats: Vec<String>,
    },
}

/// What the answer repeats of the offer's codec lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CodecText {
    pub(super) encoding: String,
    pub(super) parameters: Option<String>,
    /// The repair codec's `a=fmtp`, `apt` included.
    pub(super) repair_parameters: Option<String>,
    /// The `a=fmtp` of sound with redundancy, and whether the offer would rather have that than plain sound.
    pub(super) red: Option<(String, RedPlace)>,
    pub(super) reduced_size_rtcp: bool,
}

/// A sender makes use of redundancy only where it stands before the codec it protects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RedPlace {
    First,
    Last,
}

impl Plan {
    pub(crate) fn of(offer: &Offer, purpose: Purpose, rng: &mut impl Rng) -> Result<Self, OfferRefused> {
        let mut planner = Planner { purpose, rng, sources: Vec::new(), ssrcs: offered_ssrcs(offer) };
        let lines = offer.media.iter().map(|media| planner.line(media)).collect::<Result<_, _>>()?;
        Ok(Self { purpose, lines })
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
        Ok(PlannedLine { mid, media: name, protocol, outcome })
    }

    fn outcome(&mut self, media: &OfferedMedia, kind: MediaKind) -> Result<Outcome, OfferRefused> {
        let (codec, text) =
            choose(media, kind).ok_or_else(|| OfferRefused::UnsupportedCodec { mid: media.mid.0.clone() })?;
        Ok(match (self.purpose, media.direction) {
            (Purpose::Conversation | Purpose::Publish, Direction::Send | Direction::Both) => {
                match self.next_source(kind) {
                    Some(source) => Outcome::Publication(publication(media, source, codec), text),
                    None => Outcome::Idle(codec, text),
                }
            }
            (Purpose::Conversation, Direction::Receive) | (Purpose::Receive, Direction::Receive | Direction::Both) => {
                Outcome::Slot(self.slot(media, kind, codec), text)
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
    fn slot(&mut self, media: &OfferedMedia, kind: MediaKind, mut codec: NegotiatedCodec) -> Slot {
        codec.feedback.transport_cc = false;
        let ssrc = self.fresh_ssrc();
        let repair_ssrc = codec.repair_payload_type.map(|_| self.fresh_ssrc());
        let extensions = ExtensionIds { mid: extension(media, uri::MID), ..ExtensionIds::default() };
        Slot { mid: media.mid.clone(), kind, codec, extensions, ssrc, repair_ssrc }
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

fn publication(media: &OfferedMedia, source: Source, codec: NegotiatedCodec) -> Publication {
    let extensions = ExtensionIds {
        mid: extension(media, uri::MID),
        rid: extension(media, uri::RID),
        repaired_rid: extension(media, uri::REPAIRED_RID),
        audio_level: extension(media, uri::AUDIO_LEVEL).filter(|_| source.kind() == MediaKind::Audio),
        transport_cc: extension(media, uri::TRANSPORT_CC).filter(|_| codec.feedback.transport_cc),
        abs_send_time: extension(media, uri::ABS_SEND_TIME),
    };
    let layers = layers(media);
    let streams = if layers.is_empty() || extensions.rid.is_none() || source.kind() == MediaKind::Audio {
        Streams::BySsrc { media: media.ssrc, repair: media.repair_ssrc }
    } else {
        Streams::ByRid(layers)
    };
    Publication { mid: media.mid.clone(), source, codec, extensions, streams }
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

/// The one codec of a line, with what the answer says about it.
fn choose(media: &OfferedMedia, kind: MediaKind) -> Option<(NegotiatedCodec, CodecText)> {
    let (codec, encoding, clock_rate_hz) = match kind {
        MediaKind::Audio => (Codec::Opus, "opus/48000/2", 48_000),
        MediaKind::Video => (Codec::Vp8, "vp8/90000", 90_000),
    };
    let offered = media.codecs.iter().find(|offered| offered.encoding.eq_ignore_ascii_case(encoding))?;
    let repair = match kind {
        MediaKind::Audio => None,
        MediaKind::Video => media.codecs.iter().find(|repair| repairs(repair, offered.payload_type)),
    };
    let red = match kind {
        MediaKind::Audio => media.codecs.iter().find_map(|red| redundancy(red, offered, &media.formats)),
        MediaKind::Video => None,
    };
    let negotiated = NegotiatedCodec {
        codec,
        payload_type: PayloadType(offered.payload_type),
        repair_payload_type: repair.map(|repair| PayloadType(repair.payload_type)),
        red_payload_type: red.as_ref().map(|(number, ..)| PayloadType(*number)),
        clock_rate_hz,
        feedback: feedback(offered, kind),
    };
    let text = CodecText {
        encoding: offered.encoding.clone(),
        parameters: offered.parameters.clone(),
        repair_parameters: repair.and_then(|repair| repair.parameters.clone()),
        red: red.map(|(_, parameters, place)| (parameters, place)),
        reduced_size_rtcp: media.reduced_size_rtcp,
    };
    Some((negotiated, text))
}

/// RFC 2198, section 5: all blocks are of the one payload type that the m-line's Opus has.
fn redundancy(red: &OfferedCodec, opus: &OfferedCodec, formats: &[String]) -> Option<(u8, String, RedPlace)> {
    let parameters = red.parameters.as_ref().filter(|_| red.encoding.eq_ignore_ascii_case("red/48000/2"))?;
    let own = opus.payload_type.to_string();
    if !parameters.split('/').all(|block| block.trim() == own) {
        return None;
    }
    let place = |wanted: &str| formats.iter().position(|format| format == wanted);
    let is_first = place(&red.payload_type.to_string()) < place(&own);
    Some((red.payload_type, parameters.clone(), if is_first { RedPlace::First } else { RedPlace::Last }))
}

fn repairs(repair: &OfferedCodec, payload_type: u8) -> bool {
    let apt = format!("apt={payload_type}");
    let names_it = |parameters: &str| parameters.split(';').any(|parameter| parameter.trim() == apt);
    repair.encoding.eq_ignore_ascii_case("rtx/90000") && repair.parameters.as_deref().is_some_and(names_it)
}

/// Audio is neither repaired nor refreshed: a late word is worth nothing.
fn feedback(offered: &OfferedCodec, kind: MediaKind) -> Feedback {
    let has = |value: &str| offered.feedback.iter().any(|feedback| feedback == value);
    let video = kind == MediaKind::Video;
    Feedback {
        nack: video && has("nack"),
        pli: video && has("nack pli"),
        fir: video && has("ccm fir"),
        transport_cc: has("transport-cc"),
    }
}
