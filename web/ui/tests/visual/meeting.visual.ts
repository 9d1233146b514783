import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBridge } from "./bridge";
import { NOW } from "./meetings";
import { LONG } from "./room/people";
import { Room, type RoomFixture } from "./room/room";
import { AGENDA } from "./room/room";
import { chair, chairSharing, delegate, empty, holding, longNames, wall, weakLine } from "./room/rooms";
import { launch, shoot, type Shot, type Width } from "./shoot";

const dist = join(import.meta.dirname, "../../dist");
let browser: Browser;
let bridge: Awaited<ReturnType<typeof startBridge>>;

beforeAll(async () => {
  bridge = await startBridge(dist);
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await bridge.stop();
});

interface Visit {
  name?: string;
  opensAt?: number;
  refused?: { status: number; code: string };
}

/** The invitation's door, as the bridge answers it. */
async function door(page: Page, visit: Visit): Promise<void> {
  const opensAt = visit.opensAt ?? NOW - 18 * 60_000;
  const startsAt = Math.max(NOW + 12 * 60_000, opensAt + 4 * 60_000);
  const view = {
    session_id: "s1",
    title: "Hội nghị tổng kết công tác phòng, chống thiên tai năm 2026",
    short_title: "Phòng, chống thiên tai",
    starts_at: startsAt,
    ends_at: startsAt + 108 * 60_000,
    opens_at: opensAt,
    state: "open",
    chair_name: "Trần Quốc Nghĩa, Phó Chủ tịch UBND tỉnh",
    site_name: visit.name ?? "Xã Kỳ Thượng",
    seats: 20,
    agenda: AGENDA.map(([title, minutes]) => ({ title, minutes })),
  };
  await page.route("**/api/v1/invitations/*", (route) =>
    visit.refused
      ? route.fulfill({ status: visit.refused.status, json: { title: "", ...visit.refused } })
      : route.fulfill({ json: view }),
  );
  const joining = { token: "t", session_id: "s1", name: view.site_name, role: "delegate", title: view.title };
  await page.route("**/join", (route) =>
    route.fulfill({
      json: { ...joining, starts_at: view.starts_at, ends_at: view.ends_at, opens_at: view.opens_at, state: "open" },
    }),
  );
  await page.route("**/api/v1/sessions/s1", (route) =>
    route.fulfill({
      json: {
        ...view,
        id: "s1",
        mode: "conference",
        secretary_name: "",
        sites: 55,
        recordings: 0,
        may: [],
        invited: [],
      },
    }),
  );
}

/** From the link to the seat, as a person does it, then until the pictures have come. */
async function takeSeat(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^(Vào họp|Join)$/ }).click();
  await inTheRoom(page);
}

async function knock(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^(Vào họp|Join)$/ }).click();
  await page.waitForSelector(".foot");
}

async function inTheRoom(page: Page): Promise<void> {
  await page.waitForSelector("[data-desk]");
  await page
    .waitForFunction(
      () => {
        const frames = [...document.querySelectorAll<HTMLElement>(".room .frame:has(video)")].filter(
          (frame) => frame.querySelector("video")?.srcObject,
        );
        const expected = frames.length > 0 || document.querySelector(".held_back") !== null;
        return expected && frames.every((frame) => frame.classList.contains("live"));
      },
      undefined,
      { timeout: 20_000 },
    )
    .catch(() => undefined);
  await page.waitForTimeout(700);
}

/** The checks of the pre-join page have come to a result, and the camera shows something. */
async function settled(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      document.querySelector(".finding.asking") === null &&
      [...document.querySelectorAll("video")].every((video) => video.videoWidth > 0),
  );
}

interface Scene extends Omit<Shot, "path" | "prepare"> {
  fixture?: () => RoomFixture;
  visit?: Visit;
  path?: string;
  /** The door stays shut: the page that says so is the picture. */
  outside?: boolean;
  inside?: (page: Page, room: Room) => Promise<void>;
}

