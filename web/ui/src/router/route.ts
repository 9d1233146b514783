/** Every address of the application, as one type. Unknown addresses and forbidden ones look alike: `not-found`. */
export type Route =
  | {
      page:
        "home" | "sign-in" | "calendar" | "sessions" | "booking" | "recordings" | "password" | "accounts" | "directory";
    }
  | { page: "session" | "attendance" | "wall" | "join"; sessionId: string }
  | { page: "recording"; recordingId: string }
  | { page: "invitation"; secret: string }
  | { page: "not-found" };

const FIXED: Record<string, Route["page"]> = {
  "/": "home",
  "/sign-in": "sign-in",
  "/calendar": "calendar",
  "/sessions": "sessions",
  "/bookings/new": "booking",
  "/recordings": "recordings",
  "/settings/password": "password",
  "/admin/accounts": "accounts",
  "/admin/directory": "directory",
};

export function parseRoute(pathname: string): Route {
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, "") : pathname;
  const fixed = FIXED[path];
  if (fixed) return { page: fixed } as Route;
  const [first, second, third, ...rest] = path.slice(1).split("/").map(decode);
  if (!first || !second || rest.length > 0) return { page: "not-found" };
  if (third !== undefined) {
    return first === "sessions" && third === "attendance"
      ? { page: "attendance", sessionId: second }
      : { page: "not-found" };
  }
  switch (first) {
    case "sessions":
      return { page: "session", sessionId: second };
    case "wall":
      return { page: "wall", sessionId: second };
    case "join":
      return { page: "join", sessionId: second };
    case "recordings":
      return { page: "recording", recordingId: second };
    case "j":
      return { page: "invitation", secret: second };
    default:
      return { page: "not-found" };
  }
}

/** Addresses are written here and nowhere else. */
export const hrefs = {
  home: "/",
  signIn: (next?: string) => (next && next !== "/" ? `/sign-in?next=${encodeURIComponent(next)}` : "/sign-in"),
  calendar: (query?: string) => (query ? `/calendar?${query}` : "/calendar"),
  sessions: (query?: string) => (query ? `/sessions?${query}` : "/sessions"),
  session: (id: string) => `/sessions/${encodeURIComponent(id)}`,
  attendance: (id: string) => `/sessions/${encodeURIComponent(id)}/attendance`,
  attendanceFile: (id: string) => `/api/v1/sessions/${encodeURIComponent(id)}/attendance.xlsx`,
  booking: "/bookings/new",
  recordings: "/recordings",
  recording: (id: string) => `/recordings/${encodeURIComponent(id)}`,
  recordingMedia: (id: string) => `/api/v1/recordings/${encodeURIComponent(id)}/media`,
  wall: (id: string) => `/wall/${encodeURIComponent(id)}`,
  join: (id: string) => `/join/${encodeURIComponent(id)}`,
  invitation: (secret: string) => `/j/${encodeURIComponent(secret)}`,
  password: "/settings/password",
  accounts: "/admin/accounts",
  directory: "/admin/directory",
} as const;

/** A place to return to after signing in: only paths of this application, never another host. */
export function safeNext(next: string | null): string {
  if (!next || !next.startsWith("/") || next.startsWith("//") || next.startsWith("/\\")) return hrefs.home;
  return next;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A broken escape cannot be an id of ours; the raw text will simply not be found.
    return part;
  }
}
