// The line between one site and the server: a TCP and a UDP relay that can be cut, slowed, narrowed and made to lose, as a digger, a full
// trunk or a bad radio link would.
//
// The server names one address for media to everybody. Like the address translation of a real access network, the line rewrites that
// address in what the server tells this one site, so that its packets pass here too. Nothing in the page knows of it.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import net from "node:net";

/** What waits before a bottleneck, as in a small router: more is thrown away. */
const QUEUE_MS = 300;

/** As long as the server's own address, byte by byte: lengths in what is rewritten stay true. */
const HERE = "127.0.0.2";

export class Line {
  #pairs = new Set();
  #waiting = new Set();
  #upstreams = new Map();
  #cut = false;
  #delayMs = 0;
  #loss = 0;
  #dice = dice(5);
  /** Of the way down: bits a millisecond, and when the last of what waits has passed. */
  #downRate = Infinity;
  #downFree = 0;

  static async to(server) {
    const line = new Line();
    line.server = server;
    line.tcp = net.createServer((socket) => line.#accept(socket)).listen(0, HERE);
    line.udp = createSocket("udp4").bind(0, HERE);
    await Promise.all([once(line.tcp, "listening"), once(line.udp, "listening")]);
    line.udp.on("message", (datagram, from) => line.#up(datagram, from));
    return line;
  }

  /** Where the site finds the server. */
  get url() {
    return `http://${HERE}:${this.tcp.address().port}`;
  }

  /** Nothing passes, and nobody is told: no reset, no refusal. New connections are not answered. */
  cut() {
    this.#cut = true;
    for (const pair of this.#pairs) pair.forEach((socket) => socket.pause());
  }

  mend() {
    this.#cut = false;
    for (const pair of this.#pairs) pair.forEach((socket) => socket.resume());
    for (const socket of this.#waiting) this.#connect(socket);
    this.#waiting.clear();
  }

  /** Media takes this much longer there and back. */
  slow(ms) {
    this.#delayMs = ms / 2;
  }

  /** This share of all datagrams is lost, each way. */
  lose(share) {
    this.#loss = share;
  }

  /** What comes down passes at this rate; `Infinity` takes the bottleneck away. */
  narrow(kbitPerS) {
    this.#downRate = kbitPerS;
    this.#downFree = 0;
  }

  close() {
    for (const socket of this.#waiting) socket.destroy();
    for (const pair of this.#pairs) pair.forEach((socket) => socket.destroy());
    for (const upstream of this.#upstreams.values()) upstream.close();
    this.tcp.close();
    this.udp.close();
  }

  #accept(site) {
    site.on("error", () => site.destroy());
    if (this.#cut) this.#waiting.add(site.pause());
    else this.#connect(site);
  }

  #connect(site) {
    const server = net.connect(this.server.http, "127.0.0.1");
    const pair = [site, server];
    this.#pairs.add(pair);
    const rewrite = rewriter(`127.0.0.1 ${this.server.udp} `, `${HERE} ${this.udp.address().port} `);
    site.on("data", (bytes) => server.write(bytes));
    server.on("data", (bytes) => site.write(rewrite(bytes)));
    for (const [one, other] of [pair, pair.toReversed()]) {
      one.on("error", () => one.destroy());
      one.on("end", () => other.end());
      one.on("close", () => {
        this.#pairs.delete(pair);
        other.destroy();
      });
    }
  }

  #up(datagram, from) {
    const key = `${from.address}:${from.port}`;
    let upstream = this.#upstreams.get(key);
    if (upstream === undefined) {
      upstream = createSocket("udp4").bind(0, "127.0.0.1");
      upstream.on("message", (answer) => this.#down(answer, from));
      this.#upstreams.set(key, upstream);
    }
    this.#pass(() => upstream.send(datagram, this.server.udp, "127.0.0.1"));
  }

  #down(datagram, to) {
    const now = performance.now();
    const waits = Math.max(0, this.#downFree - now);
    if (waits > QUEUE_MS) return;
    const takes = (datagram.length * 8) / this.#downRate;
    this.#downFree = now + waits + takes;
    this.#pass(() => this.udp.send(datagram, to.port, to.address), waits + takes);
  }

  #pass(send, queuedMs = 0) {
    if (this.#cut || this.#dice() < this.#loss) return;
    const late = this.#delayMs + queuedMs;
    if (late < 1) send();
    else setTimeout(() => !this.#cut && send(), late);
  }
}

/** Uniform in [0, 1), the same in every run. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Replaces a text by one of the same length in a stream of bytes. */
function rewriter(before, after) {
  const [wanted, given] = [Buffer.from(before), Buffer.from(after)];
  if (wanted.length !== given.length) throw new Error(`"${before}" and "${after}" differ in length`);
  return (bytes) => {
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + given.length)) given.copy(bytes, at);
    return bytes;
  };
}
