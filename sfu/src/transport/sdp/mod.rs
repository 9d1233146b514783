//! Offer and answer (RFC 3264, RFC 8829, RFC 9725): [`offer`] reads text, [`plan`] decides what each m-line becomes, [`answer`] writes
//! text. Pure: the same offer and the same random numbers give the same answer.

pub(crate) mod answer;
pub(crate) mod codec;
pub(crate) mod fragment;
pub(crate) mod offer;
pub(crate) mod plan;

/// Header extensions we know (IANA's registry and the drafts the browsers implement).
mod uri {
    pub(super) const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
    pub(super) const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
    pub(super) const REPAIRED_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
    pub(super) const AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
    pub(super) const TRANSPORT_CC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    pub(super) const DEPENDENCY_DESCRIPTOR: &str =
        "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
    pub(super) const ABS_SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
