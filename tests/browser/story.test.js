// The whole story, as people live it: a secretary books, officials come by their links, the chair leads, a line drops, the meeting is
// recorded, attended and played back. Real Chromium, real server, nothing in between.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { eventually, launch, loudness, person, received, screenshot, signIn, SIZES, watchConnections } from "./chromium.js";
import { demoAccounts, Server } from "./server.js";

let server;
let browser;
let accounts;
/** Handed from one chapter of the story to the next. */
const story = {};

before(async () => {
  server = await Server.start();
  browser = await launch();
  accounts = await demoAccounts(server);
});

after(async () => {
  await browser?.close();
  await server?.dispose();
});

/** A request of the page itself, with its cookies. */
const ask = (page, method, path, body, headers = {}) =>
  page.evaluate(
    async ([method, path, body, headers]) => {
      const answer = await fetch(path, {
        method,
        headers: { ...(body ? { "content-type": "application/json" } : {}), ...headers },
        body: body ? JSON.stringify(body) : undefined,
      });
      const text = await answer.text();
      return { status: answer.status, body: text ? JSON.parse(text) : null };
    },
    [method, path, body, headers],
  );

test("a secretary books the communes of a hub and gets a link for each", async () => {
  const page = await person(browser);
  await signIn(page, server, accounts.secretary);
  const [{ body: tree }, { body: chairs }, { body: secretaries }, { body: sites }] = await Promise.all([
    ask(page, "GET", "/api/v1/site-tree"),
    ask(page, "GET", "/api/v1/people?role=chair"),
    ask(page, "GET", "/api/v1/people?role=secretary"),
    ask(page, "GET", "/api/v1/sites"),
  ]);
  const hub = find(tree, (node) => node.name === "Cụm Đầm Hà");
  assert.ok(hub, "the demo province has the hub");
  const now = Math.floor(Date.now() / 60_000) * 60_000;
  const booking = {
    title: "Hội nghị triển khai phòng, chống thiên tai",
    short_title: "Phòng, chống thiên tai",
    mode: "conference",
    starts_at: now + 5 * 60_000,
    ends_at: now + 65 * 60_000,
    chair_id: chairs[0].id,
    secretary_id: secretaries[0].id,
    central_site_id: sites.find((site) => site.central).id,
    selection: [{ kind: "subtree", group_id: hub.id, except: [] }],
    agenda: [
      { title: "Khai mạc", minutes: 10, presenter: null },
      { title: "Phương án sơ tán dân vùng ven biển, đảo", minutes: 40, presenter: "Sở Nông nghiệp và Môi trường" },
    ],
    recording_planned: true,
  };
  const made = await ask(page, "POST", "/api/v1/bookings", booking, { "idempotency-key": crypto.randomUUID() });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  story.session = made.body.session.id;
  story.links = made.body.invitations.filter((invitation) => invitation.site_id);
  assert.ok(story.links.length >= 3, "the hub's two communes and the central site");
  story.secretary = page;

  const again = await ask(page, "POST", "/api/v1/bookings", booking, { "idempotency-key": crypto.randomUUID() });
  assert.equal(again.status, 409);
  assert.equal(again.body.code, "clash");
  assert.ok(again.body.clashes.some((clash) => clash.session_title === booking.title));
});

function find(node, is) {
  if (is(node)) return node;
  for (const child of node.children ?? []) {
    const found = find(child, is);
    if (found) return found;
  }
  return undefined;
}

/** Passes the pre-join page and comes into the room. */
async function comeIn(page, address, name) {
  await watchConnections(page);
  await page.goto(address);
  const join = page.getByRole("button", { name: "Vào họp" });
  await join.waitFor();
  if (name) await screenshot(page, `${name}-prejoin`);
  await join.click();
  await page.locator("[data-stage=dark]").first().waitFor();
}

test("officials come in by their links, muted, and see and hear the chair", async () => {
  const chair = await person(browser);
  await signIn(chair, server, accounts.chair);
  story.chair = chair;
  await comeIn(chair, `${server.url}/join/${story.session}`, "chair");

  story.officials = [];
  const communes = story.links.filter((link) => /Quảng Tân|Đầm Hà/.test(link.name));
  assert.equal(communes.length, 2, JSON.stringify(story.links.map((link) => link.name)));
  for (const { link } of communes) {
    const official = await person(browser);
    await comeIn(official, new URL(link, server.url).href, "official");
    story.officials.push(official);
  }
  const start = chair.getByRole("button", { name: "Bắt đầu họp" });
  await start.click();
  for (const official of story.officials) {
    await eventually("pictures are decoded", async () => (await received(official)).frames > 10, { within: 30_000 });
  }
  // The chair speaks freely; his beep is heard by everybody.
  await chair.keyboard.press("m");
  for (const official of story.officials) {
    await eventually("the chair is heard", async () => (await received(official)).energy > 0.001, { within: 30_000 });
    assert.ok((await loudness(official)) > 0.01, "an analyser hears it too");
  }
  await screenshot(chair, "chair-1366");
  await screenshot(story.officials[0], "delegate-1366");
});

