import type { Dispatcher } from "undici";

/** The verifier gave no answer that could be used; the message holds nothing that it said. */
export class UpstreamFailed extends Error {
  override readonly name = "UpstreamFailed";
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly body: string;
}

/** Gathers one answer, up to so many bytes and so many milliseconds. */
export class PendingAnswer implements Dispatcher.DispatchHandler {
  /** Rejects with what went wrong, which may quote what was sent or received. */
  readonly answer: Promise<UpstreamAnswer>;
  readonly #maxBytes: number;
  readonly #timer: NodeJS.Timeout;
  readonly #parts: Buffer[] = [];
  #size = 0;
  #status = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #fault: UpstreamFailed | undefined;
  #resolve: (answer: UpstreamAnswer) => void = () => undefined;
  #reject: (fault: Error) => void = () => undefined;

  constructor(maxBytes: number, timeoutMs: number) {
    this.#maxBytes = maxBytes;
    this.#timer = setTimeout(() => this.#giveUp(new UpstreamFailed("timeout")), timeoutMs);
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#fault !== undefined) controller.abort(this.#fault);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_: Dispatcher.DispatchController, part: Buffer): void {
    this.#size += part.length;
    if (this.#size > this.#maxBytes)
      this.#giveUp(new UpstreamFailed(`the answer is longer than ${this.#maxBytes} bytes`));
    else this.#parts.push(part);
  }

  onResponseEnd(): void {
    clearTimeout(this.#timer);
    const [first] = this.#parts;
    const body = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#resolve({ status: this.#status, body: body.toString("utf8") });
  }

  onResponseError(_: Dispatcher.DispatchController, fault: Error): void {
    clearTimeout(this.#timer);
    this.#reject(this.#fault ?? fault);
  }

  /** At once for whoever waits; the connection may not even be there yet. */
  #giveUp(fault: UpstreamFailed): void {
    this.#fault ??= fault;
    this.#reject(this.#fault);
    clearTimeout(this.#timer);
    this.#controller?.abort(this.#fault);
  }
}
