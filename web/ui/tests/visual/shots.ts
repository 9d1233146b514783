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
      await page.click(".person");
      await page.waitForSelector("[role=menu]");
    },
  },
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
    name: "session-links",
    path: "/sessions/s-thien-tai",
    who: "secretary",
    act: async (page) => {
      await page.getByRole("button", { name: "Cấp lại liên kết cho" }).first().click();
      await page.getByRole("button", { name: "Cấp lại 1 liên kết" }).click();
      await page.waitForSelector("code");
    },
  },
  { name: "password", path: "/settings/password", who: "secretary", what: "first-sign-in" },
  { name: "not-found", path: "/nowhere", who: "delegate" },
];
