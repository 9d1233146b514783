import * as calls from "../../api/calls";
import { asProblem } from "../../api/problem";

/** How long a pause makes a save. */
const PAUSE_MS = 1_000;

/**
 * Saves what is written, a second after the last change: on the server, so that it is there on another machine; and here while
 * the server cannot be reached.
 */
export class DraftKeeper {
  state = $state<"idle" | "saving" | "saved" | "here">("idle");
  savedAt = $state<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: string;

  constructor(
    readonly key: string,
    first: unknown,
  ) {
    this.#last = JSON.stringify(first);
  }

  /** Call on every change; only a real difference is saved. */
  change(value: unknown): void {
    const text = JSON.stringify(value);
    if (text === this.#last) return;
    this.#last = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#save(text), PAUSE_MS);
  }

  async #save(text: string): Promise<void> {
    this.state = "saving";
    try {
      await calls.saveDraft(JSON.parse(text));
      forget(this.key);
      this.state = "saved";
    } catch {
      // Whatever kept the server from taking it, the words are not lost.
      keep(this.key, text);
      this.state = "here";
    }
    this.savedAt = Date.now();
  }

  async discard(): Promise<void> {
    this.stop();
    forget(this.key);
    this.state = "idle";
    try {
      await calls.discardDraft();
    } catch (thrown) {
      // A draft that stays on the server only offers itself again; a lost session is told by its own page.
      if (asProblem(thrown).status === 401) throw thrown;
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The draft of this person: what was kept here while the server was lost is newer than what the server has. */
export async function storedDraft(key: string): Promise<unknown> {
  try {
    const here = localStorage.getItem(key);
    if (here !== null) return JSON.parse(here);
  } catch {
    // No storage, or half a text: ask the server.
  }
  try {
    return await calls.draft();
  } catch (thrown) {
    const problem = asProblem(thrown);
    if (problem.status === 404) return undefined;
    throw problem;
  }
}

function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    // Storage switched off by policy: the form itself still holds the words while it is open.
  }
}

function forget(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // Then nothing was kept either.
  }
}
