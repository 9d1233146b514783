/** Opens a screen in Chromium, waits until it is still, judges what a machine can judge, and keeps the picture. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, type Page, chromium } from "playwright-core";
import type { OfficeRole } from "../../src/api/model";
import type { Case } from "./bridge";
import { NOW } from "./meetings";

export const SIZES = {
  1366: { width: 1366, height: 768 },
  1920: { width: 1920, height: 1080 },
  390: { width: 390, height: 844 },
} as const;
export type Width = keyof typeof SIZES;

export interface Shot {
  name: string;
  path: string;
  who?: OfficeRole;
  what?: Case;
  language?: "vi" | "en";
  width?: Width;
  /** Runs in the page before anything of it. */
  before?: () => void;
  /** Another window than the three. */
  size?: { width: number; height: number };
  /** What must stand before the page is opened: answers of its own, a live room. */
  prepare?: (page: Page) => Promise<void>;
  act?: (page: Page) => Promise<void>;
}

const PICTURES = join(import.meta.dirname, "../../../../artifacts/ui");

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    args: [
      "--headless=new",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
}

/** Returns what is wrong with the screen, in words; nothing when all is well. */
export async function shoot(browser: Browser, origin: string, shot: Shot): Promise<string[]> {
  const size = shot.size ?? SIZES[shot.width ?? 1366];
  const context = await browser.newContext({ viewport: size, reducedMotion: "reduce" });
  const faults: string[] = [];
  try {
    const cookie = (name: string, value: string) => ({ name, value, url: origin });
    const cookies = [cookie("fixture-case", shot.what ?? "well")];
    if (shot.who) cookies.push(cookie("fixture-who", shot.who));
    await context.addCookies(cookies);
    await context.addInitScript(
      (language) => localStorage.setItem("nhipcau.language", language),
      shot.language ?? "vi",
    );
    if (shot.before) await context.addInitScript(shot.before);
    const page = await context.newPage();
    await page.clock.setFixedTime(NOW);
    const expected = ["failing", "lost", "slow"].includes(shot.what ?? "") || !shot.who;
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() !== "error" && message.type() !== "warning") return;
      if (text.includes("Content Security Policy") || !(expected || text.includes("404")))
        faults.push(`console: ${text}`);
    });
    page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
    await shot.prepare?.(page);
    await page.goto(origin + shot.path);
    await page.waitForSelector("h1, [role=alert], [role=status]", { timeout: 15_000 });
    await settle(page);
    await shot.act?.(page);
    await settle(page);
    faults.push(...(await page.evaluate(judge)));
    await mkdir(PICTURES, { recursive: true });
    const file = `${shot.name}-${String(size.width)}${shot.language === "en" ? "-en" : ""}.png`;
    await page.screenshot({ path: join(PICTURES, file) });
  } finally {
    await context.close();
  }
  return faults;
}

/** Still: fonts are there and two frames in a row have passed without a request in flight. */
async function settle(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle", { timeout: 2_500 }).catch(() => undefined);
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
  );
}

/** Runs in the page. What a picture of the whole would not tell: overflow, cut names, controls without names. */
function judge(): string[] {
  const faults: string[] = [];
  if (document.documentElement.scrollWidth > innerWidth + 1) {
    faults.push(`the page is ${String(document.documentElement.scrollWidth - innerWidth)} px wider than the window`);
  }
  for (const element of document.querySelectorAll<HTMLElement>("body *")) {
    const style = getComputedStyle(element);
    if (style.textOverflow === "ellipsis") faults.push(`an ellipsis may cut: ${element.textContent.trim()}`);
    const hidden = style.clipPath !== "none" || style.visibility === "hidden" || element.closest("svg") !== null;
    const cuts = style.overflowX === "hidden" || style.overflowX === "clip";
    if (!hidden && cuts && element.scrollWidth > element.clientWidth + 1 && element.innerText.trim() !== "") {
      faults.push(`text is cut: ${element.className} ${element.innerText.slice(0, 60)}`);
    }
  }
  for (const control of document.querySelectorAll<HTMLElement>(
    ":is(button, a[href], input, select, textarea):not([aria-hidden])",
  )) {
    const labelled =
      control.getAttribute("aria-label") ??
      control.getAttribute("aria-labelledby") ??
      (control as HTMLInputElement).labels?.[0]?.textContent ??
      control.textContent;
    if (!labelled.trim()) faults.push(`a control without a name: ${control.outerHTML.slice(0, 120)}`);
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not exactly one h1");
  return faults;
}
