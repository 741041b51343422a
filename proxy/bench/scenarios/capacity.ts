import { median } from "../statistics.ts";
import { startProxy } from "../subjects/revenprox.ts";
import { startNats } from "../subjects/revenprox-nats.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";
import { Crew } from "../tool/crew.ts";
import { cores, type Usage, usageOf } from "../tool/processes.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";

const streams = 100_000;
/** More than 15,000 streams do not fit under a hard limit of 20,000 open files, on either side. */
const proxies = 7;
const topics = 1_000;
const keepaliveSec = 30;
const scrapes = 20;
const settleMs = 3_000;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Its parts are measured one by one, so that it is started by the scenario itself. */
const manyProxies: Subject = {
  name: `${proxies} × revenprox+nats`,
  about: `${proxies} proxies on core ${cores.server} with one NATS on core ${cores.nats}, a keepalive each ${keepaliveSec} s`,
  start: () => Promise.reject(new Error("the scenario starts these proxies one by one")),
};

interface Fleet {
  readonly members: readonly RunningSubject[];
  readonly crews: readonly Crew[];
  stop(): Promise<void>;
}

const startFleet = async (bench: Bench): Promise<Fleet> => {
  const place = { cores: cores.server, folder: bench.newFolder() };
  const nats = await startNats(place);
  const members: RunningSubject[] = [];
  for (let index = 0; index < proxies; index += 1)
    members.push(
      await startProxy(place, {
        REVENPROX_NATS__SERVERS: nats.url,
        REVENPROX_PROXY_ID: `proxy-${index}`,
        REVENPROX_HTTP__KEEPALIVE_INTERVAL_SEC: String(keepaliveSec),
      }),
    );
  const crews = members.map(() => new Crew({ program: bench.loadTool, readers: 1 }));
  return {
    members,
    crews,
    stop: async () => {
      await Promise.all([...crews, ...members].map((one) => one.stop()));
      await nats.child.stop();
    },
  };
};

const openShares = async ({ members, crews }: Fleet, total: number): Promise<void> => {
  const share = Math.floor(total / members.length);
  for (const [index, member] of members.entries()) {
    const count = index === 0 ? total - share * (members.length - 1) : share;
    await crews[index]?.open(member, { count, topics, size: 200, concurrency: 128 });
  }
};

const usageOfAll = ({ members }: Fleet): Usage => usageOf(members.flatMap(({ pids }) => pids));

/** Percent of a core that all of them take in one keepalive interval. */
const idleCpu = async (fleet: Fleet): Promise<number> => {
  const before = usageOfAll(fleet);
  await wait(keepaliveSec * 1_000);
  return ((usageOfAll(fleet).cpuSeconds - before.cpuSeconds) / keepaliveSec) * 100;
};

const scrape = async ({ target }: RunningSubject): Promise<{ readonly ms: number; readonly text: string }> => {
  const began = performance.now();
  const text = await (await fetch(`http://${target}/metrics`)).text();
  return { ms: performance.now() - began, text };
};

const scrapeMs = async ({ members }: Fleet): Promise<number> => {
  const [first] = members;
  const took: number[] = [];
  for (let count = 0; count < scrapes && first !== undefined; count += 1) took.push((await scrape(first)).ms);
  return median(took) ?? Number.NaN;
};

const syncMessages = async ({ members }: Fleet): Promise<number> => {
  const texts = await Promise.all(members.map(async (member) => (await scrape(member)).text));
  return texts.reduce((sum, text) => sum + Number(/^revenprox_sync_messages_sent (\d+)$/m.exec(text)?.[1]), 0);
};

const measureFleet = async (bench: Bench, fleet: Fleet): Promise<Measurement> => {
  // What the first streams make the servers load and compile is no stream's share.
  await openShares(fleet, 200 * proxies);
  await Promise.all(fleet.crews.map((crew) => crew.close()));
  await wait(settleMs);
  const base = usageOfAll(fleet);
  const emptyCpu = await idleCpu(fleet);
  const emptyScrape = await scrapeMs(fleet);
  await openShares(fleet, streams);
  await wait(settleMs);
  const sentBefore = await syncMessages(fleet);
  const cpu = await idleCpu(fleet);
  const sentAfter = await syncMessages(fleet);
  const after = usageOfAll(fleet);
  const each = (after.rss - base.rss) / streams;
  bench.say(`  ${streams} streams on ${proxies} processes: ${each.toFixed(0)} bytes each`);
  return {
    value: each,
    details: {
      "base RSS MiB a process": base.rss / proxies / 2 ** 20,
      "streams MiB": (after.rss - base.rss) / 2 ** 20,
      "idle CPU % of a core, no streams": emptyCpu,
      "idle CPU % of a core": cpu,
      "scrape ms, no streams": emptyScrape,
      "scrape ms": await scrapeMs(fleet),
      "state messages/s, all": (sentAfter - sentBefore) / keepaliveSec,
    },
  };
};

/** As many streams as a large pod has. */
export const capacity: Scenario = {
  name: "a2",
  title: `${streams.toLocaleString("en")} idle streams on ${topics.toLocaleString("en")} topics over ${proxies} processes: bytes of RSS for each`,
  unit: "bytes/stream",
  better: "lower",
  subjects: [manyProxies],
  reference: undefined,
  mostRuns: 1,
  measure: async (bench) => {
    const fleet = await startFleet(bench);
    try {
      return await measureFleet(bench, fleet);
    } finally {
      await fleet.stop();
    }
  },
};
