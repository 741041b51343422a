import type { NatsConnection } from "@nats-io/nats-core";
import type { Clock } from "../hub/ports.ts";

/** Asks a connection's server for a sign that it has all that was sent: once for all who ask in a turn of the event loop. */
export class JoinedFlush {
  readonly #clock: Pick<Clock, "after" | "endOfTurn">;
  readonly #timeoutMs: number;
  #asked: { readonly connection: NatsConnection; readonly answer: Promise<void> } | undefined;

  constructor(clock: Pick<Clock, "after" | "endOfTurn">, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects when the connection breaks, or no answer comes in time: what was sent may have arrived. */
  flush(connection: NatsConnection): Promise<void> {
    if (this.#asked?.connection === connection) return this.#asked.answer;
    const answer = new Promise<void>((resolve, reject) => {
      this.#clock.endOfTurn(() => {
        if (this.#asked?.answer === answer) this.#asked = undefined;
        const late = () => reject(new Error(`no answer in ${this.#timeoutMs} ms`));
        const cancel = this.#clock.after(this.#timeoutMs, late);
        connection.flush().then(resolve, reject).finally(cancel);
      });
    });
    this.#asked = { connection, answer };
    return answer;
  }
}
