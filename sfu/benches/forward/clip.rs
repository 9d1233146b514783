//! What a speaker sends: frames as an encoder makes them of a moving picture, cut as libwebrtc cuts them.

/// Bytes of 150 consecutive frames (5 s at 30 frames/s) as libvpx made them in its real-time setting at 1.5 Mbit/s from 1280x720 moving
/// structures under film grain; the first is a key frame.
const FRAMES: &str = include_str!("frames.txt");

/// The longest payload libwebrtc lays into one packet.
const PAYLOAD_MAX: usize = 1_168;

/// Payload lengths of each frame's packets: `n` parts as equal as can be, the smaller ones first, as its packetiser makes them.
pub(crate) fn frames() -> Vec<Vec<usize>> {
    let sizes = FRAMES.split_whitespace().map(|size| size.parse::<usize>().expect("frames.txt holds numbers"));
    sizes
        .map(|size| {
            let parts = size.div_ceil(PAYLOAD_MAX).max(1);
            let (each, larger) = (size / parts, size % parts);
            (0..parts).map(|part| each + usize::from(part >= parts - larger)).collect()
        })
        .collect()
}

/// One Opus packet at 32 kbit/s.
pub(crate) const VOICE: usize = 80;
