import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { TopicId } from "./hub/event.ts";
import type { Clock, Journal, Log, Random } from "./hub/ports.ts";
import type { PeerView } from "./management/state-routes.ts";
import type { JournalFigures } from "./mesh/journal-session.ts";
import type { Census } from "./mesh/state/topic-census.ts";
import type { Instruments } from "./telemetry/instruments.ts";

/** What this proxy tells the others of itself. */
export interface Load {
  connections(): number;
  subscribers(topicId: TopicId): number;
}

/** What lies behind the hub: a journal, and the other proxies that share it. */
export interface Bus {
  readonly journal: Journal;
  /** Begins to connect; never waits for the bus. */
  open(load: Load): void;
  peers(): readonly PeerView[];
  /** Streams on the topic at the other proxies. */
  audience(topicId: TopicId): Promise<Census>;
  /** A stream has come to the topic here, or left it. */
  audienceChanged(topicId: TopicId): void;
  /** What keeps the bus from working, or from being as configured, in words for whoever runs the system. */
  troubles(): readonly string[];
  /** Sets the gauges that are read from the bus. */
  refreshGauges(): void;
  close(): Promise<void>;
}

export interface BusParts {
  readonly config: ProxyConfig;
  readonly proxyId: string;
  readonly build: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly instruments: Instruments;
  /** Most bytes of one event, as configured at the moment. */
  readonly maxEventSize: () => number;
}

/** Sets the gauges of how full the journal is. */
export const showFigures = (instruments: Instruments, { bytes, maxBytes, messages }: JournalFigures): void => {
  instruments.journal_bytes.set(bytes);
  instruments.journal_limit_bytes.set(maxBytes);
  instruments.journal_messages.set(messages);
};
