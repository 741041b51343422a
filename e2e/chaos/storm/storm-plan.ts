import type { Role } from "../load/cast.ts";
import { numberIn } from "../plan.ts";

/** Sizes of a resume storm. */
export interface StormPlan {
  readonly seed: number;
  readonly clients: number;
  readonly topics: number;
  readonly clientWorkers: number;
  /** One of them is killed; all clients were on it. */
  readonly proxies: number;
  readonly natsNodes: number;
  /** Of each topic, before the kill and while all clients are away. */
  readonly eventsBefore: number;
  readonly eventsAway: number;
  readonly maxEventsPerTopic: number;
}

const common = { proxies: 3, eventsBefore: 3, eventsAway: 10, maxEventsPerTopic: 1_000 } as const;

/** The open-file limit of a process is 20,000 on the machines of this project. */
const full = { ...common, clients: 12_000, topics: 2_000, clientWorkers: 2, natsNodes: 3 } as const;
const short = { ...common, clients: 1_000, topics: 50, clientWorkers: 1, natsNodes: 1 } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** `REVENPROX_STORM_CLIENTS` and `_TOPICS` replace what the size says. */
export const stormPlanOf = (size: "full" | "short", environment: Environment): StormPlan => {
  const base = size === "full" ? full : short;
  return {
    ...base,
    seed: numberIn(environment, "REVENPROX_CHAOS_SEED") ?? 1,
    clients: numberIn(environment, "REVENPROX_STORM_CLIENTS") ?? base.clients,
    topics: numberIn(environment, "REVENPROX_STORM_TOPICS") ?? base.topics,
  };
};

export const isFullStorm = ({ clients, topics }: StormPlan): boolean =>
  clients >= full.clients && topics >= full.topics;

/** Each client listens to one topic and stays. */
export const stormRoles = ({ clients, topics }: StormPlan): readonly Role[] =>
  Array.from({ length: clients }, (_, client) => ({
    client,
    topics: [client % topics],
    envelope: false,
    habits: { hopSeconds: 0, slow: false, awaySeconds: 0 },
  }));

/**
 * Reads of events that a storm may cause: for each topic and surviving proxy one page, one more to see its end,
 * and one when it is first compared with the journal. Clients do not come into it.
 */
export const mostReads = ({ topics, proxies }: StormPlan): number => topics * (proxies - 1) * 3;
