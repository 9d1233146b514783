import createClient from "openapi-fetch";
import type { paths } from "../generated/api";
import { currentLanguage } from "../i18n/language.svelte";
import { connection } from "./connection.svelte";
import { problemFrom, serverLost } from "./problem";

/** How long an answer may take before the line counts as lost; the longest real answer (a booking of 231 sites) takes under 2 s. */
const ANSWER_MS = 20_000;

let signedOut: (() => void) | undefined;

/** Told when the server no longer knows the session cookie. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** The bridge, typed by its own OpenAPI document. Calls go through `answer`, which turns refusals into `Problem`. */
export const bridge = createClient<paths>({
  baseUrl: location.origin,
  credentials: "same-origin",
  fetch: exchange,
});

async function exchange(request: Request): Promise<Response> {
  request.headers.set("Accept-Language", currentLanguage());
  const timeout = AbortSignal.timeout(ANSWER_MS);
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, timeout]) });
  } catch (thrown) {
    // The caller changed his mind (a newer question); anything else is the line.
    if (request.signal.aborted) throw thrown;
    connection.lose();
    throw serverLost();
  }
}

/** The body of a good answer; a `Problem` is thrown for any other, the caller's own `AbortError` passes. */
export async function answer<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T> | (undefined extends T ? undefined : never)> {
  const { data, error, response } = await asked;
  if (response.ok) {
    connection.regain();
    return data as NonNullable<T>;
  }
  const problem = problemFrom(response.status, error);
  if (problem.isServerLost) connection.lose();
  if (problem.code === "not_signed_in") signedOut?.();
  throw problem;
}
