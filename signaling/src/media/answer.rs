//! What an SDP answer of the engine says about its peer: which sources he sends, and which of his m-lines are video slots.
//!
//! The answer is ours, so this is a reader of five kinds of lines and not of SDP (RFC 8866).

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic))]

use crate::meeting::SourceSet;
use crate::wire::SourceName;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct PeerLines {
    pub sources: SourceSet,
    /// Mids of his video slots in m-line order, by which the engine counts them.
    pub video_slots: Vec<String>,
}

#[derive(Default)]
struct Section {
    audio: bool,
    video: bool,
    refused: bool,
    mid: String,
    /// The engine receives: the peer publishes.
    received: bool,
    /// The engine sends: the peer has a slot.
    sent: bool,
}

pub(super) fn peer_lines(answer: &str) -> PeerLines {
    let mut lines = PeerLines::default();
    let mut section: Option<Section> = None;
    for line in answer.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            if let Some(done) = section.take() {
                take_in(&mut lines, done);
            }
            section = Some(Section {
                audio: media.starts_with("audio "),
                video: media.starts_with("video "),
                refused: media.split(' ').nth(1) == Some("0"),
                ..Section::default()
            });
        } else if let Some(section) = section.as_mut() {
            match line.trim_end() {
                "a=recvonly" => section.received = true,
                "a=sendonly" => section.sent = true,
                "a=sendrecv" => (section.received, section.sent) = (true, true),
                line => {
                    if let Some(mid) = line.strip_prefix("a=mid:") {
                        mid.clone_into(&mut section.mid);
                    }
                }
            }
        }
    }
    if let Some(done) = section {
        take_in(&mut lines, done);
    }
    lines
}

/// First audio: microphone; first video: camera; second video: screen.
fn take_in(lines: &mut PeerLines, section: Section) {
    if section.refused {
        return;
    }
    if section.received && section.audio {
        lines.sources = lines.sources.with(SourceName::Microphone);
    }
    if section.received && section.video {
        let next = if lines.sources.has(SourceName::Camera) { SourceName::Screen } else { SourceName::Camera };
        lines.sources = lines.sources.with(next);
    }
    if section.sent && section.video {
        lines.video_slots.push(section.mid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_slots_are_read_off_the_answer_in_m_line_order() {
        let answer = "v=0\r\na=group:BUNDLE 0 1 2 3 4 5\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=recvonly\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=recvonly\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:2\r\na=recvonly\r\n\
            m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:3\r\na=sendonly\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:4\r\na=sendonly\r\n\
            m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:5\r\na=sendonly\r\n";
        let lines = peer_lines(answer);
        assert_eq!(lines.sources, SourceSet::of(&[SourceName::Microphone, SourceName::Camera, SourceName::Screen]));
        assert_eq!(lines.video_slots, ["4", "5"]);
    }

    #[test]
    fn refused_and_inactive_lines_are_neither_source_nor_slot() {
        let answer = "m=video 0 UDP/TLS/RTP/SAVPF 96\na=mid:a\na=recvonly\nm=video 9 X 96\na=mid:b\na=inactive\n\
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel\na=mid:c\na=sendrecv\n";
        assert_eq!(peer_lines(answer), PeerLines::default());
    }
}
