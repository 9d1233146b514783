import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBridge } from "./bridge";
import { recordClip } from "./clip";
import { type Shot, launch, shoot } from "./shoot";
import { shots } from "./shots";

const dist = join(import.meta.dirname, "../../dist");
let browser: Browser;
let bridge: Awaited<ReturnType<typeof startBridge>>;

beforeAll(async () => {
  browser = await launch();
  const bare = await startBridge(dist);
  const clip = await recordClip(browser, bare.origin);
  await bare.stop();
  bridge = await startBridge(dist, clip);
});
afterAll(async () => {
  await browser.close();
  await bridge.stop();
});

// `SHOT=booking npm run visual` draws only the screens whose name contains the word.
const wanted = shots.filter((shot) => shot.name.includes(process.env["SHOT"] ?? ""));
describe.each(
  wanted.map((shot) => [`${shot.name} ${String(shot.width ?? 1366)} ${shot.language ?? "vi"}`, shot] as const),
)("%s", (_title, shot: Shot) => {
  test("is whole, readable and keeps to the Content-Security-Policy", async () => {
    expect(await shoot(browser, bridge.origin, shot)).toEqual([]);
  });
});
