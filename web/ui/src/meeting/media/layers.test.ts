import { expect, test } from "vitest";
import { layersFor, sent } from "./layers";

const scales = (width: number, height: number): number[] =>
  layersFor(width, height).flatMap((layer) => (layer.active ? [layer.scaleResolutionDownBy] : []));

test("the largest layer that is sent is the whole picture, whatever the camera gives", () => {
  expect(scales(1920, 1080)).toEqual([4, 2, 1]);
  expect(scales(1280, 720)).toEqual([4, 2, 1]);
  expect(scales(960, 540)).toEqual([4, 2, 1]);
  expect(scales(640, 480)).toEqual([2, 1]);
  expect(scales(640, 360)).toEqual([2, 1]);
  expect(scales(360, 640)).toEqual([2, 1]);
  expect(scales(320, 240)).toEqual([1]);
});

test("every layer keeps its place and its name", () => {
  expect(layersFor(320, 240).map((layer) => layer.rid)).toEqual(["q", "h", "f"]);
});

test("what nobody is shown is not sent, and what the camera is too small for is never sent", () => {
  const active = (width: number, height: number, wanted: string[] | undefined): string[] =>
    sent(layersFor(width, height), wanted).flatMap((layer) => (layer.active ? [layer.rid] : []));
  expect(active(1280, 720, undefined)).toEqual(["q", "h", "f"]);
  expect(active(1280, 720, ["q"])).toEqual(["q"]);
  expect(active(1280, 720, ["q", "f"])).toEqual(["q", "f"]);
  expect(active(640, 360, ["q", "f"])).toEqual(["q"]);
  expect(active(1280, 720, [])).toEqual(["q", "h", "f"]);
});
