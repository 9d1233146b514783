// SHELL: how loud a microphone is. The judgement at the bottom is pure.

/** Decibels below full scale that a meter shows as empty. */
const FLOOR_DB = -60;

export type Heard = "silent" | "quiet" | "clear";

export class LevelMeter {
  #context: AudioContext | null = null;
  #analyser: AnalyserNode | null = null;
  #source: MediaStreamAudioSourceNode | null = null;
  #clone: MediaStreamTrack | null = null;
  #samples = new Float32Array(1024);

  /** Listens to a copy, so that the meter runs while the microphone itself is muted. Nothing of it leaves this page. */
  listen(track: MediaStreamTrack | null): void {
    this.#stop();
    if (track === null) return;
    const context = (this.#context ??= new AudioContext());
    this.#clone = track.clone();
    this.#clone.enabled = true;
    this.#source = context.createMediaStreamSource(new MediaStream([this.#clone]));
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#source.connect(this.#analyser);
    void this.wake();
  }

  /** Browsers keep audio asleep until the first press or key; call this then. */
  async wake(): Promise<void> {
    if (this.#context?.state === "suspended") await this.#context.resume();
  }

  /** 0 to 1, where 1 is full scale; `null` while it cannot measure. */
  read(): number | null {
    if (this.#analyser === null || this.#context?.state !== "running") return null;
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    return levelOf(Math.sqrt(sum / this.#samples.length));
  }

  close(): void {
    this.#stop();
    void this.#context?.close();
    this.#context = null;
  }

  #stop(): void {
    this.#source?.disconnect();
    this.#clone?.stop();
    this.#source = null;
    this.#analyser = null;
    this.#clone = null;
  }
}

/** Root mean square of samples to a meter's 0..1 over 60 dB. */
export function levelOf(rms: number): number {
  if (rms <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (20 * Math.log10(rms)) / FLOOR_DB));
}

/** The meter's word, from the loudest of the last seconds: speech at a table peaks around -30 dB, a broken cable stays under -55. */
export function judge(peak: number): Heard {
  if (peak < 0.1) return "silent";
  return peak < 0.4 ? "quiet" : "clear";
}
