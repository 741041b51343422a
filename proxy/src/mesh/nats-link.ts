import type { ConnectionOptions, NatsConnection, Status } from "@nats-io/nats-core";
import type { Clock, Log, Random } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import { connectWire } from "./wire-connection.ts";

export interface NatsLinkDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly options: ConnectionOptions;
  /** What the connection is for; in logs and in the server's list of connections. */
  readonly purpose: string;
  /** Connected, for the first time or again. Subscriptions made on the same connection are live again by then. */
  readonly onUp: (connection: NatsConnection) => void;
  readonly onDown: () => void;
}

const firstConnectTimeoutMs = 5_000;
const retryMs = { base: 250, cap: 5_000 } as const;

const message = (fault: unknown): string => (fault instanceof Error ? fault.message : String(fault));

/** Connects once and leaves again; rejects when NATS does not let this process in. */
export const tryConnection = async (options: ConnectionOptions): Promise<void> => {
  const connection = await connectWire({ ...options, timeout: firstConnectTimeoutMs, reconnect: false });
  await connection.close();
};

/** One connection to NATS that is made, kept and made again for as long as the link is open. */
export class NatsLink {
  readonly #deps: NatsLinkDeps;
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #connection: NatsConnection | undefined;
  #up = false;
  #closed = false;
  #onceUp: (() => void)[] = [];
  #cancelRetry: () => void = () => undefined;

  constructor(deps: NatsLinkDeps) {
    this.#deps = deps;
    this.#warn = boundedWarning(deps, `NATS connection for ${deps.purpose} reports an error`);
  }

  /** The connection while it is up: what is published on a connection that is down vanishes. */
  get connection(): NatsConnection | undefined {
    return this.#up ? this.#connection : undefined;
  }

  /** Tries for ever; returns at once. */
  open(): void {
    void this.#attempt(0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const resolve of this.#onceUp.splice(0)) resolve();
    this.#up = false;
    this.#cancelRetry();
    await this.#connection?.close();
  }

  /**
   * Makes the connection anew, with what the credentials' files hold now; resolves when it is up again.
   * What was missed live meanwhile is fetched by the resync that follows each connect.
   */
  async renew(): Promise<void> {
    const connection = this.connection;
    if (connection === undefined) return;
    const up = new Promise<void>((resolve) => this.#onceUp.push(resolve));
    await connection.reconnect();
    await up;
  }

  async #attempt(failures: number): Promise<void> {
    try {
      const connection = await connectWire({ ...this.#deps.options, timeout: firstConnectTimeoutMs });
      if (this.#closed) return await connection.close();
      this.#connection = connection;
      void this.#watch(connection);
      this.#cameUp(connection);
    } catch (fault) {
      if (this.#closed) return;
      this.#warn({ cause: `${message(fault)} (${[this.#deps.options.servers].flat().join(", ")})` });
      const wait = Math.min(retryMs.cap, retryMs.base * 2 ** failures) * (0.5 + this.#deps.random());
      this.#cancelRetry = this.#deps.clock.after(wait, () => void this.#attempt(Math.min(failures + 1, 10)));
    }
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) this.#took(connection, status);
    if (this.#closed) return;
    // nats.js gave up although it was told not to: begin anew with a fresh connection.
    this.#wentDown("closed by the client library");
    void this.#attempt(0);
  }

  #took(connection: NatsConnection, status: Status): void {
    switch (status.type) {
      case "disconnect":
        this.#wentDown(status.server);
        break;
      case "reconnect":
        this.#cameUp(connection);
        break;
      case "error":
        this.#warn({ cause: status.error.message });
        break;
      case "slowConsumer":
        this.#warn({ cause: "slow consumer", pending: status.pending });
        break;
      case "ldm":
        this.#deps.log.info(`NATS server ${status.server} is shutting down`, { purpose: this.#deps.purpose });
        break;
      case "staleConnection":
        this.#warn({ cause: "the server no longer answers pings" });
        break;
      default:
        break;
    }
  }

  #cameUp(connection: NatsConnection): void {
    if (this.#closed || this.#up) return;
    this.#up = true;
    const address = `nats://${connection.getServer()}`;
    this.#deps.log.info(`Connected to peer ${address}`, { peer: address, purpose: this.#deps.purpose });
    this.#deps.onUp(connection);
    for (const resolve of this.#onceUp.splice(0)) resolve();
  }

  #wentDown(server: string): void {
    if (this.#closed || !this.#up) return;
    this.#up = false;
    this.#deps.log.warn(`Lost the connection to peer nats://${server}`, { purpose: this.#deps.purpose });
    this.#deps.onDown();
  }
}
