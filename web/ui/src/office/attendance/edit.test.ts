import { expect, test } from "vitest";
import type { AttendanceRow } from "../../api/model";
import { draftOf, editOf, faultOf, withStatus } from "./edit";

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

test("a site that is there after all counts what it declared, without the reason of its absence", () => {
  const absent: AttendanceRow = { ...row, status: "absent", confirmed: 0, reason: "Mất điện" };
  const there = withStatus(absent, draftOf(absent), "online");
  expect(there).toEqual({ status: "online", confirmed: "6", reason: "" });
  expect(editOf(absent, there)).toEqual({ status: "online", reason: "", confirmed: 6 });
  const undeclared: AttendanceRow = { ...row, id: "u", status: "absent", confirmed: 0, reason: "Mất điện" };
  delete undeclared.declared;
  expect(withStatus(undeclared, draftOf(undeclared), "in_person").confirmed).toBe("");
});

test("what the person wrote outlives a change of the state, and going back to absent brings the stored reason back", () => {
  const absent: AttendanceRow = { ...row, status: "absent", confirmed: 0, reason: "Mất điện" };
  const noted = { ...draftOf(absent), reason: "Vào muộn do mất điện" };
  expect(withStatus(absent, noted, "online").reason).toBe("Vào muộn do mất điện");
  const typed = { ...withStatus(absent, draftOf(absent), "online"), confirmed: "4" };
  expect(withStatus(absent, typed, "in_person")).toEqual({ status: "in_person", confirmed: "4", reason: "" });
  expect(withStatus(absent, typed, "absent")).toEqual(draftOf(absent));
  expect(withStatus(row, { status: "online", confirmed: "5", reason: "" }, "absent").confirmed).toBe("5");
});
