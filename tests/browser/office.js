// What people do in the office, by the words on its pages.
import assert from "node:assert/strict";

export async function signIn(page, server, account, next = "/") {
  await page.goto(`${server.url}/sign-in?next=${encodeURIComponent(next)}`);
  await page.getByLabel("Tên đăng nhập").fill(account.username);
  await page.getByLabel("Mật khẩu", { exact: true }).fill(account.password);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

/** Day and times of a meeting that begins in two minutes; shortly before midnight, of the first one of tomorrow. */
export function soon(now = Date.now()) {
  const zone = { timeZone: "Asia/Ho_Chi_Minh" };
  const clock = (at) => new Intl.DateTimeFormat("en-GB", { ...zone, hour: "2-digit", minute: "2-digit" }).format(at);
  const day = (at) => new Intl.DateTimeFormat("en-GB", { ...zone, dateStyle: "short" }).format(at);
  const length = 40 * 60_000;
  const from = now + 2 * 60_000;
  if (day(from) === day(from + length)) return { day: day(from), from: clock(from), to: clock(from + length) };
  return { day: day(from + length), from: "00:00", to: clock(from + length) };
}

/** Fills in the booking page. `sites` are rows of the tree: a name that is searched, and the row that is ticked. */
export async function writeBooking(page, { title, when, chair, technician, sites, agenda = [] }) {
  await page.getByLabel("Tên cuộc họp").fill(title);
  for (const [label, text] of [["Ngày", when.day], ["Từ", when.from], ["Đến", when.to]]) {
    await page.getByLabel(label, { exact: true }).fill(text);
    await page.keyboard.press("Tab");
  }
  await page.getByLabel("Chủ trì", { exact: true }).selectOption({ label: chair });
  if (technician) await page.getByLabel("Kỹ thuật", { exact: true }).selectOption({ label: technician });
  for (const [index, item] of agenda.entries()) {
    await page.getByRole("button", { name: "Thêm mục" }).click();
    await page.getByLabel(`Nội dung mục ${index + 1}`).fill(item.title);
    await page.getByLabel(`Số phút của mục ${index + 1}`).fill(String(item.minutes));
  }
  for (const name of sites) {
    await page.getByLabel("Tìm điểm cầu, cụm, đơn vị").fill(name);
    const row = page.getByRole("treeitem", { name }).first();
    await row.click();
    assert.equal(await row.getAttribute("aria-checked"), "true");
  }
  await page.getByLabel("Tìm điểm cầu, cụm, đơn vị").fill("");
}

/** The links of the page that follows a booking, by the name of their site. */
export async function issuedLinks(page) {
  await page.getByRole("heading", { name: "Đã đăng ký cuộc họp" }).waitFor();
  const rows = await page.getByRole("listitem").filter({ has: page.locator("code") }).all();
  const links = await Promise.all(
    rows.map(async (row) => [await row.locator(".name").innerText(), await row.locator("code").innerText()]),
  );
  return Object.fromEntries(links);
}
