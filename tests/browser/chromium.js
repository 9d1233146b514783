// Debian's Chromium with a fake camera and a fake microphone, and the people who sit at it.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { writePicture } from "./picture.js";
import { watchConnections } from "./senses.js";
import { writeVoice } from "./voice.js";

export const ARTIFACTS = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../artifacts/browser");

export const SIZES = {
  laptop: { width: 1366, height: 768 },
  wall: { width: 1920, height: 1080 },
  phone: { width: 390, height: 844 },
};

/** What nothing on the page may wait longer for. */
const PATIENCE_MS = 45_000;

/** `picture`: what its cameras see, if not the small picture. */
export async function launch({ picture: size } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), "nhipcau-devices-"));
  const [picture, voice] = [path.join(folder, "camera.y4m"), path.join(folder, "microphone.wav")];
  await Promise.all([writePicture(picture, size), writeVoice(voice)]);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    headless: true,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
      "--use-fake-device-for-media-stream=display-media-type=monitor", "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${picture}`, `--use-file-for-fake-audio-capture=${voice}`,
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
  browser.on("disconnected", () => void rm(folder, { recursive: true, force: true }));
  return browser;
}

/** A person at a computer: an own profile, so own cookies and own storage. */
export async function person(browser, { size = SIZES.laptop } = {}) {
  const context = await browser.newContext({
    viewport: size,
    locale: "vi-VN",
    timezoneId: "Asia/Ho_Chi_Minh",
    permissions: ["camera", "microphone"],
    acceptDownloads: true,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await watchConnections(context);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    // Every page asks first who sits at it; a guest's answer is 401, which the browser calls an error.
    const guest = message.location().url.endsWith("/api/v1/auth/me");
    if (message.type() === "error" && !guest) page.faults.push(`${message.text()} ${message.location().url}`);
  });
  return page;
}

export async function screenshot(page, name) {
  await mkdir(ARTIFACTS, { recursive: true });
  const { width } = page.viewportSize();
  await page.screenshot({ path: path.join(ARTIFACTS, `${name}-${width}.png`) });
}
