// What a receiver really gets: decoded pictures and audible sound.
import { eventually } from "./patience.js";

/** Keeps every RTCPeerConnection of a page where a test can ask it; before the page opens. */
export function watchConnections(context) {
  return context.addInitScript(() => {
    window.connections = [];
    const Real = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Real {
      constructor(...how) {
        super(...how);
        window.connections.push(this);
      }
    };
  });
}

/** Decoded pictures and energy of sound on all connections the page ever had, by getStats. */
export function received(page) {
  return page.evaluate(async () => {
    const sum = { frames: 0, energy: 0 };
    for (const connection of window.connections) {
      if (connection.connectionState === "closed") continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp") continue;
        if (report.kind === "video") sum.frames += report.framesDecoded ?? 0;
        else sum.energy += report.totalAudioEnergy ?? 0;
      }
    }
    return sum;
  });
}

/** The loudest sample in a second of everything the page receives, by an analyser. */
export function loudness(page) {
  return page.evaluate(async () => {
    const context = new AudioContext();
    const open = window.connections.filter((connection) => connection.connectionState !== "closed");
    const tracks = open.flatMap((connection) => connection.getReceivers().map(({ track }) => track));
    const analysers = tracks
      .filter(({ kind }) => kind === "audio")
      .map((track) => {
        const analyser = context.createAnalyser();
        context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
        return analyser;
      });
    await context.resume();
    let loudest = 0;
    for (const until = performance.now() + 1_000; performance.now() < until; ) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      for (const analyser of analysers) {
        const samples = new Float32Array(analyser.fftSize);
        analyser.getFloatTimeDomainData(samples);
        loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), loudest);
      }
    }
    await context.close();
    return loudest;
  });
}

const AUDIBLE = 0.03;
const SILENT = 0.003;

/** What is decoded has the energy of a voice. (Where a machine has no sound card, Firefox lets no page listen to it.) */
export async function energyArrives(page, whom) {
  const { energy } = await received(page);
  await eventually(`${whom} is heard: energy arrives`, async () => (await received(page)).energy > energy + 0.005);
}

export async function hears(page, whom) {
  await energyArrives(page, whom);
  await eventually(`${whom} is heard: it sounds`, async () => (await loudness(page)) > AUDIBLE);
}

export async function hearsNothing(page, why) {
  await eventually(`silence: ${why}`, async () => (await loudness(page)) < SILENT);
}

/** A `video` element goes on showing new pictures. */
export async function moves(video, what) {
  await video.waitFor();
  const shown = () => video.evaluate((element) => [element.videoWidth, element.getVideoPlaybackQuality().totalVideoFrames]);
  const [, before] = await shown();
  await eventually(`${what} moves`, async () => {
    const [width, frames] = await shown();
    return width > 0 && (frames > before + 5 || frames < before);
  });
}

/** Milliseconds from the next press in the page to the first picture it decodes. To be called before the press. */
export async function stopwatch(page) {
  await page.evaluate(() => {
    window.firstPicture = new Promise((resolve) => {
      addEventListener("click", async () => {
        const pressed = performance.now();
        for (;;) {
          for (const connection of window.connections) {
            for (const report of (await connection.getStats()).values()) {
              if (report.type === "inbound-rtp" && (report.framesDecoded ?? 0) > 0) {
                return resolve(Math.round(performance.now() - pressed));
              }
            }
          }
          await new Promise((again) => setTimeout(again, 20));
        }
      }, { capture: true, once: true });
    });
  });
  return () => page.evaluate(() => window.firstPicture);
}

/** The simulcast layers a page sends, by rid: pictures so far, and whether the layer is switched on. */
export function layersSent(page) {
  return page.evaluate(async () => {
    const layers = {};
    for (const connection of window.connections) {
      if (connection.connectionState === "closed") continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "outbound-rtp" || report.rid === undefined) continue;
        layers[report.rid] = { frames: report.framesSent ?? report.framesEncoded ?? 0, active: report.active };
      }
    }
    return layers;
  });
}

/** What a page receives of its largest picture: its height, and pictures decoded so far. */
export function largest(page) {
  return page.evaluate(async () => {
    let largest = { height: 0, frames: 0 };
    for (const connection of window.connections) {
      if (connection.connectionState === "closed") continue;
      for (const report of (await connection.getStats()).values()) {
        if (report.type !== "inbound-rtp" || report.kind !== "video") continue;
        const height = report.frameHeight ?? 0;
        if (height > largest.height) largest = { height, frames: report.framesDecoded };
      }
    }
    return largest;
  });
}

/** Pictures decoded a second of the largest one, measured over a while. */
export async function pace(page, ms) {
  const [before, begun] = [await largest(page), Date.now()];
  await new Promise((resolve) => setTimeout(resolve, ms));
  const after = await largest(page);
  return (1_000 * (after.frames - before.frames)) / (Date.now() - begun);
}

/** What is being sent and received on the page's connections. */
export function codecs(page) {
  return page.evaluate(async () => {
    const names = new Set();
    for (const connection of window.connections) {
      if (connection.connectionState === "closed") continue;
      const reports = await connection.getStats();
      for (const report of reports.values()) {
        if (report.type !== "inbound-rtp" && report.type !== "outbound-rtp") continue;
        const mime = reports.get(report.codecId)?.mimeType;
        if (mime !== undefined) names.add(mime);
      }
    }
    return [...names].sort();
  });
}
