// What the fake cameras see: somebody's head and shoulders, nodding. Small, because two cores encode it for six sites at once.
import { writeFile } from "node:fs/promises";

const [WIDTH, HEIGHT] = [480, 270];
const FRAMES_PER_S = 10;
/** One slow nod; the file is played over and over. */
const FRAMES = 20;

/** Brightness and the two colours of a point, -1 to 1 from the middle. */
function point(x, y, nod) {
  const head = ((x - nod * 0.05) / 0.16) ** 2 + ((y + 0.15 - nod * 0.06) / 0.34) ** 2 < 1;
  const shoulders = (x / 0.5) ** 2 + ((y - 1) / 0.62) ** 2 < 1;
  if (head) return [170, 112, 150];
  if (shoulders) return [60, 140, 120];
  return [150 - 40 * y, 132, 124];
}

function frame(number) {
  const nod = Math.sin((2 * Math.PI * number) / FRAMES);
  const luma = Buffer.alloc(WIDTH * HEIGHT);
  const [blue, red] = [Buffer.alloc((WIDTH * HEIGHT) / 4), Buffer.alloc((WIDTH * HEIGHT) / 4)];
  for (let row = 0; row < HEIGHT; row += 1) {
    for (let column = 0; column < WIDTH; column += 1) {
      const [y, u, v] = point((2 * column) / WIDTH - 1, (2 * row) / HEIGHT - 1, nod);
      luma[row * WIDTH + column] = y;
      const half = (row >> 1) * (WIDTH / 2) + (column >> 1);
      blue[half] = u;
      red[half] = v;
    }
  }
  return Buffer.concat([Buffer.from("FRAME\n"), luma, blue, red]);
}

/** Writes the picture as Y4M (4:2:0). */
export async function writePicture(path) {
  const head = Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F${FRAMES_PER_S}:1 Ip A1:1 C420jpeg\n`);
  await writeFile(path, Buffer.concat([head, ...Array.from({ length: FRAMES }, (_, number) => frame(number))]));
}
