// A story told in chapters: each goes on where the one before ended, so none is told after one that failed.
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { ARTIFACTS } from "./chromium.js";

const CHAPTER_MS = 180_000;

/** `stage()` gives what is on it just now: the server and the browser, whose state is kept when a chapter fails. */
export function story(stage) {
  let failed;
  return function chapter(name, tell) {
    test(name, async (t) => {
      if (failed) return t.skip(`after "${failed}"`);
      try {
        await within(CHAPTER_MS, tell(t));
      } catch (cause) {
        failed = name;
        await keepEvidence(stage(), name);
        throw cause;
      }
    });
  };
}

async function within(ms, telling) {
  let late;
  const tooLate = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`the chapter was not told within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([telling, tooLate]);
  } finally {
    clearTimeout(late);
  }
}

async function keepEvidence({ server, browser }, name) {
  const folder = path.join(ARTIFACTS, "failed", name.replace(/[^\p{L}\p{N}]+/gu, "-"));
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "server.log"), server?.log.join("") ?? "");
  const pages = browser?.contexts().flatMap((context) => context.pages()) ?? [];
  for (const [number, page] of pages.entries()) {
    await writeFile(path.join(folder, `${number}.txt`), [page.url(), ...(page.faults ?? [])].join("\n"));
    await page.screenshot({ path: path.join(folder, `${number}.png`), timeout: 5_000 }).catch((cause) =>
      console.warn(`page ${number} cannot be shown`, cause.message),
    );
  }
}
