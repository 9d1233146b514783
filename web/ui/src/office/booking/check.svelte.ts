import * as calls from "../../api/calls";
import type { BookingCheck, BookingChecked, Clash, TimeSpan } from "../../api/model";
import { asProblem } from "../../api/problem";

/** After the last change: sooner asks for every key, later feels deaf. */
const PAUSE_MS = 300;

/** Keeps asking who and what is free while the form changes; only the answer to the newest question counts. */
export class Checker {
  result = $state.raw<BookingChecked>();
  /** The result answers exactly what the form asks now. */
  fresh = $state(false);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running: AbortController | undefined;
  #asked = "";

  ask(check: BookingCheck | undefined): void {
    const text = JSON.stringify(check);
    if (text === this.#asked) return;
    this.#asked = text;
    this.fresh = false;
    this.stop();
    if (!check) return;
    this.#timer = setTimeout(() => void this.#run(check, text), PAUSE_MS);
  }

  /** A refusal at saving tells the same as a check, and newer. */
  refused(clashes: Clash[], freeSlot: TimeSpan | undefined): void {
    if (!this.result) return;
    const result = { ...this.result, clashes };
    delete result.free_slot;
    if (freeSlot) result.free_slot = freeSlot;
    this.result = result;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#running?.abort();
  }

  async #run(check: BookingCheck, text: string): Promise<void> {
    const running = new AbortController();
    this.#running = running;
    try {
      const result = await calls.checkBooking(check, running.signal);
      if (text !== this.#asked) return;
      this.result = result;
      this.fresh = true;
    } catch (thrown) {
      // A newer question aborted this one, or the line is lost: the frame tells of that, and saving checks again anyway.
      if (!running.signal.aborted && asProblem(thrown).status === 422) this.result = undefined;
    }
  }
}
