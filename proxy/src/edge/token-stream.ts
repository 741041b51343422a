import type { EventSink, OpenStream } from "../hub/ports.ts";
import type { EndReason, StreamAccess } from "./access.ts";
import type { Quotas } from "./quotas.ts";

/** What holds for every stream with a token. */
export interface TokenRules {
  /** Absent: tokens are not limited. */
  readonly quotas: Pick<Quotas, "streamClosed"> | undefined;
  /** Milliseconds after which a client whose access has ended is to come back, each its own. */
  readonly retryMs: () => number;
}

/** A token and the access it gives. */
export interface TokenAccess extends StreamAccess {
  readonly token: string;
}

/** The last words of a stream whose token no longer allows it. */
const farewell = (reason: EndReason, retryMs: number): Uint8Array =>
  new TextEncoder().encode(`retry: ${retryMs}\nevent: revenprox.auth\ndata: ${JSON.stringify({ reason })}\n\n`);

/**
 * An open stream that counts for its token until it is closed, and is ended when the token's access is. It holds on to
 * nothing of what its opening needed.
 */
export class TokenStream implements OpenStream {
  readonly #opened: OpenStream;
  readonly #sink: EventSink;
  readonly #rules: TokenRules;
  readonly #token: string;
  readonly #grant: { release(): void };

  constructor(opened: OpenStream, sink: EventSink, access: TokenAccess, rules: TokenRules) {
    this.#opened = opened;
    this.#sink = sink;
    this.#rules = rules;
    this.#token = access.token;
    this.#grant = access.watch(this);
  }

  end(reason: EndReason): void {
    this.#sink.end(farewell(reason, this.#rules.retryMs()));
  }

  writable(): void {
    this.#opened.writable();
  }

  /** Called once. */
  closed(): void {
    this.#grant.release();
    this.#rules.quotas?.streamClosed(this.#token);
    this.#opened.closed();
  }
}
