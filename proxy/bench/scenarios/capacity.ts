import { median } from "../statistics.ts";
import { startProxy } from "../subjects/revenprox.ts";
import { startNats } from "../subjects/revenprox-nats.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";
import { Crew } from "../tool/crew.ts";
import { sharedOutBytes, type Usage, usageOf } from "../tool/process-table.ts";
import { cores } from "../tool/processes.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";

const streams = 100_000;
/** More than 19,000 streams do not fit into a process under a hard limit of 20,000 open files. */
const loops = 6;
/** Of the load tool, which needs more of them. */
const readers = 7;
const topics = 1_000;
const keepaliveSec = 30;
const scrapes = 20;
const settleMs = 3_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Its parts are measured one by one, so that it is started by the scenario itself. */
const manyLoops: Subject = {
  name: `revenprox+nats, ${loops} loops`,
  about: `one proxy with ${loops} event loops on one port, all on core ${cores.server}, with one NATS on core ${cores.nats}, a keepalive each ${keepaliveSec} s`,
  start: () => Promise.reject(new Error("the scenario starts this proxy itself")),
};

interface Pod {
  readonly running: RunningSubject;
  readonly crew: Crew;
  stop(): Promise<void>;
}

const startPod = async (bench: Bench): Promise<Pod> => {
  const place = { cores: cores.server, folder: bench.newFolder(), proxyKeys: bench.proxyKeys };
  const nats = await startNats(place);
  const running = await startProxy(place, {
    REVENPROX_NATS__SERVERS: nats.url,
    REVENPROX_HTTP__THREAD_POOL_SIZE: String(loops),
    REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: String(keepaliveSec),
  });
  const crew = new Crew({ program: bench.loadTool, readers });
  return {
    running,
    crew,
    stop: async () => {
      await Promise.all([crew, running].map((one) => one.stop()));
      await nats.child.stop();
    },
  };
};

const open = ({ running, crew }: Pod, count: number) =>
  crew.open(running, { count, topics, size: 200, concurrency: 256 });

const usageOfAll = ({ running }: Pod): Usage => usageOf(running.pids);

/** Percent of a core that all of them take in one keepalive interval. */
const idleCpu = async (pod: Pod): Promise<number> => {
  const before = usageOfAll(pod);
  await wait(keepaliveSec * 1_000);
  return ((usageOfAll(pod).cpuSeconds - before.cpuSeconds) / keepaliveSec) * 100;
};

const scrape = async ({ target }: RunningSubject): Promise<{ readonly ms: number; readonly text: string }> => {
  const began = performance.now();
  const text = await (await fetch(`http://${target}/metrics`)).text();
  return { ms: performance.now() - began, text };
};

const scrapeMs = async ({ running }: Pod): Promise<number> => {
  const took: number[] = [];
  for (let count = 0; count < scrapes; count += 1) took.push((await scrape(running)).ms);
  return median(took) ?? Number.NaN;
};

const syncMessages = async ({ running }: Pod): Promise<number> =>
  Number(/^revenprox_sync_messages_sent (\d+)$/m.exec((await scrape(running)).text)?.[1]);

const measurePod = async (bench: Bench, pod: Pod): Promise<Measurement> => {
  // What the first streams make the server load and compile is no stream's share.
  await open(pod, 200 * loops);
  await pod.crew.close();
  await wait(settleMs);
  const base = usageOfAll(pod);
  const basePss = sharedOutBytes(pod.running.pids);
  const emptyCpu = await idleCpu(pod);
  const emptyScrape = await scrapeMs(pod);
  await open(pod, streams);
  await wait(settleMs);
  const sentBefore = await syncMessages(pod);
  const cpu = await idleCpu(pod);
  const sentAfter = await syncMessages(pod);
  const after = usageOfAll(pod);
  const each = (after.rss - base.rss) / streams;
  bench.say(`  ${streams} streams on ${loops} event loops: ${each.toFixed(0)} bytes each`);
  return {
    value: each,
    details: {
      "base RSS MiB a process": base.rss / (loops + 1) / 2 ** 20,
      "base PSS MiB a process": basePss / (loops + 1) / 2 ** 20,
      "streams MiB": (after.rss - base.rss) / 2 ** 20,
      "idle CPU % of a core, no streams": emptyCpu,
      "idle CPU % of a core": cpu,
      "scrape ms, no streams": emptyScrape,
      "scrape ms": await scrapeMs(pod),
      "state messages/s, all": (sentAfter - sentBefore) / keepaliveSec,
    },
  };
};

/** As many streams as a large pod has. */
export const capacity: Scenario = {
  name: "a2",
  title: `${streams.toLocaleString("en")} idle streams on ${topics.toLocaleString("en")} topics on one port of ${loops} processes: bytes of RSS for each`,
  unit: "bytes/stream",
  better: "lower",
  subjects: [manyLoops],
  reference: undefined,
  mostRuns: 1,
  measure: async (bench) => {
    const pod = await startPod(bench);
    try {
      return await measurePod(bench, pod);
    } finally {
      await pod.stop();
    }
  },
};
