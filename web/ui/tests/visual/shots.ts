import type { Page } from "playwright-core";
import type { Shot } from "./shoot";

/** A screen in both languages and at the three sizes a reader may have. */
function everywhere(shot: Shot): Shot[] {
  return [
    shot,
    { ...shot, width: 1920 },
    { ...shot, width: 390 },
    { ...shot, language: "en" },
    { ...shot, language: "en", width: 390 },
  ];
}

/** A booking as a secretary writes it: a whole hub by rule, one commune alone, all departments, three agenda items. */
async function fillBooking(page: Page): Promise<void> {
  await page.fill("#booking-title", "Diễn tập phòng, chống thiên tai cụm Hạ Long");
  await page.selectOption("#booking-chair", { label: "Nguyễn Đức Anh" });
  await page.selectOption("#booking-technician", { label: "Lê Quang Khải" });
  await page.selectOption("#booking-central", { index: 1 });
  const items = [
    ["Tình hình thiên tai, dự báo quý IV", "Đài KTTV tỉnh", "30"],
    ["Phương án từng địa phương", "P Hạ Long, ĐK Cô Tô", "75"],
    ["Ý kiến các sở, ngành", "Sở NN và MT", "15"],
  ] as const;
  for (const [title, presenter, minutes] of items) {
    await page.locator("#booking-agenda .foot button").click();
    const row = page.locator("#booking-agenda li").last();
    await row.locator("textarea").first().fill(title);
    await row.locator("textarea").last().fill(presenter);
    await row.locator(".minutes").fill(minutes);
  }
  for (const [query, row] of [
    ["quang tan", "Xã Quảng Tân"],
    ["tai chinh", "Sở Tài chính"],
    ["ha long", "Cụm Hạ Long"],
  ] as const) {
    await page.fill("#site-search", query);
    await page.locator("[role=treeitem] .name", { hasText: row }).first().click();
  }
  await page.waitForFunction(() => document.querySelector("footer svg.spinner") === null);
}

