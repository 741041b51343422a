import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { JournalReadSource } from "@revenprox/contract/metrics";
import type { TopicId } from "./hub/event.ts";
import type { Clock, Journal, Log, Random } from "./hub/ports.ts";
import type { PeerView } from "./management/state-routes.ts";
import type { JournalFigures } from "./mesh/journal-session.ts";
import { createLocalJournal } from "./mesh/local-journal.ts";
import { createNatsJournal } from "./mesh/nats-journal.ts";
import type { Census } from "./mesh/state/topic-census.ts";
import { TopicStateSync } from "./mesh/state/topic-state-sync.ts";
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

/** Milliseconds between two looks at how full the journal is. */
const figuresEveryMs = 15_000;

const showFigures = (instruments: Instruments, { bytes, maxBytes, messages }: JournalFigures): void => {
  instruments.journal_bytes.set(bytes);
  instruments.journal_limit_bytes.set(maxBytes);
  instruments.journal_messages.set(messages);
};

/** Asks the journal for its bounds, and thereby for its figures, once in a while. */
const lookNowAndThen = ({ clock, log }: BusParts, journal: Journal): (() => void) => {
  let cancel: () => void = () => undefined;
  const look = (): void => {
    cancel = clock.after(figuresEveryMs, look);
    journal
      .bounds()
      .catch((fault: unknown) => log.debug("The journal's figures could not be read", { cause: String(fault) }));
  };
  look();
  return () => cancel();
};

const localBus = (
  { config, clock, instruments }: BusParts,
  journal = createLocalJournal({ clock, journal: config.journal }),
): Bus => ({
  journal,
  open: () => undefined,
  peers: () => [],
  audience: async () => ({ counts: new Map(), silent: [] }),
  audienceChanged: () => undefined,
  troubles: () => [],
  refreshGauges: () => showFigures(instruments, journal.figures),
  close: async () => undefined,
});

const natsBus = (parts: BusParts): Bus => {
  const { config, instruments } = parts;
  const onMalformed = (): void => instruments.malformed_messages_total.inc();
  const onRead = (source: JournalReadSource): void => instruments.journal_reads_total.inc({ source });
  const onSent = (): void => instruments.sync_messages_sent.inc();
  const journal = createNatsJournal({ ...parts, nats: config.nats, journal: config.journal, onMalformed, onRead });
  let state: TopicStateSync | undefined;
  let stopLooking: () => void = () => undefined;
  return {
    journal,
    open: (load) => {
      journal.open();
      state = new TopicStateSync({
        ...parts,
        monotonic: () => performance.now(),
        bus: journal.bus,
        instance: config.nats.instance,
        distributedState: config.distributedState,
        subscribers: (topicId) => load.subscribers(topicId),
        connections: () => load.connections(),
        onSent,
        onMalformed,
      });
      state.start();
      stopLooking = lookNowAndThen(parts, journal);
    },
    peers: () => state?.peers() ?? [],
    audience: async (topicId) => (await state?.audience(topicId)) ?? { counts: new Map(), silent: [] },
    audienceChanged: (topicId) => state?.audienceChanged(topicId),
    troubles: () => journal.troubles,
    refreshGauges: () => {
      instruments.peers_connected.set(state?.peers().length ?? 0);
      instruments.sync_lag_seconds.set(state?.lagSeconds() ?? 0);
      instruments.clock_offset_seconds.set(journal.clockOffset / 1_000);
      instruments.journal_lag_seconds.set(journal.silentMs / 1_000);
      showFigures(instruments, journal.figures);
    },
    close: async () => {
      stopLooking();
      await state?.stop();
      await journal.close();
    },
  };
};

/** NATS where servers are configured, else a journal in this process. */
export const buildBus = (parts: BusParts): Bus =>
  parts.config.nats.servers.length > 0 ? natsBus(parts) : localBus(parts);
