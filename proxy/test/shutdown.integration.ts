import { expect, test } from "vitest";
import { engines, startOn } from "./testing/engines.ts";
import { startProxyProcess, until } from "./testing/proxy-process.ts";
import { openStream } from "./testing/raw-stream.ts";

const streamCount = 200;

test.each(engines)(
  "SIGTERM on %s: not ready at once, each stream gets a retry of its own and a clean end, exit code 0",
  async (engine) => {
    const proxy = await startOn(engine, { REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "100" });
    const streams = Array.from({ length: streamCount }, (_, index) => openStream(proxy.port, `/events/t${index % 7}`));
    await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
    const before = streams.map((stream) => stream.text().length);
    const began = Date.now();
    proxy.child.kill("SIGTERM");

    await until("not ready", async () =>
      (await fetch(`http://127.0.0.1:${proxy.managementPort}/readyz`)).status === 503 ? true : undefined,
    );
    const health = await fetch(`http://127.0.0.1:${proxy.port}/health`);
    expect([health.status, ((await health.json()) as { status: string }).status]).toEqual([503, "draining"]);
    const late = await fetch(`http://127.0.0.1:${proxy.port}/events/late`);
    expect([late.status, late.headers.get("retry-after"), ((await late.json()) as { code: string }).code]).toEqual([
      503,
      "1",
      "draining",
    ]);

    expect(await proxy.exited).toBe(0);
    const took = Date.now() - began;
    await Promise.all(streams.map((stream) => stream.closed));
    const farewells = streams.map((stream, index) => stream.text().slice(before[index]));
    expect(streams.map((stream) => stream.body().kind)).toEqual(streams.map(() => "complete"));
    for (const farewell of farewells) expect(farewell).toMatch(/^(:\n\n)?retry: \d+\n\n$/);
    expect(new Set(farewells).size).toBeGreaterThan(streamCount / 4);
    expect(took).toBeGreaterThan(1_500);
    expect(took).toBeLessThan(60_000);
    expect(proxy.output()).toMatch(/INFO\] Shut down\n/);
  },
);

test("a second signal ends the process at once", async () => {
  const proxy = await startProxyProcess({ REVENPROX_HTTP__DRAIN_RATE_PER_SEC: "1" });
  const streams = Array.from({ length: 50 }, () => openStream(proxy.port, "/events/a"));
  await Promise.all(streams.map((stream) => stream.waitFor("id: ")));
  proxy.child.kill("SIGTERM");
  await until("the shutdown to begin", () => (proxy.output().includes("Shutting down") ? true : undefined));
  proxy.child.kill("SIGTERM");
  // Fifty streams would take 25 s to end, with code 0.
  expect(await proxy.exited).toBe(1);
});

test.each(["REVENPROX_HTTP__BIND_ADDRESS", "REVENPROX_MANAGEMENT__BIND_ADDRESS"])(
  "a taken port is named: %s",
  async (key) => {
    const first = await startProxyProcess();
    await expect(startProxyProcess({ [key]: `127.0.0.1:${first.port}` })).rejects.toThrow(
      new RegExp(`ERROR\\] Cannot start: cannot listen on 127\\.0\\.0\\.1:${first.port}: the port is taken`),
    );
    await first.stop();
  },
);