test("who asks is called, and is heard by the other site", async () => {
  const [asker, listener] = story.officials;
  await story.chair.keyboard.press("m");
  await asker.getByRole("button", { name: /Xin phát biểu/ }).click();
  const call = story.chair.getByRole("button", { name: /^Mời .* phát biểu$/ }).first();
  await call.click();
  await asker.getByRole("alertdialog").waitFor();
  await screenshot(asker, "delegate-called-1366");
  const before = (await received(listener)).energy;
  await eventually("the called site is heard", async () => (await received(listener)).energy > before + 0.001, { within: 20_000 });
  await screenshot(story.chair, "chair-floor-1366");
});

test("a technician sees every site's line on one wall", async () => {
  const technician = await person(browser, { size: SIZES.desk });
  await signIn(technician, server, accounts.technician);
  await technician.goto(`${server.url}/wall/${story.session}`);
  await technician.locator("[data-stage=dark]").first().waitFor();
  await eventually("live figures", async () => /\d+\s*(ms|kbit\/s|Mbit\/s)/.test(await technician.locator("body").innerText()), {
    within: 20_000,
  });
  await screenshot(technician, "wall-1920");
  story.technician = technician;
});

test("everybody sees that the recording runs", async () => {
  await story.chair.getByRole("button", { name: /Ghi hình/ }).click();
  for (const official of story.officials) {
    await official.getByText(/Đang ghi hình|Ghi hình/).first().waitFor({ timeout: 15_000 });
  }
});

test("a site whose network is cut comes back by itself into its seat", async () => {
  const [, site] = story.officials;
  await site.context().setOffline(true);
  await site.evaluate(() => {
    for (const connection of window.connections) connection.close();
  });
  await eventually("the site is told", async () => (await site.getByRole("alertdialog").count()) > 0, { within: 30_000 });
  await screenshot(site, "reconnecting-1366");
  const known = (await received(site)).frames;
  await site.context().setOffline(false);
  await eventually("pictures again", async () => (await received(site)).frames > known + 10, { within: 40_000 });
  await eventually("the card is gone", async () => (await site.getByRole("alertdialog").count()) === 0);
});

test("the chair ends the session and everybody is told", async () => {
  await story.chair.getByRole("button", { name: "Kết thúc", exact: true }).click();
  await story.chair.getByRole("button", { name: "Kết thúc phiên họp" }).click();
  for (const official of story.officials) {
    await official.getByText("Cuộc họp đã kết thúc").first().waitFor({ timeout: 15_000 });
  }
  await screenshot(story.officials[0], "ended-1366");
});

test("the secretary has the attendance on screen and as XLSX", async () => {
  const page = story.secretary;
  await page.goto(`${server.url}/sessions/${story.session}/attendance`);
  await page.getByText("Xã Đầm Hà").first().waitFor();
  await screenshot(page, "attendance-1366");
  const { body } = await ask(page, "GET", `/api/v1/sessions/${story.session}/attendance`);
  const online = body.rows.filter((row) => row.status === "online" && row.intervals.length > 0);
  assert.ok(online.length >= 2, JSON.stringify(body.rows));
  const sheet = await page.evaluate(async (path) => {
    const bytes = new Uint8Array(await (await fetch(path)).arrayBuffer());
    return [bytes.length, bytes[0], bytes[1]];
  }, `/api/v1/sessions/${story.session}/attendance.xlsx`);
  assert.deepEqual(sheet.slice(1), [0x50, 0x4b], "a ZIP container");
});

test("a leader plays the recording and seeks in it; a delegate finds nothing there", async () => {
  const leader = await person(browser);
  await signIn(leader, server, accounts.leader);
  const recording = await eventually("the recording is ready", async () => {
    const { body } = await ask(leader, "GET", "/api/v1/recordings");
    return body.find((one) => one.session_id === story.session && one.state === "ready");
  });
  assert.ok(recording.duration_ms > 3_000, JSON.stringify(recording));
  await leader.goto(`${server.url}/recordings/${recording.id}`);
  const video = leader.locator("video");
  await video.waitFor();
  await eventually("the length is known", () => video.evaluate((video) => Number.isFinite(video.duration) && video.duration > 3));
  await video.evaluate((video) => {
    video.currentTime = video.duration / 2;
    return video.play();
  });
  await eventually("it plays from the middle", () =>
    video.evaluate((video) => video.currentTime > video.duration / 2 + 0.3 && video.videoWidth > 0),
  );
  await screenshot(leader, "player-1366");

  const delegate = await person(browser);
  await signIn(delegate, server, accounts.delegate);
  const refused = await ask(delegate, "GET", `/api/v1/recordings/${recording.id}`);
  assert.equal(refused.status, 404);
});