/** Never a mouse: the focus is in the row's fields while they are open, and on the row's button before and after. */
async function editByKeyboard(page: Page): Promise<void> {
  const focusOn = (what: string) =>
    page.waitForFunction((name) => document.activeElement?.getAttribute("aria-label")?.startsWith(name), what, {
      timeout: 5_000,
    });
  const absent = page.locator("tr", { hasText: "Vắng mặt" }).first().getByRole("button");
  await absent.focus();
  await page.keyboard.press("Enter");
  await focusOn("Trạng thái của");
  await page.keyboard.press("Escape");
  await focusOn("Sửa điểm danh của");
  await page.locator("tr", { hasText: "Trực tuyến" }).nth(2).getByRole("button").focus();
  await page.keyboard.press("Enter");
  await focusOn("Số người xác nhận của");
  await page.keyboard.type("4");
  await page.keyboard.press("Enter");
  await focusOn("Sửa điểm danh của");
  await page.getByRole("button", { name: /số đã khai/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Đã xác nhận theo số khai.").waitFor();
  await page.waitForFunction(() => document.activeElement?.matches("button.btn-primary"), undefined, {
    timeout: 5_000,
  });
}

/** Half an hour longer than it was. */
async function askForLater(page: Page): Promise<void> {
  await page.locator("dialog").getByLabel("Đến").fill("11:00");
  await page.keyboard.press("Tab");
}

/** A picture does not show where the keyboard is. */
async function focusIsOn(page: Page, name: string): Promise<void> {
  await page.waitForFunction((wanted) => document.activeElement?.getAttribute("aria-label") === wanted, name, {
    timeout: 2_000,
  });
}

/** The clip lasts a second; the meeting in the catalogue two and a half hours. Lets the page seek as if the file were whole. */
function longRecording(): void {
  let at = 0;
  Object.defineProperty(HTMLMediaElement.prototype, "currentTime", {
    get: () => at,
    set(this: HTMLMediaElement, seconds: number) {
      at = seconds;
      this.dispatchEvent(new Event("timeupdate"));
    },
  });
}

export const shots: Shot[] = [
  ...everywhere({ name: "sign-in", path: "/sign-in" }),
  { name: "sign-in-real", path: "/sign-in", what: "empty" },
  {
    name: "sign-in-refused",
    path: "/sign-in",
    act: async (page) => {
      await page.fill("#username", "ha.tt");
      await page.fill("#password", "sai-mat-khau");
      await page.keyboard.press("Enter");
      await page.waitForSelector("#password[aria-invalid]");
    },
  },
  ...everywhere({ name: "home", path: "/", who: "secretary" }),
  { name: "home-delegate", path: "/", who: "delegate", width: 390 },
  { name: "home-empty", path: "/", who: "secretary", what: "empty" },
  { name: "home-failing", path: "/", who: "secretary", what: "failing" },
  { name: "home-lost", path: "/", who: "secretary", what: "lost" },
  {
    name: "home-menu",
    path: "/",
    who: "secretary",
    act: async (page) => {
      await page.click(".person-trigger");
      await page.waitForSelector("[role=menu]");
    },
  },
  ...everywhere({
    name: "calendar",
    path: "/calendar",
    who: "secretary",
    act: async (page) => {
      const bar = page.getByRole("link", { name: /Hội nghị triển khai phòng/ }).first();
      if (page.viewportSize()?.width !== 390) await bar.click();
    },
  }),
  { name: "calendar-day", path: "/calendar?xem=ngay&ngay=2026-11-24", who: "secretary" },
  { name: "calendar-day", path: "/calendar?xem=ngay&ngay=2026-11-24", who: "secretary", width: 1920 },
  { name: "calendar-empty", path: "/calendar?ngay=2027-01-05", who: "delegate" },
  ...everywhere({ name: "booking", path: "/bookings/new?ngay=2026-12-01", who: "secretary" }),
  ...everywhere({
    name: "booking-clash",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    what: "clash",
    act: fillBooking,
  }),
  {
    name: "booking-refused",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    act: async (page) => {
      // Playwright takes aria-disabled for disabled; a person may press it, and is led to the first fault.
      await page.locator("footer .btn-primary").click({ force: true });
    },
  },
  {
    name: "booking-clock",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    act: async (page) => {
      const [from, to] = [page.getByLabel("Từ", { exact: true }), page.getByLabel("Đến", { exact: true })];
      await from.fill("13:30");
      await from.blur();
      await page.waitForFunction(
        (field) => field instanceof HTMLInputElement && field.value === "15:30",
        await to.elementHandle(),
      );
      await to.fill("25:99");
      await to.blur();
      await page.getByText("Giờ viết từ 00:00 đến 23:59, ví dụ 8:30").first().waitFor();
    },
  },
  {
    name: "booking-chosen",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    act: async (page) => {
      await fillBooking(page);
      const crosses = page.locator(".chosen .cards button");
      const before = await crosses.count();
      await crosses.first().focus();
      await page.keyboard.press("Enter");
      await page.waitForFunction(
        (count) =>
          document.querySelectorAll(".chosen .cards button").length === count &&
          document.activeElement?.matches(".chosen .cards button"),
        before - 1,
      );
    },
  },
  {
    name: "booking-links",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    act: async (page) => {
      await fillBooking(page);
      await page.waitForSelector("footer .ready");
      await page.locator("footer .btn-primary").click();
      await page.waitForSelector("code");
    },
  },
  {
    name: "booking-links-leave",
    path: "/calendar?ngay=2026-11-24",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("link", { name: "Đăng ký lịch họp" }).first().click();
      await page.waitForSelector("#booking-title");
      await fillBooking(page);
      await page.waitForSelector("footer .ready");
      await page.locator("footer .btn-primary").click();
      await page.waitForSelector("code");
      await page.getByRole("link", { name: "Lịch họp" }).first().click();
      await page.locator("dialog").getByRole("button", { name: "Hủy" }).click();
      await page.goBack();
      await page.locator("dialog").getByRole("button", { name: "Hủy" }).click();
      await page.getByRole("button", { name: "Mở phiên họp" }).click();
      await page.locator("dialog").waitFor();
    },
  },
  {
    name: "booking-links-left",
    path: "/bookings/new?ngay=2026-12-01",
    who: "secretary",
    act: async (page) => {
      await fillBooking(page);
      await page.waitForSelector("footer .ready");
      await page.locator("footer .btn-primary").click();
      await page.waitForSelector("code");
      await page.getByRole("link", { name: "Lịch họp" }).first().click();
      await page.locator("dialog").getByRole("button", { name: "Rời trang" }).click();
      await page.waitForURL("**/calendar**");
    },
  },
  ...everywhere({ name: "attendance", path: "/sessions/s-thien-tai/attendance", who: "secretary" }),
  {
    name: "attendance-edit",
    path: "/sessions/s-thien-tai/attendance",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Sửa điểm danh của Ủy ban nhân dân phường Móng Cái 1" }).click();
      await page.getByLabel("Trạng thái của").selectOption("absent");
      await page.getByLabel("Lý do, ghi chú của").fill("");
      await page.keyboard.press("Enter");
    },
  },
  {
    name: "attendance-edit",
    path: "/sessions/s-thien-tai/attendance",
    who: "secretary",
    width: 390,
    act: async (page) => {
      await page.getByRole("button", { name: "Sửa điểm danh của" }).nth(3).click();
      await page.getByLabel("Số người xác nhận của").fill("999999");
    },
  },
  {
    name: "attendance-too-many",
    path: "/sessions/s-thien-tai/attendance",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Sửa điểm danh của" }).nth(3).click();
      await page.getByLabel("Số người xác nhận của").fill("999999");
    },
  },
  { name: "attendance-keyboard", path: "/sessions/s-thien-tai/attendance", who: "secretary", act: editByKeyboard },
  { name: "attendance-leader", path: "/sessions/s-thien-tai/attendance?loc=absent", who: "leader" },
  { name: "attendance-empty", path: "/sessions/s-thien-tai/attendance", who: "secretary", what: "empty" },
  ...everywhere({ name: "library", path: "/recordings", who: "leader" }),
  { name: "library-search", path: "/recordings?q=co+to", who: "leader" },
  { name: "library-none", path: "/recordings?q=khong+co&ky=week", who: "leader" },
  { name: "library-empty", path: "/recordings", who: "leader", what: "empty" },
  ...everywhere({
    name: "player",
    path: "/recordings/r-thien-tai?tu=2631",
    who: "leader",
    before: longRecording,
  }),
  {
    name: "player-speakers",
    path: "/recordings/r-thien-tai",
    who: "leader",
    before: longRecording,
    act: async (page) => {
      await page.getByRole("tab").nth(1).click();
      await page.getByRole("button", { name: /Đặc khu Cô Tô, từ 43:00/ }).click();
    },
  },
  {
    name: "player-search",
    path: "/recordings/r-thien-tai",
    who: "leader",
    act: async (page) => {
      await page.getByRole("tab", { name: /Người nói/ }).click();
      await page.getByLabel("Tìm người nói, mục").fill("tinh hinh");
    },
  },
  { name: "player-stranger", path: "/recordings/nowhere", who: "leader" },
  ...everywhere({ name: "sessions", path: "/sessions", who: "secretary" }),
  { name: "sessions-empty", path: "/sessions", who: "secretary", what: "empty" },
  { name: "sessions-search", path: "/sessions?q=thien+tai", who: "secretary" },
  { name: "sessions-none", path: "/sessions?muc=running&q=gia+dat", who: "secretary" },
  ...everywhere({ name: "session", path: "/sessions/s-thien-tai", who: "secretary" }),
  { name: "session-running", path: "/sessions/demo", who: "secretary" },
  { name: "session-cancelled", path: "/sessions/s-dau-tu", who: "secretary" },
  { name: "session-missing", path: "/sessions/nowhere", who: "delegate" },
  {
    name: "session-reschedule",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Việc khác" }).click();
      await page.getByRole("menuitem", { name: "Đổi giờ" }).click();
      await page.waitForSelector("dialog[open]");
    },
  },
  {
    name: "session-clash",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    what: "clash",
    act: async (page) => {
      await page.getByRole("button", { name: "Việc khác" }).click();
      await page.getByRole("menuitem", { name: "Đổi giờ" }).click();
      await askForLater(page);
      await page.waitForSelector("dialog .clash");
    },
  },
  {
    name: "session-moved",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Việc khác" }).click();
      await page.getByRole("menuitem", { name: "Đổi giờ" }).click();
      await askForLater(page);
      await page.getByText("đều rảnh").waitFor();
      await page.getByRole("button", { name: "Đổi giờ" }).click();
      await page.waitForSelector(".toast");
      await focusIsOn(page, "Việc khác");
    },
  },
  {
    name: "session-links-left",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    act: async (page) => {
      const opener = page.getByRole("button", { name: "Cấp lại liên kết cho" }).first();
      const name = (await opener.getAttribute("aria-label")) ?? "";
      await opener.click();
      await page.getByRole("button", { name: "Giữ liên kết cũ" }).click();
      await focusIsOn(page, name);
      await opener.click();
      await page.getByRole("button", { name: "Cấp lại 1 liên kết" }).click();
      await page.getByRole("button", { name: "Mở phiên họp" }).click();
      await page.locator("dialog .btn-danger").click();
      await focusIsOn(page, name);
    },
  },
  {
    name: "session-links",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Cấp lại liên kết cho" }).first().click();
      await page.getByRole("button", { name: "Cấp lại 1 liên kết" }).click();
      await page.waitForSelector("code");
    },
  },
  ...everywhere({ name: "accounts", path: "/admin/accounts", who: "admin" }),
  {
    name: "accounts-add",
    path: "/admin/accounts",
    who: "admin",
    act: async (page) => {
      await page.getByRole("button", { name: "Đặt lại mật khẩu của Trần Thu Hà" }).click();
      await page.locator("dialog .btn-danger").click();
      await page.waitForSelector("dialog code");
    },
  },
  ...everywhere({ name: "directory", path: "/admin/directory", who: "admin" }),
  {
    name: "directory-edit",
    path: "/admin/directory",
    who: "admin",
    act: async (page) => {
      await page.getByRole("button", { name: "Sửa Ủy ban nhân dân phường Móng Cái 1" }).click();
      await page.getByLabel("Tên ngắn").fill("");
      await page.locator("dialog .btn-primary").click();
    },
  },
  { name: "directory-units", path: "/admin/directory?muc=units", who: "admin" },
  { name: "directory-people", path: "/admin/directory?muc=people", who: "admin" },
  { name: "directory-refused", path: "/admin/directory", who: "delegate" },
  { name: "password", path: "/settings/password", who: "secretary", what: "first-sign-in" },
  { name: "not-found", path: "/nowhere", who: "delegate" },
];
