/** A few seconds of real WebM, made by the browser itself, for the player to play: no file of unknown origin in the repository. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";

export async function recordClip(browser: Browser, origin: string): Promise<string> {
  const page = await browser.newPage();
  try {
    // Any page of a secure context will do; the sign-in page asks for nothing.
    await page.goto(`${origin}/sign-in`);
    const encoded = await page.evaluate(drawAndRecord);
    const file = join(await mkdtemp(join(tmpdir(), "nhipcau-clip-")), "clip.webm");
    await writeFile(file, Buffer.from(encoded, "base64"));
    return file;
  } finally {
    await page.close();
  }
}

/** Runs in the page: a table with three people, as a picture that is not empty. */
async function drawAndRecord(): Promise<string> {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [640, 360];
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("no canvas");
  const recorder = new MediaRecorder(canvas.captureStream(10), { mimeType: "video/webm;codecs=vp8" });
  const chunks: Blob[] = [];
  recorder.ondataavailable = (event) => chunks.push(event.data);
  const stopped = new Promise((done) => (recorder.onstop = done));
  recorder.start();
  for (let frame = 0; frame < 12; frame += 1) {
    pen.fillStyle = "#22303d";
    pen.fillRect(0, 0, 640, 360);
    pen.fillStyle = "#3f5468";
    for (const x of [150, 320, 490]) {
      pen.beginPath();
      pen.arc(x, 150 + (frame % 3), 42, 0, 7);
      pen.ellipse(x, 290, 80, 90, 0, 0, 7);
      pen.fill();
    }
    pen.fillStyle = "#1b2732";
    pen.fillRect(0, 290, 640, 70);
    await new Promise((next) => setTimeout(next, 100));
  }
  recorder.stop();
  await stopped;
  const bytes = new Uint8Array(await new Blob(chunks).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
