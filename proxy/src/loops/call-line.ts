/** What one side of a channel may be asked: by name the argument and the answer, all of it values that can be cloned. */
type CallTable<Names extends string> = { readonly [N in Names]: readonly [argument: unknown, answer: unknown] };

/** Answers every question of a table. */
export type Answering<Table extends CallTable<keyof Table & string>> = {
  readonly [N in keyof Table]: (argument: Table[N][0]) => Table[N][1] | Promise<Table[N][1]>;
};

/** Nobody has answered in time, or the other side is gone. */
export class CallUnanswered extends Error {
  override readonly name = "CallUnanswered";
}

/** The other side has answered with a fault. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
}

export interface CallLineParts {
  /** Hands a message to the channel; a channel that is closed loses it. */
  readonly send: (message: unknown) => void;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  readonly after: (ms: number, action: () => void) => () => void;
  /** A call to which no answer goes has failed here. */
  readonly onFault: (fault: unknown) => void;
}

type Message =
  | { readonly kind: "call"; readonly id: number | undefined; readonly name: string; readonly argument: unknown }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown }
  | { readonly kind: "fault"; readonly id: number; readonly message: string };

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (fault: Error) => void;
}

/** Questions and answers over a channel between two processes of this program. `Theirs` is what the other side answers. */
export class CallLine<Theirs extends CallTable<keyof Theirs & string>> {
  readonly #parts: CallLineParts;
  readonly #ours: ReadonlyMap<string, (argument: unknown) => unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #closed = false;

  constructor(parts: CallLineParts, ours: Readonly<Record<string, unknown>>) {
    this.#parts = parts;
    this.#ours = new Map(
      Object.entries(ours).map(([name, answer]) => [name, answer as (argument: unknown) => unknown]),
    );
  }

  /** Rejects with `CallUnanswered` when there is no answer within `patienceMs`, and with `CallFailed`. */
  ask<N extends keyof Theirs & string>(name: N, argument: Theirs[N][0], patienceMs: number): Promise<Theirs[N][1]> {
    if (this.#closed) return Promise.reject(new CallUnanswered(`${name}: the other process is gone`));
    this.#last += 1;
    const id = this.#last;
    return new Promise<unknown>((resolve, reject) => {
      const cancel = this.#parts.after(patienceMs, () =>
        this.#settle(id)?.reject(new CallUnanswered(`${name}: no answer within ${patienceMs} ms`)),
      );
      this.#waiting.set(id, {
        resolve: (value) => {
          cancel();
          resolve(value);
        },
        reject: (fault) => {
          cancel();
          reject(fault);
        },
      });
      this.#parts.send({ kind: "call", id, name, argument } satisfies Message);
    });
  }

  /** Asks without waiting for an answer. */
  tell<N extends keyof Theirs & string>(name: N, argument: Theirs[N][0]): void {
    if (!this.#closed) this.#parts.send({ kind: "call", id: undefined, name, argument } satisfies Message);
  }

  /** Takes what has come over the channel; both ends are of the same build. */
  receive(raw: unknown): void {
    const message = raw as Message;
    switch (message.kind) {
      case "call":
        void this.#answer(message);
        return;
      case "answer":
        this.#settle(message.id)?.resolve(message.value);
        return;
      case "fault":
        this.#settle(message.id)?.reject(new CallFailed(message.message));
    }
  }

  /** The other side is gone: nobody will answer any more. */
  close(): void {
    this.#closed = true;
    for (const id of [...this.#waiting.keys()])
      this.#settle(id)?.reject(new CallUnanswered("the other process is gone"));
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }

  async #answer({ id, name, argument }: Message & { readonly kind: "call" }): Promise<void> {
    try {
      const value = await this.#ours.get(name)?.(argument);
      if (id !== undefined && !this.#closed) this.#parts.send({ kind: "answer", id, value } satisfies Message);
    } catch (fault) {
      const message = fault instanceof Error ? fault.message : String(fault);
      if (id === undefined) this.#parts.onFault(fault);
      else if (!this.#closed) this.#parts.send({ kind: "fault", id, message } satisfies Message);
    }
  }
}
