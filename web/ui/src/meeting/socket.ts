// SHELL: the one WebSocket. It carries text both ways and says when it is gone; what that means, the machine knows.
import type { ClientEnvelope, ServerMessage } from "../generated/wire";

export interface SocketEvents {
  opened(): void;
  heard(message: ServerMessage): void;
  lost(): void;
}

export class MeetingSocket {
  #events: SocketEvents;
  #socket: WebSocket | null = null;

  constructor(events: SocketEvents) {
    this.#events = events;
  }

  open(): void {
    this.close();
    const socket = new WebSocket(new URL("/ws", location.href.replace(/^http/, "ws")));
    this.#socket = socket;
    // An older socket's last words must not be taken for the present one's.
    const current = (): boolean => this.#socket === socket;
    socket.onopen = () => {
      if (current()) this.#events.opened();
    };
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (!current() || typeof event.data !== "string") return;
      const message = parse(event.data);
      if (message !== null) this.#events.heard(message);
    };
    socket.onclose = () => {
      if (!current()) return;
      this.#socket = null;
      this.#events.lost();
    };
  }

  send(envelope: ClientEnvelope): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(envelope));
  }

  /** What was sent before still leaves; nothing more is heard. */
  close(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }
}

/** The server is ours and of our version, so a message is believed once it is JSON with a `kind`; anything else is a proxy's noise. */
function parse(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  return typeof value === "object" && value !== null && "kind" in value ? (value as ServerMessage) : null;
}
