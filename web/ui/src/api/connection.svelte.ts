/** Whether the bridge answers at all. Any lost request starts a watch that asks `/healthz` until it answers again. */
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 30_000;

class Connection {
  /** When it was lost; undefined while all is well. */
  lostSince = $state<number>();
  attempt = $state(0);
  /** When the next attempt starts; undefined while one runs. */
  nextAt = $state<number>();
  /** Counts recoveries: pages that failed to load watch it and load again. */
  recovered = $state(0);
  #timer: ReturnType<typeof setTimeout> | undefined;

  get lost(): boolean {
    return this.lostSince !== undefined;
  }

  lose(): void {
    if (this.lostSince !== undefined) return;
    this.lostSince = Date.now();
    this.attempt = 0;
    this.#schedule();
  }

  regain(): void {
    if (this.lostSince === undefined) return;
    clearTimeout(this.#timer);
    this.lostSince = undefined;
    this.nextAt = undefined;
    this.recovered += 1;
  }

  async retry(): Promise<void> {
    clearTimeout(this.#timer);
    this.nextAt = undefined;
    try {
      const answer = await fetch("/healthz", { signal: AbortSignal.timeout(5_000), cache: "no-store" });
      if (answer.ok) {
        this.regain();
        return;
      }
    } catch {
      // Still lost: the next attempt is scheduled below.
    }
    this.#schedule();
  }

  #schedule(): void {
    this.attempt += 1;
    const wait = Math.min(FIRST_RETRY_MS * 2 ** (this.attempt - 1), LONGEST_RETRY_MS);
    this.nextAt = Date.now() + wait;
    this.#timer = setTimeout(() => void this.retry(), wait);
  }
}

export const connection = new Connection();
