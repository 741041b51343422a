import type { NatsConnection } from "@nats-io/nats-core";
import type { DistributedStateConfig } from "@revenprox/contract/config/proxy-config";
import { natsSubjects } from "@revenprox/contract/nats-subjects";
import type { Clock, Log, Random } from "../hub/ports.ts";
import { boundedWarning } from "./bounded-log.ts";
import type { BusConnection } from "./nats-journal.ts";
import { createPeerTable, type Peer, type PeerTable } from "./peer-table.ts";
import { parsePresence, writePresence } from "./presence-message.ts";

export interface PeerPresenceDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly bus: BusConnection;
  readonly instance: string;
  readonly distributedState: DistributedStateConfig;
  readonly proxyId: string;
  readonly build: string;
  readonly load: () => { readonly topics: number; readonly connections: number };
  /** A state message was sent. */
  readonly onSent: () => void;
  readonly onMalformed: () => void;
}

const jitter = 0.2;
const greetingMs = 200;

/** Announces this proxy to its peers and keeps the table of them. */
export class PeerPresence {
  readonly #deps: PeerPresenceDeps;
  readonly #subject: string;
  readonly #table: PeerTable;
  readonly #epoch: number;
  readonly #warn: (fields: Readonly<Record<string, unknown>>) => void;
  #attached: NatsConnection | undefined;
  #lastExchange: number;
  #cancel: () => void = () => undefined;
  #cancelGreeting: (() => void) | undefined;

  constructor(deps: PeerPresenceDeps) {
    this.#deps = deps;
    this.#subject = natsSubjects(deps.instance).presence;
    this.#table = createPeerTable(deps.distributedState.peerTimeoutSec * 1_000);
    this.#epoch = deps.clock.now();
    this.#lastExchange = this.#epoch;
    this.#warn = boundedWarning(deps, "A presence message on the bus cannot be read; another build may be too old");
  }

  start(): void {
    this.#deps.bus.onConnected((connection) => this.#connected(connection));
    const connection = this.#deps.bus.connection;
    if (connection !== undefined) this.#connected(connection);
    this.#schedule();
  }

  /** Says goodbye; resolves when the word is out or the bus is out of reach. */
  async stop(): Promise<void> {
    this.#cancel();
    this.#cancelGreeting?.();
    const connection = this.#deps.bus.connection;
    if (connection === undefined) return;
    this.#send(true);
    try {
      await connection.flush();
    } catch (fault) {
      this.#deps.log.debug("The farewell to the peers may not have arrived", { cause: String(fault) });
    }
  }

  peersConnected(): number {
    return this.peers().length;
  }

  peers(): readonly Peer[] {
    return this.#table.peers(this.#deps.clock.now());
  }

  /** Seconds since a state message, own or a peer's, last came over the bus. */
  lagSeconds(): number {
    return Math.max(0, (this.#deps.clock.now() - this.#lastExchange) / 1_000);
  }

  #connected(connection: NatsConnection): void {
    if (this.#attached !== connection) {
      this.#attached = connection;
      connection.subscribe(this.#subject, {
        callback: (fault, message) => {
          if (fault === null) this.#received(message.string());
          else this.#warn({ cause: fault.message });
        },
      });
    }
    this.#send(false);
  }

  #schedule(): void {
    const { clock, random, distributedState } = this.#deps;
    const wait = distributedState.gossipIntervalSec * 1_000 * (1 - jitter / 2 + random() * jitter);
    this.#cancel = clock.after(wait, () => {
      this.#send(false);
      this.#schedule();
    });
  }

  #send(bye: boolean): void {
    const { bus, proxyId, build, load, onSent } = this.#deps;
    const connection = bus.connection;
    if (connection === undefined) return;
    connection.publish(this.#subject, writePresence({ proxyId, epoch: this.#epoch, build, ...load(), bye }));
    onSent();
  }

  /** Runs inside the client's reader, which a thrown error would close for good. */
  #received(payload: string): void {
    try {
      this.#take(payload);
    } catch (fault) {
      this.#warn({ cause: String(fault) });
    }
  }

  #take(payload: string): void {
    const { clock, proxyId, onMalformed, log } = this.#deps;
    const presence = parsePresence(payload);
    if (presence === undefined) {
      onMalformed();
      this.#warn({});
      return;
    }
    this.#lastExchange = clock.now();
    if (presence.proxyId === proxyId) return;
    const news = this.#table.heard(presence, clock.now());
    if (news !== "new") return;
    log.info(`Peer ${presence.proxyId} is here`, { peer: presence.proxyId, build: presence.build });
    this.#greet();
  }

  /** A new peer knows nobody yet: tell it at once, though not all proxies in the same moment. */
  #greet(): void {
    const { clock, random } = this.#deps;
    this.#cancelGreeting ??= clock.after(random() * greetingMs, () => {
      this.#cancelGreeting = undefined;
      this.#send(false);
    });
  }
}
