// SHELL: which pictures the page draws and how tall, so that the server sends each viewer only what he sees, in the layer he needs.
import type { SlotView, SourceName } from "../generated/wire";
import type { View } from "./machine";

/** A tile that was just drawn, or a window being resized, settles within this time. */
const SETTLE_MS = 120;
/** A slot whose occupant is not known yet is asked for at a tile's height, so that its first picture does not wait for our answer. */
const SPARE_HEIGHT = 180;

/** What matters most is asked for first: slots are filled in this order. */
export type Weight = "main" | "preview" | "tile" | "wall";
const ORDER: readonly Weight[] = ["main", "preview", "tile", "wall"];

interface Drawn {
  participant: string;
  source: SourceName;
  weight: Weight;
  height: number;
}

export class PictureBoard {
  #drawn = new Map<symbol, Drawn>();
  #elements = new Map<Element, symbol>();
  #observer: ResizeObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#observer = new ResizeObserver((entries) => {
      for (const entry of entries) this.#measured(entry);
    });
    document.addEventListener("visibilitychange", this.#soon);
  }

  /** A picture is on the page until the returned function is called. */
  draw(element: Element, participant: string, source: SourceName, weight: Weight): () => void {
    const key = Symbol(participant);
    const height = Math.round(element.getBoundingClientRect().height * devicePixelRatio);
    this.#drawn.set(key, { participant, source, weight, height });
    this.#elements.set(element, key);
    this.#observer.observe(element);
    this.#soon();
    return () => {
      this.#observer.unobserve(element);
      this.#elements.delete(element);
      this.#drawn.delete(key);
      this.#soon();
    };
  }

  /** What the server should know: whom we draw, in order, and how tall each slot's picture is. */
  view(mids: readonly string[], slots: Readonly<Record<string, SlotView>>): View {
    return viewOf([...this.#drawn.values()], mids, slots, document.visibilityState === "hidden");
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
    document.removeEventListener("visibilitychange", this.#soon);
  }

  #measured(entry: ResizeObserverEntry): void {
    const key = this.#elements.get(entry.target);
    const drawn = key === undefined ? undefined : this.#drawn.get(key);
    if (drawn === undefined) return;
    const height = Math.round(entry.contentRect.height * devicePixelRatio);
    if (height === drawn.height) return;
    drawn.height = height;
    this.#soon();
  }

  #soon = (): void => {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#changed, SETTLE_MS);
  };
}

/** Pure: from the drawn pictures and the slots' occupants to the message. */
export function viewOf(
  drawn: readonly Drawn[],
  mids: readonly string[],
  slots: Readonly<Record<string, SlotView>>,
  hidden: boolean,
): View {
  const sorted = [...drawn].sort((a, b) => ORDER.indexOf(a.weight) - ORDER.indexOf(b.weight));
  const pinned = [...new Set(sorted.map((one) => one.participant))].slice(0, mids.length);
  const heightOf = (slot: SlotView | undefined): number => {
    if (hidden) return 0;
    if (slot === undefined || slot.participant === null) return SPARE_HEIGHT;
    return drawn.reduce(
      (most, one) =>
        one.participant === slot.participant && one.source === slot.source ? Math.max(most, one.height) : most,
      0,
    );
  };
  return { pinned, slots: mids.map((mid) => ({ mid, height: Math.min(heightOf(slots[mid]), 65_535) })) };
}
