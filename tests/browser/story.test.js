// The whole story, as people live it: a secretary books, officials come by their links, the chair leads, a line breaks, the meeting is
// recorded, attended and played back. Real Chromium, the real server, and one site behind a line that can be cut.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before } from "node:test";

import { launch, person, screenshot, SIZES } from "./chromium.js";
import { Line } from "./line.js";
import { issuedLinks, signIn, soon, writeBooking } from "./office.js";
import { eventually } from "./patience.js";
import { act, closeSites, comeIn, mainPicture, microphone, openSites, row, speakNow } from "./room.js";
import { hears, hearsNothing, loudness, moves, received, stopwatch } from "./senses.js";
import { demoAccounts, Server } from "./server.js";
import { textOf } from "./sheet.js";
import { story } from "./story.js";

const TITLE = "Hội nghị triển khai phòng, chống thiên tai";
const AGENDA = [
  { title: "Khai mạc", minutes: 5 },
  { title: "Phương án sơ tán dân vùng ven biển, đảo", minutes: 20 },
];
const [DAM_HA, QUANG_TAN, CO_TO, VAN_DON] = ["Xã Đầm Hà", "Xã Quảng Tân", "Đặc khu Cô Tô", "Đặc khu Vân Đồn"];
const when = soon();

let server;
let line;
let browser;
let accounts;
/** Who is there, from one chapter to the next. */
let secretary, chair, damHa, quangTan, coTo, vanDon, technician;
let links;
let session;
let recording;

before(async () => {
  server = await Server.start();
  line = await Line.to(server);
  browser = await launch();
  accounts = await demoAccounts(server);
});

after(async () => {
  await browser?.close();
  line?.close();
  await server?.dispose();
});

const chapter = story(() => ({ server, browser }));

/** What the server answers to the page's own request. */
const status = (page, path) => page.evaluate(async (path) => (await fetch(path)).status, path);

