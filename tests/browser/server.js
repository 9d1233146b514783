// The real server as a child process: built binary, demo province, data in a folder of its own.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { createSocket } from "node:dgram";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { execFile } from "node:child_process";

const run = promisify(execFile);

/** The binary under test; `make browser` names it. */
export const NHIPCAU = process.env.NHIPCAU ?? fail("set NHIPCAU to the nhipcau binary, or use `make browser`");

function fail(sentence) {
  throw new Error(sentence);
}

/** A TCP port nobody listens on just now. */
async function freeTcpPort(address = "127.0.0.1") {
  const probe = createServer().listen(0, address);
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

/** Media takes the same port for UDP and TCP. */
async function freeMediaPort(address) {
  for (;;) {
    const port = await freeTcpPort(address);
    if (await isFreeForUdp(port, address)) return port;
  }
}

async function isFreeForUdp(port, address) {
  const probe = createSocket("udp4");
  probe.bind(port, address);
  try {
    await once(probe, "listening");
  } catch {
    return false;
  }
  probe.close();
  await once(probe, "close");
  return true;
}

export class Server {
  /** Starts a demo server and waits until it says that it is ready. */
  static async start({ data, address = "127.0.0.1", extra = [] } = {}) {
    const server = new Server();
    server.data = data ?? (await mkdtemp(path.join(tmpdir(), "nhipcau-")));
    server.http = await freeTcpPort();
    server.address = address;
    server.udp = await freeMediaPort(address);
    server.extra = extra;
    await server.launch();
    return server;
  }

  async launch() {
    this.log = [];
    this.process = spawn(
      NHIPCAU,
      [
        "serve", "--demo",
        "--data", this.data,
        "--http", `127.0.0.1:${this.http}`,
        "--media-udp", `${this.address}:${this.udp}`,
        "--public-ip", this.address,
        ...this.extra,
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => this.log.push(text));
    }
    this.exited = once(this.process, "exit");
    const deadline = Date.now() + 60_000;
    for (;;) {
      if (this.process.exitCode !== null) throw new Error(`the server ended at start:\n${this.log.join("")}`);
      const ready = await fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
      if (ready) return;
      if (Date.now() > deadline) throw new Error(`the server is not ready:\n${this.log.join("")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  get url() {
    return `http://127.0.0.1:${this.http}`;
  }

  /** A join token as `nhipcau token` prints it. */
  async token(role, name, session = "demo") {
    const { stdout } = await run(NHIPCAU, [
      "token", "--data", this.data, "--session", session, "--role", role, "--name", name,
    ]);
    return stdout.trim();
  }

  /** Power failure: no chance to say goodbye. */
  async kill() {
    this.process.kill("SIGKILL");
    await this.exited;
  }

  async stop() {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill("SIGTERM");
      const late = setTimeout(() => this.process.kill("SIGKILL"), 20_000);
      await this.exited;
      clearTimeout(late);
    }
  }

  async dispose() {
    await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}

/** Accounts and the password that the demo offers on its sign-in page. */
export async function demoAccounts(server) {
  const answer = await fetch(`${server.url}/api/v1/system`);
  const { accounts } = await answer.json();
  return Object.fromEntries(accounts.map((account) => [account.role, account]));
}
