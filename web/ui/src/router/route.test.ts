import { expect, test } from "vitest";
import { hrefs, parseRoute, safeNext } from "./route";

test("every address that is written can be read back", () => {
  expect(parseRoute(hrefs.session("demo"))).toEqual({ page: "session", sessionId: "demo" });
  expect(parseRoute(hrefs.attendance("a/b"))).toEqual({ page: "attendance", sessionId: "a/b" });
  expect(parseRoute(hrefs.invitation("K7M-4PD"))).toEqual({ page: "invitation", secret: "K7M-4PD" });
  expect(parseRoute("/calendar/")).toEqual({ page: "calendar" });
});

test("an unknown address is not found, however it is broken", () => {
  for (const path of ["/nowhere", "/sessions/a/b", "/sessions/a/attendance/x", "/j/", "/%E0%A4%A"]) {
    expect(parseRoute(path)).toEqual({ page: "not-found" });
  }
});

test("after signing in nobody is sent to another host", () => {
  expect(safeNext("//evil.example/x")).toBe("/");
  expect(safeNext("https://evil.example")).toBe("/");
  expect(safeNext("/\\evil.example")).toBe("/");
  expect(safeNext("/sessions/demo?tab=1")).toBe("/sessions/demo?tab=1");
});
