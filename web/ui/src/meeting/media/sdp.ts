// The offer as it is sent: the browser's, less what the bridge has no use for. Pure.
//
// An answer may only take away from an offer (RFC 3264), so lines left out here are simply not agreed on. A wall's offer of forty-nine
// slots is 75 KB as Chromium writes it, and a message may have 64.

/** What the bridge reads or writes in a packet (RFC 8285). Everything else would only be carried along. */
const EXTENSIONS = [
  "urn:ietf:params:rtp-hdrext:sdes:mid",
  "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
  "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
  "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
];

export function lean(sdp: string): string {
  return sdp
    .split("\r\n")
    .filter((line) => !isSuperfluous(line))
    .join("\r\n");
}

function isSuperfluous(line: string): boolean {
  if (line.startsWith("a=extmap:")) return !EXTENSIONS.some((uri) => line.includes(` ${uri}`));
  // The bridge is ICE-lite and learns our addresses from our checks; REMB is what transport-wide feedback replaced.
  return line.startsWith("a=candidate:") || /^a=rtcp-fb:\S+ goog-remb$/.test(line);
}