chapter("a secretary books a session for a whole hub and gets a link for every site", async () => {
  secretary = await person(browser);
  await signIn(secretary, server, accounts.secretary);
  await screenshot(secretary, "home");
  await secretary.getByRole("link", { name: "Đăng ký lịch họp" }).first().click();
  await writeBooking(secretary, {
    title: TITLE,
    when,
    chair: accounts.chair.name,
    technician: accounts.technician.name,
    sites: ["Cụm Đầm Hà", CO_TO, VAN_DON],
    agenda: AGENDA,
  });
  await secretary.getByText("Không trùng lịch, có thể đăng ký.").waitFor();
  await screenshot(secretary, "booking");
  await secretary.getByRole("button", { name: "Đăng ký", exact: true }).click();
  links = await issuedLinks(secretary);
  for (const site of [DAM_HA, QUANG_TAN, CO_TO, VAN_DON]) assert.match(links[site] ?? "", /\/j\//, site);
  await screenshot(secretary, "links");
  await secretary.getByRole("button", { name: "Tải CSV" }).click();
  await secretary.getByRole("button", { name: "Mở phiên họp" }).click();
  await secretary.getByRole("heading", { level: 1, name: TITLE }).waitFor();
  session = new URL(secretary.url()).pathname.split("/").at(-1);
  await screenshot(secretary, "session");
});

chapter("a second session that shares a site at that time is refused, and the clash is named", async () => {
  await secretary.goto(`${server.url}/bookings/new`);
  await writeBooking(secretary, { title: "Giao ban đột xuất", when, chair: accounts.leader.name, sites: [QUANG_TAN] });
  const refusal = secretary.getByRole("alert").filter({ hasText: "Trùng lịch" });
  await refusal.getByText(/đã có:/).first().waitFor();
  await refusal.getByText(QUANG_TAN).waitFor();
  await refusal.getByRole("link", { name: TITLE }).first().waitFor();
  assert.equal(await secretary.getByRole("button", { name: "Đăng ký", exact: true }).getAttribute("aria-disabled"), "true");
  await screenshot(secretary, "booking-clash");
  await secretary.getByRole("button", { name: "Bỏ nháp" }).click();
});

chapter("officials open their links, find their name filled in, and join muted", async () => {
  damHa = await person(browser);
  await damHa.goto(server.url + new URL(links[DAM_HA]).pathname);
  await damHa.getByRole("heading", { level: 1, name: TITLE }).waitFor();
  await damHa.locator(".fixed-name").getByText(DAM_HA).waitFor();
  await moves(damHa.getByRole("region", { name: "Hình của điểm cầu này" }).locator("video"), "the camera's preview");
  await damHa.getByText("Micro nghe rõ").waitFor();
  await damHa.getByText("Đường truyền ổn định").waitFor();
  await damHa.getByRole("button", { name: "Thử loa" }).click();
  await damHa.getByRole("button", { name: "Có nghe" }).click();
  await screenshot(damHa, "prejoin");
  await comeIn(damHa, damHa.url(), { people: 12 });

  [quangTan, coTo] = [await person(browser), await person(browser)];
  await comeIn(quangTan, server.url + new URL(links[QUANG_TAN]).pathname, { people: 7 });
  await comeIn(coTo, line.url + new URL(links[CO_TO]).pathname, { people: 5 });
  for (const site of [damHa, quangTan, coTo]) {
    await microphone(site).and(site.getByRole("button", { name: "Mở khi được mời" })).waitFor();
    await site.getByText("Chờ chủ trì bắt đầu").waitFor();
  }
});

chapter("the chair comes from the office, starts the meeting, and is seen and heard everywhere", async () => {
  chair = await person(browser);
  await signIn(chair, server, accounts.chair);
  await chair.getByRole("link", { name: TITLE }).first().click();
  await chair.getByRole("link", { name: "Vào họp" }).click();
  await comeIn(chair, chair.url());
  await screenshot(chair, "chair-gathering");
  await chair.getByRole("button", { name: "Bắt đầu họp" }).click();
  await chair.getByRole("button", { name: "Kết thúc", exact: true }).waitFor();
  for (const site of [damHa, quangTan, coTo]) {
    await moves(mainPicture(site, accounts.chair.name), "the chair's picture");
    await hearsNothing(site, "everybody joined muted");
  }
  await microphone(chair).click();
  await Promise.all([damHa, quangTan, coTo].map((site) => hears(site, "the chair")));
  await screenshot(damHa, "delegate");
  await chair.keyboard.press("m");
  await Promise.all([damHa, quangTan, coTo].map((site) => hearsNothing(site, "the chair muted himself")));
});

chapter("everybody reads the state of every site in the list", async () => {
  await openSites(quangTan);
  await row(quangTan, DAM_HA).filter({ hasText: "12 người" }).waitFor();
  await row(quangTan, CO_TO).filter({ hasText: "5 người" }).waitFor();
  await row(quangTan, VAN_DON).filter({ hasText: "Chưa vào" }).waitFor();
  await screenshot(quangTan, "delegate-sites");
  await closeSites(quangTan);
});

chapter("everybody sees that the recording runs", async () => {
  await chair.getByRole("button", { name: "Ghi hình" }).click();
  for (const page of [damHa, quangTan, coTo]) await page.getByText("Đang ghi hình").waitFor();
  await chair.getByText(/Ghi hình \d\d:\d\d/).waitFor();
});

chapter("a site asks to speak, is called, is seen and heard by the others, and gives the floor back", async () => {
  await chair.getByRole("button", { name: `Chuyển sang mục: ${AGENDA[0].title}` }).click();
  await damHa.getByRole("button", { name: "Xin phát biểu" }).click();
  await damHa.getByRole("button", { name: "Đã xin: thứ 1" }).waitFor();
  await chair.getByRole("button", { name: `Mời ${DAM_HA} phát biểu` }).click();
  await damHa.getByRole("alertdialog").filter({ hasText: "Chủ trì mời phát biểu" }).waitFor();
  await screenshot(damHa, "delegate-called");
  await speakNow(damHa);
  await moves(mainPicture(quangTan, DAM_HA), "the speaker's picture");
  await Promise.all([hears(quangTan, DAM_HA), hears(coTo, DAM_HA), hears(chair, DAM_HA)]);
  await screenshot(damHa, "delegate-floor");
  await screenshot(chair, "chair-floor");
  await damHa.getByRole("button", { name: "Nói xong" }).click();
  await hearsNothing(quangTan, "the speaker gave the floor back");
});

chapter("the chair moves the agenda on, calls a site and withdraws its floor", async () => {
  await chair.getByRole("button", { name: `Chuyển sang mục: ${AGENDA[1].title}` }).click();
  await quangTan.getByText(AGENDA[1].title).first().waitFor();
  await act(chair, QUANG_TAN, "Mời phát biểu");
  await speakNow(quangTan);
  await hears(damHa, QUANG_TAN);
  await chair.getByRole("button", { name: "+1 phút" }).click();
  await chair.getByRole("button", { name: "Kết thúc lượt" }).click();
  await quangTan.getByText("Chủ trì đã kết thúc lượt phát biểu của bạn").waitFor();
  await hearsNothing(damHa, "the floor was withdrawn");
});

chapter("the chair mutes one site, then all", async () => {
  await chair.getByRole("button", { name: "Thêm", exact: true }).click();
  await chair.getByRole("menuitemradio", { name: "Họp thảo luận" }).click();
  for (const site of [damHa, quangTan]) {
    await site.getByRole("button", { name: "Micro tắt Bấm để bật" }).waitFor();
    await microphone(site).click();
  }
  await Promise.all([hears(coTo, "both communes"), hears(chair, "both communes")]);
  await act(chair, DAM_HA, "Tắt micro");
  await damHa.getByText("Chủ trì đã tắt micro của bạn").waitFor();
  await quangTan.getByRole("button", { name: /^Micro bật/ }).waitFor();
  await chair.getByRole("button", { name: "Tắt mic tất cả" }).click();
  await quangTan.getByText("Chủ trì đã tắt micro của bạn").waitFor();
  await hearsNothing(coTo, "all were muted");
  await chair.getByRole("button", { name: "Thêm", exact: true }).click();
  await chair.getByRole("menuitemradio", { name: "Hội nghị truyền hình" }).click();
});

chapter("the chair puts a site on everybody's main picture", async () => {
  await act(chair, CO_TO, "Đưa lên hình chính");
  for (const site of [damHa, quangTan]) {
    await site.getByText("Chủ trì chọn hình").waitFor();
    await moves(mainPicture(site, CO_TO), "the chosen picture");
  }
  await screenshot(chair, "chair-air");
  await chair.getByRole("button", { name: "Theo người phát biểu" }).click();
  await damHa.getByText("Chủ trì chọn hình").waitFor({ state: "detached" });
});

chapter("a shared screen stands on everybody's main picture", async () => {
  await chair.getByRole("button", { name: "Chia sẻ" }).click();
  for (const site of [damHa, coTo]) {
    await site.getByText("Màn hình chia sẻ").waitFor();
    await moves(mainPicture(site, accounts.chair.name), "the shared screen");
  }
  await screenshot(damHa, "delegate-screen");
  await chair.getByRole("button", { name: "Dừng chia sẻ" }).first().click();
  await damHa.getByText("Màn hình chia sẻ").waitFor({ state: "detached" });
});

chapter("somebody who comes late has a picture at once", async (t) => {
  vanDon = await person(browser, { size: SIZES.phone });
  await vanDon.goto(server.url + new URL(links[VAN_DON]).pathname);
  await vanDon.getByRole("button", { name: "Vào họp" }).waitFor();
  await screenshot(vanDon, "prejoin");
  const firstPicture = await stopwatch(vanDon);
  await vanDon.getByRole("button", { name: "Vào họp" }).click();
  const ms = await firstPicture();
  t.diagnostic(`${ms} ms from the press to the first decoded picture`);
  // How long it takes here is a question of two cores that encode six cameras, and is measured elsewhere. But a browser makes a key
  // frame by itself only after minutes: who waited for that one is found out.
  assert.ok(ms < 30_000, `${ms} ms`);
  await moves(mainPicture(vanDon, /./), "the late joiner's main picture");
  await screenshot(vanDon, "delegate");
});

chapter("a technician watches every line on one wall, and sees within seconds that one grows slow", async (t) => {
  technician = await person(browser, { size: SIZES.wall });
  await signIn(technician, server, accounts.technician);
  await technician.getByRole("link", { name: TITLE }).first().click();
  await technician.getByRole("link", { name: "Giám sát điểm cầu" }).click();
  const tile = (name) => technician.getByRole("group", { name: "Các điểm cầu theo cụm" }).getByRole("button", { name });
  await moves(tile(CO_TO).locator("video"), "a picture on the wall");
  await tile(CO_TO).click();
  await technician.getByRole("button", { name: "Số liệu", exact: true }).click();
  const figures = technician.getByRole("region", { name: `Số liệu điểm cầu: ${CO_TO}` });
  for (const name of ["Tốc độ", "Mất gói", "Rung", "Hình"]) {
    await figures.getByRole("row", { name: new RegExp(`^${name}.*\\d`) }).waitFor();
  }
  const roundTrip = async () => {
    const text = await figures.locator("dl > div", { hasText: "Trễ hai chiều" }).locator("dd").innerText();
    return Number.parseInt(text.replace(/\D/g, ""), 10);
  };
  await eventually("a short round trip", async () => (await roundTrip()) < 150);
  await screenshot(technician, "wall");
  line.slow(500);
  const slowed = Date.now();
  await eventually("a longer round trip", async () => (await roundTrip()) >= 150, { every: 50 });
  const seen = Date.now() - slowed;
  t.diagnostic(`${seen} ms from the slow line to the figure on the wall`);
  assert.ok(seen < 5_000, `${seen} ms; two seconds on a machine with cores to spare`);
  await eventually("the line's whole delay", async () => (await roundTrip()) >= 400);
  await screenshot(technician, "wall-slow");
  line.slow(0);
  await eventually("a short round trip again", async () => (await roundTrip()) < 150);
});

chapter("a site whose line is cut is away for the others, and comes back by itself into its seat with its hand raised", async (t) => {
  await coTo.getByRole("button", { name: "Xin phát biểu" }).click();
  await coTo.getByRole("button", { name: "Đã xin: thứ 1" }).waitFor();
  await openSites(damHa);
  line.cut();
  await row(damHa, CO_TO).filter({ hasText: "chờ phát biểu thứ 1" }).waitFor();
  await damHa.getByRole("button", { name: new RegExp(`${CO_TO}.*Mất`) }).first().waitFor();
  await coTo.getByRole("alertdialog").filter({ hasText: "Vẫn giữ: chờ phát biểu thứ 1" }).waitFor();
  assert.ok(await chair.getByRole("button", { name: `Mời ${CO_TO} phát biểu` }).isDisabled(), "who is away cannot be called");
  await screenshot(damHa, "delegate-sites-lost");
  await screenshot(coTo, "reconnecting");
  await screenshot(technician, "wall-lost");

  line.mend();
  const mended = Date.now();
  await coTo.getByRole("alertdialog").waitFor({ state: "detached" });
  t.diagnostic(`${Date.now() - mended} ms from the mended line to the seat`);
  await coTo.getByRole("button", { name: "Đã xin: thứ 1" }).waitFor();
  const { frames } = await received(coTo);
  await eventually("pictures are decoded again", async () => (await received(coTo)).frames > frames + 10);
  await closeSites(damHa);
  await chair.getByRole("button", { name: `Mời ${CO_TO} phát biểu` }).click();
  await speakNow(coTo);
  await hears(damHa, CO_TO);
  await moves(mainPicture(damHa, CO_TO), "the picture of the site that came back");
  await coTo.getByRole("button", { name: "Nói xong" }).click();
});

chapter("the chair stops the recording and ends the session, and everybody is told", async () => {
  await chair.getByRole("button", { name: "Dừng ghi" }).click();
  await screenshot(chair, "chair-stop-recording");
  await chair.getByRole("dialog").getByRole("button", { name: "Dừng ghi" }).click();
  await damHa.getByText("Đang ghi hình").waitFor({ state: "detached" });
  await chair.getByRole("button", { name: "Kết thúc", exact: true }).click();
  await chair.getByRole("button", { name: "Kết thúc phiên họp" }).click();
  for (const page of [chair, damHa, quangTan, coTo, vanDon, technician]) {
    await page.getByRole("heading", { name: "Cuộc họp đã kết thúc" }).waitFor();
  }
  await screenshot(damHa, "ended");
  const faults = [chair, damHa, quangTan, vanDon, technician].flatMap((page) => page.faults);
  assert.deepEqual(faults, [], "nothing went wrong on the pages");
  for (const page of [chair, damHa, quangTan, coTo, vanDon, technician]) await page.context().close();
});

chapter("the secretary confirms who attended and takes the list away as XLSX", async () => {
  await secretary.goto(`${server.url}/sessions/${session}`);
  await secretary.getByRole("link", { name: "Điểm danh" }).click();
  const site = (name) => secretary.getByRole("row").filter({ has: secretary.getByRole("rowheader", { name }) });
  await site(DAM_HA).getByText("Trực tuyến").waitFor();
  await site(DAM_HA).getByRole("cell", { name: "12", exact: true }).waitFor();
  await site(CO_TO).getByText(/Mất kết nối 1 lần/).waitFor();
  for (const name of [DAM_HA, CO_TO]) await site(name).getByRole("img", { name: /có mặt \d/ }).waitFor();
  await screenshot(secretary, "attendance-unconfirmed");
  await secretary.getByRole("button", { name: /^Xác nhận \d+ số đã khai$/ }).click();
  await secretary.getByText("Đã xác nhận theo số khai.").waitFor();
  await site(DAM_HA).getByRole("button", { name: `Sửa điểm danh của ${DAM_HA}: 12` }).click();
  await secretary.getByLabel(`Số người xác nhận của ${DAM_HA}`).fill("11");
  await secretary.keyboard.press("Enter");
  await site(DAM_HA).getByRole("button", { name: `Sửa điểm danh của ${DAM_HA}: 11` }).waitFor();
  await screenshot(secretary, "attendance");

  const [download] = await Promise.all([
    secretary.waitForEvent("download"),
    secretary.getByRole("link", { name: "XLSX" }).click(),
  ]);
  const text = textOf(await readFile(await download.path()));
  for (const word of [TITLE, DAM_HA, CO_TO]) assert.ok(text.includes(word), `${word} stands in the sheet`);
});

chapter("a leader plays the recording, seeks in it, and jumps by agenda item and by speaker", async () => {
  const leader = await person(browser);
  await signIn(leader, server, accounts.leader);
  await leader.getByRole("link", { name: "Bản ghi", exact: true }).first().click();
  await leader.getByRole("link", { name: `Mở bản ghi ${TITLE}` }).waitFor();
  await screenshot(leader, "recordings");
  await leader.getByRole("link", { name: `Mở bản ghi ${TITLE}` }).click();
  recording = new URL(leader.url()).pathname.split("/").at(-1);
  const video = leader.locator("video");
  const at = () => video.evaluate((element) => element.currentTime);
  await leader.getByRole("button", { name: "Phát", exact: true }).click();
  await moves(video, "the recording");
  await eventually("the recording sounds", async () => (await soundOf(video)) > 0.02);

  const slider = leader.getByRole("slider", { name: "Vị trí phát" });
  const length = Number(await slider.getAttribute("aria-valuemax"));
  assert.ok(length > 20, `${length} s were recorded`);
  const { width } = await slider.boundingBox();
  await slider.click({ position: { x: width * 0.7, y: 10 } });
  await eventually("it plays from where the slider was pressed", async () => Math.abs((await at()) - length * 0.7) < 4);
  await moves(video, "the picture after seeking");
  await leader.keyboard.press("ArrowLeft");
  await eventually("ten seconds back", async () => Math.abs((await at()) - (length * 0.7 - 10)) < 6);

  const item = leader.getByRole("button", { name: new RegExp(`2\\. ${AGENDA[1].title}`) });
  const begins = seconds(await item.innerText());
  await item.click();
  await eventually("the second item plays", async () => (await at()) >= begins && (await at()) < begins + 4);
  await moves(video, "the picture of the agenda item");
  await screenshot(leader, "player");
  await leader.getByRole("tab", { name: /^Người nói/ }).click();
  const turn = leader.getByRole("button", { name: new RegExp(`^${CO_TO}, từ`) }).first();
  const spoke = seconds(await turn.innerText());
  await turn.click();
  await eventually("the speaker's turn plays", async () => (await at()) >= spoke && (await at()) < spoke + 4);
  await moves(video, "the picture of the speaker");
  await eventually("the speaker sounds", async () => (await soundOf(video)) > 0.02);
  await screenshot(leader, "player-speakers");
  assert.deepEqual(leader.faults, []);
});

/** `1:05` as seconds: the first position that stands in a text. */
function seconds(text) {
  const [, minutes, rest] = /(\d+):(\d\d)/.exec(text);
  return Number(minutes) * 60 + Number(rest);
}

/** The loudest sample of what a video element plays, in a second. */
function soundOf(video) {
  return video.evaluate(async (element) => {
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(element.captureStream()).connect(analyser);
    let loudest = 0;
    for (const until = performance.now() + 1_000; performance.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      const samples = new Float32Array(analyser.fftSize);
      analyser.getFloatTimeDomainData(samples);
      loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
    }
    await context.close();
    return loudest;
  });
}

chapter("who may not see the recording finds nothing there", async () => {
  const delegate = await person(browser);
  await signIn(delegate, server, accounts.delegate);
  await delegate.goto(`${server.url}/recordings/${recording}`);
  await delegate.getByRole("heading", { level: 1, name: "Không tìm thấy" }).waitFor();
  await screenshot(delegate, "recording-not-found");
  assert.equal(await status(delegate, `/api/v1/recordings/${recording}`), 404);
  assert.equal(await status(delegate, `/api/v1/recordings/${recording}/media`), 404);
  assert.equal(await status(delegate, `/api/v1/sessions/${session}/attendance`), 404);
});

chapter("a stranger with a wrong link reads what to do and gets nothing", async () => {
  const stranger = await person(browser);
  await stranger.goto(`${server.url}/j/khong-phai-lien-ket-nao`);
  await stranger.getByRole("heading", { name: "Liên kết không dùng được" }).waitFor();
  await stranger.getByText("Xin thư ký cuộc họp gửi lại liên kết.").waitFor();
  await screenshot(stranger, "stranger");
  assert.equal(await status(stranger, `/api/v1/sessions/${session}`), 401);
  await stranger.goto(`${server.url}/sessions/${session}`);
  await stranger.getByLabel("Tên đăng nhập").waitFor();
  await stranger.goto(server.url + new URL(links[DAM_HA]).pathname);
  await stranger.getByRole("heading", { name: "Cuộc họp đã kết thúc" }).waitFor();
});
