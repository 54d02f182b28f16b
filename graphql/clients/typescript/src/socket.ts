import { type Answer, DeskError, type Fault } from "./error.js";

/** The part of a WebSocket that is used here; browsers have one, and so has Node from 22 on. */
export type Sockets = new (url: string, protocol: string) => WebSocket;

/** What one operation is told. */
interface Listener {
  next(answer: Answer): void;
  end(error?: DeskError): void;
}

/** One socket of graphql-transport-ws, for any number of operations. */
export class Socket {
  private readonly listeners = new Map<string, Listener>();
  private readonly ready: Promise<void>;
  private readonly socket: WebSocket;
  private last = 0;
  /** Whether the socket can still take operations. */
  open = true;

  constructor(Socket: Sockets, url: string, token: string | undefined) {
    this.socket = new Socket(url, "graphql-transport-ws");
    this.ready = new Promise((resolve, reject) => {
      this.socket.onopen = () => this.send({ type: "connection_init", payload: token === undefined ? {} : { token } });
      this.socket.onmessage = ({ data }) => this.receive(JSON.parse(String(data)), resolve);
      this.socket.onclose = ({ code, reason }) => reject(this.closed(code, reason));
    });
    // Whoever waits for it is told; nobody has to.
    this.ready.catch(() => {});
  }

  /** Runs an operation; `listener` hears of everything that comes. Returns what stops it. */
  start(payload: object, listener: Listener): () => void {
    const id = String(++this.last);
    this.listeners.set(id, listener);
    this.ready.then(
      () => this.listeners.has(id) && this.send({ type: "subscribe", id, payload }),
      () => {},
    );
    return () => {
      if (this.listeners.delete(id) && this.open) {
        this.ready.then(() => this.send({ type: "complete", id }), () => {});
      }
    };
  }

  close(): void {
    this.open = false;
    this.socket.close(1000);
  }

  private send(message: object): void {
    if (this.socket.readyState === 1) {
      this.socket.send(JSON.stringify(message));
    }
  }

  private receive(message: { type: string; id?: string; payload?: unknown }, ready: () => void): void {
    const listener = this.listeners.get(message.id ?? "");
    switch (message.type) {
      case "connection_ack":
        return ready();
      case "ping":
        return this.send({ type: "pong" });
      case "next":
        return listener?.next(message.payload as Answer);
      case "error":
        this.listeners.delete(message.id ?? "");
        return listener?.end(new DeskError(message.payload as Fault[]));
      case "complete":
        this.listeners.delete(message.id ?? "");
        return listener?.end();
    }
  }

  private closed(code: number, reason: string): DeskError {
    this.open = false;
    // 4400 and above are refusals that the same words would meet again; but a token may be fresh.
    const final = code >= 4400 && code !== 4403;
    const error = DeskError.of(code === 4403 ? "UNAUTHENTICATED" : "CONNECTION_LOST", reason || `closed with ${code}`, !final);
    for (const listener of this.listeners.values()) {
      listener.end(error);
    }
    this.listeners.clear();
    return error;
  }
}
