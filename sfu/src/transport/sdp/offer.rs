//! From SDP text to what an offer says. Whatever makes the whole offer unanswerable is refused here; single m-lines are judged in
//! [`super::plan`].

use std::collections::{HashMap, HashSet};
use std::io::Cursor;

use rtc_sdp::description::media::MediaDescription;
use rtc_sdp::description::session::SessionDescription;

use crate::id::{MediaKind, Mid, Rid, Ssrc};
use crate::transport::certificate::Fingerprint;
use crate::transport::{MEDIA_MAX, OFFER_MAX, OfferRefused};

/// RFC 9143 sets no bound; the mid also travels in a one-byte header extension, which carries 16.
const MID_MAX: usize = 16;

/// Layers read of one m-line; three are used.
const RIDS_MAX: usize = 8;

/// One certificate with each hash function, and again after a change of it.
const FINGERPRINTS_MAX: usize = 8;

/// Feedback lines of one codec; browsers write six. A `*` line must not be copied without end.
const FEEDBACK_MAX: usize = 32;

#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) ufrag: String,
    pub(crate) fingerprints: Vec<Fingerprint>,
    /// `a=extmap-allow-mixed` (RFC 8285, section 6): headers of both forms may take turns.
    pub(crate) mixed_headers: bool,
    pub(crate) media: Vec<OfferedMedia>,
}

#[derive(Debug)]
pub(crate) struct OfferedMedia {
    pub(crate) mid: Mid,
    /// The m-line's first, third and further words, to be repeated when it is refused.
    pub(crate) media: String,
    pub(crate) protocol: String,
    pub(crate) formats: Vec<String>,
    pub(crate) usable: Usable,
    pub(crate) direction: Direction,
    pub(crate) codecs: Vec<OfferedCodec>,
    /// (id, uri) of the one-byte header extensions.
    pub(crate) extensions: Vec<(u8, String)>,
    /// `a=simulcast:send`, in the offer's order.
    pub(crate) rids: Vec<Rid>,
    pub(crate) ssrc: Option<Ssrc>,
    /// The second of an FID group whose first is [`OfferedMedia::ssrc`].
    pub(crate) repair_ssrc: Option<Ssrc>,
    pub(crate) reduced_size_rtcp: bool,
}

/// Whether an m-line is RTP over our one DTLS transport.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Usable {
    As(MediaKind),
    /// Data channels, text, SDES, m-lines outside the bundle or switched off by the offer.
    No,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Direction {
    Send,
    Receive,
    Both,
    Neither,
}

#[derive(Debug)]
pub(crate) struct OfferedCodec {
    pub(crate) payload_type: u8,
    /// As written: `VP8/90000`, `opus/48000/2`.
    pub(crate) encoding: String,
    pub(crate) parameters: Option<String>,
    /// Values of `a=rtcp-fb` that hold for it.
    pub(crate) feedback: Vec<String>,
}

impl Offer {
    pub(crate) fn parse(text: &str) -> Result<Self, OfferRefused> {
        if text.len() > OFFER_MAX {
            return Err(OfferRefused::TooLarge);
        }
        let description = SessionDescription::unmarshal(&mut Cursor::new(text)).map_err(|_| OfferRefused::Malformed)?;
        if description.media_descriptions.len() > MEDIA_MAX {
            return Err(OfferRefused::TooManyMedia);
        }
        let session = Session::of(&description);
        let bundle = session.bundle().ok_or(OfferRefused::Missing("a BUNDLE group"))?;
        let media = description
            .media_descriptions
            .iter()
            .map(|media| OfferedMedia::of(media, &bundle))
            .collect::<Result<Vec<_>, _>>()?;
        let distinct: HashSet<_> = media.iter().map(|media| &media.mid).collect();
        if distinct.len() != media.len() {
            return Err(OfferRefused::Malformed);
        }
        if !media.iter().any(|media| media.usable != Usable::No) {
            return Err(OfferRefused::Missing("audio or video"));
        }
        session.check_setup()?;
        let (ufrag, fingerprints) = (session.ufrag()?, session.fingerprints()?);
        let allows = "extmap-allow-mixed";
        let everywhere = |description: &SessionDescription| {
            description.media_descriptions.iter().all(|media| media.has_attribute(allows))
        };
        let mixed_headers = description.has_attribute(allows) || everywhere(&description);
        Ok(Self { ufrag, fingerprints, mixed_headers, media })
    }
}

