// How far the server is, before joining: the round trip of a small request on a warm connection.

const ASKS = 6;
const PAUSE_MS = 200;

export type LineJudgement = { is: "good" | "slow" | "bad"; ms: number } | { is: "none" };

/** Round trips in milliseconds; what failed is left out. The first one, which opens the connection, is thrown away. */
export async function measureLine(signal: AbortSignal): Promise<number[]> {
  const samples: number[] = [];
  for (let ask = 0; ask < ASKS && !signal.aborted; ask += 1) {
    const started = performance.now();
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(4_000)]);
      const answer = await fetch("/healthz", { cache: "no-store", signal: limit });
      await answer.arrayBuffer();
      if (ask > 0) samples.push(performance.now() - started);
    } catch {
      // A lost request is the finding itself: it is missing among the samples.
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return samples;
}

/** A satellite line (600 ms) is usable and slow; the middle value keeps one hiccup from deciding. */
export function judgeLine(samples: readonly number[]): LineJudgement {
  const sorted = [...samples].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) return { is: "none" };
  const lossy = samples.length < ASKS - 2;
  const ms = Math.max(1, Math.round(middle));
  if (ms > 800 || lossy) return { is: "bad", ms };
  return { is: ms > 250 ? "slow" : "good", ms };
}
