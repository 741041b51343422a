import type { ProxyTarget } from "../../chaos/load/client.ts";
import { openStreamSocket, type StreamSocket } from "../../chaos/load/stream-socket.ts";
import type { ReaderRecord } from "../check/verdict.ts";

export interface ReaderParts {
  readonly reader: number;
  readonly topic: number;
  readonly targets: () => readonly ProxyTarget[];
  readonly onChange: (open: boolean) => void;
}

/** Milliseconds without a byte after which a connection is taken for dead; proxies send a comment each 15 s. */
const silenceMs = 60_000;
/** As a browser, where no stream has told another time. */
const retryMs = 3_000;
/** Where there is nowhere to go, as a connection that waits. */
const nowhereMs = 100;

/** A client as a browser is one: holds a stream, and when it ends comes back after the time that it was told. */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #received: number[] = [];
  readonly #endedAt: number[] = [];
  readonly #reopenedAt: number[] = [];
  #socket: StreamSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastEventId: string | undefined;
  #retryMs = retryMs;
  #open = false;
  #opened = 0;
  #gaps = 0;
  #refused = 0;
  #inARow = 0;
  #refusedInARow = 0;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  get last(): number {
    return this.#received.at(-1) ?? 0;
  }

  get record(): ReaderRecord {
    const { reader, topic } = this.#parts;
    return {
      reader,
      topic,
      received: this.#received,
      gaps: this.#gaps,
      endedAt: this.#endedAt,
      reopenedAt: this.#reopenedAt,
      refused: this.#refused,
      refusedInARow: this.#refusedInARow,
    };
  }

  connect(): void {
    const { topic, targets } = this.#parts;
    const places = targets();
    const target = places[Math.floor(Math.random() * places.length)];
    if (target === undefined) {
      this.#later(nowhereMs);
      return;
    }
    this.#socket = openStreamSocket({
      ...target,
      target: `/events/t${topic}`,
      lastEventId: this.#lastEventId,
      silenceMs,
      onOpen: () => this.#begun(),
      onBlock: ({ id, event, data, retry }) => {
        if (id !== undefined) this.#lastEventId = id;
        if (retry !== undefined) this.#retryMs = retry;
        if (event === "revenprox.gap") this.#gaps += 1;
        else if (data !== undefined && event === "message") this.#received.push(Number(data));
      },
      onBroken: () => undefined,
      onEnd: () => this.#ended(),
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#socket?.close();
  }

  #begun(): void {
    this.#open = true;
    this.#opened += 1;
    this.#inARow = 0;
    if (this.#opened > 1) this.#reopenedAt.push(Date.now());
    this.#parts.onChange(true);
  }

  #ended(): void {
    if (this.#open) {
      this.#endedAt.push(Date.now());
      this.#parts.onChange(false);
    } else {
      this.#refused += 1;
      this.#inARow += 1;
      this.#refusedInARow = Math.max(this.#refusedInARow, this.#inARow);
    }
    this.#open = false;
    this.#later(this.#retryMs);
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => this.connect(), ms);
  }
}
