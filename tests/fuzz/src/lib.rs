//! Readers of bytes from outside, by name. The fuzzer calls one of them for ten minutes (`make fuzz`); what it found worth keeping
//! lies in `corpus/<name>` and is replayed by an ordinary test.

mod config;
mod token;
mod websocket;

/// Reads the bytes or refuses them; panics only over a mistake of ours.
pub type Run = fn(&[u8]);

/// Names are the folders of the corpus.
pub const TARGETS: [(&str, Run); 17] = [
    ("stun", sfu::fuzz::stun),
    ("dtls", sfu::fuzz::dtls),
    ("srtp", sfu::fuzz::srtp),
    ("rtp", sfu::fuzz::rtp),
    ("rtcp", sfu::fuzz::rtcp),
    ("vp8", sfu::fuzz::vp8),
    ("vp9", sfu::fuzz::vp9),
    ("av1", sfu::fuzz::av1),
    ("h264", sfu::fuzz::h264),
    ("red", sfu::fuzz::red),
    ("sdp-offer", sfu::fuzz::sdp_offer),
    ("sdp-fragment", sfu::fuzz::sdp_fragment),
    ("engine", sfu::fuzz::engine),
    ("recording", sfu::fuzz::recording),
    ("websocket", websocket::websocket),
    ("token", token::token),
    ("config", config::config),
];
