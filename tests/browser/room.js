// What people do in the meeting room, by the words on its buttons.

/** Passes the pre-join page. */
export async function comeIn(page, address, { people } = {}) {
  await page.goto(address);
  if (people) await page.getByRole("textbox", { name: "Số người dự" }).fill(String(people));
  await page.getByRole("button", { name: "Vào họp" }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.locator("[data-desk]").waitFor();
}

/** The large picture, whoever is on it. */
export const mainPicture = (page, name) => page.getByRole("main").getByRole("region", { name }).locator("video");

/** Who is called opens his microphone at once; on a busy machine it has opened by itself, three seconds later, before the press arrives. */
export async function speakNow(page) {
  const opened = page.getByRole("button", { name: /^Micro bật/ });
  const now = page.getByRole("button", { name: "Bật micro ngay" });
  await now.or(opened).first().waitFor();
  await now.click({ timeout: 3_000 }).catch(async (cause) => {
    if (!(await opened.isVisible())) throw cause;
  });
  await opened.waitFor();
}

export const microphone = (page) => page.getByRole("button", { name: /^Micro (bật|tắt)/ });

/** The state of a site as everybody reads it in the list of sites, which is opened when it is not. */
export function row(page, name) {
  return page.getByRole("dialog").getByRole("button", { name: new RegExp(`^${name}`) });
}

export async function openSites(page) {
  await page.keyboard.press("l");
  await page.getByRole("heading", { name: /^Điểm cầu · / }).waitFor();
}

export async function closeSites(page) {
  await page.keyboard.press("Escape");
}

/** An act of the chair on one site, from the list of sites. */
export async function act(page, site, name) {
  await openSites(page);
  await row(page, site).click();
  await page.getByRole("menuitem", { name }).click();
  await closeSites(page);
}
