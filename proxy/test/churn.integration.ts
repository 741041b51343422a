import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { type ProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";

/** Connect and disconnect cycles a round; REVENPROX_TEST_CYCLES=10000 for the long version. */
const cyclesPerRound = Number(process.env["REVENPROX_TEST_CYCLES"] ?? 3_000);
const atOnce = 50;
/** The first round warms up pools and compiled code. */
const rounds = 4;

const residentBytes = ({ child }: ProxyProcess): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
  return Number(kilobytes) * 1_024;
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

const round = async (proxy: ProxyProcess): Promise<number> => {
  for (let done = 0; done < cyclesPerRound; done += atOnce) {
    const began = performance.now();
    await Promise.all(Array.from({ length: atOnce }, (_, index) => comeAndGo(proxy, done + index)));
    if (done % 1_000 === 0) {
      expect((await fetch(`http://127.0.0.1:${proxy.port}/health`)).status).toBe(200);
      expect(performance.now() - began, "/health took too long").toBeLessThan(2_000);
    }
  }
  await until("all streams to be gone", async () => {
    const health = (await (await fetch(`http://127.0.0.1:${proxy.port}/health`)).json()) as { connections: number };
    return health.connections === 0 ? true : undefined;
  });
  return residentBytes(proxy);
};

test.each(engines)("on %s, clients that come and go leave no memory and no descriptor behind", async (engine) => {
  const proxy = await startOn(engine);
  const before = await openFiles(proxy);
  const resident: number[] = [];
  for (let index = 0; index < rounds; index += 1) resident.push(await round(proxy));
  const [, warm = 0] = resident;
  const growth = ((resident.at(-1) ?? 0) - warm) / (rounds - 2);
  const text = resident.map((bytes) => `${(bytes / 1_048_576).toFixed(1)} MiB`).join(", ");
  expect(growth / warm, `resident after each round: ${text}`).toBeLessThan(0.03);
  await until("the descriptors to return", async () => ((await openFiles(proxy)) <= before + 5 ? true : undefined));
  await proxy.stop();
});
