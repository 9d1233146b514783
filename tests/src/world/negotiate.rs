//! Offers and answers of the simulation: SDP as far as the desk reads it, with a transport's number in place of ICE credentials.

use std::fmt::Write as _;

use sfu::id::{MediaKind, Mid, PayloadType, Rid, Source, Ssrc};
use sfu::negotiated::{Codec, ExtensionIds, Feedback, NegotiatedCodec, PeerMedia, Publication, Slot, Streams};

use super::packet::{LEVEL, MID, OPUS, REPAIRED_RID, RID, RTX, TRANSPORT, VP8};

/// A transport's name on the line; a restart raises the generation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Credentials {
    pub transport: u16,
    pub generation: u16,
}

/// What a client brings: its sources with the SSRCs it names, and the slots it wants.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Offer {
    pub credentials: Credentials,
    pub microphone: Option<NamedSsrc>,
    pub camera: Option<NamedSsrc>,
    pub screen: Option<NamedSsrc>,
    pub audio_slots: u8,
    pub video_slots: u8,
}

/// The SSRC in `a=ssrc`, where the client writes one (for a simulcast camera nobody does).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NamedSsrc {
    pub ssrc: Option<u32>,
    pub repair: Option<u32>,
}

/// A slot as the answer describes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnsweredSlot {
    pub mid: String,
    pub kind: MediaKind,
    pub ssrc: u32,
    pub repair_ssrc: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    pub credentials: Credentials,
    pub slots: Vec<AnsweredSlot>,
}

impl Offer {
    fn publications(&self) -> impl Iterator<Item = (Source, NamedSsrc)> {
        let all = [(Source::Microphone, self.microphone), (Source::Camera, self.camera), (Source::Screen, self.screen)];
        all.into_iter().filter_map(|(source, named)| Some((source, named?)))
    }

    fn slots(&self) -> impl Iterator<Item = (String, MediaKind)> {
        let audio = (0..self.audio_slots).map(|n| (format!("a{n}"), MediaKind::Audio));
        audio.chain((0..self.video_slots).map(|n| (format!("v{n}"), MediaKind::Video)))
    }

    #[must_use]
    pub fn write(&self) -> String {
        let mut sdp = head(self.credentials);
        for (source, named) in self.publications() {
            media(&mut sdp, mid_of(source), source.kind(), "sendonly");
            if let Some(ssrc) = named.ssrc {
                line(&mut sdp, &format!("a=ssrc:{ssrc}"));
            }
            if let Some(repair) = named.repair {
                line(&mut sdp, &format!("a=x-repair:{repair}"));
            }
        }
        for (mid, kind) in self.slots() {
            media(&mut sdp, &mid, kind, "recvonly");
        }
        sdp
    }

    #[must_use]
    pub fn read(sdp: &str) -> Option<Self> {
        let mut offer = Self {
            credentials: credentials(sdp)?,
            microphone: None,
            camera: None,
            screen: None,
            audio_slots: 0,
            video_slots: 0,
        };
        for section in sections(sdp) {
            let kind = kind_of(section)?;
            if section.contains("\r\na=recvonly") {
                match kind {
                    MediaKind::Audio => offer.audio_slots += 1,
                    MediaKind::Video => offer.video_slots += 1,
                }
                continue;
            }
            let named = Some(NamedSsrc { ssrc: number(section, "a=ssrc:"), repair: number(section, "a=x-repair:") });
            match value(section, "a=mid:")? {
                "0" => offer.microphone = named,
                "1" => offer.camera = named,
                "2" => offer.screen = named,
                _ => return None,
            }
        }
        Some(offer)
    }

    /// What the engine would have negotiated. `ssrc` draws the numbers of the slots.
    pub fn media(&self, mut ssrc: impl FnMut() -> u32) -> PeerMedia {
        let publication = |(source, named): (Source, NamedSsrc)| Publication {
            mid: Mid(mid_of(source).to_owned()),
            source,
            codec: codec(source.kind()),
            extensions: extensions(),
            streams: match source {
                Source::Camera => Streams::ByRid(["q", "h", "f"].map(|rid| Rid(rid.to_owned())).to_vec()),
                Source::Microphone | Source::Screen => {
                    Streams::BySsrc { media: named.ssrc.map(Ssrc), repair: named.repair.map(Ssrc) }
                }
            },
        };
        let slot = |(mid, kind): (String, MediaKind)| Slot {
            mid: Mid(mid),
            kind,
            codecs: vec![codec(kind)],
            extensions: extensions(),
            ssrc: Ssrc(ssrc()),
            repair_ssrc: (kind == MediaKind::Video).then(|| Ssrc(ssrc())),
        };
        PeerMedia {
            publications: self.publications().map(publication).collect(),
            slots: self.slots().map(slot).collect(),
        }
    }
}

