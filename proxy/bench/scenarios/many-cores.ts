import { startProxy } from "../subjects/revenprox.ts";
import { startNats } from "../subjects/revenprox-nats.ts";
import type { Subject } from "../subjects/subject.ts";
import { Crew } from "../tool/crew.ts";
import { coresForLoops, readOwnCores } from "../tool/own-cores.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";
import { searchStep, stepDetails } from "./stepped.ts";

const streams = 6_000;
const counts = [1, 2, 3] as const;
/** The load tool shares a core with NATS: it looks at its streams once in so many milliseconds, and reads what has come in one piece. */
const pauseMs = 20;
/** Events/s at which what a delivery costs is compared: one core bears it, and so does the load tool's. */
const sameRate = 30;
const startRate = 150;

const placeOf = (loops: number) => coresForLoops(readOwnCores(), loops);

const nameOf = (loops: number): string => `revenprox+nats, ${loops} ${loops === 1 ? "loop" : "loops"}`;

const subjectOf = (loops: number): Subject => ({
  name: nameOf(loops),
  about: `[http] thread_pool_size = ${loops} on cores ${placeOf(loops).server}; NATS and the load tool share ${placeOf(loops).others}`,
  start: async ({ folder }) => {
    const nats = await startNats({ cores: placeOf(loops).server, folder }, placeOf(loops).others);
    const proxy = await startProxy(
      { cores: placeOf(loops).server, folder },
      {
        REVENPROX_NATS__SERVERS: nats.url,
        REVENPROX_HTTP__THREAD_POOL_SIZE: String(loops),
        // A loop that is behind does not slow down the publishers that meet another one.
        REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "100000",
      },
    );
    return {
      ...proxy,
      stop: async () => {
        await proxy.stop();
        await nats.child.stop();
      },
    };
  },
});

const measureLoops = async (bench: Bench, loops: number, earlier: Measurement | undefined): Promise<Measurement> => {
  const { server, others } = placeOf(loops);
  const running = await subjectOf(loops).start({
    cores: server,
    folder: bench.newFolder(),
    proxyKeys: bench.proxyKeys,
  });
  const crew = new Crew({ program: bench.loadTool, readers: 2, cores: others });
  try {
    await crew.open(running, { count: streams, topics: 1, size: 200, concurrency: 256, pauseMs });
    const step = { lanes: 32, p99Ms: 5_000, fanOut: streams };
    await crew.step(running, { ...step, rate: sameRate, millis: 2_000 });
    const same = await crew.step(running, { ...step, rate: sameRate, millis: 4_000 });
    const start = earlier?.rate === undefined ? startRate : earlier.rate * 0.85;
    const load = { streams, topics: 1, p99Ms: 1_000, holdMs: 1_500, lanes: 64, start };
    const best = await searchStep(bench, crew, running, load);
    const details = { "CPU µs/delivery, same load": same.cpuMicrosPerDelivery, "p99 ms, same load": same.p99Ms };
    if (best === undefined) return { value: undefined, details };
    return { value: best.deliveriesPerSec, details: { ...stepDetails(best), ...details }, rate: best.rate };
  } finally {
    await crew.stop();
    await running.stop();
  }
};

/** Event loops on a core each: how much more they deliver, and what a delivery costs them. */
export const manyCores: Scenario = {
  name: "h",
  title: `one topic, ${streams.toLocaleString("en")} subscribers on one port of 1, 2 and 3 event loops, a core each, p99 ≤ 1 s`,
  unit: "deliveries/s",
  better: "higher",
  subjects: counts.map(subjectOf),
  reference: nameOf(1),
  measure: (bench, subject, earlier) => {
    const loops = counts.find((count) => nameOf(count) === subject.name) ?? 1;
    return measureLoops(bench, loops, earlier);
  },
};