/// Transport attributes stand at the session or at any m-line of the bundle; the first one found holds for all.
struct Session<'a>(&'a SessionDescription);

impl<'a> Session<'a> {
    fn of(description: &'a SessionDescription) -> Self {
        Self(description)
    }

    fn values(&self, key: &'static str) -> impl Iterator<Item = &'a str> {
        let media = self.0.media_descriptions.iter().flat_map(|media| &media.attributes);
        self.0.attributes.iter().chain(media).filter(move |attribute| attribute.key == key).filter_map(|attribute| {
            let value = attribute.value.as_deref()?.trim();
            (!value.is_empty()).then_some(value)
        })
    }

    fn bundle(&self) -> Option<HashSet<&'a str>> {
        self.values("group").find_map(|group| {
            let mut words = group.split_whitespace();
            (words.next() == Some("BUNDLE")).then(|| words.collect())
        })
    }

    /// RFC 8445 section 5.3: 4 to 256 characters. The password is never needed: a lite agent sends no checks.
    fn ufrag(&self) -> Result<String, OfferRefused> {
        if self.0.attributes.iter().any(|attribute| attribute.key == "ice-lite") {
            return Err(OfferRefused::Missing("full ICE, as the bridge is ICE-lite itself"));
        }
        let ufrag = self.values("ice-ufrag").next().ok_or(OfferRefused::Missing("a=ice-ufrag"))?;
        if is_ufrag(ufrag) { Ok(ufrag.to_owned()) } else { Err(OfferRefused::Malformed) }
    }

    fn fingerprints(&self) -> Result<Vec<Fingerprint>, OfferRefused> {
        let mut known: Vec<Fingerprint> = Vec::new();
        for fingerprint in self.values("fingerprint").filter_map(Fingerprint::parse) {
            if !known.contains(&fingerprint) {
                known.push(fingerprint);
            }
            if known.len() == FINGERPRINTS_MAX {
                break;
            }
        }
        if known.is_empty() { Err(OfferRefused::Missing("a=fingerprint")) } else { Ok(known) }
    }

    /// We are always the DTLS server, so the offer must be ready to be the client.
    fn check_setup(&self) -> Result<(), OfferRefused> {
        match self.values("setup").next() {
            Some("actpass" | "active") => Ok(()),
            _ => Err(OfferRefused::Missing("a=setup:actpass or a=setup:active")),
        }
    }
}

pub(super) fn is_ufrag(text: &str) -> bool {
    (4..=256).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
}

impl OfferedMedia {
    fn of(media: &MediaDescription, bundle: &HashSet<&str>) -> Result<Self, OfferRefused> {
        let line = Line(media);
        let mid = line.value("mid").ok_or(OfferRefused::Missing("a=mid"))?;
        if mid.is_empty() || mid.len() > MID_MAX || !mid.bytes().all(is_token_byte) {
            return Err(OfferRefused::Malformed);
        }
        let usable = line.usable(bundle.contains(mid));
        if usable != Usable::No && !media.has_attribute("rtcp-mux") {
            return Err(OfferRefused::Missing("a=rtcp-mux"));
        }
        let (ssrc, repair_ssrc) = line.ssrcs();
        Ok(Self {
            mid: Mid(mid.to_owned()),
            media: media.media_name.media.clone(),
            protocol: line.protocol(),
            formats: media.media_name.formats.clone(),
            usable,
            direction: line.direction(),
            codecs: line.codecs(),
            extensions: line.extensions(),
            rids: line.rids(),
            ssrc,
            repair_ssrc,
            reduced_size_rtcp: media.has_attribute("rtcp-rsize"),
        })
    }
}

/// RFC 8866 section 9: what a token may consist of.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte)
}

/// One m-line's attributes.
struct Line<'a>(&'a MediaDescription);

