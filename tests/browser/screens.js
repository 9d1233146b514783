// One screen in both languages and at the sizes of an office, a wall and a phone: kept as a picture, and judged as far as a machine can.
import assert from "node:assert/strict";
import axe from "axe-core";
import { screenshot, SIZES } from "./chromium.js";

const VISITS = [
  ["vi", "laptop"],
  ["vi", "wall"],
  ["vi", "phone"],
  ["en", "phone"],
  ["en", "laptop"],
];

/** `still` waits until the screen shows what it is about. The page is left as it was found: Vietnamese, on a laptop. */
export async function everywhere(page, name, still = async () => {}) {
  let spoken = "vi";
  for (const [language, size] of VISITS) {
    if (language !== spoken) await speak(page, (spoken = language));
    await page.setViewportSize(SIZES[size]);
    await still();
    await settle(page);
    await screenshot(page, language === "vi" ? name : `${name}-${language}`);
    const where = `${name} in ${language} on a ${size}`;
    assert.deepEqual(await page.evaluate(faults, language), [], where);
    // What it looks at is the same in both languages and hardly differs between an office and a wall; a look takes seconds.
    if (language === "vi" && size !== "wall") assert.deepEqual(await barriers(page), [], where);
  }
  await speak(page, "vi");
}

/** What WCAG 2.2, levels A and AA, is seen to be broken by: contrast, names, roles. What is folded or scrolled away cannot be judged. */
async function barriers(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    window.axe.run({
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
      resultTypes: ["violations"],
      // An experiment of axe's: a tile of the wall shows figures that change every second, which are no part of its name.
      rules: { "label-content-name-mismatch": { enabled: false } },
    }),
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any.map((check) => check.message).join("; ")}`),
  );
}

/** The language remembered on this machine, for everybody who sits at it. */
async function speak(page, language) {
  await page.evaluate((language) => {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith("nhipcau.language."));
    for (const key of ["nhipcau.language", ...keys]) localStorage.setItem(key, language);
  }, language);
  await page.reload();
}

/** Nothing is being loaded, the letters are there, and two frames in a row were drawn. */
async function settle(page) {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await page.waitForFunction(() => document.querySelector("[aria-busy=true], svg.spinner") === null);
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  });
}

/** Runs in the page: what is wrong with the screen, in words. */
function faults(language) {
  const found = [];
  const wider = document.documentElement.scrollWidth - innerWidth;
  if (wider > 1) found.push(`the page is ${wider} px wider than the window`);
  if (document.documentElement.lang !== language) found.push(`the page says it is in ${document.documentElement.lang}`);
  if (document.querySelectorAll("h1").length !== 1) found.push("not exactly one h1");
  for (const control of document.querySelectorAll(":is(button, a[href], input, select, textarea):not([aria-hidden])")) {
    const name =
      control.getAttribute("aria-label") ??
      control.getAttribute("aria-labelledby") ??
      control.labels?.[0]?.textContent ??
      control.textContent;
    if (name.trim() === "") found.push(`a control without a name: ${control.outerHTML.slice(0, 120)}`);
    // What is folded away (a closed <details>) can be covered by nothing.
    const above = control.checkVisibility() ? covers(control) : undefined;
    if (above) found.push(`"${name.trim()}" lies under ${above.outerHTML.slice(0, 120)}`);
  }
  return found;

  /** What takes the presses meant for a control, if anything does. Bars that stay while the page scrolls under them may. */
  function covers(control) {
    const box = control.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (box.width < 8 || box.height < 8 || scrolledAway(control, x, y)) return undefined;
    const above = document.elementFromPoint(x, y);
    if (above === null || above.contains(control) || control.contains(above)) return undefined;
    if ([...(control.labels ?? [])].some((label) => label.contains(above))) return undefined;
    for (let element = above; !element.contains(control); element = element.parentElement) {
      if (["fixed", "sticky"].includes(getComputedStyle(element).position)) return undefined;
    }
    return above;
  }

  function scrolledAway(control, x, y) {
    for (let element = control.parentElement; element !== null; element = element.parentElement) {
      const box = element.getBoundingClientRect();
      const clips = getComputedStyle(element).overflow !== "visible";
      if (clips && (x < box.left || x > box.right || y < box.top || y > box.bottom)) return true;
    }
    return false;
  }
}
