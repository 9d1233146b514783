// Twenty lines of JavaScript and a join token are enough to publish into a session (WHIP, RFC 9725) and to watch it (WHEP), from a page
// of any origin. Who came so is a participant like any other.
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before } from "node:test";

import { launch, person, screenshot } from "./chromium.js";
import { signIn } from "./office.js";
import { act, closeSites, comeIn, mainPicture, openSites, row } from "./room.js";
import { hears, hearsNothing, moves } from "./senses.js";
import { demoAccounts, Server } from "./server.js";
import { story } from "./story.js";

const CAMERA = "Máy quay hội trường";

let server;
let elsewhere;
let browser;
let accounts;
let chair, encoder, viewer;

before(async () => {
  server = await Server.start();
  elsewhere = await servePages();
  browser = await launch();
  accounts = await demoAccounts(server);
});

after(async () => {
  await browser?.close();
  elsewhere?.close();
  await server?.dispose();
});

const chapter = story(() => ({ server, browser }));

/** Another origin than the server's: where an encoder's own page would lie. */
async function servePages() {
  const pages = createServer(async (request, response) => {
    const file = { "/encoder.html": "encoder.html", "/viewer.html": "viewer.html" }[request.url];
    response.writeHead(file ? 200 : 404, { "content-type": "text/html; charset=utf-8" });
    response.end(file && (await readFile(new URL(file, import.meta.url))));
  });
  pages.listen(0, "127.0.0.1");
  await once(pages, "listening");
  return pages;
}

async function open(name, path, token) {
  const page = await person(browser);
  const hash = encodeURIComponent(`${server.url}/api/v1/sessions/demo/${path}|${token}`);
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/${name}.html#${hash}`);
  return page;
}

chapter("a page publishes by WHIP and stands in the roster, is seen and heard", async () => {
  chair = await person(browser);
  await signIn(chair, server, accounts.chair, "/join/demo");
  await comeIn(chair, `${server.url}/join/demo`);
  encoder = await open("encoder", "whip", await server.token("delegate", CAMERA));
  await encoder.getByRole("button", { name: "Publish" }).click();
  await encoder.getByRole("status").filter({ hasText: "201" }).waitFor();

  await openSites(chair);
  await chair.getByRole("dialog").getByRole("button", { name: new RegExp(`^${CAMERA}.*micro bật`) }).waitFor();
  await closeSites(chair);
  await hears(chair, "the encoder");
  // Who speaks stands on the main picture.
  await moves(mainPicture(chair, CAMERA), "the encoder's picture");
});

chapter("another page watches by WHEP: it sees the picture and hears the sound", async () => {
  viewer = await open("viewer", "whep", await server.token("delegate", "Phòng khách"));
  await viewer.getByRole("button", { name: "Watch" }).click();
  await viewer.getByRole("status").filter({ hasText: "201" }).waitFor();
  await moves(viewer.locator("video"), "the picture by WHEP");
  await hears(viewer, "the encoder by WHEP");
  await screenshot(viewer, "whep");
});

chapter("the chair mutes the encoder, and nobody hears it any more", async () => {
  await act(chair, CAMERA, "Tắt micro");
  await hearsNothing(viewer, "the encoder was muted");
  await openSites(chair);
  await chair.getByRole("dialog").getByRole("button", { name: new RegExp(`^${CAMERA}.*micro tắt`) }).waitFor();
  await screenshot(chair, "chair-sites");
  await closeSites(chair);
});

chapter("who stops publishing has left, and stands in the attendance", async () => {
  await encoder.getByRole("button", { name: "Stop" }).click();
  await openSites(chair);
  await row(chair, CAMERA).filter({ hasText: "Đã rời" }).waitFor();
  const secretary = await person(browser);
  await signIn(secretary, server, accounts.secretary, "/sessions/demo/attendance");
  await secretary.getByRole("rowheader", { name: CAMERA }).waitFor();
});

chapter("a stranger without a token is told 401 and nothing else", async () => {
  const stranger = await open("viewer", "whep", "eyJhbGciOiJub25lIn0.e30.");
  await stranger.getByRole("button", { name: "Watch" }).click();
  await stranger.getByRole("status").filter({ hasText: "401" }).waitFor();
});
