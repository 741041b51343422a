import type { JournalReadSource } from "@revenprox/contract/metric-labels";
import { type Bus, type BusParts, showFigures } from "./bus.ts";
import type { Journal } from "./hub/ports.ts";
import { createNatsJournal } from "./mesh/nats-journal.ts";
import { createNatsRelay } from "./mesh/nats-relay.ts";
import { censusOfPods, peerPods } from "./mesh/state/pods.ts";
import { TopicStateSync } from "./mesh/state/topic-state-sync.ts";

/** Milliseconds between two looks at how full the journal is. */
const figuresEveryMs = 15_000;

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

/** Journal, or what takes its place where it is off, and topic state, over NATS. */
export const natsBus = (parts: BusParts): Bus => {
  const { config, instruments } = parts;
  const onMalformed = (): void => instruments.malformed_messages_total.inc();
  const onRead = (source: JournalReadSource): void => instruments.journal_reads_total.inc({ source });
  const onSent = (): void => instruments.sync_messages_sent.inc();
  const wired = { ...parts, nats: config.nats, journal: config.journal, onMalformed };
  const journal = config.journal.enabled ? createNatsJournal({ ...wired, onRead }) : createNatsRelay(wired);
  let state: TopicStateSync | undefined;
  let stopLooking: () => void = () => undefined;
  const peers = () => peerPods(state?.peers() ?? [], parts.proxyId);
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
      if (config.journal.enabled) stopLooking = lookNowAndThen(parts, journal);
    },
    peers,
    audience: async (topicId) =>
      censusOfPods((await state?.audience(topicId)) ?? { counts: new Map(), silent: [] }, parts.proxyId),
    audienceChanged: (topicId) => state?.audienceChanged(topicId),
    troubles: () => journal.troubles,
    refreshGauges: () => {
      instruments.peers_connected.set(peers().length);
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
