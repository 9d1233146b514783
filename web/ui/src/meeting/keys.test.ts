import { expect, test } from "vitest";
import type { Press } from "./keys";
import { keyAct } from "./keys";

const press = (code: string, changes: Partial<Press> = {}): Press => ({
  code,
  key: "",
  ctrl: false,
  alt: false,
  meta: false,
  shift: false,
  repeat: false,
  typing: false,
  modal: false,
  ...changes,
});

test("the key's place counts, not the letter that Telex makes of it", () => {
  expect(keyAct(press("KeyE", { key: "ê" }), "chair", true)).toBe("end_turn");
});

test("each desk has its own keys beside the common ones", () => {
  expect(keyAct(press("KeyG"), "delegate", true)).toBe("ask");
  expect(keyAct(press("KeyG"), "chair", true)).toBeNull();
  expect(keyAct(press("KeyM"), "wall", true)).toBe("microphone");
});

test("typing, shortcuts of the browser, held keys and dialogs are left alone", () => {
  for (const changes of [
    { typing: true },
    { ctrl: true },
    { alt: true },
    { meta: true },
    { repeat: true },
    { modal: true },
  ]) {
    expect(keyAct(press("KeyX", changes), "chair", true)).toBeNull();
  }
});

test("single keys can be switched off, the way out cannot", () => {
  expect(keyAct(press("KeyX"), "chair", false)).toBeNull();
  expect(keyAct(press("Escape", { typing: true }), "chair", false)).toBe("escape");
  expect(keyAct(press("F1"), "delegate", false)).toBe("help");
});
