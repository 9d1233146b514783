//! Which codecs of an m-line we forward, and in which of them a publisher is answered.
//!
//! **A slot takes every one of them.** It is negotiated once and shows whoever is to be seen: each packet goes out under the payload
//! type of its track's codec. What a viewer did not offer he cannot be shown, and is told so.
//!
//! **A publication takes one: VP8 if it is offered at all**, else the first we forward. Everybody in a mixed meeting can decode VP8: it
//! is mandatory for browsers (RFC 7742, section 5), and a room endpoint or recorder that has one codec more is no help to a viewer who
//! lacks it. The order of an offer is not taken as a wish against it: browsers list their own favourite first without being asked (Safari
//! H.264, others VP8). Who wants another codec offers the line without VP8, as `setCodecPreferences` and every media framework allow.

use super::offer::{OfferedCodec, OfferedMedia};
use crate::id::{MediaKind, PayloadType};
use crate::negotiated::{Codec, Feedback, H264Profile, NegotiatedCodec};

/// Payload types answered for one slot. A browser has fewer different ones.
const CODECS_MAX: usize = 8;

/// What the answer repeats of the offer's codec lines.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CodecText {
    pub(super) encoding: String,
    pub(super) parameters: Option<String>,
    /// The repair codec's `a=fmtp`, `apt` included.
    pub(super) repair_parameters: Option<String>,
    /// The `a=fmtp` of sound with redundancy, and whether the offer would rather have that than plain sound.
    pub(super) red: Option<(String, RedPlace)>,
}

/// A sender makes use of redundancy only where it stands before the codec it protects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RedPlace {
    First,
    Last,
}

pub(super) type Agreed = (NegotiatedCodec, CodecText);

/// Everything of the line that we forward, in the offer's order, none twice.
pub(super) fn forwarded(media: &OfferedMedia, kind: MediaKind) -> Vec<Agreed> {
    let mut agreed: Vec<Agreed> = Vec::new();
    for offered in preferred_first(media) {
        let Some(codec) = codec_of(offered).filter(|codec| codec.kind() == kind) else { continue };
        if agreed.len() < CODECS_MAX && !agreed.iter().any(|(known, _)| known.codec == codec) {
            agreed.push(agree(media, offered, codec));
        }
    }
    agreed
}

/// The one codec of a publication.
pub(super) fn published(agreed: Vec<Agreed>) -> Option<Agreed> {
    let rank = |(agreed, _): &Agreed| match agreed.codec {
        Codec::Opus | Codec::Vp8 => 0,
        _ => 1,
    };
    // Of H.264, what the most can decode.
    let profile = |(agreed, _): &Agreed| match agreed.codec {
        Codec::H264(H264Profile::ConstrainedBaseline | H264Profile::Baseline) => 0,
        Codec::H264(_) => 1,
        _ => 0,
    };
    let first = agreed.iter().min_by_key(|agreed| rank(agreed))?.0.codec;
    let same = |agreed: &Agreed| match (first, agreed.0.codec) {
        (Codec::H264(_), Codec::H264(_)) => true,
        (first, other) => first == other,
    };
    agreed.into_iter().filter(same).min_by_key(profile)
}

/// In the order of the m-line's formats: that is where an offer says what it likes best.
fn preferred_first(media: &OfferedMedia) -> Vec<&OfferedCodec> {
    let mut place = [usize::MAX; 128];
    for (at, format) in media.formats.iter().enumerate() {
        if let Some(place) = format.parse::<usize>().ok().and_then(|format| place.get_mut(format)) {
            *place = (*place).min(at);
        }
    }
    let mut codecs: Vec<&OfferedCodec> = media.codecs.iter().collect();
    codecs.sort_by_key(|codec| place.get(usize::from(codec.payload_type)).copied());
    codecs
}

fn codec_of(offered: &OfferedCodec) -> Option<Codec> {
    let parameter = |name: &str| {
        let all = offered.parameters.as_deref().unwrap_or_default().split(';');
        all.filter_map(|parameter| parameter.split_once('=')).find(|(key, _)| key.trim().eq_ignore_ascii_case(name))
    };
    let value = |name: &str| parameter(name).map(|(_, value)| value.trim());
    let is_main = |name: &str| value(name).is_none_or(|profile| profile == "0");
    match offered.encoding.to_ascii_lowercase().as_str() {
        "opus/48000/2" => Some(Codec::Opus),
        "vp8/90000" => Some(Codec::Vp8),
        "vp9/90000" => is_main("profile-id").then_some(Codec::Vp9),
        "av1/90000" => is_main("profile").then_some(Codec::Av1),
        // Without mode 1 a key frame is cut into slices of a packet each, which encoders of browsers do not do.
        "h264/90000" if value("packetization-mode") == Some("1") => {
            h264_profile(value("profile-level-id").unwrap_or("42001f")).map(Codec::H264)
        }
        _ => None,
    }
}

/// RFC 6184, table 5. Other profiles are not for conversation.
fn h264_profile(id: &str) -> Option<H264Profile> {
    let id = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 6)?;
    let constraints = id >> 8 & 0xFF;
    match id >> 16 {
        0x42 if constraints & 0x40 != 0 => Some(H264Profile::ConstrainedBaseline),
        0x42 => Some(H264Profile::Baseline),
        0x4D if constraints & 0x80 != 0 => Some(H264Profile::ConstrainedBaseline),
        0x4D => Some(H264Profile::Main),
        0x58 if constraints & 0xC0 == 0xC0 => Some(H264Profile::ConstrainedBaseline),
        0x64 if constraints & 0x0C == 0x0C => Some(H264Profile::ConstrainedHigh),
        0x64 => Some(H264Profile::High),
        _ => None,
    }
}

fn agree(media: &OfferedMedia, offered: &OfferedCodec, codec: Codec) -> Agreed {
    let kind = codec.kind();
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
        clock_rate_hz: match kind {
            MediaKind::Audio => 48_000,
            MediaKind::Video => 90_000,
        },
        feedback: feedback(offered, kind),
    };
    let text = CodecText {
        encoding: offered.encoding.clone(),
        parameters: offered.parameters.clone(),
        repair_parameters: repair.and_then(|repair| repair.parameters.clone()),
        red: red.map(|(_, parameters, place)| (parameters, place)),
    };
    (negotiated, text)
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