function scene({ fixture, visit = {}, inside, outside = false, path = "/j/secret", ...rest }: Scene): Shot {
  let room: Room | undefined;
  return {
    ...rest,
    path,
    prepare: async (page) => {
      await door(page, visit);
      if (fixture) {
        room = new Room(page, fixture());
        await room.open();
      }
    },
    act: async (page) => {
      if (outside) await knock(page);
      else if (fixture) await (path.startsWith("/wall") ? inTheRoom(page) : takeSeat(page));
      if (room) await inside?.(page, room);
      else await settled(page);
    },
  };
}

const WIDTHS: Width[] = [1366, 1920, 390];
const everywhere = (one: Scene): Shot[] =>
  WIDTHS.flatMap((width) => (["vi", "en"] as const).map((language) => scene({ ...one, width, language })));

const shots: Shot[] = [
  ...everywhere({ name: "meeting-prejoin" }),
  scene({ name: "meeting-prejoin-long", visit: { name: LONG } }),
  scene({ name: "meeting-prejoin-long", visit: { name: LONG }, width: 390 }),
  scene({ name: "meeting-not-open", visit: { opensAt: NOW + 8 * 60_000 } }),
  scene({ name: "meeting-not-open-days", visit: { opensAt: NOW + 50 * 3_600_000 } }),
  scene({ name: "meeting-link-unknown", visit: { refused: { status: 404, code: "not_found" } } }),
  scene({
    name: "meeting-over",
    visit: { refused: { status: 409, code: "session_ended" } },
    language: "en",
    width: 390,
  }),
  scene({
    name: "meeting-full",
    fixture: () => ({ ...delegate(), refuse: "session_full" }),
    outside: true,
  }),
  ...everywhere({ name: "meeting-delegate", fixture: delegate }),
  scene({ name: "meeting-delegate-tablet", fixture: delegate, size: { width: 820, height: 1180 } }),
  scene({ name: "meeting-delegate-low", fixture: delegate, size: { width: 1366, height: 620 } }),
  scene({ name: "meeting-delegate-floor", fixture: holding }),
  scene({ name: "meeting-delegate-floor", fixture: holding, width: 390 }),
  ...everywhere({
    name: "meeting-delegate-weak",
    fixture: () => weakLine("main"),
    inside: async (page) => {
      await page.waitForSelector(".main .frame.live");
    },
  }),
  ...everywhere({
    name: "meeting-delegate-only-sound",
    fixture: () => weakLine("sound"),
    inside: async (page) => {
      await page.waitForSelector(".main.held_back");
    },
  }),
  scene({
    name: "meeting-chair-only-sound",
    fixture: () => ({ ...chair(), heldBack: () => true }),
  }),
  scene({
    name: "meeting-wall-only-sound",
    path: "/wall/s1",
    who: "technician",
    fixture: () => ({ ...wall("province"), heldBack: () => true }),
  }),
  ...WIDTHS.map((width) => scene({ name: "meeting-delegate-long", fixture: longNames, width })),
  scene({ name: "meeting-delegate-first", fixture: () => empty("delegate") }),
  scene({
    name: "meeting-delegate-called",
    fixture: delegate,
    inside: async (page, room) => {
      room.say({ kind: "notice", notice: { kind: "called_to_speak", by: "site-centre", limit_seconds: 300 } });
      await page.waitForSelector(".called");
    },
  }),
  scene({
    name: "meeting-delegate-sites",
    fixture: delegate,
    inside: async (page) => {
      await page.keyboard.press("l");
      await page.waitForSelector(".drawer");
    },
  }),
  scene({
    name: "meeting-delegate-sites",
    fixture: delegate,
    width: 390,
    inside: async (page) => {
      await page.getByRole("button", { name: /^Xem/ }).click();
      await page.waitForSelector(".drawer");
    },
  }),
  scene({
    name: "meeting-delegate-help",
    fixture: delegate,
    inside: async (page) => {
      await page.keyboard.press("F1");
      await page.waitForSelector(".drawer");
    },
  }),
  scene({
    name: "meeting-delegate-devices",
    fixture: delegate,
    inside: async (page) => {
      await page.getByRole("button", { name: "Thiết bị" }).click();
      await page.waitForSelector(".drawer");
    },
  }),
  scene({
    name: "meeting-delegate-muted",
    fixture: delegate,
    inside: async (page, room) => {
      room.say({ kind: "notice", notice: { kind: "muted", by: "site-centre", source: "microphone" } });
      await page.waitForSelector(".note");
    },
  }),
  ...WIDTHS.map((width) =>
    scene({
      name: "meeting-reconnecting",
      fixture: delegate,
      width,
      inside: async (page, room) => {
        await room.cut();
        await page.clock.setFixedTime(NOW + 22_000);
        await page.waitForSelector("[role=alertdialog]");
      },
    }),
  ),
  ...everywhere({ name: "meeting-chair", fixture: chair }),
  scene({ name: "meeting-chair-first", fixture: () => empty("chair") }),
  scene({ name: "meeting-chair-screen", fixture: chairSharing }),
  scene({
    name: "meeting-chair-sites",
    fixture: chair,
    inside: async (page) => {
      await page.keyboard.press("l");
      await page.waitForSelector(".drawer");
    },
  }),
  scene({
    name: "meeting-chair-menu",
    fixture: chair,
    inside: async (page) => {
      await page.locator("[data-tile=site-mong-cai]").click();
      await page.waitForSelector("[role=menu]");
    },
  }),
  scene({
    name: "meeting-chair-remove",
    fixture: chair,
    inside: async (page) => {
      await page.locator("[data-tile=site-mong-cai]").click();
      await page.getByRole("menuitem", { name: /Mời ra/ }).click();
      await page.waitForSelector("dialog[open]");
    },
  }),
  scene({
    name: "meeting-chair-end",
    fixture: chair,
    inside: async (page) => {
      await page.getByRole("button", { name: "Kết thúc", exact: true }).click();
      await page.waitForSelector("dialog[open]");
    },
  }),
  scene({
    name: "meeting-removed",
    fixture: delegate,
    inside: async (page, room) => {
      room.say({ kind: "bye", why: "removed", retry_after_ms: null, reason: "Nhầm phòng họp" });
      await page.waitForSelector(".foot");
    },
  }),
  scene({
    name: "meeting-ended",
    fixture: delegate,
    inside: async (page, room) => {
      room.say({ kind: "bye", why: "session_ended", retry_after_ms: null, reason: null });
      await page.waitForSelector(".foot");
    },
  }),
  scene({ name: "meeting-wall-231", path: "/wall/s1", who: "technician", fixture: () => wall("whole"), width: 1920 }),
  scene({ name: "meeting-wall-54", path: "/wall/s1", who: "technician", fixture: () => wall("province") }),
  scene({
    name: "meeting-wall-54",
    path: "/wall/s1",
    who: "technician",
    fixture: () => wall("province"),
    language: "en",
  }),
  scene({
    name: "meeting-wall-inspector",
    path: "/wall/s1",
    who: "technician",
    fixture: () => wall("province"),
    width: 1920,
    inside: async (page, room) => {
      await page.locator("[data-wall=site-vinh-thuc]").click();
      await page.keyboard.press("i");
      const { lines = [] } = wall("province");
      for (let second = 1; second <= 90; second += 1) {
        await page.clock.setFixedTime(NOW + second * 1000);
        room.say({
          kind: "lines",
          lines: lines.map((one) => ({
            ...one,
            rtt_ms: (one.rtt_ms ?? 0) * (1 + Math.sin(second / 9) / 3),
            up: { ...one.up, loss: Math.max(0, one.up.loss + Math.sin(second / 7) / 50) },
            last_seen: NOW + second * 1000,
          })),
        });
        await page.waitForTimeout(12);
      }
    },
  }),
];

// `SHOT=chair npm run visual` draws only the screens whose name contains the word.
const wanted = shots.filter((shot) => shot.name.includes(process.env["SHOT"] ?? ""));
describe.each(
  wanted.map((shot) => [`${shot.name} ${String(shot.width ?? 1366)} ${shot.language ?? "vi"}`, shot] as const),
)("%s", (_title, shot: Shot) => {
  test("is whole, readable and keeps to the Content-Security-Policy", async () => {
    expect(await shoot(browser, bridge.origin, shot)).toEqual([]);
  });
});
