import { capacity } from "./scenarios/capacity.ts";
import { connects } from "./scenarios/connects.ts";
import { idle } from "./scenarios/idle.ts";
import { manyCores } from "./scenarios/many-cores.ts";
import type { Scenario } from "./scenarios/scenario.ts";
import { slowTenth } from "./scenarios/slow-tenth.ts";
import { steady } from "./scenarios/steady.ts";
import { stepped } from "./scenarios/stepped.ts";
import { acrossProxies } from "./scenarios/three-proxies.ts";
import { revenprox, revenproxBatched } from "./subjects/revenprox.ts";
import { revenproxDirect, revenproxNats } from "./subjects/revenprox-nats.ts";
import { bareUws, bareUwsBatched } from "./subjects/simple-server.ts";
import type { Subject } from "./subjects/subject.ts";
import { revenproxAsking, revenproxCached } from "./subjects/verified.ts";
import { cores } from "./tool/processes.ts";

type SteppedName = "b" | "b2" | "c";

export interface Peers {
  /** With the events/s that they are first tried with; left out where there is none. */
  readonly found: readonly { readonly subject: Subject; readonly rates: Partial<Record<SteppedName, number>> }[];
}

const manyTopics = 10_000;
const quickStreams = { b2: 4_000, c: 2_000 } as const;

const startsOf = (peers: Peers["found"], name: SteppedName) =>
  peers.flatMap(({ subject, rates }) => {
    const start = rates[name];
    return start === undefined ? [] : [[subject, start] as const];
  });

const batched: Scenario = stepped({
  name: "b3",
  title: "b with events of 5 ms in one write",
  unit: "deliveries/s",
  reference: bareUwsBatched.name,
  topics: 1,
  lanes: 200,
  streams: 1_000,
  sameRate: 100,
  p99Ms: 100,
  holdMs: 1_000,
  subjects: [
    [bareUwsBatched, 12_000],
    [revenproxBatched, 6_000],
  ],
});

/** Those whose load is stepped up. */
const steppedScenarios = (quick: boolean, { found }: Peers): readonly Scenario[] => {
  const peers = quick ? [] : found;
  const nats = quick ? [] : [revenproxNats];
  // Enough publishers that their waiting for answers is not what limits: a pass over all streams takes milliseconds.
  const common = { lanes: 64, topics: 1 };
  const [b2, c] = quick ? [quickStreams.b2, quickStreams.c] : [10_000, manyTopics];
  const rate = (name: SteppedName) => startsOf(peers, name);
  return [
    stepped({
      ...common,
      name: "b",
      title: "one topic, 1,000 subscribers, p99 ≤ 100 ms",
      unit: "deliveries/s",
      reference: bareUws.name,
      streams: 1_000,
      sameRate: 100,
      p99Ms: 100,
      holdMs: 1_000,
      subjects: [[bareUws, 1_200], [revenprox, 900], ...nats.map((one) => [one, 600] as const), ...rate("b")],
    }),
    stepped({
      ...common,
      name: "b2",
      title: `one topic, ${b2.toLocaleString("en")} subscribers, p99 ≤ 1 s`,
      unit: "deliveries/s",
      reference: bareUws.name,
      streams: b2,
      sameRate: 25,
      p99Ms: 1_000,
      holdMs: 1_500,
      subjects: [
        [bareUws, quick ? 700 : 400],
        [revenprox, quick ? 900 : 500],
        ...nats.map((one) => [one, 300] as const),
        ...rate("b2"),
      ],
    }),
    batched,
    stepped({
      name: "c",
      title: `${c.toLocaleString("en")} topics with one subscriber each, p99 ≤ 100 ms`,
      unit: "events/s",
      reference: bareUws.name,
      streams: c,
      sameRate: 5_000,
      topics: c,
      lanes: 100,
      p99Ms: 100,
      holdMs: 1_000,
      subjects: [[bareUws, 30_000], [revenprox, 10_000], ...nats.map((one) => [one, 7_000] as const), ...rate("c")],
    }),
  ];
};

/** Publishers that talk to NATS: the proxy's core has the deliveries for itself. */
const publishedToNats: Scenario = stepped({
  name: "c2",
  title: `c with the events published straight to NATS, which has core ${cores.nats} for itself`,
  unit: "events/s",
  reference: undefined,
  streams: manyTopics,
  sameRate: 5_000,
  topics: manyTopics,
  // Of each topic all events are on the same one, so that their order is known.
  lanes: 4,
  p99Ms: 100,
  holdMs: 2_000,
  toolCores: cores.besideNats,
  subjects: [[revenproxDirect, 30_000]],
});

/** All scenarios; the quick ones are smaller and have only the proxy and the ceiling. */
export const scenarios = (quick: boolean, peers: Peers): readonly Scenario[] => {
  const nats = quick ? [] : [revenproxNats];
  const found = quick ? [] : peers.found;
  const many = found.filter(({ rates }) => rates.b2 !== undefined).map(({ subject }) => subject);
  return [
    idle([bareUws, revenprox, revenproxCached, ...many], bareUws.name),
    ...steppedScenarios(quick, peers),
    steady([bareUws, revenprox, ...nats, ...many], bareUws.name),
    connects([bareUws, revenprox, revenproxCached, ...(quick ? [] : [revenproxAsking, ...many])], bareUws.name),
    ...(quick ? [] : [publishedToNats, acrossProxies, slowTenth, capacity, manyCores]),
  ];
};
