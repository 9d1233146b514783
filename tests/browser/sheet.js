// Reads a workbook as far as a test needs: all text of all its parts.
import { inflateRawSync } from "node:zlib";

const CENTRAL = 0x02014b50;

/** The parts of a ZIP container, by its central directory, as one text. */
export function textOf(file) {
  let text = "";
  for (let at = file.indexOf("PK\x01\x02", 0, "latin1"); file.readUInt32LE(at) === CENTRAL; ) {
    const [method, packed, local] = [file.readUInt16LE(at + 10), file.readUInt32LE(at + 20), file.readUInt32LE(at + 42)];
    const from = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    const bytes = file.subarray(from, from + packed);
    text += (method === 0 ? bytes : inflateRawSync(bytes)).toString("utf8");
    at += 46 + file.readUInt16LE(at + 28) + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return text;
}
