import { Agent, request } from "node:http";
import { expect, test } from "vitest";
import { type Engine, engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { type FrameMark, frameDigest, SlowReader } from "./testing/slow-reader.ts";

/** Seconds of publishing; REVENPROX_TEST_BACKPRESSURE_SEC=60 for the long version. */
const publishingSec = Number(process.env["REVENPROX_TEST_BACKPRESSURE_SEC"] ?? 10);
const readerCount = 60;
const topicCount = 3;
/** Events that are published at once, so that several are encoded in one turn. */
const burst = 16;
const pauseMs = 60;
const largest = 1_048_576;

/** A seeded generator (LCG), so that a failure can be run again. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
};

/** 1 byte to 1 MiB, small ones as often as large ones. */
const payload = (random: () => number, index: number): string => {
  const size = index % 200 === 100 ? largest : Math.max(1, Math.floor(largest ** random()) >> 1);
  return String.fromCharCode(97 + (index % 26)).repeat(size);
};

const publish = (agent: Agent, port: number, topic: string, body: string): Promise<FrameMark> =>
  new Promise((resolve, reject) => {
    const sent = request({ agent, port, host: "127.0.0.1", method: "POST", path: `/events/${topic}` }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.on("end", () => {
        if (response.statusCode !== 202) return reject(new Error(`${response.statusCode} ${text}`));
        const { id } = JSON.parse(text) as { id: string };
        resolve({ id, digest: frameDigest(`id: ${id}\ndata: ${body}`) });
      });
    });
    sent.on("error", reject).end(body);
  });

const sequenceOf = ({ id }: FrameMark): number => Number(id.split("-")[1]);

/** Publishes for the stated time and returns what every reader of each topic must get, in order. */
const publishAll = async (proxy: ProxyProcess): Promise<readonly (readonly FrameMark[])[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: burst });
  const random = randomFrom(1);
  const published: FrameMark[][] = Array.from({ length: topicCount }, () => []);
  const end = Date.now() + publishingSec * 1_000;
  for (let index = 0; Date.now() < end; index += burst) {
    const topic = Math.floor(index / burst) % topicCount;
    const bodies = Array.from({ length: burst }, (_, offset) => payload(random, index + offset));
    published[topic]?.push(
      ...(await Promise.all(bodies.map((body) => publish(agent, proxy.port, `slow-${topic}`, body)))),
    );
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  agent.destroy();
  return published.map((marks) => marks.toSorted((a, b) => sequenceOf(a) - sequenceOf(b)));
};

const startProxy = (engine: Engine) =>
  startOn(engine, {
    REVENPROX_HTTP__MAX_EVENT_SIZE: "8388608",
    REVENPROX_JOURNAL__MAX_EVENTS_PER_TOPIC: "100000",
    REVENPROX_JOURNAL__MAX_BYTES: "2147483648",
  });

/** What is wrong with what a reader got. */
const outcome = ({ marks, fault, strange }: SlowReader, expected: readonly FrameMark[]) => {
  const differsAt = marks.findIndex(({ id, digest }, at) => id !== expected[at]?.id || digest !== expected[at]?.digest);
  return {
    missing: expected.length - marks.length,
    strange,
    ...(fault === undefined ? {} : { fault }),
    ...(differsAt < 0 ? {} : { differsAt }),
  };
};

test.each(engines)("on %s, slow readers of large and small frames get every byte once and in order", async (engine) => {
  const proxy = await startProxy(engine);
  const readers = Array.from(
    { length: readerCount },
    (_, index) => new SlowReader(proxy.port, `slow-${index % topicCount}`, randomFrom(index + 7)),
  );
  await until("all streams", () => (readers.every(({ started }) => started) ? true : undefined));
  const expected = await publishAll(proxy);
  for (const reader of readers) reader.hurry();
  const isDone = (reader: SlowReader, index: number): boolean =>
    reader.fault !== undefined || reader.marks.length >= (expected[index % topicCount]?.length ?? 0);
  await until("every reader to have read everything", () => (readers.every(isDone) ? true : undefined), 60_000).catch(
    // What is missing is shown by the comparison.
    () => undefined,
  );
  const got = readers.map((reader, index) => outcome(reader, expected[index % topicCount] ?? []));
  for (const reader of readers) reader.close();
  await proxy.stop();
  expect(got).toEqual(readers.map(() => ({ missing: 0, strange: [] })));
  expect(expected.flat().length).toBeGreaterThan(publishingSec * 10);
});
