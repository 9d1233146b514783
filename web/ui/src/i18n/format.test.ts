import { expect, test } from "vitest";
import { formatsFor } from "./format";
import { dayOf, minuteOfDay, parseClock, parseDay, startOfDay, startOfWeek, writeClock } from "./zone";

const vi = formatsFor("vi");
const en = formatsFor("en");
/** 08:00 on Tuesday 24 November 2026 in the province. */
const TUESDAY = Date.parse("2026-11-24T08:00:00+07:00");

test("dates are told as the office writes them", () => {
  expect(vi.date(TUESDAY)).toBe("24/11/2026");
  expect(vi.weekdayDate(TUESDAY)).toBe("Thứ Ba 24/11");
  expect(vi.longDate(TUESDAY)).toBe("Thứ Ba, 24 tháng 11 năm 2026");
  expect(vi.shortWeekday(TUESDAY)).toBe("T3");
  expect(en.longDate(TUESDAY)).toBe("Tuesday, 24 November 2026");
  expect(en.weekdayDate(TUESDAY)).toBe("Tue 24/11");
});

test("times are the province's, whatever zone the machine keeps", () => {
  expect(vi.clock(Date.parse("2026-11-23T23:30:00Z"))).toBe("06:30");
  expect(vi.range(TUESDAY, TUESDAY + 9_000_000)).toBe("08:00 - 10:30");
  expect(dayOf(Date.parse("2026-11-23T23:30:00Z"))).toBe("2026-11-24");
});

test("lengths and places in a recording", () => {
  expect(vi.length(9_060_000)).toBe("2 giờ 31 phút");
  expect(vi.length(7_200_000)).toBe("2 giờ");
  expect(vi.position(2_631_000)).toBe("43:51");
  expect(vi.position(9_067_000)).toBe("2:31:07");
});

test("a time less than a day away is told relatively, and never as already past", () => {
  expect(vi.relative(TUESDAY, TUESDAY - 82_080_000)).toBe("còn 22 giờ 48 phút");
  expect(vi.relative(TUESDAY, TUESDAY - 119_000)).toBe("còn 1 phút");
  expect(vi.relative(TUESDAY, TUESDAY + 300_000)).toBe("5 phút trước");
  expect(vi.relative(TUESDAY, TUESDAY - 172_800_000)).toBe("24/11/2026");
  expect(vi.ahead(TUESDAY, TUESDAY - 172_800_000)).toBe("còn 2 ngày");
  expect(vi.ahead(TUESDAY, TUESDAY - 300_000)).toBe("còn 5 phút");
});

test("numbers have the decimal comma and the point for thousands", () => {
  expect(vi.number(1284)).toBe("1.284");
  expect(vi.number(9.4, 1)).toBe("9,4");
  expect(vi.bytes(1_230_000_000)).toBe("1,2 GB");
  expect(en.number(1284)).toBe("1,284");
});

test("a week starts on Monday, also for a Sunday", () => {
  const monday = startOfDay("2026-11-23");
  expect(startOfWeek(TUESDAY)).toBe(monday);
  expect(startOfWeek(Date.parse("2026-11-29T23:59:00+07:00"))).toBe(monday);
});

test("typed times of day are read in the ways people write them", () => {
  expect(parseClock("8:05")).toBe(485);
  expect(parseClock("8h05")).toBe(485);
  expect(parseClock(" 23:59 ")).toBe(1439);
  expect(parseClock("8h")).toBe(480);
  expect(parseClock("14")).toBe(840);
  expect(parseClock("0830")).toBe(510);
  expect(parseClock("2500")).toBeUndefined();
  expect(parseClock("24:00")).toBeUndefined();
  expect(parseClock("8:60")).toBeUndefined();
  expect(writeClock(485)).toBe("08:05");
  expect(minuteOfDay(TUESDAY)).toBe(480);
  expect(startOfDay("2026-02-30")).toBeUndefined();
});

test("typed days are read with or without weekday and year", () => {
  expect(parseDay("Thứ Ba 01/12/2026", "2026-11-23")).toBe("2026-12-01");
  expect(parseDay("1/12", "2026-11-23")).toBe("2026-12-01");
  expect(parseDay("1/2", "2026-11-23")).toBe("2027-02-01");
  expect(parseDay("30/2/2026", "2026-11-23")).toBeUndefined();
  expect(parseDay("mai", "2026-11-23")).toBeUndefined();
});
