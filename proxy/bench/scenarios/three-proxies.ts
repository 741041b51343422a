import { startProxy } from "../subjects/revenprox.ts";
import { startNats } from "../subjects/revenprox-nats.ts";
import type { Subject } from "../subjects/subject.ts";
import { Crew } from "../tool/crew.ts";
import { coresForLoops } from "../tool/own-cores.ts";
import { cores } from "../tool/processes.ts";
import type { Bench, Measurement, Scenario } from "./scenario.ts";
import { searchStep } from "./stepped.ts";

const subscribers = 1_000;
const deliveriesPerSec = 50_000;
/** Nobody listens to them, so that what is measured is publishing alone. */
const quietTopics = 1_000;

/** A publisher that waits for a pass over the streams would measure its own wait for a core. */
const { server: servingCore, others: toolCores } = coresForLoops(cores.besideNats, 1);

const threeProxies: Subject = {
  name: "3 × revenprox+nats",
  about: `one proxy on core ${cores.server} takes the publishes, the streams are on another one, on core ${servingCore}; NATS on core ${cores.nats}, the third proxy and the load tool on ${toolCores}`,
  start: async (place) => {
    const nats = await startNats(place);
    const proxy = (id: string, on: string) =>
      startProxy({ ...place, cores: on }, { REVENPROX_NATS__SERVERS: nats.url, REVENPROX_PROXY_ID: id });
    const [publishing, serving, third] = [
      await proxy("a", cores.server),
      await proxy("b", servingCore),
      await proxy("c", toolCores),
    ];
    return {
      ...serving,
      publishTarget: publishing.publishTarget,
      publish: publishing.publish,
      pids: publishing.pids,
      stop: async () => {
        await Promise.all([publishing, serving, third].map((one) => one.stop()));
        await nats.child.stop();
      },
    };
  },
};

const measure = async (bench: Bench, subject: Subject): Promise<Measurement> => {
  const running = await subject.start({ cores: cores.server, folder: bench.newFolder(), proxyKeys: bench.proxyKeys });
  const crew = new Crew({ program: bench.loadTool, readers: 1, cores: toolCores });
  try {
    await crew.open(running, { count: subscribers, topics: 1, size: 200, concurrency: 128 });
    const load = { rate: deliveriesPerSec / subscribers, lanes: 8, p99Ms: 10_000, fanOut: subscribers };
    await crew.step(running, { ...load, millis: 1_500 });
    const steady = await crew.step(running, { ...load, millis: 4_000 });
    if (steady.why !== undefined) bench.say(`  50,000 deliveries/s: ${steady.why}`);
    await crew.close();
    await crew.open(running, { count: 0, topics: quietTopics, size: 200, concurrency: 1 });
    const quiet = { streams: 0, topics: quietTopics, p99Ms: 100, holdMs: 1_500, lanes: 200 };
    const publishing = await searchStep(bench, crew, running, { ...quiet, start: 8_000 });
    return {
      value: steady.passed ? steady.p99Ms : undefined,
      details: {
        "publish to client p50 ms": steady.p50Ms,
        "publish to client p99 ms": steady.p99Ms,
        "answer p50 ms": steady.answerP50Ms,
        "publishes/s acknowledged": publishing?.acceptedPerSec ?? Number.NaN,
        "CPU µs/publish":
          publishing === undefined
            ? Number.NaN
            : (publishing.serverCpuSeconds * 1e6) / (publishing.acceptedPerSec * publishing.seconds),
      },
    };
  } finally {
    await crew.stop();
    await running.stop();
  }
};

/** What crosses NATS: how late is it, and how much does one proxy publish? */
export const acrossProxies: Scenario = {
  name: "f",
  title:
    "3 proxies and NATS: publish on one, 1,000 subscribers on another, 50,000 deliveries/s: p99 from publish to client",
  unit: "ms",
  better: "lower",
  subjects: [threeProxies],
  reference: undefined,
  measure,
};
