// Waiting for what must come, never for the time it may take.

/** Asks again until `check` gives something true. */
export async function eventually(what, check, { within = 45_000, every = 100 } = {}) {
  const deadline = Date.now() + within;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`not within ${within} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}
