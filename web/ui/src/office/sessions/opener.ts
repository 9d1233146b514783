/** The controls of a session's page that open a dialog: where the focus goes back to once it is done with. */
export const MENU_ID = "session-menu";

export function reissueId(siteId: string): string {
  return `reissue-${siteId}`;
}

/** One row's own button, or the menu from which everybody's links are issued anew. */
export function reissueOpener(siteIds: readonly string[] | undefined): string {
  const [only] = siteIds ?? [];
  return only !== undefined && siteIds?.length === 1 ? reissueId(only) : MENU_ID;
}
