/** What a search finds in the outline of a recording: on both tabs at once, whichever is looked at. */
import { findWords } from "../../text/fold";
import type { Item } from "./lanes";

export type OutlineTab = "agenda" | "speakers";

export interface Found<Name> {
  items: Item[];
  names: Name[];
  /** How many lines each tab has now. */
  counts: Record<OutlineTab, number>;
  /** The tab to go to when this one has nothing of what is searched for and the other has. */
  elsewhere: OutlineTab | undefined;
}

export function findInOutline<Name extends { name: string }>(
  query: string,
  items: readonly Item[],
  names: readonly Name[],
  tab: OutlineTab,
): Found<Name> {
  const answers = (text: string) => findWords(query, text) !== undefined;
  // An item is found by its title, and by who spoke in it: the search opens it at the speaker.
  const shownItems = items.filter((item) => answers(item.title) || item.speakers.some((one) => answers(one.name)));
  const shownNames = names.filter((one) => answers(one.name));
  const counts = { agenda: shownItems.length, speakers: shownNames.length };
  const other = tab === "agenda" ? "speakers" : "agenda";
  const elsewhere = query.trim() !== "" && counts[tab] === 0 && counts[other] > 0 ? other : undefined;
  return { items: shownItems, names: shownNames, counts, elsewhere };
}
