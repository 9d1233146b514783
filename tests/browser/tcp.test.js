// A line that lets no UDP through: Chromium is told of the TCP candidate alone, and the meeting goes on over one connection each way.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before } from "node:test";

import { launch, person } from "./chromium.js";
import { eventually } from "./patience.js";
import { hears, moves } from "./senses.js";
import { Server } from "./server.js";
import { story } from "./story.js";

let server;
let elsewhere;
let browser;

before(async () => {
  server = await Server.start();
  elsewhere = createServer(async (request, response) => {
    const file = request.url === "/encoder.html" ? "encoder.html" : "viewer.html";
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.end(await readFile(new URL(file, import.meta.url)));
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  browser = await launch();
});

after(async () => {
  await browser?.close();
  elsewhere?.close();
  await server?.dispose();
});

const chapter = story(() => ({ server, browser }));

/** Takes the UDP candidates out of every answer before the browser sees them. */
function withoutUdp(page) {
  return page.addInitScript(() => {
    const real = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = function (answer) {
      const sdp = answer.sdp.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, "");
      return real.call(this, { type: answer.type, sdp });
    };
  });
}

async function open(name, path) {
  const page = await person(browser);
  await withoutUdp(page);
  const token = await server.token("delegate", name);
  const hash = encodeURIComponent(`${server.url}/api/v1/sessions/demo/${path}|${token}`);
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/${path === "whip" ? "encoder" : "viewer"}.html#${hash}`);
  return page;
}

/** What carries the pair that is used. */
function carrier(page) {
  return page.evaluate(async () => {
    const reports = await window.connections.at(-1).getStats();
    const transport = [...reports.values()].find(({ type }) => type === "transport");
    const pair = reports.get(transport?.selectedCandidatePairId);
    return reports.get(pair?.remoteCandidateId)?.protocol;
  });
}

chapter("Chromium publishes and watches over TCP alone", async () => {
  const encoder = await open("Xã đảo Cô Tô", "whip");
  await encoder.getByRole("button", { name: "Publish" }).click();
  await encoder.getByRole("status").filter({ hasText: "201" }).waitFor();
  const viewer = await open("Xã Đầm Hà", "whep");
  await viewer.getByRole("button", { name: "Watch" }).click();
  await viewer.getByRole("status").filter({ hasText: "201" }).waitFor();
  await moves(viewer.locator("video"), "the picture over TCP");
  await hears(viewer, "the encoder over TCP");
  for (const page of [encoder, viewer]) {
    await eventually("the pair in use is a TCP one", async () => (await carrier(page)) === "tcp");
  }
});
