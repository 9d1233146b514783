/**
 * A stand-in for the bridge: serves the built application under the real Content-Security-Policy and answers its questions from
 * the fixtures. Which person asks and what goes wrong is said by the cookies `fixture-who` and `fixture-case`.
 */
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Me, OfficeRole, Permission } from "../../src/api/model";
import { attendance, checked, detail, recordings, sessions } from "./meetings";
import { accounts, hubs, people, personNamed, sites, tree, units } from "./province";

export type Case = "well" | "empty" | "failing" | "slow" | "lost" | "clash" | "first-sign-in";

/** As web::http sets it; a screen that needs more than this is broken in production. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob:",
  "media-src 'self' blob:",
  "connect-src 'self'",
  "worker-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

const KINDS: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".webm": "video/webm",
};

const MAY: Record<OfficeRole, Permission[]> = {
  secretary: ["book_sessions", "read_attendance", "edit_attendance", "read_recordings", "join_sessions"],
  chair: ["read_attendance", "read_recordings", "join_sessions"],
  delegate: ["join_sessions"],
  technician: ["watch_sites", "join_sessions"],
  leader: ["read_attendance", "read_recordings", "join_sessions"],
  admin: ["manage_accounts", "manage_directory"],
};
const NAMES: Record<OfficeRole, string> = {
  secretary: "Trần Thu Hà",
  chair: "Nguyễn Đức Anh",
  delegate: "Hoàng Thị Mai",
  technician: "Lê Quang Khải",
  leader: "Phạm Minh Tuấn",
  admin: "Vũ Quốc Bảo",
};

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  who: OfficeRole | undefined;
  what: Case;
}
type Answer = [status: number, body?: unknown];

export async function startBridge(dist: string, media?: string): Promise<{ origin: string; stop(): Promise<void> }> {
  const server = createServer((request, response) => {
    void (async () => {
      const asked = await read(request);
      if (asked.path.endsWith("/media") && media) {
        await sendRange(media, request, response);
        return;
      }
      if (asked.path.startsWith("/api/") || asked.path === "/healthz") {
        if (asked.what === "lost" && asked.path !== "/api/v1/auth/me" && asked.path !== "/api/v1/system") {
          request.socket.destroy();
          return;
        }
        if (asked.what === "slow" && asked.path !== "/api/v1/auth/me") return;
        const [status, body] = answer(asked);
        response.writeHead(status, {
          "Content-Type": status >= 400 ? "application/problem+json" : "application/json",
        });
        response.end(body === undefined ? "" : JSON.stringify(body));
        return;
      }
      await sendFile(dist, asked.path, response);
    })();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://localhost:${String(port)}`, stop: () => stop(server) };
}

function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}

async function read(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? "/", "http://localhost");
  const cookies = new Map(
    (request.headers.cookie ?? "").split(/;\s*/).map((pair) => pair.split("=", 2) as [string, string]),
  );
  return {
    method: request.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    body: text ? JSON.parse(text) : undefined,
    who: cookies.get("fixture-who") as OfficeRole | undefined,
    what: (cookies.get("fixture-case") as Case | undefined) ?? "well",
  };
}

const NOT_FOUND: Answer = [404, { title: "Không tìm thấy", status: 404, code: "not_found" }];

function answer(asked: Asked): Answer {
  const { path, what } = asked;
  if (path === "/healthz") return [200, { ok: true }];
  if (path === "/api/v1/system") return [200, systemOf(what)];
  if (path === "/api/v1/auth/me") return asked.who ? [200, meOf(asked.who, what)] : [401, { code: "not_signed_in" }];
  if (path === "/api/v1/auth/sign-in") return [401, { title: "Sai", status: 401, code: "sign_in_failed" }];
  if (what === "failing")
    return [500, { title: "Máy chủ gặp lỗi; dữ liệu đã lưu vẫn an toàn", status: 500, code: "internal" }];
  if (path.startsWith("/api/v1/bookings")) return bookingAnswer(asked);
  if (path.startsWith("/api/v1/sessions")) return sessionAnswer(asked);
  if (path.startsWith("/api/v1/recordings")) return recordingAnswer(asked);
  return registerAnswer(asked);
}

function systemOf(what: Case) {
  const demo = what !== "empty";
  const known = (["secretary", "chair", "delegate", "technician", "leader", "admin"] as const).map((role) => ({
    username: role,
    password: "Nhipcau@2026",
    name: NAMES[role],
    role,
  }));
  return demo ? { version: "0.1.0", demo, accounts: known, demo_session: "demo" } : { version: "0.1.0", demo };
}

