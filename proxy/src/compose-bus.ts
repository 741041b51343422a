import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { TopicId } from "./hub/event.ts";
import type { Clock, Journal, Log, Random } from "./hub/ports.ts";
import type { PeerView } from "./management/state-routes.ts";
import { createLocalJournal } from "./mesh/local-journal.ts";
import { createNatsJournal } from "./mesh/nats-journal.ts";
import { PeerPresence } from "./mesh/peer-presence.ts";
import { type Census, TopicCensus } from "./mesh/topic-census.ts";
import type { Instruments } from "./telemetry/instruments.ts";

/** What this proxy tells the others of itself. */
export interface Load {
  totals(): { readonly topics: number; readonly connections: number };
  subscribers(topicId: TopicId): number;
}

/** What lies behind the hub: a journal, and the other proxies that share it. */
export interface Bus {
  readonly journal: Journal;
  /** Begins to connect; never waits for the bus. */
  open(load: Load): void;
  peers(): readonly PeerView[];
  /** Streams on the topic at the other proxies. */
  census(topicId: TopicId): Promise<Census>;
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
}

const localBus = ({ config, clock }: BusParts): Bus => ({
  journal: createLocalJournal({ clock, journal: config.journal }),
  open: () => undefined,
  peers: () => [],
  census: async () => ({ counts: new Map(), silent: [] }),
  refreshGauges: () => undefined,
  close: async () => undefined,
});

const natsBus = (parts: BusParts): Bus => {
  const { config, instruments } = parts;
  const onMalformed = (): void => instruments.malformed_messages_total.inc();
  const onSent = (): void => instruments.sync_messages_sent.inc();
  const journal = createNatsJournal({ ...parts, nats: config.nats, journal: config.journal, onMalformed });
  let presence: PeerPresence | undefined;
  let topicCensus: TopicCensus | undefined;
  return {
    journal,
    open: (load) => {
      journal.open();
      presence = new PeerPresence({
        ...parts,
        bus: journal.bus,
        instance: config.nats.instance,
        distributedState: config.distributedState,
        load: () => load.totals(),
        onSent,
        onMalformed,
      });
      presence.start();
      topicCensus = new TopicCensus({
        ...parts,
        bus: journal.bus,
        instance: config.nats.instance,
        subscribers: (topicId) => load.subscribers(topicId),
        peers: () => (presence?.peers() ?? []).map(({ proxyId }) => proxyId),
        onSent,
        onMalformed,
      });
      topicCensus.start();
    },
    peers: () =>
      (presence?.peers() ?? []).map(({ proxyId, epoch, ...peer }) => ({ ...peer, id: proxyId, startedAt: epoch })),
    census: async (topicId) => (await topicCensus?.ask(topicId)) ?? { counts: new Map(), silent: [] },
    refreshGauges: () => {
      instruments.peers_connected.set(presence?.peersConnected() ?? 0);
      instruments.sync_lag_seconds.set(presence?.lagSeconds() ?? 0);
      instruments.clock_offset_seconds.set(journal.clockOffset / 1_000);
    },
    close: async () => {
      await presence?.stop();
      await journal.close();
    },
  };
};

/** NATS where servers are configured, else a journal in this process. */
export const buildBus = (parts: BusParts): Bus =>
  parts.config.nats.servers.length > 0 ? natsBus(parts) : localBus(parts);
