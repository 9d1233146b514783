import { createSubscriber } from "svelte/reactivity";

/** The present moment, followed by everything that shows "in 12 minutes": one timer for the whole page. */
const EVERY_MS = 15_000;

const subscribe = createSubscriber((update) => {
  const timer = setInterval(update, EVERY_MS);
  return () => clearInterval(timer);
});

export function now(): number {
  subscribe();
  return Date.now();
}