function meOf(role: OfficeRole, what: Case): Me {
  const person = personNamed(NAMES[role]);
  return {
    person_id: person.id,
    username: role,
    name: person.name,
    title: person.title ?? "",
    roles: [role],
    must_change_password: what === "first-sign-in",
    demo: true,
    may: MAY[role],
  };
}

function bookingAnswer({ path, method, body, what }: Asked): Answer {
  if (path.endsWith("/draft")) return method === "GET" ? NOT_FOUND : [204];
  const chosen = countSites(body);
  if (path.endsWith("/check")) return [200, checked(chosen, what === "clash" && chosen > 0)];
  const links = sites.slice(0, 14).map((site) => ({
    site_id: site.id,
    name: site.room ? `${site.name} - ${site.room}` : site.name,
    link: `/j/${Buffer.from(site.id).toString("base64url").slice(-32)}`,
  }));
  return [201, { session: sessions[2], invitations: links }];
}

function countSites(body: unknown): number {
  const rules = (body as { selection?: { kind: string; group_id?: string }[] } | undefined)?.selection ?? [];
  const count = (node: typeof tree): number =>
    node.kind === "site" ? 1 : node.children.reduce((sum, child) => sum + count(child), 0);
  const find = (node: typeof tree, id: string): typeof tree | undefined =>
    node.id === id ? node : node.children.map((child) => find(child, id)).find(Boolean);
  return rules.reduce((sum, rule) => {
    const group = rule.group_id ? find(tree, rule.group_id) : undefined;
    return sum + (group ? count(group) : 1);
  }, 0);
}

function sessionAnswer({ path, what, query }: Asked): Answer {
  const [, , , , id, part] = path.split("/");
  if (!id) {
    if (what === "empty") return [200, []];
    const [from, to] = [Number(query.get("from") ?? 0), Number(query.get("to") ?? Infinity)];
    return [200, sessions.filter((one) => one.ends_at > from && one.starts_at < to)];
  }
  const found = sessions.find((one) => one.id === id);
  if (!found) return NOT_FOUND;
  if (part === "attendance") {
    const whole = attendance(found);
    return [200, what === "empty" ? { ...whole, rows: [] } : whole];
  }
  if (part === "cancel") return [204];
  if (part === "invitations") return [200, { invitations: [{ name: "Xã Quảng Tân", link: "/j/Kc0Tz5mWq9" }] }];
  return [200, detail(found)];
}

function recordingAnswer({ path, what }: Asked): Answer {
  const id = path.split("/")[4];
  if (!id) return [200, what === "empty" ? [] : recordings];
  const found = recordings.find((one) => one.id === id);
  return found ? [200, found] : NOT_FOUND;
}

function registerAnswer({ path, method, query, what }: Asked): Answer {
  if (method === "POST" && path.startsWith("/api/v1/accounts")) {
    return [200, { person_id: "p", username: "mai.ht", one_time_password: "Cau-7431-Nhip" }];
  }
  const role = query.get("role") as OfficeRole | null;
  const lists: Record<string, unknown> = {
    "/api/v1/units": units,
    "/api/v1/sites": sites,
    "/api/v1/site-tree": tree.children,
    "/api/v1/hubs": hubs,
    "/api/v1/people": role ? people.filter((one) => one.roles.includes(role)) : people,
    "/api/v1/accounts": accounts,
  };
  const found = lists[path];
  if (found === undefined) return NOT_FOUND;
  return [200, what === "empty" && Array.isArray(found) ? [] : found];
}

type Out = Parameters<Parameters<typeof createServer>[1] & object>[1];

async function sendFile(dist: string, path: string, response: Out): Promise<void> {
  const asset = path.startsWith("/assets/") || path === "/favicon.svg";
  const file = asset ? join(dist, normalize(path)) : join(dist, "index.html");
  try {
    const bytes = await readFile(file);
    response.writeHead(200, {
      "Content-Type": KINDS[extname(file)] ?? "application/octet-stream",
      "Content-Security-Policy": POLICY,
    });
    response.end(bytes);
  } catch {
    response.writeHead(404).end();
  }
}

async function sendRange(file: string, request: IncomingMessage, response: Out): Promise<void> {
  const bytes = await readFile(file);
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  const from = asked ? Number(asked[1]) : 0;
  const to = asked?.[2] ? Math.min(Number(asked[2]), bytes.length - 1) : bytes.length - 1;
  response.writeHead(asked ? 206 : 200, {
    "Content-Type": "video/webm",
    "Accept-Ranges": "bytes",
    "Content-Length": to - from + 1,
    ...(asked ? { "Content-Range": `bytes ${String(from)}-${String(to)}/${String(bytes.length)}` } : {}),
  });
  response.end(bytes.subarray(from, to + 1));
}
