import type { Msg, NatsConnection } from "@nats-io/nats-core";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { Clock, Log } from "../../hub/ports.ts";
import { boundedWarning } from "../bounded-log.ts";
import type { BusConnection } from "../nats-journal-port.ts";
import type { Outgoing, StateMessage } from "./state-message.ts";
import { type EncodedMessage, encoded, parseEncoded } from "./wire.ts";

export interface StateBusDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly bus: BusConnection;
  readonly instance: string;
  /** Random name of this process. */
  readonly life: string;
  readonly onMessage: (message: StateMessage) => void;
  /** The bus can be reached, again or for the first time. */
  readonly onConnected: () => void;
  /** A state message was sent. */
  readonly onSent: () => void;
  readonly onMalformed: () => void;
}

/** State messages over NATS. What cannot be sent or read is told at a bounded rate, and made up for by a later heartbeat. */
export class StateBus {
  readonly #deps: StateBusDeps;
  readonly #subjects: ReturnType<typeof natsSubjects>;
  readonly #unreadable: (fields: Readonly<Record<string, unknown>>) => void;
  readonly #unsent: (fields: Readonly<Record<string, unknown>>) => void;
  #attached: NatsConnection | undefined;

  constructor(deps: StateBusDeps) {
    this.#deps = deps;
    this.#subjects = natsSubjects(deps.instance);
    this.#unreadable = boundedWarning(deps, "A state message on the bus cannot be read; another build may be too old");
    this.#unsent = boundedWarning(deps, "A state message could not be sent; the next heartbeat makes up for it");
  }

  get connected(): boolean {
    return this.#deps.bus.connection !== undefined;
  }

  start(): void {
    const { bus } = this.#deps;
    bus.onConnected((connection) => this.#connected(connection));
    if (bus.connection !== undefined) this.#connected(bus.connection);
  }

  /** Nothing is kept for a bus that is out of reach. */
  send(messages: readonly Outgoing[]): void {
    const { bus, onSent } = this.#deps;
    const { connection } = bus;
    if (connection === undefined) return;
    try {
      for (const { to, message } of messages) {
        connection.publish(this.#subjectOf(message.kind, to), encoded(message).payload);
        onSent();
      }
    } catch (cause) {
      this.#unsent({ cause: String(cause) });
    }
  }

  /** Resolves when what was sent is out, or the bus out of reach. */
  async flush(): Promise<void> {
    try {
      await this.#deps.bus.connection?.flush();
    } catch (fault) {
      this.#deps.log.debug("The last state message may not have arrived", { cause: String(fault) });
    }
  }

  #connected(connection: NatsConnection): void {
    if (this.#attached !== connection) {
      this.#attached = connection;
      const { presence, delta, stateTo } = this.#subjects;
      this.#listen(connection, presence, (message) => ({ form: "heartbeat", payload: message.string() }));
      for (const subject of [delta, stateTo(this.#deps.life)])
        this.#listen(connection, subject, (message) => ({ form: "packed", payload: message.data }));
    }
    this.#deps.onConnected();
  }

  /** Nothing may be thrown inside the client's reader: it would close for good. */
  #listen(connection: NatsConnection, subject: string, read: (message: Msg) => EncodedMessage): void {
    connection.subscribe(subject, {
      callback: (fault, message) => {
        try {
          if (fault === null) this.#received(read(message));
          else this.#unreadable({ cause: fault.message });
        } catch (cause) {
          this.#unreadable({ cause: String(cause) });
        }
      },
    });
  }

  #received(wire: EncodedMessage): void {
    const message = parseEncoded(wire);
    if (message !== undefined) {
      this.#deps.onMessage(message);
      return;
    }
    this.#deps.onMalformed();
    this.#unreadable({});
  }

  #subjectOf(kind: StateMessage["kind"], to: string | undefined): string {
    const { presence, delta, stateTo } = this.#subjects;
    if (to !== undefined) return stateTo(to);
    return kind === "heartbeat" ? presence : delta;
  }
}
