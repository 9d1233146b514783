import { connection } from "./connection.svelte";
import { asProblem, type Problem } from "./problem";

/** Something asked from the bridge and shown: its value, or why there is none; asked again by hand, by clock or on recovery. */
export class Loaded<T> {
  value = $state.raw<T>();
  problem = $state<Problem>();
  /** Only the newest question may answer: an old list must not overwrite a newer one. */
  #question = 0;

  constructor(readonly ask: () => Promise<T>) {}

  load = async (): Promise<void> => {
    this.#question += 1;
    const mine = this.#question;
    try {
      const value = await this.ask();
      if (mine !== this.#question) return;
      this.value = value;
      this.problem = undefined;
    } catch (thrown) {
      if (mine === this.#question) this.problem = asProblem(thrown);
    }
  };

  /** Takes a newer value that came by another way (the answer to an edit). */
  set(value: T): void {
    this.#question += 1;
    this.value = value;
    this.problem = undefined;
  }
}

/**
 * Call while a component is set up: loads now and whenever what `ask` reads changes, again when the bridge is back, and every
 * `everyMs` while the page can be seen.
 */
export function useLoaded<T>(ask: () => Promise<T>, everyMs?: number): Loaded<T> {
  const loaded = new Loaded(ask);
  $effect(() => {
    void connection.recovered;
    void loaded.load();
  });
  $effect(() => {
    if (everyMs === undefined) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && !connection.lost) void loaded.load();
    }, everyMs);
    return () => clearInterval(timer);
  });
  return loaded;
}
