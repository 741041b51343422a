export type SpanLoss = "queue_full" | "export_failed";

export interface SpanBatchParts<S> {
  /** Spans that wait at most. */
  readonly maxSpans: number;
  readonly intervalMs: number;
  /** Sends a batch, one at a time; false when it is given up. Never rejects. */
  readonly send: (spans: S[]) => Promise<boolean>;
  readonly sent: (spans: number) => void;
  readonly lost: (spans: number, why: SpanLoss) => void;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  readonly after: (ms: number, action: () => void) => () => void;
}

/** Spans of one request to the receiver. */
export const largestBatch = 512;

/** Spans on their way out: bounded whatever the receiver does, and those that are lost are counted. */
export class SpanBatch<S> {
  readonly #parts: SpanBatchParts<S>;
  #waiting: S[] = [];
  #sending: Promise<void> | undefined;
  #cancel: (() => void) | undefined;

  constructor(parts: SpanBatchParts<S>) {
    this.#parts = parts;
  }

  add(span: S): void {
    if (this.#waiting.length >= this.#parts.maxSpans) {
      this.#parts.lost(1, "queue_full");
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= largestBatch) void this.#sendOne();
    else this.#wait();
  }

  /** Sends what waits now; resolves when it is sent or given up. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    await this.#sending;
    while (this.#waiting.length > 0) await this.#sendOne();
  }

  #wait(): void {
    if (this.#sending !== undefined) return;
    this.#cancel ??= this.#parts.after(this.#parts.intervalMs, () => {
      this.#cancel = undefined;
      void this.#sendOne();
    });
  }

  #sendOne(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
      if (this.#waiting.length > 0) this.#wait();
    });
    return this.#sending;
  }

  async #send(): Promise<void> {
    const spans = this.#waiting.slice(0, largestBatch);
    this.#waiting = this.#waiting.slice(spans.length);
    const { send, sent, lost } = this.#parts;
    if (await send(spans)) sent(spans.length);
    else lost(spans.length, "export_failed");
  }
}
