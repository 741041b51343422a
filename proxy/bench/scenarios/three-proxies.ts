import { startProxy } from "../subjects/revenprox.ts";
import { startNats } from "../subjects/revenprox-nats.ts";
import type { RunningSubject, Subject } from "../subjects/subject.ts";
import { Crew } from "../tool/crew.ts";
import { coresForLoops } from "../tool/own-cores.ts";
import { cores } from "../tool/processes.ts";
import type { StepFigures } from "../tool/step-figures.ts";
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
  about: `one proxy on core ${cores.server} takes the publishes, the streams are on another one, on core ${servingCore}, and then on all three; NATS and the third proxy on core ${cores.nats}, the load tool on ${toolCores}`,
  start: async (place) => {
    const nats = await startNats(place);
    const proxy = (id: string, on: string) =>
      startProxy({ ...place, cores: on }, { REVENPROX_NATS__SERVERS: nats.url, REVENPROX_PROXY_ID: id });
    const [publishing, serving, third] = [
      await proxy("a", cores.server),
      await proxy("b", servingCore),
      await proxy("c", cores.nats),
    ];
    return {
      ...serving,
      moreTargets: [publishing.target, third.target],
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

/** With one reader all streams are on the proxy that does not publish, with three a third of them on each. */
const deliver = async (bench: Bench, running: RunningSubject, readers: number): Promise<StepFigures> => {
  const crew = new Crew({ program: bench.loadTool, readers, cores: toolCores });
  try {
    await crew.open(running, { count: subscribers, topics: 1, size: 200, concurrency: 128 });
    const load = { rate: deliveriesPerSec / subscribers, lanes: 8, p99Ms: 10_000, fanOut: subscribers };
    await crew.step(running, { ...load, millis: 1_500 });
    const steady = await crew.step(running, { ...load, millis: 4_000 });
    if (steady.why !== undefined) bench.say(`  50,000 deliveries/s: ${steady.why}`);
    await crew.close();
    return steady;
  } finally {
    await crew.stop();
  }
};

/** The highest rate at which the publishing proxy answers that all is stored. */
const publish = async (bench: Bench, running: RunningSubject) => {
  const crew = new Crew({ program: bench.loadTool, readers: 1, cores: toolCores });
  try {
    await crew.open(running, { count: 0, topics: quietTopics, size: 200, concurrency: 1 });
    const quiet = { streams: 0, topics: quietTopics, p99Ms: 100, holdMs: 1_500, lanes: 200 };
    return await searchStep(bench, crew, running, { ...quiet, start: 8_000 });
  } finally {
    await crew.stop();
  }
};

const measure = async (bench: Bench, subject: Subject): Promise<Measurement> => {
  const running = await subject.start({ cores: cores.server, folder: bench.newFolder(), proxyKeys: bench.proxyKeys });
  try {
    const steady = await deliver(bench, running, 1);
    const onAll = await deliver(bench, running, 3);
    const publishing = await publish(bench, running);
    return {
      value: steady.passed ? steady.p99Ms : undefined,
      details: {
        "publish to client p50 ms": steady.p50Ms,
        "publish to client p99 ms": steady.p99Ms,
        "answer p50 ms": steady.answerP50Ms,
        "p50 ms, streams on all three": onAll.p50Ms,
        "p99 ms, streams on all three": onAll.p99Ms,
        "publishes/s acknowledged": publishing?.acceptedPerSec ?? Number.NaN,
        "CPU µs/publish":
          publishing === undefined
            ? Number.NaN
            : (publishing.serverCpuSeconds * 1e6) / (publishing.acceptedPerSec * publishing.seconds),
      },
    };
  } finally {
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
