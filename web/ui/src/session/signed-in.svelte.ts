import * as calls from "../api/calls";
import { onSignedOut } from "../api/client";
import type { Me, Permission } from "../api/model";
import { asProblem, type Problem } from "../api/problem";
import { languageOf } from "../i18n/language.svelte";

/** Who sits in front of the page. */
export type SignedIn =
  | { state: "asking" }
  | { state: "out" }
  | { state: "in"; me: Me }
  /** Neither yes nor no: the bridge did not answer. */
  | { state: "unknown"; problem: Problem };

let signedIn = $state<SignedIn>({ state: "asking" });

export function whoIsSignedIn(): SignedIn {
  return signedIn;
}

export function may(permission: Permission): boolean {
  return signedIn.state === "in" && signedIn.me.may.includes(permission);
}

export async function askWho(): Promise<void> {
  try {
    welcome(await calls.me());
  } catch (thrown) {
    const problem = asProblem(thrown);
    if (problem.status === 401) leave();
    else signedIn = { state: "unknown", problem };
  }
}

export function welcome(me: Me): void {
  languageOf(me.person_id);
  signedIn = { state: "in", me };
}

export function leave(): void {
  languageOf(undefined);
  signedIn = { state: "out" };
}

onSignedOut(leave);
