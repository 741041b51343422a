import { expect } from "vitest";
import type { EffectRow } from "../testing/effect-row.ts";
import { type Engine, engines, startOn } from "../testing/engines.ts";
import { type ProxyProcess, until } from "../testing/proxy-process.ts";
import { openStream, publish, type RawStream } from "../testing/raw-stream.ts";

/** Far more than the kernel takes of a stream that nobody reads. */
const bytes = 20_000_000;
const size = 1_000_000;

const closedFor = async ({ port }: ProxyProcess): Promise<number> => {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return Number(/^revenprox_slow_clients_closed_total (\d+)$/m.exec(metrics)?.[1]);
};

/** A proxy with that patience, and a client that has begun to take nothing. */
const stalledOn = async (engine: Engine, timeoutSec: number) => {
  const proxy = await startOn(engine, {
    REVENPROX_HTTP__SLOW_CLIENT_TIMEOUT_SEC: String(timeoutSec),
    REVENPROX_HTTP__MAX_EVENT_SIZE: String(size * 2),
  });
  const stream = openStream(proxy.port, "/events/a");
  await stream.waitFor("id: ");
  stream.socket.pause();
  for (let sent = 0; sent < bytes; sent += size) await publish(proxy.port, "a", String(sent).padEnd(size, "x"));
  return { proxy, stream };
};

/** The events of a stream, comments and the first block aside. */
const payloads = (stream: RawStream): readonly string[] =>
  stream
    .text()
    .split("\n\n")
    .flatMap((block) => /^id: \S+\ndata: ([^\n]*)$/.exec(block)?.[1] ?? []);

const expected = Array.from({ length: bytes / size }, (_, index) => String(index * size).padEnd(size, "x"));

const proveOn = async (engine: Engine): Promise<void> => {
  const [impatient, patient] = await Promise.all([stalledOn(engine, 2), stalledOn(engine, 3_600)]);
  try {
    await until("the cut", async () => ((await closedFor(impatient.proxy)) === 1 ? true : undefined));
    // Longer than the engines wait by themselves.
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(await closedFor(patient.proxy)).toBe(0);
    patient.stream.socket.resume();
    await publish(patient.proxy.port, "a", "the end");
    await until("everything", () => patient.stream.raw().subarray(-10_000).includes("the end") || undefined);
    expect(payloads(patient.stream)).toEqual([...expected, "the end"]);
  } finally {
    for (const { proxy, stream } of [impatient, patient]) {
      stream.close();
      await proxy.stop();
    }
  }
};

export const slowClientRows: readonly EffectRow[] = [
  {
    key: "http.slow_client_timeout_sec",
    name: "a client that takes nothing is cut and counted after that time, and not before: then it still gets every byte, on both engines",
    run: async () => {
      await Promise.all(engines.map(proveOn));
    },
  },
];
