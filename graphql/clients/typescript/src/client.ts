import type { Document, Given } from "./document.js";
import { type Answer, type Cost, DeskError, unwrap } from "./error.js";
import { Socket, type Sockets } from "./socket.js";

/** How a desk is reached. */
export interface Options {
  /** The address of the endpoint, such as `http://127.0.0.1:8080/graphql`. */
  readonly url: string;
  /** The token, or what fetches a fresh one; without it only signing in works. */
  readonly token?: string | (() => string | Promise<string>);
  /** Another `fetch` than the global one. */
  readonly fetch?: typeof fetch;
  /** Another `WebSocket` than the global one. */
  readonly WebSocket?: Sockets;
  /** Hears what each answer has cost. */
  readonly onCost?: (cost: Cost) => void;
}

/** The longest pause before a lost connection is made again. */
const LONGEST_PAUSE = 15_000;

/** Speaks with one desk. */
export class Desk {
  private socket: Socket | undefined;

  constructor(private readonly options: Options) {}

  /**
   * Runs a query or a mutation over HTTP; errors are thrown as `DeskError`.
   *
   * What the desk refuses for the minute is asked again after the time that it names, once.
   */
  async ask<Result, Variables>(document: Document<Result, Variables>, ...[variables]: Given<Variables>): Promise<Result> {
    for (let patient = true; ; patient = false) {
      const response = await this.post(document, variables);
      const seconds = Number(response.headers.get("retry-after"));
      if (patient && response.status === 429 && seconds > 0 && seconds <= 60) {
        await pause(seconds * 1000);
        continue;
      }
      const answer = (await response.json()) as Answer;
      const cost = answer.extensions?.cost;
      if (cost) this.options.onCost?.(cost);
      return unwrap(answer);
    }
  }

  /**
   * Runs a subscription for as long as its results are read; leaving the loop ends it.
   *
   * A lost connection is made again. A document that takes `after` and selects `cursor` goes on behind
   * the last result that was seen, so nothing is missed and nothing comes twice.
   */
  async *watch<Result, Variables>(document: Document<Result, Variables>, ...[variables]: Given<Variables>): AsyncGenerator<Result, void> {
    let seen: object = {};
    for (let failures = 0; ; failures += 1) {
      try {
        for await (const answer of this.stream(document, { ...variables, ...seen })) {
          const result = unwrap<Result>(answer);
          seen = place(result) ?? seen;
          failures = 0;
          yield result;
        }
        return;
      } catch (error) {
        if (!(error instanceof DeskError) || !this.mayPass(error) || failures >= 20) throw error;
      }
      await pause(Math.min(LONGEST_PAUSE, 100 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
  }

  /** Closes the socket; what is watched ends with an error. */
  close(): void {
    this.socket?.close();
  }

  private async post(document: Document<unknown, never>, variables: unknown): Promise<Response> {
    const token = await this.token();
    const headers: Record<string, string> = { "content-type": "application/json", accept: "application/graphql-response+json" };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const body = JSON.stringify({ query: document.text, operationName: document.name, variables });
    try {
      return await (this.options.fetch ?? fetch)(this.options.url, { method: "POST", headers, body });
    } catch (error) {
      throw DeskError.of("CONNECTION_LOST", String(error), true);
    }
  }

  /** Yields the answers of one subscription on one socket. */
  private async *stream(document: Document<unknown, never>, variables: object): AsyncGenerator<Answer, void> {
    const socket = await this.connect();
    const waiting: Answer[] = [];
    let ended: { error: DeskError | undefined } | undefined;
    let wake = () => {};
    const stop = socket.start({ query: document.text, operationName: document.name, variables }, {
      next: (answer) => (waiting.push(answer), wake()),
      end: (error) => ((ended = { error }), wake()),
    });
    try {
      for (;;) {
        const answer = waiting.shift();
        if (answer) yield answer;
        else if (ended?.error) throw ended.error;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      stop();
    }
  }

  private async connect(): Promise<Socket> {
    if (!this.socket?.open) {
      const Sockets = this.options.WebSocket ?? (globalThis.WebSocket as Sockets | undefined);
      if (!Sockets) throw DeskError.of("CONNECTION_LOST", "this runtime has no WebSocket, give one in the options");
      const token = await this.token();
      const url = new URL(this.options.url);
      url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
      // Somebody else may have connected while the token was fetched.
      if (!this.socket?.open) this.socket = new Socket(Sockets, url.href, token);
    }
    return this.socket;
  }

  /** Tells whether a subscription may go on after an error: later, or with a fresh token. */
  private mayPass(error: DeskError): boolean {
    const fetches = typeof this.options.token === "function";
    return error.retryable || (fetches && ["UNAUTHENTICATED", "TOKEN_EXPIRED"].includes(error.code));
  }

  private async token(): Promise<string | undefined> {
    const { token } = this.options;
    return typeof token === "function" ? token() : token;
  }
}

/** Finds where a result stands in the event log: `cursor` in its one field. */
function place(result: unknown): { after: string } | undefined {
  const [shown] = Object.values((result ?? {}) as Record<string, unknown>);
  const cursor = (shown as { cursor?: unknown } | null | undefined)?.cursor;
  return typeof cursor === "string" ? { after: cursor } : undefined;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
