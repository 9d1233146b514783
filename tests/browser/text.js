// A page of text that is shared, and how much of it can be read at the other end.

/** Runs in both pages: the page of text as its owner sees it, changing in one corner like a cursor. */
function draw(canvas, blink) {
  canvas.width = 1920;
  canvas.height = 1080;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#111";
  pen.font = "18px sans-serif";
  const words = "Phương án sơ tán dân vùng ven biển, đảo: 1.250 hộ, 4.870 người; điểm cầu Cô Tô, Đầm Hà, Móng Cái báo cáo trước 8 giờ 30.".split(" ");
  for (let row = 0; row < 40; row += 1) {
    const turned = words.map((_, at) => words[(at + row * 5) % words.length]);
    pen.fillText(`${row + 1}. ${turned.join(" ")} ${turned.join(" ")}`, 40, 40 + row * 26);
  }
  pen.fillStyle = blink ? "#111" : "#fff";
  pen.fillRect(1880, 1050, 3, 20);
}

/** From now on the page's "share" shares a page of text: there is no screen to choose in a headless browser. */
export async function shareText(page) {
  await teach(page);
  await page.evaluate(() => {
    const paint = window.paintText;
    navigator.mediaDevices.getDisplayMedia = async () => {
      const canvas = document.createElement("canvas");
      let ticks = 0;
      paint(canvas, false);
      setInterval(() => paint(canvas, (ticks += 1) % 2 === 0), 500);
      return canvas.captureStream(15);
    };
  });
}

/** Size of what a `video` shows, and how alike its letters are to those that were shared: 1 the same, 0 nothing in common. */
export async function readability(page, video) {
  await teach(page);
  return video.evaluate((element) => {
    const [sent, seen] = [document.createElement("canvas"), document.createElement("canvas")];
    window.paintText(sent, false);
    const { videoWidth: width, videoHeight: height } = element;
    if (width !== sent.width || height !== sent.height) return { width, height, sharp: 0 };
    Object.assign(seen, { width, height });
    seen.getContext("2d", { willReadFrequently: true }).drawImage(element, 0, 0);
    const edges = (canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, 1800, 1040);
      const found = new Float32Array(1800 * 1040);
      for (let at = 0; at + 1 < found.length; at += 1) found[at] = data[4 * (at + 1) + 1] - data[4 * at + 1];
      return found;
    };
    const [a, b] = [edges(sent), edges(seen)];
    let [ab, aa, bb] = [0, 0, 0];
    for (let at = 0; at < a.length; at += 1) {
      ab += a[at] * b[at];
      aa += a[at] * a[at];
      bb += b[at] * b[at];
    }
    return { width, height, sharp: ab / Math.sqrt(aa * bb || 1) };
  });
}

/** As an expression: the page's own policy forbids it to make code of text. */
function teach(page) {
  return page.evaluate(`void (window.paintText = ${draw})`);
}
