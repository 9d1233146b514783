// Every screen of the office and of the meeting on the real server, in both languages and three sizes.
import assert from "node:assert/strict";
import { after, before } from "node:test";

import { launch, person } from "./chromium.js";
import { signIn } from "./office.js";
import { comeIn } from "./room.js";
import { everywhere } from "./screens.js";
import { demoAccounts, Server } from "./server.js";
import { story } from "./story.js";

let server;
let browser;
let accounts;
let chair;

before(async () => {
  server = await Server.start();
  browser = await launch();
  accounts = await demoAccounts(server);
});

after(async () => {
  await browser?.close();
  await server?.dispose();
});

const chapter = story(() => ({ server, browser }));

/** Pictures have come to everything that shows one. */
const alive = (page) => () => page.locator("[data-desk] .frame.live").first().waitFor();

chapter("the meeting room", async () => {
  chair = await person(browser);
  await signIn(chair, server, accounts.chair, "/join/demo");
  await comeIn(chair, `${server.url}/join/demo`);
  await chair.getByRole("button", { name: "Ghi hình" }).click();
  const delegate = await person(browser);
  await signIn(delegate, server, accounts.delegate, "/join/demo");
  await everywhere(delegate, "screen-prejoin", () => delegate.locator("video").waitFor());
  await comeIn(delegate, `${server.url}/join/demo`);
  await everywhere(delegate, "screen-delegate", alive(delegate));
  await everywhere(chair, "screen-chair", alive(chair));
  const technician = await person(browser);
  await signIn(technician, server, accounts.technician, "/wall/demo");
  await everywhere(technician, "screen-wall", alive(technician));
  await chair.getByRole("button", { name: "Dừng ghi" }).click();
  await chair.getByRole("dialog").getByRole("button", { name: "Dừng ghi" }).click();
  await chair.getByRole("button", { name: "Ghi hình" }).waitFor();
  for (const page of [chair, delegate, technician]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

/** Opens the address and looks at it everywhere. */
async function look(page, name, path) {
  await page.goto(server.url + path);
  await everywhere(page, `screen-${name}`);
}

chapter("the office of a secretary", async () => {
  const page = await person(browser);
  await page.goto(server.url);
  await everywhere(page, "screen-sign-in");
  await signIn(page, server, accounts.secretary);
  const held = await page.evaluate(async () => {
    const sessions = await (await fetch("/api/v1/sessions?state=ended")).json();
    return sessions.find((session) => session.state === "ended").id;
  });
  await look(page, "home", "/");
  await look(page, "calendar", "/calendar");
  await look(page, "sessions", "/sessions");
  await look(page, "session", `/sessions/${held}`);
  await look(page, "attendance", `/sessions/${held}/attendance`);
  await look(page, "booking", "/bookings/new");
  await look(page, "password", "/settings/password");
  await page.context().close();
});

chapter("the recordings of a leader and the registers of an administrator", async () => {
  const leader = await person(browser);
  await signIn(leader, server, accounts.leader, "/recordings");
  await everywhere(leader, "screen-recordings");
  await leader.getByRole("link", { name: /^Mở bản ghi/ }).first().click();
  await leader.locator("video").waitFor();
  await everywhere(leader, "screen-player");
  await leader.context().close();
  const admin = await person(browser);
  await signIn(admin, server, accounts.admin);
  await look(admin, "accounts", "/admin/accounts");
  await look(admin, "directory", "/admin/directory");
  await look(admin, "not-found", "/nowhere");
  await admin.context().close();
});
