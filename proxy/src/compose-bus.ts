import { type Bus, type BusParts, showFigures } from "./bus.ts";
import { createLocalJournal } from "./mesh/local-journal.ts";
import { createLocalRelay } from "./mesh/local-relay.ts";

const localBus = (
  { config, clock, instruments }: BusParts,
  journal = config.journal.enabled ? createLocalJournal({ clock, journal: config.journal }) : createLocalRelay(clock),
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

/** NATS where servers are configured, else a journal in this process, or none; a proxy that stands alone does not load the client of NATS. */
export const buildBus = async (parts: BusParts): Promise<Bus> => {
  if (parts.config.nats.servers.length === 0) return localBus(parts);
  const { natsBus } = await import("./compose-nats-bus.ts");
  return natsBus(parts);
};
