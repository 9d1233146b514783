// What the fake cameras see: somebody's head and shoulders, nodding. Small, because two cores encode it for six sites at once.
import { writeFile } from "node:fs/promises";

const SMALL = { width: 480, height: 270, framesPerS: 10 };
/** The smallest that Chromium sends in three layers, at a camera's usual pace. */
export const LARGE = { width: 960, height: 540, framesPerS: 30 };
/** One slow nod; the file is played over and over. */
const NOD_S = 2;

/** Brightness and the two colours of a point, -1 to 1 from the middle. */
function point(x, y, nod) {
  const head = ((x - nod * 0.05) / 0.16) ** 2 + ((y + 0.15 - nod * 0.06) / 0.34) ** 2 < 1;
  const shoulders = (x / 0.5) ** 2 + ((y - 1) / 0.62) ** 2 < 1;
  if (head) return [170, 112, 150];
  if (shoulders) return [60, 140, 120];
  return [150 - 40 * y, 132, 124];
}

function frame({ width, height }, through) {
  const nod = Math.sin(2 * Math.PI * through);
  const luma = Buffer.alloc(width * height);
  const [blue, red] = [Buffer.alloc((width * height) / 4), Buffer.alloc((width * height) / 4)];
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const [y, u, v] = point((2 * column) / width - 1, (2 * row) / height - 1, nod);
      luma[row * width + column] = y;
      const half = (row >> 1) * (width / 2) + (column >> 1);
      blue[half] = u;
      red[half] = v;
    }
  }
  return Buffer.concat([Buffer.from("FRAME\n"), luma, blue, red]);
}

/** Writes the picture as Y4M (4:2:0). */
export async function writePicture(path, size = SMALL) {
  const head = Buffer.from(`YUV4MPEG2 W${size.width} H${size.height} F${size.framesPerS}:1 Ip A1:1 C420jpeg\n`);
  const count = NOD_S * size.framesPerS;
  await writeFile(path, Buffer.concat([head, ...Array.from({ length: count }, (_, number) => frame(size, number / count))]));
}
