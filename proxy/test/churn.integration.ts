import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { type Engine, engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";

/** Connect and disconnect cycles a round; REVENPROX_TEST_CYCLES=10000 for the long version. */
const cyclesPerRound = Number(process.env["REVENPROX_TEST_CYCLES"] ?? 3_000);
const atOnce = 50;
/** Rounds in which pools fill and code is compiled, and those that must leave nothing behind. */
const warmUpRounds = 2;
const measuredRounds = 3;
const isLong = cyclesPerRound >= 10_000;
/** Growth a round, as a part of the whole: in a short round what a process does by itself counts for more. */
const mostGrowth = isLong ? 0.01 : 0.02;
/** The promise is one second; on a machine with much else to do, only the long run holds to it. */
const slowestHealthMs = isLong ? 1_000 : 20_000;

const report = fileURLToPath(new URL("testing/memory-report.ts", import.meta.url));

/** Bytes after garbage collection. */
interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

const memoryOf = async ({ child, output }: ProxyProcess): Promise<Memory> => {
  const reports = (): readonly string[] => output().match(/(?<=^memory ).*(?=\n)/gm) ?? [];
  const before = reports().length;
  child.kill("SIGPWR");
  return JSON.parse(await until("the report", () => reports()[before]));
};

const openFiles = async (proxy: ProxyProcess): Promise<number> => {
  const text = await (await fetch(`http://127.0.0.1:${proxy.managementPort}/metrics`)).text();
  return Number(/^revenprox_fd_used (\d+)$/m.exec(text)?.[1]);
};

const comeAndGo = async (proxy: ProxyProcess, index: number): Promise<void> => {
  const stream = openStream(proxy.port, `/events/churn-${index % 20}`);
  if (index % 3 !== 0) await stream.waitFor("id: ");
  if (index % 2 === 0) stream.socket.resetAndDestroy();
  else stream.close();
  await stream.closed;
};

const health = async ({ port }: ProxyProcess): Promise<{ readonly connections: number }> => {
  const began = performance.now();
  const response = await fetch(`http://127.0.0.1:${port}/health`);
  expect(response.status).toBe(200);
  expect(performance.now() - began, "/health took too long").toBeLessThan(slowestHealthMs);
  return (await response.json()) as { readonly connections: number };
};

const round = async (proxy: ProxyProcess): Promise<Memory> => {
  for (let done = 0; done < cyclesPerRound; done += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => comeAndGo(proxy, done + index)));
    if (done % 1_000 === 0) await health(proxy);
  }
  await until("all streams to be gone", async () => ((await health(proxy)).connections === 0 ? true : undefined));
  return memoryOf(proxy);
};

const measure = async (engine: Engine): Promise<readonly Memory[]> => {
  const proxy = await startOn(engine, { NODE_OPTIONS: `--import=${report}` });
  try {
    const before = await openFiles(proxy);
    const memory: Memory[] = [];
    for (let index = 0; index < warmUpRounds + measuredRounds; index += 1) memory.push(await round(proxy));
    await until("the descriptors to return", async () => ((await openFiles(proxy)) <= before + 5 ? true : undefined));
    return memory.slice(warmUpRounds - 1);
  } finally {
    await proxy.stop();
  }
};

/** Growth a round from the first measure to the last, as a part of the first. */
const growth = (bytes: readonly number[]): number => {
  const [first = 0] = bytes;
  return ((bytes.at(-1) ?? 0) - first) / first / (bytes.length - 1);
};

test.each(engines)(
  "on %s, clients that come and go leave no memory and no descriptor behind",
  { timeout: 900_000 },
  async (engine) => {
    const memory = await measure(engine);
    const shown = JSON.stringify(memory);
    expect(growth(memory.map(({ heapUsed, external }) => heapUsed + external)), shown).toBeLessThan(mostGrowth);
    expect(growth(memory.map(({ rss }) => rss)), shown).toBeLessThan(mostGrowth);
  },
);
