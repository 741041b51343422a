import type { ProxyConfig } from "@revenprox/contract/config/proxy-config";
import type { Clock, Journal, Log, Random } from "./hub/ports.ts";
import type { PeerView } from "./management/api-routes.ts";
import { createLocalJournal } from "./mesh/local-journal.ts";
import { createNatsJournal } from "./mesh/nats-journal.ts";
import { PeerPresence } from "./mesh/peer-presence.ts";
import type { Instruments } from "./telemetry/instruments.ts";

/** What lies behind the hub: a journal, and the other proxies that share it. */
export interface Bus {
  readonly journal: Journal;
  /** Begins to connect; never waits for the bus. */
  open(load: () => { readonly topics: number; readonly connections: number }): void;
  peers(): readonly PeerView[];
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
  refreshGauges: () => undefined,
  close: async () => undefined,
});

const natsBus = (parts: BusParts): Bus => {
  const { config, instruments } = parts;
  const onMalformed = (): void => instruments.malformed_messages_total.inc();
  const journal = createNatsJournal({ ...parts, nats: config.nats, journal: config.journal, onMalformed });
  let presence: PeerPresence | undefined;
  return {
    journal,
    open: (load) => {
      journal.open();
      presence = new PeerPresence({
        ...parts,
        bus: journal.bus,
        instance: config.nats.instance,
        distributedState: config.distributedState,
        load,
        onSent: () => instruments.sync_messages_sent.inc(),
        onMalformed,
      });
      presence.start();
    },
    peers: () => (presence?.peers() ?? []).map((peer) => ({ ...peer, id: peer.proxyId })),
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
