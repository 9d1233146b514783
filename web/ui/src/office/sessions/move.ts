import type { BookingCheck, SessionDetail, TimeSpan } from "../../api/model";

/**
 * The question who is free when the meeting moves: everybody and every place it already has, itself left out. The
 * technician is not in it (the page knows the name alone): the bridge looks at him when the move is saved.
 */
export function checkOfMove(session: SessionDetail, span: TimeSpan): BookingCheck {
  return {
    ...span,
    session_id: session.id,
    chair_id: session.chair_id,
    secretary_id: session.secretary_id,
    central_site_id: session.central_site_id,
    selection: session.invited
      .filter((one) => one.site.id !== session.central_site_id)
      .map((one) => ({ kind: "site", site_id: one.site.id })),
  };
}
