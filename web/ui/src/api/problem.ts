/** A refusal of the server (RFC 9457), or of the line to it. `code` is the stable word; sentences come from the dictionary. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    /** The server's own sentence, already in the reader's language; used when the dictionary has no word for the code. */
    readonly detail: string | undefined,
    /** The whole body: clashes, fields, retry_after_s, opens_at. */
    readonly body: Record<string, unknown> = {},
  ) {
    super(`${status} ${code}`);
    this.name = "Problem";
  }

  /** The request never reached the server, or its answer never came back. */
  get isServerLost(): boolean {
    return this.code === SERVER_LOST;
  }
}

export const SERVER_LOST = "server_lost";

export function serverLost(): Problem {
  return new Problem(0, SERVER_LOST, undefined);
}

/** Reads a problem out of a response body that has already been parsed, whatever a proxy may have put in its place. */
export function problemFrom(status: number, body: unknown): Problem {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    const fields = body as Record<string, unknown>;
    const code = typeof fields["code"] === "string" ? fields["code"] : codeOfStatus(status);
    const text = fields["detail"] ?? fields["title"];
    return new Problem(status, code, typeof text === "string" ? text : undefined, fields);
  }
  return new Problem(status, codeOfStatus(status), undefined);
}

export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, "unknown", undefined);
}

/** The sentence a reader gets: the dictionary's for known codes, the server's for others, a general one at last. */
export function sentenceOf(problem: Problem, words: Record<string, string>): string {
  return words[problem.code] ?? problem.detail ?? words["unknown"] ?? problem.code;
}

function codeOfStatus(status: number): string {
  switch (status) {
    case 401:
      return "not_signed_in";
    case 404:
      return "not_found";
    case 413:
      return "too_large";
    case 502:
    case 503:
    case 504:
      return SERVER_LOST;
    default:
      return "unknown";
  }
}
