// What becomes of a picture on its way: layers nobody looks at are not sent, a line that loses one packet in twenty still moves, a shared
// page of text can be read. Real Chromium at both ends.
import assert from "node:assert/strict";
import { after, before } from "node:test";

import { launch, person, screenshot } from "./chromium.js";
import { Line } from "./line.js";
import { signIn } from "./office.js";
import { eventually } from "./patience.js";
import { LARGE } from "./picture.js";
import { comeIn, mainPicture } from "./room.js";
import { largest, layersSent, moves, pace } from "./senses.js";
import { Server } from "./server.js";
import { story } from "./story.js";
import { readability, shareText } from "./text.js";

let server;
let lines;
/** One browser with a large camera for the site that is looked at, one with small ones for those who look. */
let camera, browser;
let chair, site, viewer;
/** The name under the site's picture. */
let name;

before(async () => {
  server = await Server.start();
  lines = [await Line.to(server), await Line.to(server)];
  [camera, browser] = [await launch({ picture: LARGE }), await launch()];
});

after(async () => {
  await Promise.all([camera?.close(), browser?.close()]);
  lines?.forEach((line) => line.close());
  await server?.dispose();
});

const chapter = story(() => ({ server, browser }));

const tile = (page) => page.getByRole("button", { name: new RegExp(`^${name}`) }).first();

chapter("of a camera that everybody sees on a tile the whole picture is not sent", async () => {
  const { accounts } = await (await fetch(`${server.url}/api/v1/system`)).json();
  const [one, other] = accounts.filter(({ role }) => role === "delegate");
  [chair, site, viewer] = [await person(browser), await person(camera), await person(browser)];
  await signIn(chair, server, accounts.find(({ role }) => role === "chair"));
  await signIn(site, { url: lines[0].url }, one);
  await signIn(viewer, { url: lines[1].url }, other);
  await comeIn(chair, `${server.url}/join/demo`);
  await comeIn(site, `${lines[0].url}/join/demo`);
  await comeIn(viewer, `${lines[1].url}/join/demo`);
  const plate = site.locator("[data-tile]").filter({ hasText: "Bạn" }).locator(".name.full");
  name = (await plate.innerText()).replaceAll("\u00a0", " ");
  await moves(tile(viewer).locator("video"), "the site's small picture");
  await eventually("the whole picture is switched off", async () => !(await layersSent(site)).f.active);
  const before = await layersSent(site);
  await eventually("the lowest layer moves", async () => (await layersSent(site)).q.frames > before.q.frames + 30);
  const after = await layersSent(site);
  assert.equal(after.f.frames, before.f.frames, "the whole picture stands still");
});

chapter("who enlarges the picture gets it whole at once, and then the layer between is not sent", async (t) => {
  await tile(viewer).click();
  const pressed = Date.now();
  await eventually("the whole picture", async () => (await largest(viewer)).height === LARGE.height, { every: 20 });
  t.diagnostic(`${Date.now() - pressed} ms from the press to the whole picture`);
  await eventually("the layer between is switched off", async () => !(await layersSent(site)).h.active);
  const before = await layersSent(site);
  await moves(mainPicture(viewer, name), "the large picture");
  const after = await layersSent(site);
  assert.ok(after.f.active && after.f.frames > before.f.frames);
  assert.equal(after.h.frames, before.h.frames, "the layer between stands still");
});

chapter("a line that loses one packet in twenty each way, at both ends, shows a moving picture", async (t) => {
  lines.forEach((line) => line.lose(0.05));
  const framesPerS = await pace(viewer, 12_000);
  lines.forEach((line) => line.lose(0));
  t.diagnostic(`${framesPerS.toFixed(1)} of ${LARGE.framesPerS} pictures a second`);
  assert.ok(framesPerS >= 20, `${framesPerS} pictures a second`);
});

chapter("a shared page of text arrives in its own size and can be read", async (t) => {
  await viewer.getByRole("button", { name: /Bỏ ghim/ }).click();
  await shareText(chair);
  await chair.getByRole("button", { name: "Chia sẻ" }).click();
  await viewer.getByText("Màn hình chia sẻ").waitFor();
  const shown = mainPicture(viewer, /./);
  await moves(shown, "the shared page");
  const alike = await eventually("the text can be read", async () => {
    const found = await readability(viewer, shown);
    return found.width === 1920 && found.sharp > 0.9 && found;
  });
  t.diagnostic(`${alike.width}×${alike.height}, likeness of the letters ${alike.sharp.toFixed(3)}`);
  await screenshot(viewer, "lines-shared-text");
  await chair.getByRole("button", { name: "Dừng chia sẻ" }).first().click();
  await viewer.getByText("Màn hình chia sẻ").waitFor({ state: "detached" });
  assert.deepEqual([chair, site, viewer].flatMap((page) => page.faults), []);
});