/// The engine's answer to an offer it negotiated as `media`.
#[must_use]
pub fn write_answer(credentials: Credentials, media_of: &PeerMedia) -> String {
    let mut sdp = head(credentials);
    for publication in &media_of.publications {
        media(&mut sdp, &publication.mid.0, publication.source.kind(), "recvonly");
    }
    for slot in &media_of.slots {
        media(&mut sdp, &slot.mid.0, slot.kind, "sendonly");
        line(&mut sdp, &format!("a=ssrc:{}", slot.ssrc.0));
        if let Some(repair) = slot.repair_ssrc {
            line(&mut sdp, &format!("a=x-repair:{}", repair.0));
        }
    }
    sdp
}

#[must_use]
pub fn read_answer(sdp: &str) -> Option<Answer> {
    let mut slots = Vec::new();
    for section in sections(sdp).filter(|section| section.contains("\r\na=sendonly")) {
        slots.push(AnsweredSlot {
            mid: value(section, "a=mid:")?.to_owned(),
            kind: kind_of(section)?,
            ssrc: number(section, "a=ssrc:")?,
            repair_ssrc: number(section, "a=x-repair:"),
        });
    }
    Some(Answer { credentials: credentials(sdp)?, slots })
}

fn head(credentials: Credentials) -> String {
    format!("v=0\r\na=ice-ufrag:{}/{}\r\n", credentials.transport, credentials.generation)
}

fn media(sdp: &mut String, mid: &str, kind: MediaKind, direction: &str) {
    let (word, payload_type) = match kind {
        MediaKind::Audio => ("audio", OPUS),
        MediaKind::Video => ("video", VP8),
    };
    line(sdp, &format!("m={word} 9 UDP/TLS/RTP/SAVPF {payload_type}"));
    line(sdp, &format!("a=mid:{mid}"));
    line(sdp, &format!("a={direction}"));
}

fn line(sdp: &mut String, text: &str) {
    write!(sdp, "{text}\r\n").expect("a string takes everything");
}

fn sections(sdp: &str) -> impl Iterator<Item = &str> {
    sdp.split("m=").skip(1)
}

fn kind_of(section: &str) -> Option<MediaKind> {
    match section.split(' ').next()? {
        "audio" => Some(MediaKind::Audio),
        "video" => Some(MediaKind::Video),
        _ => None,
    }
}

fn value<'a>(section: &'a str, name: &str) -> Option<&'a str> {
    section.split("\r\n").find_map(|line| line.strip_prefix(name))
}

fn number(section: &str, name: &str) -> Option<u32> {
    value(section, name)?.parse().ok()
}

fn credentials(sdp: &str) -> Option<Credentials> {
    let (transport, generation) = value(sdp, "a=ice-ufrag:")?.split_once('/')?;
    Some(Credentials { transport: transport.parse().ok()?, generation: generation.parse().ok()? })
}

fn mid_of(source: Source) -> &'static str {
    match source {
        Source::Microphone => "0",
        Source::Camera => "1",
        Source::Screen => "2",
    }
}

fn extensions() -> ExtensionIds {
    ExtensionIds {
        mid: Some(MID),
        rid: Some(RID),
        repaired_rid: Some(REPAIRED_RID),
        audio_level: Some(LEVEL),
        transport_cc: Some(TRANSPORT),
        ..ExtensionIds::default()
    }
}

fn codec(kind: MediaKind) -> NegotiatedCodec {
    match kind {
        MediaKind::Audio => NegotiatedCodec {
            codec: Codec::Opus,
            payload_type: PayloadType(OPUS),
            repair_payload_type: None,
            red_payload_type: None,
            clock_rate_hz: 48_000,
            feedback: Feedback { transport_cc: true, ..Feedback::default() },
        },
        MediaKind::Video => NegotiatedCodec {
            codec: Codec::Vp8,
            payload_type: PayloadType(VP8),
            repair_payload_type: Some(PayloadType(RTX)),
            red_payload_type: None,
            clock_rate_hz: 90_000,
            feedback: Feedback { nack: true, pli: true, fir: false, transport_cc: true },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offer_and_its_answer_read_back() {
        let offer = Offer {
            credentials: Credentials { transport: 7, generation: 2 },
            microphone: Some(NamedSsrc { ssrc: None, repair: None }),
            camera: Some(NamedSsrc { ssrc: None, repair: None }),
            screen: Some(NamedSsrc { ssrc: Some(5), repair: Some(6) }),
            audio_slots: 3,
            video_slots: 2,
        };
        assert_eq!(Offer::read(&offer.write()), Some(offer.clone()));
        let mut next = 100;
        let media = offer.media(|| {
            next += 1;
            next
        });
        let answer = read_answer(&write_answer(offer.credentials, &media)).unwrap();
        let ssrcs: Vec<u32> = answer.slots.iter().map(|slot| slot.ssrc).collect();
        assert_eq!(ssrcs, [101, 102, 103, 104, 106]);
        assert_eq!(answer.slots.last().unwrap().repair_ssrc, Some(107));
    }
}
