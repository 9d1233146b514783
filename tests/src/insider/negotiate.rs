//! The insider's offer, and what it reads in the answer.

/// M-lines of an offer, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    Microphone,
    Camera,
    AudioSlot,
    VideoSlot,
    DataChannel,
}

pub const MICROPHONE_SSRC: u32 = 0x1000_0001;
pub const CAMERA_SSRC: u32 = 0x1000_0002;
pub const CAMERA_REPAIR_SSRC: u32 = 0x1000_0003;
/// Ids of header extensions: level, transport-wide number, mid.
pub const LEVEL_ID: u8 = 1;
pub const TRANSPORT_SEQ_ID: u8 = 3;
pub const MID_ID: u8 = 4;

/// One of our m-lines as it was answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answered {
    pub line: Line,
    pub refused: bool,
    /// Of a slot: what comes on it, and its repair stream.
    pub ssrc: Option<u32>,
    pub repair_ssrc: Option<u32>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    pub ufrag: String,
    pub pwd: String,
}

pub fn offer(lines: &[Line], ufrag: &str, fingerprint: &str) -> String {
    let mids: Vec<String> = (0..lines.len()).map(|mid| mid.to_string()).collect();
    let mut sdp = format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n", mids.join(" "));
    for (mid, line) in lines.iter().enumerate() {
        let first = match line {
            Line::Microphone | Line::AudioSlot => "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            Line::Camera | Line::VideoSlot => "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            Line::DataChannel => "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        };
        sdp += &format!(
            "{first}\r\nc=IN IP4 0.0.0.0\r\na=mid:{mid}\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdefghijkl\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n"
        );
        sdp += match line {
            Line::DataChannel => "a=sctp-port:5000\r\n",
            _ => {
                "a=rtcp-mux\r\na=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
                 a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
            }
        };
        match line {
            Line::Microphone | Line::AudioSlot => {
                sdp += "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=rtpmap:111 opus/48000/2\r\n\
                        a=rtcp-fb:111 transport-cc\r\n";
            }
            Line::Camera | Line::VideoSlot => {
                sdp += "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtcp-fb:96 ccm fir\r\n\
                        a=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 goog-remb\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
            }
            Line::DataChannel => {}
        }
        sdp += &match line {
            Line::Microphone => format!("a=sendonly\r\na=ssrc:{MICROPHONE_SSRC} cname:x\r\n"),
            Line::Camera => format!(
                "a=sendonly\r\na=ssrc-group:FID {CAMERA_SSRC} {CAMERA_REPAIR_SSRC}\r\na=ssrc:{CAMERA_SSRC} cname:x\r\n\
                 a=ssrc:{CAMERA_REPAIR_SSRC} cname:x\r\n"
            ),
            Line::AudioSlot | Line::VideoSlot => "a=recvonly\r\n".to_owned(),
            Line::DataChannel => String::new(),
        };
    }
    sdp
}

/// The server's credentials, and what became of each line.
pub fn read_answer(lines: &[Line], answer: &str) -> Option<(Credentials, Vec<Answered>)> {
    let credentials = read_credentials(answer)?;
    let sections = answer.split("\nm=").skip(1);
    let answered = lines.iter().zip(sections).map(|(&line, section)| {
        let group = section.lines().find_map(|text| text.strip_prefix("a=ssrc-group:FID "));
        let mut grouped = group.into_iter().flat_map(|pair| pair.split(' ')).filter_map(|ssrc| ssrc.parse().ok());
        let single = section.lines().find_map(|text| text.strip_prefix("a=ssrc:")?.split(' ').next()?.parse().ok());
        Answered {
            line,
            refused: section.split(' ').nth(1) == Some("0"),
            ssrc: grouped.next().or(single),
            repair_ssrc: grouped.next(),
        }
    });
    Some((credentials, answered.collect()))
}

pub fn read_credentials(text: &str) -> Option<Credentials> {
    let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned());
    Some(Credentials { ufrag: value("a=ice-ufrag:")?, pwd: value("a=ice-pwd:")? })
}
