import { expect, test } from "vitest";
import { secretOf } from "./invitation-code";

test("the code is found in a whole link, in a path and alone", () => {
  for (const pasted of ["https://hop.tinh.gov.vn/j/Kc0Tz5mWq9_-a", "/j/Kc0Tz5mWq9_-a/", "  Kc0Tz5mWq9_-a \n"]) {
    expect(secretOf(pasted)).toBe("Kc0Tz5mWq9_-a");
  }
});

test("what cannot be a code is refused before the server is asked", () => {
  for (const pasted of ["", "abc", "https://hop.tinh.gov.vn/sessions/demo", "mã của tôi là gì", "a".repeat(200)]) {
    expect(secretOf(pasted)).toBeUndefined();
  }
});
