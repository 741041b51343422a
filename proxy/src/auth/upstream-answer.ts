import type { Dispatcher } from "undici";
import type { Due } from "./deadlines.ts";

/** The verifier gave no answer that could be used; the message holds nothing that it said. */
export class UpstreamFailed extends Error {
  override readonly name = "UpstreamFailed";
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly body: string;
}

/** Who waits for an answer. `over` is called first, then one of the others; each once. */
export interface AnswerWanted {
  /** Bytes of the longest answer that is read. */
  readonly maxBytes: number;
  readonly over: (pending: PendingAnswer) => void;
  readonly resolve: (answer: UpstreamAnswer) => void;
  readonly reject: (fault: UpstreamFailed) => void;
}

/** Codes such as ECONNREFUSED say enough; messages may quote what was sent or received. */
const told = (error: unknown): UpstreamFailed => {
  if (error instanceof UpstreamFailed) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "the connection failed";
  return new UpstreamFailed(code === "UND_ERR_SOCKET" ? "the connection ended early" : code);
};

/** Gathers one answer, unless it is too long or too late. */
export class PendingAnswer implements Dispatcher.DispatchHandler, Due {
  /** Of the process's own time, in milliseconds. */
  readonly begun = performance.now();
  readonly #wanted: AnswerWanted;
  /** Nearly all answers come in one piece. */
  #body: Buffer | undefined;
  #status = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #fault: UpstreamFailed | undefined;
  #isOver = false;

  constructor(wanted: AnswerWanted) {
    this.#wanted = wanted;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#fault !== undefined) controller.abort(this.#fault);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_: Dispatcher.DispatchController, part: Buffer): void {
    this.#body = this.#body === undefined ? part : Buffer.concat([this.#body, part]);
    const { maxBytes } = this.#wanted;
    if (this.#body.length > maxBytes) this.#giveUp(new UpstreamFailed(`the answer is longer than ${maxBytes} bytes`));
  }

  onResponseEnd(): void {
    if (!this.#end()) return;
    this.#wanted.resolve({ status: this.#status, body: this.#body?.toString("utf8") ?? "" });
  }

  onResponseError(_: Dispatcher.DispatchController, fault: Error): void {
    this.fail(fault);
  }

  late(): void {
    this.#giveUp(new UpstreamFailed("timeout"));
  }

  /** There will be no answer. */
  fail(fault: unknown): void {
    if (!this.#end()) return;
    this.#fault = told(fault);
    this.#wanted.reject(this.#fault);
  }

  /** At once for whoever waits; the connection may not even be there yet. */
  #giveUp(fault: UpstreamFailed): void {
    this.fail(fault);
    this.#controller?.abort(fault);
  }

  /** False: it was over before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    this.#wanted.over(this);
    return true;
  }
}
