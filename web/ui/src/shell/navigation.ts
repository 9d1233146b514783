import type { Permission } from "../api/model";
import { hrefs, type Route } from "../router/route";

export type NavigationName = "home" | "calendar" | "sessions" | "recordings" | "accounts" | "directory";

export interface NavigationItem {
  name: NavigationName;
  href: string;
  /** Pages that belong under this item, so that the rail shows where one is. */
  pages: readonly Route["page"][];
  needs?: Permission;
}

const MAIN: readonly NavigationItem[] = [
  { name: "home", href: hrefs.home, pages: ["home"] },
  { name: "calendar", href: hrefs.calendar(), pages: ["calendar", "booking"] },
  { name: "sessions", href: hrefs.sessions(), pages: ["sessions", "session", "attendance"] },
  { name: "recordings", href: hrefs.recordings, pages: ["recordings", "recording"], needs: "read_recordings" },
];
const REGISTERS: readonly NavigationItem[] = [
  { name: "directory", href: hrefs.directory, pages: ["directory"], needs: "manage_directory" },
  { name: "accounts", href: hrefs.accounts, pages: ["accounts"], needs: "manage_accounts" },
];

/** What may not be opened is not shown. */
export function navigationFor(may: readonly Permission[]): { main: NavigationItem[]; registers: NavigationItem[] } {
  const allowed = (item: NavigationItem) => item.needs === undefined || may.includes(item.needs);
  return { main: MAIN.filter(allowed), registers: REGISTERS.filter(allowed) };
}

const NEEDED: Partial<Record<Route["page"], Permission>> = {
  booking: "book_sessions",
  recordings: "read_recordings",
  recording: "read_recordings",
  accounts: "manage_accounts",
  directory: "manage_directory",
  wall: "watch_sites",
};

/** An address without the right answers like one that does not exist. */
export function mayOpen(page: Route["page"], may: readonly Permission[]): boolean {
  const needed = NEEDED[page];
  return needed === undefined || may.includes(needed);
}
