// Which page of the threshold is shown. Pure: from a refusal of the REST interface or the machine's state to one value.
import type { Problem } from "../../api/problem";
import type { RefusalCode } from "../../generated/wire";
import type { State } from "../machine";
import type { Visit } from "./visit";

/** `code` is what somebody reads over the telephone. */
export type Page = { code: string } & (
  | { is: "not_found" }
  | { is: "not_open"; opensAt: number }
  | { is: "full"; until: number | null }
  | { is: "joining"; lost: boolean; until: number | null }
  | { is: "ended"; attended: boolean }
  | { is: "cancelled" }
  | { is: "left" }
  | { is: "removed"; reason: string | null }
  | { is: "replaced" }
  | { is: "closed" }
  | { is: "version" }
  | { is: "refused"; refusal: RefusalCode }
  | { is: "problem"; problem: Problem }
);

export type Why =
  | { is: "problem"; problem: Problem }
  | { is: "not_open"; opensAt: number }
  /** The link is good and the meeting was: there is nothing left to come to. */
  | { is: "past"; state: "ended" | "cancelled" }
  | { is: "machine"; state: Exclude<State, { at: "inside" }> };

/** Hours and minutes are counted down on the last day; before that the date says more than "in 53 hours". */
export function countsDown(opensAt: number, now: number): boolean {
  return opensAt > now && opensAt - now < 24 * 60 * 60 * 1000;
}

export function pageOf(why: Why, visit: Visit | undefined): Page {
  switch (why.is) {
    case "not_open":
      return { is: "not_open", opensAt: why.opensAt, code: "" };
    case "past":
      return why.state === "ended" ? { is: "ended", attended: false, code: "" } : { is: "cancelled", code: "" };
    case "problem":
      return pageOfProblem(why.problem, visit);
    case "machine":
      return pageOfState(why.state, visit);
    default:
      return why satisfies never;
  }
}

function pageOfProblem(problem: Problem, visit: Visit | undefined): Page {
  const code = `${problem.status}-${problem.code}`;
  switch (problem.code) {
    case "not_found":
      return { is: "not_found", code };
    case "not_open_yet": {
      const opens = problem.body["opens_at"];
      return { is: "not_open", opensAt: typeof opens === "number" ? opens : (visit?.opensAt ?? 0), code: "" };
    }
    case "session_ended":
      return { is: "ended", attended: false, code: "" };
    case "session_cancelled":
      return { is: "cancelled", code: "" };
    default:
      return { is: "problem", problem, code };
  }
}

function pageOfState(state: Exclude<State, { at: "inside" }>, visit: Visit | undefined): Page {
  switch (state.at) {
    case "outside":
      return { is: "joining", lost: false, until: null, code: "" };
    case "joining": {
      const { link } = state;
      if (link.is !== "waiting")
        return { is: "joining", lost: link.is === "offline" || attempts(link) > 0, until: null, code: "" };
      if (link.why === "full") return { is: "full", until: link.until, code: "session_full" };
      if (link.why === "not_open_yet") return { is: "not_open", opensAt: visit?.opensAt ?? link.until, code: "" };
      return { is: "joining", lost: true, until: link.until, code: "" };
    }
    case "over":
      return pageOfOver(state.over, state.meeting !== null);
    default:
      return state satisfies never;
  }
}

function attempts(link: { is: string; attempt?: number }): number {
  return link.attempt ?? 0;
}

function pageOfOver(over: Extract<State, { at: "over" }>["over"], attended: boolean): Page {
  switch (over.is) {
    case "ended":
      return { is: "ended", attended, code: "" };
    case "left":
      return { is: "left", code: "" };
    case "removed":
      return { is: "removed", reason: over.reason, code: "" };
    case "replaced":
      return { is: "replaced", code: "" };
    case "closed":
      return { is: "closed", code: over.why };
    case "refused":
      return over.code === "version"
        ? { is: "version", code: over.code }
        : { is: "refused", refusal: over.code, code: over.code };
    default:
      return over satisfies never;
  }
}
