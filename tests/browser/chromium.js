// Debian's Chromium with a fake camera (a moving picture) and a fake microphone (a beep each second).
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ARTIFACTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../artifacts/browser");

export const SIZES = {
  laptop: { width: 1366, height: 768 },
  desk: { width: 1920, height: 1080 },
  phone: { width: 390, height: 844 },
};

export async function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
      "--auto-select-desktop-capture-source=Entire screen", "--auto-accept-this-tab-capture",
    ],
  });
}

/** A person at a computer: an own profile, so own cookies and own storage. */
export async function person(browser, { size = SIZES.laptop, locale = "vi-VN" } = {}) {
  const context = await browser.newContext({
    viewport: size,
    locale,
    timezoneId: "Asia/Ho_Chi_Minh",
    permissions: ["camera", "microphone"],
    acceptDownloads: true,
  });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") page.problems.push(message.text());
  });
  return page;
}

export async function screenshot(page, name) {
  await mkdir(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}.png`) });
}

/** Asks again until `check` gives something true; the last answer tells what was wrong. */
export async function eventually(what, check, { within = 15_000, every = 100 } = {}) {
  const deadline = Date.now() + within;
  let last;
  for (;;) {
    last = await check();
    if (last) return last;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/** Keeps every RTCPeerConnection of a page where the test can ask it; to be called before the page opens. */
export async function watchConnections(page) {
  await page.addInitScript(() => {
    window.connections = [];
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(...how) {
        super(...how);
        window.connections.push(this);
      }
    };
  });
}

/** What the page has received on all its connections: decoded pictures and audible energy, by getStats. */
export function received(page) {
  return page.evaluate(async () => {
    const sum = { frames: 0, energy: 0, width: 0 };
    for (const connection of window.connections ?? []) {
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "video") {
          sum.frames += report.framesDecoded ?? 0;
          sum.width = Math.max(sum.width, report.frameWidth ?? 0);
        } else {
          sum.energy += report.totalAudioEnergy ?? 0;
        }
      }
    }
    return sum;
  });
}

/** The loudest sample any playing audio element of the page has, over a second, by an analyser: what a person would hear. */
export function loudness(page) {
  return page.evaluate(async () => {
    const context = new AudioContext();
    const analysers = [];
    for (const connection of window.connections ?? []) {
      for (const { track } of connection.getReceivers()) {
        if (track.kind !== "audio") continue;
        const analyser = context.createAnalyser();
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        analysers.push(analyser);
      }
    }
    await context.resume();
    let loudest = 0;
    const until = performance.now() + 1_500;
    while (performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      for (const analyser of analysers) {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        for (const sample of samples) loudest = Math.max(loudest, Math.abs(sample));
      }
    }
    await context.close();
    return loudest;
  });
}

/** Signs in by the form, as a person does. */
export async function signIn(page, server, account) {
  await page.goto(`${server.url}/sign-in`);
  await page.locator("#username").fill(account.username);
  await page.locator("#password").fill(account.password);
  await page.locator("#password").press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}
