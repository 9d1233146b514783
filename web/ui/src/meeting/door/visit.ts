// Who is coming, and to which meeting: the same for a link in an invitation and for somebody who is signed in. Pure, but for the calls.
import * as calls from "../../api/calls";
import type { Joining, Me, SessionState } from "../../api/model";

export interface Visit {
  sessionId: string;
  title: string;
  shortTitle: string;
  startsAt: number;
  opensAt: number;
  state: SessionState;
  chairName: string;
  /** The name on the picture; set by the office, not by the visitor. */
  name: string;
  detail: string | null;
  /** A site says how many people sit in it; a person does not. */
  site: boolean;
  seats: number | null;
  agenda: { title: string; minutes: number }[];
}

export type DoorRoute = { page: "invitation"; secret: string } | { page: "join" | "wall"; sessionId: string };

export async function visitOf(route: DoorRoute, me: Me | undefined): Promise<Visit> {
  return route.page === "invitation" ? byInvitation(route.secret) : byAccount(route.sessionId, me);
}

export function enter(route: DoorRoute): Promise<Joining> {
  return route.page === "invitation" ? calls.joinByInvitation(route.secret) : calls.joinSession(route.sessionId);
}

async function byInvitation(secret: string): Promise<Visit> {
  const view = await calls.invitation(secret);
  return {
    sessionId: view.session_id,
    title: view.title,
    shortTitle: view.short_title,
    startsAt: view.starts_at,
    opensAt: view.opens_at,
    state: view.state,
    chairName: view.chair_name,
    name: view.site_name,
    detail: view.site_detail ?? null,
    // Somebody invited as a person sits on no seats of a site.
    site: view.seats > 0,
    seats: view.seats,
    agenda: view.agenda,
  };
}

async function byAccount(sessionId: string, me: Me | undefined): Promise<Visit> {
  const session = await calls.session(sessionId);
  const own = session.invited.find((one) => one.site.id === me?.site_id)?.site;
  return {
    sessionId: session.id,
    title: session.title,
    shortTitle: session.short_title,
    startsAt: session.starts_at,
    opensAt: session.opens_at,
    state: session.state,
    chairName: session.chair_name,
    name: own?.name ?? me?.name ?? "",
    detail: own?.room ?? me?.title ?? null,
    site: own !== undefined,
    seats: own?.seats ?? null,
    agenda: session.agenda,
  };
}
