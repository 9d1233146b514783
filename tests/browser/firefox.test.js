// Firefox and Chromium in one meeting: each is seen and heard by the other, and both obey when nobody looks at their large layers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, person } from "./chromium.js";
import { foxEnter, foxPerson, foxScreenshot, hostAddress, launchFirefox } from "./firefox.js";
import { signIn } from "./office.js";
import { eventually } from "./patience.js";
import { act, comeIn, microphone } from "./room.js";
import { codecs, energyArrives, hears, layersSent, moves, received } from "./senses.js";
import { Server } from "./server.js";
import { story } from "./story.js";

const address = hostAddress();
const LONELY = "this machine has no address but the loopback's, and from that Firefox sends no media";

let server;
let browser, firefox;
let chair, fox;
let name;

before(async () => {
  if (address === undefined) return;
  server = await Server.start({ address });
  [browser, firefox] = await Promise.all([launch(), launchFirefox()]);
});

after(async () => {
  await Promise.all([browser?.close(), firefox?.close()]);
  await server?.dispose();
});

const chapter = address === undefined ? (name) => test(name, { skip: LONELY }) : story(() => ({ server, browser }));

chapter("somebody comes with Firefox and sees and hears the chair", async () => {
  const { accounts } = await (await fetch(`${server.url}/api/v1/system`)).json();
  const account = (role) => accounts.find((one) => one.role === role);
  [chair, fox] = [await person(browser), await foxPerson(firefox)];
  await signIn(chair, server, account("chair"));
  await comeIn(chair, `${server.url}/join/demo`);
  await foxEnter(fox, server, account("delegate"), "/join/demo");
  name = await fox.$eval("[data-tile] .name.full", (element) => element.innerText.replaceAll("\u00a0", " "));
  const { frames } = await received(fox);
  await eventually("pictures are decoded", async () => (await received(fox)).frames > frames + 20);
  await eventually("the picture is shown", () => fox.$("main .frame.live"));
  await microphone(chair).click();
  await energyArrives(fox, "the chair");
  await foxScreenshot(fox, "delegate");
  await microphone(chair).click();
});

chapter("who came with Firefox is seen and, when he is called, heard", async () => {
  await moves(chair.locator(`[data-tile]`).filter({ hasText: name }).locator("video"), "the picture from Firefox");
  await act(chair, name, "Mời phát biểu");
  await fox.waitForSelector('[role="alertdialog"]');
  await hears(chair, "Firefox");
  for (const page of [chair, fox]) assert.deepEqual(await codecs(page), ["audio/opus", "video/VP8"]);
});

chapter("Firefox, too, switches off the layers nobody looks at, and on again", async () => {
  // Whoever has the floor stands large before everybody.
  await chair.getByRole("button", { name: "Kết thúc lượt" }).click();
  // Firefox says of no layer whether it is active: it stands still, or goes on.
  const frames = async () => {
    const { q, f } = await layersSent(fox);
    return { small: q.frames, whole: f.frames };
  };
  let before = await frames();
  await eventually("the whole picture stands still while the small one goes on", async () => {
    const after = await frames();
    const still = after.whole === before.whole;
    if (!still) before = after;
    return still && after.small > before.small + 40;
  });
  await act(chair, name, "Đưa lên hình chính");
  await eventually("the whole picture is sent again", async () => (await frames()).whole > before.whole + 20);
  assert.deepEqual([...chair.faults, ...fox.faults], []);
});
