import { currentLanguage } from "../i18n/language.svelte";
import { problemFrom, serverLost } from "./problem";
import { connection } from "./connection.svelte";

/** How long an answer may take before the line counts as lost; the longest real answer (a booking of 231 sites) takes under 2 s. */
const ANSWER_MS = 20_000;

export interface Asked {
  query?: Record<string, string | number | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

let signedOut: (() => void) | undefined;

/** Told when the server no longer knows the session cookie. */
export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** One exchange with the bridge. Throws a `Problem`, or the `AbortError` of the caller's own signal. */
export async function call<T>(method: string, path: string, asked: Asked = {}): Promise<T> {
  const timeout = AbortSignal.timeout(ANSWER_MS);
  const headers: Record<string, string> = {
    Accept: "application/json",
    "Accept-Language": currentLanguage(),
    ...asked.headers,
  };
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path + queryOf(asked.query), {
      method,
      headers,
      credentials: "same-origin",
      signal: asked.signal ? AbortSignal.any([asked.signal, timeout]) : timeout,
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
    });
  } catch (thrown) {
    if (asked.signal?.aborted) throw thrown;
    connection.lose();
    throw serverLost();
  }
  return answered<T>(response);
}

async function answered<T>(response: Response): Promise<T> {
  const body = await bodyOf(response);
  if (response.ok) {
    connection.regain();
    return body as T;
  }
  const problem = problemFrom(response.status, body);
  if (problem.isServerLost) connection.lose();
  if (problem.code === "not_signed_in") signedOut?.();
  throw problem;
}

async function bodyOf(response: Response): Promise<unknown> {
  if (response.status === 204) return undefined;
  try {
    return await response.json();
  } catch {
    // A proxy's HTML page, or a cut connection: the status alone then says what happened.
    return undefined;
  }
}

function queryOf(query: Asked["query"]): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== "") params.set(name, String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : "";
}
