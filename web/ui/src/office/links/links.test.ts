import { expect, test } from "vitest";
import { asCsv, asText } from "./links";

const to = (name: string, link: string) => ({ name, link, participant_id: "p", site_id: "s" });
const ORIGIN = "https://hop.tinh.example";

test("links are written whole", () => {
  expect(asText([to("Xã Quảng Tân", "/j/abc")], ORIGIN)).toBe("Xã Quảng Tân\thttps://hop.tinh.example/j/abc");
});

test("a sheet gets text, never a formula, and keeps quotation marks", () => {
  const csv = asCsv(["Nơi nhận", "Liên kết"], [to('=HYPERLINK("x")', "/j/a")], ORIGIN);
  expect(csv).toBe('\uFEFF"Nơi nhận","Liên kết"\r\n"\'=HYPERLINK(""x"")","https://hop.tinh.example/j/a"\r\n');
});
