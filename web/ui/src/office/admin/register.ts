/** The three registers, as rows that one table can show and one search can find. */
import type { Hub, Person, Site, Unit } from "../../api/model";
import { findWords } from "../../text/fold";

export type RegisterName = "sites" | "units" | "people";

/** What a name, a code, a unit or a room says; all words of the search must be found in it together. */
export function found<T>(rows: readonly T[], query: string, text: (row: T) => string): T[] {
  return rows.filter((row) => findWords(query, text(row)) !== undefined);
}

export function siteText(site: Site): string {
  return [site.name, site.room, site.code, site.short_name, site.contact_name].filter(Boolean).join(" ");
}

export function unitText(unit: Unit): string {
  return `${unit.name} ${unit.code}`;
}

export function personText(person: Person): string {
  return [person.name, person.title, person.unit_name].filter(Boolean).join(" ");
}

export function nameOf(list: readonly { id: string; name: string }[], id: string | undefined): string | undefined {
  return id === undefined ? undefined : list.find((one) => one.id === id)?.name;
}

export function hubName(hubs: readonly Hub[], id: string | undefined): string | undefined {
  return nameOf(hubs, id);
}

/** Text of a form field to send: trimmed, and absent rather than empty. */
export function optional(text: string): string | undefined {
  const bare = text.trim();
  return bare === "" ? undefined : bare;
}

/** Leaves out what is undefined: the server tells an absent field from an empty one. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
