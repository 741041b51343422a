import type { NatsConnection } from "@nats-io/nats-core";
import type { Journal } from "../hub/ports.ts";
import type { JournalFigures } from "./journal-session.ts";

/** What other users of the bus in this process share with the journal: its connection for small live messages. */
export interface BusConnection {
  /** Called on each connect; subscriptions are renewed by themselves where it is the same connection again. */
  onConnected(action: (connection: NatsConnection) => void): void;
  /** The connection while it is up. */
  readonly connection: NatsConnection | undefined;
}

export interface NatsJournal extends Journal {
  readonly bus: BusConnection;
  /** Milliseconds by which the journal's clock is ahead of this process's. */
  readonly clockOffset: number;
  /** How full it is, as last read. */
  readonly figures: JournalFigures;
  /** Milliseconds since it was last heard of; it is heard of every few seconds in good order. */
  readonly silentMs: number;
  /** What keeps the journal from being used, or from being as configured, in words for whoever runs the system. */
  readonly troubles: readonly string[];
  /** Begins to connect; returns at once, and never fails. Call `listen` first. */
  open(): void;
  close(): Promise<void>;
}
