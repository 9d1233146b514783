//! The answer's text. Everything the peer needs is in it: credentials, fingerprint and all candidates, so that nothing trickles.

use std::fmt::Write;
use std::net::SocketAddr;

use super::codec::{CodecText, RedPlace};
use super::plan::{Outcome, Plan, PlannedLine};
use super::uri;
use crate::id::{PayloadType, Rid, Ssrc};
use crate::negotiated::{ExtensionIds, Feedback, NegotiatedCodec, Publication, Slot, Streams};
use crate::transport::certificate::Fingerprint;
use crate::transport::ice::Credentials;

/// Our side of the transport, the same for all m-lines.
pub(crate) struct Local<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) fingerprint: &'a Fingerprint,
    /// Every public address with the one UDP port.
    pub(crate) candidates: &'a [SocketAddr],
    /// `o=`: the session's number and how often it was answered before.
    pub(crate) session: u64,
    pub(crate) version: u32,
}

impl Plan {
    pub(crate) fn answer(&self, local: &Local<'_>) -> String {
        let mut text = Text::default();
        text.line(format_args!("v=0"));
        text.line(format_args!("o=- {} {} IN IP4 0.0.0.0", local.session, local.version));
        text.line(format_args!("s=-"));
        text.line(format_args!("t=0 0"));
        let accepted: Vec<&str> =
            self.lines.iter().filter(|line| !line.is_refused()).map(|line| line.mid.0.as_str()).collect();
        text.line(format_args!("a=group:BUNDLE {}", accepted.join(" ")));
        text.line(format_args!("a=ice-lite"));
        if self.mixed_headers {
            text.line(format_args!("a=extmap-allow-mixed"));
        }
        text.line(format_args!("a=msid-semantic: WMS *"));
        let tagged = self.lines.iter().position(|line| !line.is_refused());
        for (at, line) in self.lines.iter().enumerate() {
            line.write(&mut text, local, Some(at) == tagged);
        }
        text.0
    }

    /// The m-line that carries the bundle's transport.
    pub(super) fn tagged(&self) -> Option<&PlannedLine> {
        self.lines.iter().find(|line| !line.is_refused())
    }
}

impl PlannedLine {
    fn is_refused(&self) -> bool {
        matches!(self.outcome, Outcome::Refused { .. })
    }

    /// Candidates stand at one line of the bundle only (RFC 9143 section 10.1.1); credentials at all, as the browsers write them.
    fn write(&self, text: &mut Text, local: &Local<'_>, is_tagged: bool) {
        text.line(format_args!("{}", self.m_line()));
        text.line(format_args!("c=IN IP4 0.0.0.0"));
        text.line(format_args!("a=mid:{}", self.mid.0));
        if !self.is_refused() {
            write_transport(text, local);
            text.line(format_args!("a=setup:passive"));
            text.line(format_args!("a=rtcp-mux"));
            if self.reduced_size_rtcp {
                text.line(format_args!("a=rtcp-rsize"));
            }
        }
        match &self.outcome {
            Outcome::Publication(publication, codec) => {
                text.line(format_args!("a=recvonly"));
                write_codec(text, &publication.codec, codec);
                write_extensions(text, &publication.extensions);
                write_layers(text, publication);
            }
            Outcome::Slot(slot, texts) => {
                text.line(format_args!("a=sendonly"));
                for (codec, offered) in slot.codecs.iter().zip(texts) {
                    write_codec(text, codec, offered);
                }
                write_extensions(text, &slot.extensions);
                write_stream(text, slot);
            }
            Outcome::Idle(negotiated, codec) => {
                text.line(format_args!("a=inactive"));
                write_codec(text, negotiated, codec);
            }
            Outcome::Refused { .. } => text.line(format_args!("a=inactive")),
        }
        if is_tagged {
            write_candidates(text, local.candidates);
        }
    }

    pub(super) fn m_line(&self) -> String {
        let (codecs, texts) = match &self.outcome {
            Outcome::Publication(Publication { codec, .. }, text) | Outcome::Idle(codec, text) => {
                (std::slice::from_ref(codec), std::slice::from_ref(text))
            }
            Outcome::Slot(Slot { codecs, .. }, texts) => (codecs.as_slice(), texts.as_slice()),
            Outcome::Refused { formats } => {
                return format!("m={} 0 {} {}", self.media, self.protocol, formats.join(" "));
            }
        };
        let formats: Vec<String> = codecs.iter().zip(texts).flat_map(|(codec, text)| formats(codec, text)).collect();
        format!("m={} 9 {} {}", self.media, self.protocol, formats.join(" "))
    }
}

/// A codec's payload types in the m-line: redundancy stands where the offer has it.
fn formats(codec: &NegotiatedCodec, text: &CodecText) -> impl Iterator<Item = String> {
    let own = codec.payload_type;
    let (before, behind) = match text.red {
        Some((_, RedPlace::First)) => (codec.red_payload_type, codec.repair_payload_type),
        _ => (None, codec.repair_payload_type.or(codec.red_payload_type)),
    };
    [before, Some(own), behind].into_iter().flatten().map(|PayloadType(number)| number.to_string())
}

