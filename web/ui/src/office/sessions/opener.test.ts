import { expect, test } from "vitest";
import { MENU_ID, reissueId, reissueOpener } from "./opener";

test("who issued one link anew comes back to that row, who issued all comes back to the menu", () => {
  expect(reissueOpener(["a"])).toBe(reissueId("a"));
  expect(reissueOpener(undefined)).toBe(MENU_ID);
  expect(reissueOpener(["a", "b"])).toBe(MENU_ID);
});
