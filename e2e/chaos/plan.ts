/** Sizes of one run. */
export interface Plan {
  readonly seed: number;
  /** Seconds of load under faults. */
  readonly seconds: number;
  readonly clients: number;
  readonly clientWorkers: number;
  readonly topics: number;
  /** Over HTTP, to random proxies. */
  readonly publishesPerSecond: number;
  /** Straight to NATS. */
  readonly directPerSecond: number;
  /** So many topics, the first ones, have `hotPerSecond` publishes each second and larger events. */
  readonly hotTopics: number;
  readonly hotPerSecond: number;
  readonly hotEventBytes: number;
  /** Bound of the journal: hot topics outgrow it, the others do not. */
  readonly maxEventsPerTopic: number;
  readonly proxies: number;
  readonly natsNodes: number;
}

const common = { proxies: 5, natsNodes: 3, hotTopics: 2, hotEventBytes: 2_000, directPerSecond: 20 } as const;

/** What `npm run test:cluster` runs. */
const full: Omit<Plan, "seed"> = {
  ...common,
  seconds: 300,
  clients: 2_000,
  clientWorkers: 2,
  topics: 200,
  publishesPerSecond: 500,
  hotPerSecond: 20,
  maxEventsPerTopic: 1_000,
};

/** What `npm test` runs: every kind of fault, on two cores. */
const short: Omit<Plan, "seed"> = {
  ...common,
  seconds: 60,
  clients: 300,
  clientWorkers: 1,
  topics: 60,
  publishesPerSecond: 100,
  hotPerSecond: 15,
  directPerSecond: 10,
  maxEventsPerTopic: 240,
};

type Environment = Readonly<Record<string, string | undefined>>;

/** A whole number above 0 from an environment variable; undefined where there is none. Throws on anything else. */
export const numberIn = (environment: Environment, name: string): number | undefined => {
  const text = environment[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) throw new Error(`${name}=${text}: give a whole number above 0`);
  return value;
};

/** `REVENPROX_CHAOS_SEED`, `_SECONDS` and `_CLIENTS` replace what the size says; without a seed one is drawn. */
export const planOf = (size: "full" | "short", environment: Environment): Plan => {
  const base = size === "full" ? full : short;
  return {
    ...base,
    seed: numberIn(environment, "REVENPROX_CHAOS_SEED") ?? 1 + Math.floor(Math.random() * 0x7fff_fffe),
    seconds: numberIn(environment, "REVENPROX_CHAOS_SECONDS") ?? base.seconds,
    clients: numberIn(environment, "REVENPROX_CHAOS_CLIENTS") ?? base.clients,
  };
};

/** Whether a run of this plan is what the checked-in results stand for. */
export const isFull = (plan: Plan): boolean => plan.seconds >= full.seconds && plan.clients >= full.clients;

export const topicName = (index: number): string => `chaos/${index}`;
