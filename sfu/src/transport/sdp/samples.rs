//! Offers as clients write them.

/// Chromium 156: microphone, camera in three layers, screen, then audio and video slots; shortened to the codecs that matter.
pub(super) fn chromium(audio_slots: usize, video_slots: usize) -> String {
    let slots = 3 + audio_slots + video_slots;
    let mids: Vec<String> = (0..slots).map(|mid| mid.to_string()).collect();
    let mut sdp = format!(
        "v=0\r\no=- 8337432463247592345 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n\
         a=extmap-allow-mixed\r\na=msid-semantic: WMS f2c1\r\n",
        mids.join(" ")
    );
    sdp += &audio(0, "sendonly");
    sdp += "a=msid:f2c1 3a1b\r\na=ssrc:1001 cname:aZq\r\na=ssrc:1001 msid:f2c1 3a1b\r\n";
    sdp += &video(1, "sendonly");
    sdp += "a=rid:q send\r\na=rid:h send\r\na=rid:f send\r\na=simulcast:send q;h;f\r\n";
    sdp += &video(2, "sendonly");
    sdp += "a=ssrc-group:FID 2001 2002\r\na=ssrc:2001 cname:aZq\r\na=ssrc:2002 cname:aZq\r\n";
    for mid in 3..3 + audio_slots {
        sdp += &audio(mid, "recvonly");
    }
    for mid in 3 + audio_slots..slots {
        sdp += &video(mid, "recvonly");
    }
    sdp
}

fn transport(mid: usize) -> String {
    format!(
        "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:HSPk\r\na=ice-pwd:9mXbM0u5jdqTz7jIyQNbfFJ2\r\n\
         a=ice-options:trickle\r\na=fingerprint:sha-256 {FINGERPRINT}\r\na=setup:actpass\r\na=mid:{mid}\r\n"
    )
}

pub(super) const FINGERPRINT: &str =
    "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9";

pub(super) fn audio(mid: usize, direction: &str) -> String {
    format!(
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\n{}\
         a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n\
         a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
         a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\n\
         a=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n\
         a=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\n\
         a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\n",
        transport(mid)
    )
}

pub(super) fn video(mid: usize, direction: &str) -> String {
    format!(
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 102 103 98 99\r\n{}\
         a=extmap:14 urn:ietf:params:rtp-hdrext:toffset\r\n\
         a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n\
         a=extmap:13 urn:3gpp:video-orientation\r\n\
         a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n\
         a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
         a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n\
         a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n\
         a={direction}\r\na=rtcp-mux\r\na=rtcp-rsize\r\n\
         a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\n\
         a=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
         a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 nack\r\n\
         a=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n\
         a=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\na=rtpmap:98 VP9/90000\r\na=fmtp:98 profile-id=0\r\n\
         a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt=98\r\n",
        transport(mid)
    )
}

/// A data channel, as every page with one offers it.
pub(super) fn application(mid: usize) -> String {
    format!("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n{}a=sctp-port:5000\r\n", transport(mid))
}

/// An offer of these m-lines, all of them bundled.
pub(super) fn offer(lines: &[String]) -> String {
    let mids: Vec<String> = (0..lines.len()).map(|mid| mid.to_string()).collect();
    format!("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {}\r\n{}", mids.join(" "), lines.concat())
}
