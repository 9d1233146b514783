import { expect, test } from "vitest";
import { Problem } from "../../api/problem";
import { Page } from "../machine/world";
import { countsDown, pageOf } from "./closed";

test("a link that is not known does not say whether it ever was", () => {
  expect(pageOf({ is: "problem", problem: new Problem(404, "not_found", undefined) }, undefined)).toMatchObject({
    is: "not_found",
  });
});

test("a room that opens later says when", () => {
  const problem = new Problem(409, "not_open_yet", undefined, { opens_at: 5 });
  expect(pageOf({ is: "problem", problem }, undefined)).toMatchObject({ is: "not_open", opensAt: 5 });
});

test("the hours are counted down on the last day only, and never below nothing", () => {
  const day = 86_400_000;
  expect(countsDown(10 * day, 8 * day)).toBe(false);
  expect(countsDown(10 * day, 10 * day - 60_000)).toBe(true);
  expect(countsDown(10 * day, 10 * day)).toBe(false);
});

test("who attended to the end is thanked, who comes afterwards is told", () => {
  const page = Page.seated();
  page.hear({ kind: "bye", why: "session_ended", retry_after_ms: null, reason: null });
  if (page.state.at !== "over") throw new Error("still inside");
  expect(pageOf({ is: "machine", state: page.state }, undefined)).toMatchObject({ is: "ended", attended: true });
  const late = new Problem(409, "session_ended", undefined);
  expect(pageOf({ is: "problem", problem: late }, undefined)).toMatchObject({ is: "ended", attended: false });
});

test("the link of a meeting that is over leads to the page that says so, not to the devices", () => {
  expect(pageOf({ is: "past", state: "ended" }, undefined)).toMatchObject({ is: "ended", attended: false });
  expect(pageOf({ is: "past", state: "cancelled" }, undefined)).toMatchObject({ is: "cancelled" });
});

test("a page of another version is asked to reload, not to try again", () => {
  const state = { at: "over", over: { is: "refused", code: "version" }, session: "demo", meeting: null } as const;
  expect(pageOf({ is: "machine", state }, undefined).is).toBe("version");
});
