// The README's time from the click on "Vào họp" to the first decoded picture: a chair is in the demo session, one after another joins
// and leaves. `make figures` runs it against the release binary.
import { launch, person } from "./chromium.js";
import { signIn } from "./office.js";
import { mainPicture, comeIn } from "./room.js";
import { moves, stopwatch } from "./senses.js";
import { Server } from "./server.js";

const JOINS = 15;

const server = await Server.start();
const browser = await launch();
try {
  const { accounts } = await (await fetch(`${server.url}/api/v1/system`)).json();
  const delegates = accounts.filter(({ role }) => role === "delegate");
  const chair = await person(browser);
  await signIn(chair, server, accounts.find(({ role }) => role === "chair"));
  await comeIn(chair, `${server.url}/join/demo`);
  const times = [];
  for (let join = 0; join < JOINS; join += 1) {
    const page = await person(browser);
    await signIn(page, server, delegates[join % delegates.length]);
    await page.goto(`${server.url}/join/demo`);
    const button = page.getByRole("button", { name: "Vào họp" });
    await button.waitFor();
    const firstPicture = await stopwatch(page);
    await button.click();
    times.push(await firstPicture());
    await moves(mainPicture(page, /./), "the chair's picture");
    await page.context().close();
  }
  times.sort((one, other) => one - other);
  console.log(`click to first decoded picture      p50 ${times[JOINS >> 1]} ms, slowest of ${JOINS} ${times.at(-1)} ms`);
} finally {
  await browser.close();
  await server.dispose();
}
