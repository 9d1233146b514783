import { expect, test } from "vitest";
import { spanOf, timeFault, withClock, type AskedTime } from "./time";

const morning: AskedTime = { day: "2026-12-01", from: 8 * 60, to: 9 * 60 + 30 };
const NOW = Date.parse("2026-11-30T12:00:00+07:00");

test("a start moved past the end takes the end along, and the meeting keeps its length", () => {
  expect(withClock(morning, "from", 10 * 60)).toEqual({ day: "2026-12-01", from: 600, to: 690 });
  expect(withClock(morning, "from", 9 * 60 + 30)).toEqual({ day: "2026-12-01", from: 570, to: 660 });
});

test("a start before the end leaves the end where it is", () => {
  expect(withClock(morning, "from", 9 * 60)).toEqual({ ...morning, from: 540 });
  expect(withClock(morning, "to", 10 * 60)).toEqual({ ...morning, to: 600 });
});

test("an end taken along stays within the day", () => {
  expect(withClock(morning, "from", 23 * 60).to).toBe(23 * 60 + 59);
  expect(timeFault(withClock(morning, "from", 23 * 60 + 59), NOW)).toBe("time");
});

test("two times without a length between them make an hour of it", () => {
  expect(withClock({ ...morning, to: 8 * 60 }, "from", 9 * 60).to).toBe(10 * 60);
});

test("a time that cannot be read is a fault until that field holds one again", () => {
  const broken = withClock(withClock(morning, "to", undefined), "from", undefined);
  expect(timeFault(broken, NOW)).toBe("clock");
  expect(spanOf(broken)).toBeUndefined();
  const half = withClock(broken, "from", 8 * 60);
  expect(timeFault(half, NOW)).toBe("clock");
  const mended = withClock(half, "to", 9 * 60 + 30);
  expect(mended).toEqual(morning);
  expect(timeFault(mended, NOW)).toBeUndefined();
});
