import { expect, test } from "vitest";
import { lean } from "./sdp";

const OFFER = [
  "v=0",
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
  "a=candidate:1 1 udp 2113937151 192.0.2.1 54321 typ host",
  "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
  "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
  "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
  "a=extmap:13 urn:3gpp:video-orientation",
  "a=recvonly",
  "a=rtpmap:96 VP8/90000",
  "a=rtcp-fb:96 goog-remb",
  "a=rtcp-fb:96 nack pli",
  "",
].join("\r\n");

test("an offer keeps what the bridge reads and leaves out the rest", () => {
  expect(lean(OFFER).split("\r\n")).toEqual([
    "v=0",
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
    "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid",
    "a=recvonly",
    "a=rtpmap:96 VP8/90000",
    "a=rtcp-fb:96 nack pli",
    "",
  ]);
});
