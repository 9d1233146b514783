// Debian's Firefox with a fake camera and a fake microphone, driven over WebDriver BiDi. Playwright drives only a Firefox of its own.
import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import path from "node:path";
import puppeteer from "puppeteer-core";
import { ARTIFACTS, SIZES } from "./chromium.js";

const PREFERENCES = {
  // A moving picture and a tone instead of devices, and nobody who has to be asked for them.
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "intl.accept_languages": "vi",
};

/** An address of this machine that is not the loopback's, from which Firefox sends no media. None: there is no such interface. */
export function hostAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

export function launchFirefox() {
  return puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    headless: true,
    extraPrefsFirefox: PREFERENCES,
  });
}

/** A person at that computer. */
export async function foxPerson(browser) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  await page.setViewport(SIZES.laptop);
  page.setDefaultTimeout(45_000);
  await page.evaluateOnNewDocument(keepConnections);
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  return page;
}

/** Runs in the page before anything of it: every connection is kept where a test can ask it. */
function keepConnections() {
  window.connections = [];
  const Real = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...how) {
      super(...how);
      window.connections.push(this);
    }
  };
}

export async function foxScreenshot(page, name) {
  await mkdir(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}-firefox.png`) });
}

/** Signs in, passes the pre-join page and takes the seat. */
export async function foxEnter(page, server, account, address) {
  await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(address)}`);
  await page.locator("input[autocomplete=username]").fill(account.username);
  await page.locator("input[autocomplete=current-password]").fill(account.password);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !location.pathname.startsWith("/sign-in"));
  await page.locator("::-p-aria(Vào họp)").click();
  await page.waitForSelector("[data-desk]");
}