impl<'a> Line<'a> {
    fn values(&self, key: &'static str) -> impl Iterator<Item = &'a str> {
        let attributes = self.0.attributes.iter();
        attributes
            .filter(move |attribute| attribute.key == key)
            .filter_map(|attribute| Some(attribute.value.as_deref()?.trim()))
    }

    fn value(&self, key: &'static str) -> Option<&'a str> {
        self.values(key).next()
    }

    fn protocol(&self) -> String {
        self.0.media_name.protos.join("/")
    }

    /// A bundled m-line may have port 0 and still be meant (`a=bundle-only`, RFC 9143 section 6).
    fn usable(&self, bundled: bool) -> Usable {
        let switched_off = self.0.media_name.port.value == 0 && !self.0.has_attribute("bundle-only");
        let is_dtls_srtp =
            matches!(self.protocol().as_str(), "UDP/TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "TCP/TLS/RTP/SAVPF");
        match self.0.media_name.media.as_str() {
            _ if switched_off || !bundled || !is_dtls_srtp => Usable::No,
            "audio" => Usable::As(MediaKind::Audio),
            "video" => Usable::As(MediaKind::Video),
            _ => Usable::No,
        }
    }

    fn direction(&self) -> Direction {
        let directions =
            [("sendonly", Direction::Send), ("recvonly", Direction::Receive), ("inactive", Direction::Neither)];
        directions
            .into_iter()
            .find(|(key, _)| self.0.has_attribute(key))
            .map_or(Direction::Both, |(_, direction)| direction)
    }

    /// In one pass over each kind of line: an offer may be 256 KiB of them.
    fn codecs(&self) -> Vec<OfferedCodec> {
        let listed: HashSet<&str> = self.0.media_name.formats.iter().map(String::as_str).collect();
        let parameters: HashMap<&str, &str> = self.by_format("fmtp").collect();
        let mut feedback: HashMap<&str, Vec<String>> = HashMap::new();
        for (format, value) in self.by_format("rtcp-fb") {
            feedback.entry(format).or_default().push(value.to_owned());
        }
        let for_all = feedback.remove("*").unwrap_or_default();
        let mut seen = HashSet::new();
        self.by_format("rtpmap")
            .filter(|(format, _)| listed.contains(format))
            .filter_map(|(format, encoding)| {
                let payload_type = format.parse().ok().filter(|number| *number <= 127 && seen.insert(*number))?;
                let own = feedback.remove(format).unwrap_or_default();
                Some(OfferedCodec {
                    payload_type,
                    encoding: encoding.to_owned(),
                    parameters: parameters.get(format).map(|&parameters| parameters.to_owned()),
                    feedback: own.into_iter().chain(for_all.iter().cloned()).take(FEEDBACK_MAX).collect(),
                })
            })
            .collect()
    }

    /// (format, value) of the lines `a=key:<format> value`.
    fn by_format(&self, key: &'static str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.values(key).filter_map(|value| value.split_once(' ')).map(|(format, value)| (format, value.trim()))
    }

    /// `a=extmap:<id>[/direction] <uri>`. Ids above 14 need two-byte headers, which we do not write.
    fn extensions(&self) -> Vec<(u8, String)> {
        self.values("extmap")
            .filter_map(|value| {
                let mut words = value.split_whitespace();
                let id = words.next()?.split('/').next()?.parse().ok().filter(|id| (1..=14).contains(id))?;
                Some((id, words.next()?.to_owned()))
            })
            .collect()
    }

    /// `a=simulcast:send q;h;f recv …` (RFC 8853): of alternatives the first, pauses ignored.
    fn rids(&self) -> Vec<Rid> {
        let mut words = self.value("simulcast").unwrap_or_default().split_whitespace();
        let list = words.by_ref().find(|word| *word == "send").and_then(|_| words.next()).unwrap_or_default();
        let mut rids: Vec<Rid> = Vec::new();
        for rid in list.split(';').filter_map(|layer| layer.split(',').next()) {
            let rid = rid.trim_start_matches('~');
            let is_rid = !rid.is_empty()
                && rid.len() <= 16
                && rid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
            if is_rid && !rids.iter().any(|known| known.0 == rid) {
                rids.push(Rid(rid.to_owned()));
            }
            if rids.len() == RIDS_MAX {
                break;
            }
        }
        rids
    }

    /// The media stream and, by its FID group, the one that repairs it (RFC 5576, RFC 4588).
    fn ssrcs(&self) -> (Option<Ssrc>, Option<Ssrc>) {
        let first = self.value("ssrc").and_then(|value| ssrc(value.split_whitespace().next()?));
        let group = self.values("ssrc-group").find_map(|value| {
            let mut words = value.split_whitespace();
            (words.next() == Some("FID")).then_some(())?;
            Some((ssrc(words.next()?)?, ssrc(words.next()?)?))
        });
        group.map_or((first, None), |(media, repair)| (Some(media), Some(repair)))
    }
}

fn ssrc(word: &str) -> Option<Ssrc> {
    word.parse().ok().map(Ssrc)
}
