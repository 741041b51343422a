import type { Answer } from "../http/answer.ts";
import type { EventSink, OpenStream } from "../hub/ports.ts";

/** What one token or publish key may use. */
export interface Quotas {
  /** Milliseconds after which the publisher may publish again; undefined: this publish is allowed, and counted. */
  publish(publisher: string): number | undefined;
  /** Counts a stream of the token; false: it has all it may. */
  stream(token: string): boolean;
  /** A stream of the token is closed. */
  streamClosed(token: string): void;
}

/** A stream that is counted until it is closed. */
class CountedStream implements OpenStream {
  readonly #opened: OpenStream;
  readonly #quotas: Quotas;
  readonly #token: string;

  constructor(opened: OpenStream, quotas: Quotas, token: string) {
    this.#opened = opened;
    this.#quotas = quotas;
    this.#token = token;
  }

  writable(): void {
    this.#opened.writable();
  }

  /** Called once. */
  closed(): void {
    this.#quotas.streamClosed(this.#token);
    this.#opened.closed();
  }
}

type Open = (sink: EventSink) => OpenStream | Answer;

/** `open`, with the stream counted for its token for as long as it is open. */
export const countedFor = (
  quotas: Quotas | undefined,
  token: string | undefined,
  refusal: () => Answer,
  open: Open,
): Open => {
  if (quotas === undefined || token === undefined) return open;
  return (sink) => {
    if (!quotas.stream(token)) return refusal();
    const opened = open(sink);
    if ("writable" in opened) return new CountedStream(opened, quotas, token);
    quotas.streamClosed(token);
    return opened;
  };
};
