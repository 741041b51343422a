import { describe, expect, test } from "vitest";
import { type Environment, type ProxyProcess, startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream, type RawStream } from "./testing/raw-stream.ts";
import { ready, withNats } from "./testing/with-nats.ts";

interface Told {
  readonly livez: number;
  readonly readyz: number;
  readonly reasons: readonly string[];
  readonly health: number;
  readonly status: string;
}

/** What all three say at one moment; undefined while they change, and so do not agree. */
const toldAtOnce = async ({ port, managementPort }: ProxyProcess): Promise<Told | undefined> => {
  const get = (at: number, path: string) => fetch(`http://127.0.0.1:${at}${path}`);
  const before = await get(port, "/health");
  const livez = await get(managementPort, "/livez");
  const readyz = await get(managementPort, "/readyz");
  const onManagement = await get(managementPort, "/health");
  const after = await get(port, "/health");
  const texts = await Promise.all([before, onManagement, after].map((answer) => answer.text()));
  const [first, ...others] = texts.map((text) => text.replace(/"uptime_seconds":\d+/, ""));
  if (others.some((text) => text !== first) || before.status !== onManagement.status) return undefined;
  const { reasons } = (await readyz.json()) as { reasons: readonly string[] };
  const { status } = JSON.parse(texts[0] ?? "") as { status: string };
  return { livez: livez.status, readyz: readyz.status, reasons, health: before.status, status };
};

/** Statuses and words of the probes; `/health` is the same on both ports. */
const told = (proxy: ProxyProcess): Promise<Told> => until("the probes to agree", () => toldAtOnce(proxy), 60_000);

const withStarted = async (environment: Environment, use: (proxy: ProxyProcess) => Promise<void>): Promise<void> => {
  const proxy = await startProxyProcess(environment);
  try {
    await use(proxy);
  } finally {
    await proxy.stop();
  }
};

const opened = async (port: number): Promise<RawStream> => {
  const stream = openStream(port, "/events/t");
  await stream.waitFor("id: ");
  return stream;
};

const serving = { livez: 200, readyz: 200, reasons: [], health: 200, status: "healthy" };

describe.concurrent("what the probes say", { timeout: 180_000 }, () => {
  test("serving: all is well", () => withStarted({}, async (proxy) => expect(await told(proxy)).toEqual(serving)));

  test("full: no new clients, and nothing else; room again: ready again", () =>
    withStarted({ REVENPROX_HTTP__MAX_CONNECTIONS: "1" }, async (proxy) => {
      const stream = await opened(proxy.port);
      const reasons = ["the limit on open streams is reached"];
      expect(await told(proxy)).toEqual({ ...serving, readyz: 503, reasons });
      stream.close();
      await until("room", async () => ((await told(proxy)).readyz === 200 ? true : undefined), 60_000);
    }));

  test("a bus that was never reached: alive, degraded, not ready", () =>
    withStarted({ REVENPROX_NATS__SERVERS: "nats://127.0.0.1:1" }, async (proxy) => {
      const reasons = ["the journal has not been reached yet"];
      expect(await told(proxy)).toEqual({ livez: 200, readyz: 503, reasons, health: 200, status: "degraded" });
    }));

  test("a bus that is lost: alive, ready and degraded, so that streams stay where they are; back: healthy", () =>
    withNats((nats) =>
      withStarted({ REVENPROX_NATS__SERVERS: nats.url }, async (proxy) => {
        await ready(proxy);
        const stream = await opened(proxy.port);
        await nats.kill();
        await until("degraded", async () => ((await told(proxy)).status === "degraded" ? true : undefined), 60_000);
        expect(await told(proxy)).toEqual({ ...serving, status: "degraded" });
        await nats.restart();
        await until("healthy", async () => ((await told(proxy)).status === "healthy" ? true : undefined), 60_000);
        expect(stream.body().kind).toBe("open");
        stream.close();
      }),
    ));

  test("draining: not ready at once, alive to the end, /health says so with 503", () =>
    withStarted({ REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "1" }, async (proxy) => {
      const streams = await Promise.all(Array.from({ length: 10 }, () => opened(proxy.port)));
      proxy.child.kill("SIGTERM");
      // Streams end one after the other, so the number of them is not compared here.
      const get = (at: number, path: string) => fetch(`http://127.0.0.1:${at}${path}`);
      const draining = await until("draining", async () => {
        const health = await get(proxy.port, "/health");
        const { status } = (await health.json()) as { status: string };
        if (status !== "draining") return undefined;
        const readyz = await get(proxy.managementPort, "/readyz");
        const { reasons } = (await readyz.json()) as { reasons: readonly string[] };
        const livez = await get(proxy.managementPort, "/livez");
        return { livez: livez.status, readyz: readyz.status, reasons, health: health.status, status };
      });
      expect(draining).toEqual({
        livez: 200,
        readyz: 503,
        reasons: ["the proxy is shutting down"],
        health: 503,
        status: "draining",
      });
      expect(await proxy.exited).toBe(0);
      for (const stream of streams) stream.close();
    }));
});
