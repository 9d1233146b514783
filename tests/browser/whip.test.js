// Twenty lines of JavaScript and a join token are enough to publish into a session and to watch it: WHIP (RFC 9725) and WHEP.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, launch, person } from "./chromium.js";
import { Server } from "./server.js";

let server;
let browser;

before(async () => {
  server = await Server.start();
  browser = await launch();
});

after(async () => {
  await browser?.close();
  await server?.dispose();
});

async function exchange(kind, url, token) {
  const pc = new RTCPeerConnection();
  window.pc = pc;
  if (kind === "whip") {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 640, height: 360 } });
    for (const track of media.getTracks()) pc.addTransceiver(track, { direction: "sendonly" });
  } else {
    window.received = [];
    pc.ontrack = ({ track }) => window.received.push(track);
    pc.addTransceiver("audio", { direction: "recvonly" });
    pc.addTransceiver("video", { direction: "recvonly" });
  }
  await pc.setLocalDescription();
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
    body: pc.localDescription.sdp,
  });
  const text = await answer.text();
  if (answer.status !== 201) return { status: answer.status, text };
  await pc.setRemoteDescription({ type: "answer", sdp: text });
  return { status: 201, location: answer.headers.get("location") };
}

/** Runs `exchange` in a page of the server's own origin. */
async function connect(page, kind, token) {
  await page.goto(`${server.url}/healthz`);
  return page.evaluate(
    ([source, kind, url, token]) => new Function(`return (${source})`)()(kind, url, token),
    [exchange.toString(), kind, `${server.url}/api/v1/sessions/demo/${kind}`, token],
  );
}

const inbound = (page, kind) =>
  page.evaluate(async (kind) => {
    for (const report of (await window.pc.getStats()).values()) {
      if (report.type === "inbound-rtp" && report.kind === kind) {
        return { framesDecoded: report.framesDecoded ?? 0, energy: report.totalAudioEnergy ?? 0 };
      }
    }
    return { framesDecoded: 0, energy: 0 };
  }, kind);

test("a page publishes by WHIP and another sees its picture and hears it by WHEP", async () => {
  const publisher = await person(browser);
  const token = await server.token("delegate", "Xã Đầm Hà");
  const published = await connect(publisher, "whip", token);
  assert.equal(published.status, 201, published.text);
  assert.match(published.location, /^\/api\/v1\/sessions\/demo\/whip\//);

  const viewer = await person(browser);
  const watching = await connect(viewer, "whep", await server.token("delegate", "Xã Quảng Tân"));
  assert.equal(watching.status, 201, watching.text);

  await eventually("ten decoded frames", async () => (await inbound(viewer, "video")).framesDecoded >= 10);
  await eventually("audible sound", async () => (await inbound(viewer, "audio")).energy > 0.0001);

  const gone = await publisher.evaluate(
    ([url, token]) => fetch(url, { method: "DELETE", headers: { authorization: `Bearer ${token}` } }).then((answer) => answer.status),
    [server.url + published.location, token],
  );
  assert.equal(gone, 200);
  await publisher.context().close();
  await viewer.context().close();
});

test("a stranger without a token is told 401 and nothing else", async () => {
  const stranger = await person(browser);
  const refused = await connect(stranger, "whep", "eyJhbGciOiJub25lIn0.e30.");
  assert.equal(refused.status, 401);
  assert.match(refused.text, /"code"/);
  await stranger.context().close();
});