#[derive(Default)]
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = write!(self.0, "{line}\r\n");
    }
}

pub(super) fn write_transport(text: &mut Text, local: &Local<'_>) {
    text.line(format_args!("a=ice-ufrag:{}", local.credentials.ufrag));
    text.line(format_args!("a=ice-pwd:{}", local.credentials.pwd));
    text.line(format_args!("a=fingerprint:{}", local.fingerprint));
}

/// Host candidates (RFC 8445 section 5.1.2.1), the first configured address preferred.
pub(super) fn write_candidates(text: &mut Text, candidates: &[SocketAddr]) {
    for (at, candidate) in (1u32..).zip(candidates) {
        let priority = (126 << 24) + (65_536u32.saturating_sub(at) << 8) + 255;
        let (ip, port) = (candidate.ip(), candidate.port());
        text.line(format_args!("a=candidate:{at} 1 udp {priority} {ip} {port} typ host"));
    }
    text.line(format_args!("a=end-of-candidates"));
}

fn write_codec(text: &mut Text, codec: &NegotiatedCodec, offered: &CodecText) {
    let number = codec.payload_type.0;
    text.line(format_args!("a=rtpmap:{number} {}", offered.encoding));
    if let Some(parameters) = &offered.parameters {
        text.line(format_args!("a=fmtp:{number} {parameters}"));
    }
    for (feedback, name) in feedback_names(codec.feedback) {
        if feedback {
            text.line(format_args!("a=rtcp-fb:{number} {name}"));
        }
    }
    if let (Some(repair), Some(parameters)) = (codec.repair_payload_type, &offered.repair_parameters) {
        text.line(format_args!("a=rtpmap:{} rtx/{}", repair.0, codec.clock_rate_hz));
        text.line(format_args!("a=fmtp:{} {parameters}", repair.0));
    }
    write_redundancy(text, codec, offered);
}

fn write_redundancy(text: &mut Text, codec: &NegotiatedCodec, offered: &CodecText) {
    if let (Some(red), Some((parameters, _))) = (codec.red_payload_type, &offered.red) {
        text.line(format_args!("a=rtpmap:{} red/{}/2", red.0, codec.clock_rate_hz));
        text.line(format_args!("a=fmtp:{} {parameters}", red.0));
    }
}

fn feedback_names(feedback: Feedback) -> [(bool, &'static str); 4] {
    let Feedback { nack, pli, fir, transport_cc } = feedback;
    [(transport_cc, "transport-cc"), (fir, "ccm fir"), (nack, "nack"), (pli, "nack pli")]
}

fn write_extensions(text: &mut Text, ids: &ExtensionIds) {
    let ExtensionIds { mid, rid, repaired_rid, audio_level, transport_cc, abs_send_time, dependency_descriptor } = *ids;
    let known = [
        (mid, uri::MID),
        (rid, uri::RID),
        (repaired_rid, uri::REPAIRED_RID),
        (audio_level, uri::AUDIO_LEVEL),
        (transport_cc, uri::TRANSPORT_CC),
        (abs_send_time, uri::ABS_SEND_TIME),
        (dependency_descriptor, uri::DEPENDENCY_DESCRIPTOR),
    ];
    for (id, uri) in known.into_iter().filter_map(|(id, uri)| Some((id?, uri))) {
        text.line(format_args!("a=extmap:{id} {uri}"));
    }
}

/// RFC 8851 and RFC 8853: the layers we are ready to receive.
fn write_layers(text: &mut Text, publication: &Publication) {
    if let Streams::ByRid(rids) = &publication.streams {
        for Rid(rid) in rids {
            text.line(format_args!("a=rid:{rid} recv"));
        }
        let list: Vec<&str> = rids.iter().map(|Rid(rid)| rid.as_str()).collect();
        text.line(format_args!("a=simulcast:recv {}", list.join(";")));
    }
}

/// Each slot is a stream of its own: what is in it changes, and two slots are never the same person's lips.
fn write_stream(text: &mut Text, slot: &Slot) {
    let Ssrc(ssrc) = slot.ssrc;
    text.line(format_args!("a=msid:slot-{ssrc} slot-{ssrc}"));
    if let Some(Ssrc(repair)) = slot.repair_ssrc {
        text.line(format_args!("a=ssrc-group:FID {ssrc} {repair}"));
    }
    for Ssrc(stream) in [Some(slot.ssrc), slot.repair_ssrc].into_iter().flatten() {
        text.line(format_args!("a=ssrc:{stream} cname:bridge"));
        text.line(format_args!("a=ssrc:{stream} msid:slot-{ssrc} slot-{ssrc}"));
    }
}
