import { parseRoute, type Route } from "./route";

let pathname = $state(location.pathname);
let search = $state(location.search);
const route = $derived(parseRoute(pathname));
const query = $derived(new URLSearchParams(search));

/** The page that the address names. */
export function currentRoute(): Route {
  return route;
}

/** Filters, sort, chosen tab and date live in the query, so that a view can be sent and Back works. */
export function currentQuery(): URLSearchParams {
  return query;
}

export function currentAddress(): string {
  return pathname + search;
}

/** Asks the person, and calls `leave` once he agrees. */
type Keeper = (leave: () => void) => void;
let keeper: Keeper | undefined;

/** While the page shows what leaving would lose, `ask` stands between. Returns how to let go. */
export function holdPage(ask: Keeper): () => void {
  keeper = ask;
  return () => {
    if (keeper === ask) keeper = undefined;
  };
}

export function navigate(href: string, how: "push" | "replace" = "push"): void {
  const url = new URL(href, location.origin);
  if (url.origin !== location.origin) {
    // Leaves the application: the browser's own question stands there.
    location.assign(url);
    return;
  }
  const elsewhere = url.pathname !== location.pathname;
  // What replaces an address is the application's own correction, not a person leaving.
  if (keeper && elsewhere && how === "push") {
    keeper(() => navigate(href));
    return;
  }
  if (how === "push") history.pushState(null, "", url);
  else history.replaceState(null, "", url);
  pathname = url.pathname;
  search = url.search;
  if (elsewhere && how === "push") scrollTo(0, 0);
}

/** Changes some fields of the query without a new entry in the history; empty removes a field. */
export function setQuery(fields: Record<string, string | undefined>): void {
  // Read from the window, not from the state: an effect that writes the query must not run again because of it.
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(fields)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const text = next.toString();
  navigate(text ? `${location.pathname}?${text}` : location.pathname, "replace");
}

/** Follows Back and Forward, and turns clicks on plain links of this application into navigation. */
export function startRouter(): void {
  addEventListener("popstate", () => {
    if (keeper && location.pathname !== pathname) {
      // The browser has already gone: come back on top of where it went, so that agreeing is one step back.
      history.pushState(null, "", pathname + search);
      keeper(() => history.back());
      return;
    }
    pathname = location.pathname;
    search = location.search;
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element | null)?.closest("a");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.pathname.startsWith("/api/")) return;
    // A jump inside the page (the skip link) is the browser's business.
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    navigate(link.href);
  });
}
