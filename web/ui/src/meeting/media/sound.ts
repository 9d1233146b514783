// SHELL: what this page plays: the meeting's loudest speakers, the speaker test, and the one soft tone.

/** Output choice is not in every browser (not in Firefox before 116, not on phones): there the system's output is used. */
export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

/** Plays the audio slots. One element a slot: they carry the loudest speakers and are mixed by the system. */
export class Speakers {
  #elements: HTMLAudioElement[] = [];
  #speaker = "";
  #blocked: (blocked: boolean) => void;

  constructor(blocked: (blocked: boolean) => void) {
    this.#blocked = blocked;
  }

  play(tracks: MediaStreamTrack[]): void {
    this.stop();
    this.#elements = tracks.map((track) => {
      const element = new Audio();
      element.srcObject = new MediaStream([track]);
      return element;
    });
    void this.use(this.#speaker);
    void this.start();
  }

  /** A page that was reloaded may play only after a press; it is told so, and calls this again then. */
  async start(): Promise<void> {
    const results = await Promise.allSettled(this.#elements.map((element) => element.play()));
    this.#blocked(results.some((result) => result.status === "rejected" && isRefusal(result.reason)));
  }

  async use(speaker: string): Promise<void> {
    this.#speaker = speaker;
    if (!canChooseSpeaker()) return;
    await Promise.allSettled(this.#elements.map((element) => element.setSinkId(speaker)));
  }

  stop(): void {
    for (const element of this.#elements) {
      element.pause();
      element.srcObject = null;
    }
    this.#elements = [];
  }
}

function isRefusal(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "NotAllowedError";
}

/** Four notes of the pentatonic scale, two seconds: unlike any sound of a meeting, pleasant at any volume. */
const SAMPLE_HZ = [392, 440, 523.25, 659.25] as const;
const NOTE_S = 0.45;

export async function playSample(speaker: string): Promise<void> {
  const context = new AudioContext();
  try {
    await context.resume();
    const out = context.createMediaStreamDestination();
    SAMPLE_HZ.forEach((hz, index) => tone(context, out, hz, context.currentTime + 0.1 + index * NOTE_S, NOTE_S, 0.35));
    const element = new Audio();
    element.srcObject = out.stream;
    if (canChooseSpeaker() && speaker !== "") await element.setSinkId(speaker);
    await element.play();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    element.srcObject = null;
  } finally {
    await context.close();
  }
}

/** "You are called", "ten seconds left": soft, once. */
export async function softTone(): Promise<void> {
  const context = new AudioContext();
  try {
    await context.resume();
    tone(context, context.destination, 587.33, context.currentTime, 0.6, 0.18);
    await new Promise((resolve) => setTimeout(resolve, 700));
  } finally {
    await context.close();
  }
}

function tone(context: AudioContext, out: AudioNode, hz: number, at: number, seconds: number, volume: number): void {
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = "sine";
  oscillator.frequency.value = hz;
  // Ramps, not steps: a step is heard as a click.
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(volume, at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.001, at + seconds);
  oscillator.connect(gain).connect(out);
  oscillator.start(at);
  oscillator.stop(at + seconds);
}
