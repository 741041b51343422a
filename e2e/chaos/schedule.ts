import type { Random } from "./random.ts";

export type ProxyFault =
  | "proxy-kill"
  | "proxy-pause"
  | "proxy-cut-from-nats"
  | "proxy-unplugged"
  | "proxy-reset-from-nats";
export type NatsFault = "nats-kill" | "nats-pause" | "nats-isolate-drop" | "nats-isolate-reset" | "leader-step-down";

/** One fault: at `atMs` after the start, for `forMs`; `target` counts from 0. */
export type Fault =
  | { readonly kind: ProxyFault | NatsFault; readonly target: number; readonly atMs: number; readonly forMs: number }
  /** All proxies in turn, each ended by SIGTERM and started again. */
  | { readonly kind: "proxies-roll"; readonly target: 0; readonly atMs: number; readonly forMs: 0 };

export interface ScheduleSize {
  readonly seconds: number;
  readonly proxies: number;
  readonly natsNodes: number;
}

const quietMs = { before: 4_000, after: 6_000 } as const;
const natsFaults: readonly NatsFault[] = [
  "nats-isolate-reset",
  "leader-step-down",
  "nats-kill",
  "nats-isolate-drop",
  "nats-pause",
];
const proxyFaults: readonly ProxyFault[] = [
  "proxy-kill",
  "proxy-pause",
  "proxy-cut-from-nats",
  "proxy-unplugged",
  "proxy-reset-from-nats",
];

/** Milliseconds, from and to. */
const lengths: Readonly<Record<ProxyFault | NatsFault, readonly [number, number]>> = {
  "proxy-kill": [500, 5_000],
  "proxy-pause": [1_000, 8_000],
  "proxy-cut-from-nats": [3_000, 12_000],
  "proxy-unplugged": [3_000, 8_000],
  "proxy-reset-from-nats": [2_000, 6_000],
  "nats-kill": [2_000, 6_000],
  "nats-pause": [1_000, 6_000],
  "nats-isolate-drop": [5_000, 5_000],
  "nats-isolate-reset": [5_000, 5_000],
  "leader-step-down": [0, 0],
};

/** Between two faults of the servers they get this long to agree again: two of three at once only stop all publishing. */
const natsRestMs: readonly [number, number] = [4_000, 10_000];
/** Proxy faults overlap, up to two at once and never on one proxy. */
const proxyEveryMs: readonly [number, number] = [2_500, 6_500];

/** Draws kinds so that each came once before one comes again. */
const deck = <T>(random: Random, kinds: readonly T[]): (() => T) => {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = random.shuffled(kinds);
    const [next = random.pick(kinds)] = left.splice(0, 1);
    return next;
  };
};

const natsSchedule = (random: Random, size: ScheduleSize): Fault[] => {
  const draw = deck(random, natsFaults);
  const faults: Fault[] = [];
  let atMs = quietMs.before + random.between(0, 3_000);
  for (;;) {
    const kind = draw();
    const forMs = random.between(...lengths[kind]);
    if (atMs + forMs > size.seconds * 1_000 - quietMs.after) return faults;
    faults.push({ kind, target: random.between(0, size.natsNodes - 1), atMs, forMs });
    atMs += forMs + random.between(...natsRestMs);
  }
};

const proxySchedule = (random: Random, size: ScheduleSize): Fault[] => {
  const draw = deck(random, proxyFaults);
  const faults: Fault[] = [];
  let atMs: number = quietMs.before;
  for (;;) {
    const kind = draw();
    const forMs = random.between(...lengths[kind]);
    if (atMs + forMs > size.seconds * 1_000 - quietMs.after) return faults;
    const running = faults.filter((fault) => fault.atMs + fault.forMs + proxyEveryMs[0] > atMs);
    const idle = Array.from({ length: size.proxies }, (_, index) => index).filter((index) =>
      running.every(({ target }) => target !== index),
    );
    if (running.length < 2 && idle.length > 0) faults.push({ kind, target: random.pick(idle), atMs, forMs });
    atMs += random.between(...proxyEveryMs);
  }
};

/** The faults of a run in their order; the same numbers give the same faults. */
export const faultSchedule = (random: Random, size: ScheduleSize): readonly Fault[] => {
  const roll: Fault = {
    kind: "proxies-roll",
    target: 0,
    atMs: Math.round(size.seconds * 1_000 * (0.35 + 0.2 * random.fraction())),
    forMs: 0,
  };
  const faults = [...natsSchedule(random.fork(1), size), ...proxySchedule(random.fork(2), size), roll];
  return faults.sort((one, other) => one.atMs - other.atMs);
};

export const faultText = ({ kind, target, forMs }: Fault): string => {
  if (kind === "proxies-roll" || kind === "leader-step-down") return kind;
  return `${kind} ${target + 1} for ${(forMs / 1_000).toFixed(1)} s`;
};
