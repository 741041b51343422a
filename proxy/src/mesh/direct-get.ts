import { createInbox, type NatsConnection, type Subscription } from "@nats-io/nats-core";
import { type Clock, JournalUnavailable, type Log } from "../hub/ports.ts";
import { type JournalHeaders, rawMessage, scanHeaders } from "./raw-headers.ts";
import { ReadPatience } from "./read-patience.ts";

/** A stored message; `data` is a view that is gone once `onMessage` returns. */
export type OnStored = (headers: JournalHeaders, data: Uint8Array) => void;

/** How a batch ended. */
export interface BatchEnd {
  /** Nothing in the stream answers to the request. */
  readonly empty: boolean;
  /** Entries that answer to the request and were not sent. */
  readonly pending: number;
  /** Last sequence of the answering server's copy; 0 where it does not say. */
  readonly upTo: number;
}

/** See nats-server's JSApiMsgGetRequest. */
export interface DirectRequest {
  readonly seq?: number;
  /** Instead of `seq`: the first message that was stored then or later. */
  readonly start_time?: string;
  readonly next_by_subj?: string;
  readonly multi_last?: readonly string[];
  readonly up_to_seq?: number;
  readonly batch: number;
  readonly max_bytes: number;
}

export interface DirectGetDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly stream: string;
  readonly inboxPrefix: string;
}

interface Waiting {
  readonly askedAt: number;
  readonly onMessage: OnStored;
  readonly resolve: (end: BatchEnd) => void;
  readonly reject: (fault: JournalUnavailable) => void;
  readonly cancelTimer: () => void;
}

const endOfBatch = 204;
const notFound = 404;

/** Batches of stored messages, asked of whichever server of the stream answers first. */
export class DirectGet {
  readonly #deps: DirectGetDeps;
  readonly #waiting = new Map<number, Waiting>();
  readonly #patience = new ReadPatience();
  #connection: NatsConnection | undefined;
  #subscription: Subscription | undefined;
  #inbox = "";
  #last = 0;

  constructor(deps: DirectGetDeps) {
    this.#deps = deps;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  connect(connection: NatsConnection): void {
    this.#connection = connection;
    if (this.#subscription !== undefined && !this.#subscription.isClosed()) return;
    this.#inbox = `${createInbox(this.#deps.inboxPrefix)}.`;
    this.#subscription = connection.subscribe(`${this.#inbox}*`, {
      callback: (fault, message) => {
        if (fault !== null) this.#deps.log.warn("Replies to replays are refused by NATS", { cause: fault.message });
        else this.#received(message.subject, rawMessage(message));
      },
    });
  }

  disconnect(): void {
    this.#connection = undefined;
    for (const token of [...this.#waiting.keys()]) this.#fail(token, "the connection to NATS was lost");
  }

  /**
   * Rejects with `JournalUnavailable` when no end came within `leastMs`, or longer where answers take long at present;
   * what came until then was handed over.
   */
  get(request: DirectRequest, leastMs: number, onMessage: OnStored): Promise<BatchEnd> {
    const connection = this.#connection;
    if (connection === undefined) return Promise.reject(new JournalUnavailable("not connected to NATS"));
    this.#last += 1;
    const token = this.#last;
    const waitMs = Math.round(this.#patience.waitMs(leastMs));
    return new Promise((resolve, reject) => {
      const cancelTimer = this.#deps.clock.after(waitMs, () => {
        this.#patience.gaveUp(waitMs, leastMs);
        this.#fail(token, `no answer in ${waitMs} ms`);
      });
      this.#waiting.set(token, { askedAt: this.#deps.clock.now(), onMessage, resolve, reject, cancelTimer });
      const reply = this.#inbox + token.toString(36);
      connection.publish(`$JS.API.DIRECT.GET.${this.#deps.stream}`, JSON.stringify(request), { reply });
    });
  }

  /** Runs inside the client's reader, which a thrown error would close for good. */
  #received(subject: string, message: { readonly headers: Uint8Array; readonly data: Uint8Array }): void {
    const token = Number.parseInt(subject.slice(this.#inbox.length), 36);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    try {
      const headers = scanHeaders(message.headers);
      if (headers.status === 0) waiting.onMessage(headers, message.data);
      else this.#ended(token, waiting, headers);
    } catch (fault) {
      this.#fail(token, `an answer could not be read: ${String(fault)}`);
    }
  }

  #ended(token: number, waiting: Waiting, headers: JournalHeaders): void {
    if (headers.status !== endOfBatch && headers.status !== notFound) {
      this.#fail(token, headers.status === 503 ? "no server of the stream answers" : `status ${headers.status}`);
      return;
    }
    this.#waiting.delete(token);
    waiting.cancelTimer();
    this.#patience.answered(this.#deps.clock.now() - waiting.askedAt);
    waiting.resolve({ empty: headers.status === notFound, pending: headers.pending, upTo: headers.upTo });
  }

  #fail(token: number, reason: string): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    waiting.cancelTimer();
    waiting.reject(new JournalUnavailable(`the journal cannot be read: ${reason}`));
  }
}
