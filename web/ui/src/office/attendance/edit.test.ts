import { expect, test } from "vitest";
import type { AttendanceRow } from "../../api/model";
import { draftOf, editOf, faultOf } from "./edit";

const row: AttendanceRow = {
  id: "r",
  participant_name: "Xã Quảng Tân",
  intervals: [],
  status: "online",
  declared: 6,
  spoken_seconds: 0,
};

test("opening a row proposes what the site declared, and saving it confirms that number", () => {
  expect(editOf(row, draftOf(row))).toEqual({ confirmed: 6 });
  expect(editOf({ ...row, confirmed: 6 }, draftOf({ ...row, confirmed: 6 }))).toBeUndefined();
});

test("an absence needs its reason and counts nobody", () => {
  expect(faultOf({ status: "absent", confirmed: "6", reason: " " })).toBe("reason");
  expect(editOf(row, { status: "absent", confirmed: "6", reason: "Mất điện" })).toEqual({
    status: "absent",
    reason: "Mất điện",
    confirmed: 0,
  });
});

test("only whole numbers of people are accepted", () => {
  for (const typed of ["-1", "1,5", "ba", "99999"]) {
    expect(faultOf({ status: "online", confirmed: typed, reason: "" })).toBe("confirmed");
  }
  expect(faultOf({ status: "online", confirmed: "", reason: "" })).toBeUndefined();
});
