// The lines' last minutes, for the inspector's plots. A ring per site; the page keeps it, the server sends each second once.
import type { LineView } from "../../generated/wire";

/** Five minutes at one figure a second. */
export const KEPT = 300;

export interface Series {
  /** Seconds of Unix time, rising. */
  at: number[];
  rtt_ms: (number | null)[];
  loss_up: number[];
  loss_down: number[];
  rate_up: number[];
  rate_down: number[];
}

const empty = (): Series => ({ at: [], rtt_ms: [], loss_up: [], loss_down: [], rate_up: [], rate_down: [] });

export class LineHistory {
  #series = new Map<string, Series>();
  #last = new Map<string, LineView>();

  /** Takes the figures that changed since the last call. */
  take(lines: Readonly<Record<string, LineView>>, at: number): void {
    for (const line of Object.values(lines)) {
      if (this.#last.get(line.participant) === line) continue;
      this.#last.set(line.participant, line);
      this.#push(line, at / 1000);
    }
  }

  of(participant: string): Series {
    return this.#series.get(participant) ?? empty();
  }

  #push(line: LineView, at: number): void {
    let series = this.#series.get(line.participant);
    if (series === undefined) {
      series = empty();
      this.#series.set(line.participant, series);
    }
    series.at.push(at);
    series.rtt_ms.push(line.rtt_ms);
    series.loss_up.push(line.up.loss * 100);
    series.loss_down.push(line.down.loss * 100);
    series.rate_up.push(line.up.bitrate_bps / 1000);
    series.rate_down.push(line.down.bitrate_bps / 1000);
    if (series.at.length <= KEPT) return;
    for (const values of Object.values(series) as unknown[][]) values.shift();
  }
}
